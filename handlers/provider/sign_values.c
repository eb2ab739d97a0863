/* What the scheme looks for gets a value: id, time, type, and its own name what is signed besides.
 * A header is set at once; what stands in the body waits for the body to be made. */
#include "handlers/provider/sign_values.h"

#include "base/encoding.h"
#include "base/id.h"

#include <time.h>

bool sign_add_header(struct signing *signing, const char *name, struct bytes value)
{
    char *copy = arena_copy_bytes(signing->request.arena, value);
    if (!copy || signing->header_count == SIGN_HEADERS_MAX)
        return false;
    struct header *header = &signing->headers[signing->header_count++];
    *header = (struct header){.name = bytes_of_text(name), .value = bytes_of(copy, value.length)};
    signing->request.headers = signing->headers;
    signing->request.header_count = signing->header_count;
    return true;
}

bool sign_encode(struct buffer *out, int encoding, struct bytes data, struct arena *arena)
{
    char *text = arena_alloc(arena, 2 * data.length + BASE64_SIZE(data.length));
    if (!text)
        return false;
    if (encoding == ENCODING_HEX)
        hex_encode(data, text);
    else if (encoding == ENCODING_BASE64)
        base64_encode(data, text);
    else
        base64url_encode(data, text);
    return buffer_append_text(out, text);
}

static bool has_value(const struct signing *signing, const struct signed_ref *ref)
{
    for (size_t i = 0; i < signing->value_count; i++) {
        if (strcmp(signing->values[i].ref->text, ref->text) == 0)
            return true;
    }
    return false;
}

/* A header is set at once; what stands in the body waits for it to be made. */
bool sign_place(struct signing *signing, const struct signed_ref *ref, struct bytes value)
{
    const struct signature_plan *plan = signing->plan;
    if (ref->kind == SIGNED_ABSENT || has_value(signing, ref))
        return true;
    if (ref->kind == SIGNED_HEADER) {
        const char *name =
            ref->parameter ? signed_parameter(plan->parameters, ref->parameter) : ref->name;
        if (name && ref->family)
            name =
                arena_format(signing->request.arena, "%s%s", plan->scheme->families.items[0], name);
        size_t length = name ? strlen(name) : 0;
        if (length && name[length - 1] == '*')
            name = arena_format(signing->request.arena, "%.*s1", (int)length - 1, name);
        if (!name || !sign_add_header(signing, name, value))
            return false;
    }
    if (signing->value_count == SIGN_VALUES_MAX)
        return false;
    char *copy = arena_copy_bytes(signing->request.arena, value);
    signing->values[signing->value_count++] =
        (struct sign_value){.ref = ref, .value = bytes_of(copy, value.length)};
    return copy != NULL;
}

static const char *time_text(struct signing *signing)
{
    int64_t now = signing->request.now_ms;
    struct arena *arena = signing->request.arena;
    time_t seconds = (time_t)(now / 1000);
    char date[32];
    struct tm tm;
    gmtime_r(&seconds, &tm);
    switch (signing->plan->scheme->time.unit) {
    case TIME_SECONDS:
        return arena_format(arena, "%lld", (long long)(now / 1000));
    case TIME_MILLISECONDS:
        return arena_format(arena, "%lld", (long long)now);
    case TIME_RFC1123: /* no locale is set: the names are English */
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        return arena_copy_text(arena, date);
    default:
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
        return arena_format(arena, "%s.%03dZ", date, (int)(now % 1000));
    }
}

static bool place_required(struct signing *signing)
{
    const struct section_list *require = &signing->plan->scheme->require;
    for (size_t i = 0; i < require->count; i++) {
        const struct scheme_test *test = &((const struct scheme_test *)require->items)[i];
        if (test->equals.count &&
            !sign_place(signing, &test->value, bytes_of_text(test->equals.text)))
            return false;
    }
    return true;
}

/* A value for what is signed: JSON in the field of a form that holds JSON. */
static const char *invent_value(const struct scheme *scheme, const struct signed_ref *ref)
{
    bool is_json = ref->kind == SIGNED_FORM && scheme->json_field &&
                   strcmp(ref->name, scheme->json_field) == 0;
    return is_json ? "{\"test\":true}" : "test";
}

/* What is signed and has no value yet gets one. */
static bool place_signed(struct signing *signing, const struct signed_template *text)
{
    for (size_t i = 0; i < text->count; i++) {
        const struct signed_ref *ref = &text->parts[i].ref;
        bool named = ref->kind == SIGNED_HEADER || ref->kind == SIGNED_FORM ||
                     ref->kind == SIGNED_PAYLOAD || ref->kind == SIGNED_ITEM;
        const char *value = invent_value(signing->plan->scheme, ref);
        if (named && !sign_place(signing, ref, bytes_of_text(value)))
            return false;
    }
    return true;
}

bool sign_place_values(struct signing *signing, struct signed_source *source)
{
    const struct scheme *scheme = signing->plan->scheme;
    char id[ID_TEXT_SIZE];
    id_create(signing->request.now_ms, id);
    char *message_id = arena_copy_text(signing->request.arena, id);
    const char *time = time_text(signing);
    if (!message_id || !time)
        return false;
    source->message_id = signing->delivery.length ? signing->delivery : bytes_of_text(message_id);
    source->time = bytes_of_text(time);
    struct bytes event = signing->event.length ? signing->event : bytes_of_text("test");
    return place_required(signing) && sign_place(signing, &scheme->time.in, source->time) &&
           (!scheme->message_id.count ||
            sign_place(signing, &scheme->message_id.items[0], source->message_id)) &&
           (!scheme->event.count || sign_place(signing, &scheme->event.items[0], event)) &&
           place_signed(signing, &scheme->signed_text);
}
