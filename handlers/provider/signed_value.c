/* Names are resolved to kinds when the configuration is loaded; here each kind is one function in a
 * table. The guard (json_check) runs before the first look into a JSON body. */
#include "handlers/provider/signed_value.h"

#include "base/buffer.h"
#include "handlers/content/content.h"
#include "handlers/content/json_body.h"

#include <stdio.h>
#include <stdlib.h>

typedef enum signed_outcome signed_reader(struct signed_source *source,
                                          const struct signed_ref *ref, struct bytes *value);

static enum signed_outcome outcome_of_count(size_t count)
{
    return count == 0 ? SIGNED_MISSING : count == 1 ? SIGNED_FOUND : SIGNED_REPEATED;
}

/* ---- the head ---- */

const char *signed_parameter(const struct text_map *parameters, const char *name)
{
    for (size_t i = 0; parameters && i < parameters->count; i++) {
        if (strcmp(parameters->names[i], name) == 0)
            return parameters->values[i];
    }
    return NULL;
}

static const char *header_name(const struct signed_ref *ref, const struct text_map *parameters)
{
    const char *name = ref->parameter ? signed_parameter(parameters, ref->parameter) : ref->name;
    return name ? name : "";
}

static bool is_wildcard(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && name[length - 1] == '*';
}

/* The family's name off the front of the header's. */
static bool take_family(const char *family, struct bytes *name)
{
    size_t length = family ? strlen(family) : 0;
    if (!length || name->length < length ||
        !bytes_equal_nocase(bytes_of(name->data, length), bytes_of_text(family)))
        return false;
    *name = bytes_from(*name, length);
    return true;
}

bool signed_header_matches(const struct signed_ref *ref, const struct text_map *parameters,
                           const char *family, struct bytes name)
{
    const char *wanted = header_name(ref, parameters);
    if (ref->family && !take_family(family, &name))
        return false;
    if (!is_wildcard(wanted))
        return bytes_equal_nocase(name, bytes_of_text(wanted));
    size_t prefix = strlen(wanted) - 1;
    return name.length > prefix &&
           bytes_equal_nocase(bytes_of(name.data, prefix), bytes_of(wanted, prefix));
}

/* Of `x-signature-*` the first; signature_extract.c asks for each by its full name. */
static enum signed_outcome get_header(struct signed_source *source, const struct signed_ref *ref,
                                      struct bytes *value)
{
    const struct request *request = source->request;
    bool first = is_wildcard(header_name(ref, source->parameters));
    size_t count = 0;
    for (size_t i = 0; i < request->header_count && !(first && count); i++) {
        const struct header *header = &request->headers[i];
        if (signed_header_matches(ref, source->parameters, source->family, header->name) &&
            count++ == 0)
            *value = header->value;
    }
    return outcome_of_count(count);
}

static enum signed_outcome decode_query(struct signed_source *source, struct bytes raw,
                                        struct bytes *value)
{
    size_t length;
    uint8_t *out = arena_alloc(source->request->arena, raw.length + 1);
    if (!out || !form_unescape(raw, out, &length))
        return SIGNED_MALFORMED;
    *value = bytes_of(out, length);
    return SIGNED_FOUND;
}

static enum signed_outcome get_query(struct signed_source *source, const struct signed_ref *ref,
                                     struct bytes *value)
{
    size_t count;
    struct bytes raw = request_query(source->request, ref->name, &count);
    enum signed_outcome outcome = outcome_of_count(count);
    return outcome == SIGNED_FOUND ? decode_query(source, raw, value) : outcome;
}

static enum signed_outcome get_signature_field(struct signed_source *source,
                                               const struct signed_ref *ref, struct bytes *value)
{
    size_t count = 0;
    for (size_t i = 0; i < source->field_count; i++) {
        if (bytes_equal_text(source->fields[i].name, ref->name) && count++ == 0)
            *value = source->fields[i].value;
    }
    return outcome_of_count(count);
}

static enum signed_outcome get_parameter(struct signed_source *source, const struct signed_ref *ref,
                                         struct bytes *value)
{
    const char *text = signed_parameter(source->parameters, ref->name);
    *value = bytes_of_text(text);
    return text ? SIGNED_FOUND : SIGNED_MISSING;
}

static enum signed_outcome found_unless_empty(struct bytes from, struct bytes *value)
{
    if (from.length == 0)
        return SIGNED_MISSING;
    *value = from;
    return SIGNED_FOUND;
}

static enum signed_outcome get_time(struct signed_source *source, const struct signed_ref *ref,
                                    struct bytes *value)
{
    (void)ref;
    return found_unless_empty(source->time, value);
}

static enum signed_outcome get_message_id(struct signed_source *source,
                                          const struct signed_ref *ref, struct bytes *value)
{
    (void)ref;
    return found_unless_empty(source->message_id, value);
}

static enum signed_outcome get_method(struct signed_source *source, const struct signed_ref *ref,
                                      struct bytes *value)
{
    (void)ref;
    return found_unless_empty(source->request->method, value);
}

static enum signed_outcome get_url(struct signed_source *source, const struct signed_ref *ref,
                                   struct bytes *value)
{
    (void)ref;
    return found_unless_empty(source->url, value);
}

static enum signed_outcome get_secret(struct signed_source *source, const struct signed_ref *ref,
                                      struct bytes *value)
{
    (void)ref;
    return found_unless_empty(source->secret, value);
}

/* ---- the body ---- */

static enum signed_outcome get_body(struct signed_source *source, const struct signed_ref *ref,
                                    struct bytes *value)
{
    (void)ref;
    *value = source->request->body;
    return SIGNED_FOUND;
}

static bool is_folded(struct signed_source *source)
{
    source->was_folded |= source->request->folded != NULL;
    return source->request->folded != NULL;
}

/* The sender has not proven yet who it is: what this costs is bounded by max_body and by the most
 * fields and parts that a form may have, and only the fields that are signed are looked at. */
static struct form *source_form(struct signed_source *source)
{
    const struct request *request = source->request;
    if (is_folded(source))
        return NULL;
    if (!source->form_tried) {
        size_t count;
        struct bytes type = request_header(request, "content-type", &count);
        source->form_tried = true;
        source->form_good =
            content_read_form(count == 1 ? type : bytes_of(NULL, 0), request->body, &source->form);
    }
    return source->form_good ? &source->form : NULL;
}

static enum signed_outcome get_form(struct signed_source *source, const struct signed_ref *ref,
                                    struct bytes *value)
{
    size_t count;
    const struct form *form = source_form(source);
    if (!form)
        return SIGNED_MALFORMED;
    *value = form_find(form, bytes_of_text(ref->name), &count);
    return outcome_of_count(count);
}

/* The same field twice with the same value counts once; with different values, each. */
static enum signed_outcome get_sorted_form(struct signed_source *source,
                                           const struct signed_ref *ref, struct bytes *value)
{
    (void)ref;
    struct form *form = source_form(source);
    if (!form)
        return SIGNED_MALFORMED;
    form_sort(form);
    uint8_t *out = realloc(source->sorted, source->request->body.length + 1);
    if (!out)
        return SIGNED_MALFORMED;
    source->sorted = out;
    for (size_t i = 0; i < form->count; i++) {
        struct form_field *field = &form->fields[i];
        if (i && bytes_equal(field->name, field[-1].name) &&
            bytes_equal(field->value, field[-1].value))
            continue;
        out = (uint8_t *)mempcpy(out, field->name.data, field->name.length);
        out = (uint8_t *)mempcpy(out, field->value.data, field->value.length);
    }
    *value = bytes_of(source->sorted, (size_t)(out - source->sorted));
    return SIGNED_FOUND;
}

/* The text that has to be JSON: of the field of a form that has it, else all of the body. */
static struct bytes json_text(struct signed_source *source)
{
    size_t count;
    struct bytes type = request_header(source->request, "content-type", &count);
    bool is_form = count == 1 && (content_type_is_form(type) || content_type_is_multipart(type));
    struct bytes text;
    if (source->json_field && is_form && source_form(source) &&
        content_form_payload(&source->form, bytes_of_text(source->json_field), &text))
        return text;
    return json_body_text(source->request);
}

bool signed_source_json(struct signed_source *source, struct bytes *json)
{
    if (is_folded(source))
        return false;
    if (!source->json_tried) {
        struct json_fault fault;
        struct json_summary summary = {0};
        struct json_limits limits = json_body_limits(source->request);
        source->json_tried = true;
        source->json = json_text(source);
        source->json_good = json_check(source->json, &limits, &summary, &fault);
        source->json_repeats = summary.repeated > 0;
    }
    *json = source->json;
    return source->json_good;
}

bool signed_source_find(const struct signed_source *source, struct bytes json,
                        const struct json_path *path, struct bytes *value)
{
    return source->json_repeats ? json_path_find_last(json, path, value)
                                : json_path_find(json, path, value);
}

static enum signed_outcome get_scalar(struct signed_source *source, struct bytes json,
                                      const struct json_path *path, struct bytes *value)
{
    struct bytes raw;
    if (!signed_source_find(source, json, path, &raw) ||
        !json_scalar_text(raw, source->request->arena, value))
        return SIGNED_MISSING;
    return SIGNED_FOUND;
}

static enum signed_outcome get_payload(struct signed_source *source, const struct signed_ref *ref,
                                       struct bytes *value)
{
    struct bytes json;
    if (!signed_source_json(source, &json))
        return SIGNED_MALFORMED;
    return get_scalar(source, json, &ref->path, value);
}

static enum signed_outcome get_item(struct signed_source *source, const struct signed_ref *ref,
                                    struct bytes *value)
{
    return get_scalar(source, source->item, &ref->path, value);
}

static enum signed_outcome get_claim(struct signed_source *source, const struct signed_ref *ref,
                                     struct bytes *value)
{
    return source->claims.length ? get_scalar(source, source->claims, &ref->path, value)
                                 : SIGNED_MISSING;
}

/* CRC-32 of IEEE 802.3, bit by bit: it serves one provider, once a request. */
static uint32_t crc32_compute(struct bytes data)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < data.length; i++) {
        crc ^= data.data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (UINT32_C(0xEDB88320) & (0 - (crc & 1)));
    }
    return ~crc;
}

static enum signed_outcome get_crc32(struct signed_source *source, const struct signed_ref *ref,
                                     struct bytes *value)
{
    (void)ref;
    const char *text =
        arena_format(source->request->arena, "%u", crc32_compute(source->request->body));
    *value = bytes_of_text(text);
    return text ? SIGNED_FOUND : SIGNED_MALFORMED;
}

/* ---- all of them ---- */

static const struct {
    signed_reader *read;
    bool needs_body;
} readers[] = {
    [SIGNED_HEADER] = {get_header, false},
    [SIGNED_QUERY] = {get_query, false},
    [SIGNED_FORM] = {get_form, true},
    [SIGNED_PAYLOAD] = {get_payload, true},
    [SIGNED_ITEM] = {get_item, true},
    [SIGNED_CLAIM] = {get_claim, true}, /* the step of the body comes after that of the token */
    [SIGNED_SIGNATURE] = {get_signature_field, false},
    [SIGNED_PARAMETER] = {get_parameter, false},
    [SIGNED_BODY] = {get_body, true},
    [SIGNED_TIME] = {get_time, false},
    [SIGNED_MESSAGE_ID] = {get_message_id, false},
    [SIGNED_METHOD] = {get_method, false},
    [SIGNED_URL] = {get_url, false},
    [SIGNED_SORTED_FORM] = {get_sorted_form, true},
    [SIGNED_CRC32] = {get_crc32, true},
    [SIGNED_SECRET] = {get_secret, false},
};

enum signed_outcome signed_get(struct signed_source *source, const struct signed_ref *ref,
                               struct bytes *value)
{
    if (ref->kind == SIGNED_ABSENT)
        return SIGNED_MISSING;
    return readers[ref->kind].read(source, ref, value);
}

enum signed_outcome signed_get_first(struct signed_source *source, const struct signed_list *list,
                                     struct bytes *value)
{
    enum signed_outcome outcome = SIGNED_MISSING;
    for (size_t i = 0; i < list->count && outcome == SIGNED_MISSING; i++)
        outcome = signed_get(source, &list->items[i], value);
    return outcome;
}

bool signed_needs_body(const struct signed_ref *ref)
{
    return ref->kind != SIGNED_ABSENT && readers[ref->kind].needs_body;
}

void signed_source_finish(struct signed_source *source)
{
    if (source->form_good)
        form_finish(&source->form);
    free(source->sorted);
    source->sorted = NULL;
    source->form_good = source->form_tried = false;
}
