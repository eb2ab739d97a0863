/* A row a kind of content. The media type decides nothing alone: a body that says it is JSON must
 * be JSON by the guard, and one that does not say so is not tried. */
#include "handlers/content/content.h"

#include "base/encoding.h"
#include "handlers/content/cloudevents.h"
#include "handlers/content/form.h"
#include "handlers/content/json_body.h"
#include "handlers/content/media_type.h"
#include "handlers/content/multipart.h"
#include "handlers/content/xml_body.h"

#include <errno.h>

/* ---- media types ---- */

struct bytes content_type(const struct request *request)
{
    static const char name[] = "Content-Type";
    struct bytes type = request_header(request, name, NULL);
    for (size_t i = 0; i < request->header_count; i++)
        if (bytes_equal_nocase(request->headers[i].name, bytes_of_text(name)) &&
            !bytes_equal(request->headers[i].value, type))
            return bytes_of(NULL, 0);
    return type;
}

/* RFC 8259 knows no charset but UTF-8; other parameters mean nothing here. */
bool content_type_is_json(struct bytes type)
{
    size_t count;
    struct bytes name = media_type_name(type);
    struct bytes charset = media_type_parameter(type, "charset", &count);
    return (bytes_equal_nocase(name, bytes_of_text("application/json")) ||
            media_type_has_suffix(name, "+json")) &&
           (count == 0 || (count == 1 && bytes_equal_nocase(charset, bytes_of_text("utf-8"))));
}

bool content_type_is_form(struct bytes type)
{
    return bytes_equal_nocase(media_type_name(type),
                              bytes_of_text("application/x-www-form-urlencoded"));
}

bool content_type_is_multipart(struct bytes type)
{
    return bytes_equal_nocase(media_type_name(type), bytes_of_text("multipart/form-data"));
}

/* ---- JSON that was made ---- */

/* The guard has the last word on what was made, under the limits of the route. */
static struct verdict read_made(struct request *request)
{
    struct verdict verdict = json_body_read(request, buffer_bytes(&request->made));
    if (verdict.reply != REPLY_BAD_CONTENT)
        return verdict;
    const char *reason =
        arena_format(request->arena, "the JSON that is made of the body: %s", verdict.message);
    verdict.reason = verdict.message = reason ? reason : verdict.message;
    return verdict;
}

static void begin_made(struct request *request)
{
    request->payload_is_made = true;
    buffer_init(&request->made, CONTENT_MADE_MAX);
}

/* ---- forms ---- */

/* The caller can repair it, if he knows which field is meant. */
static struct verdict refuse_field(struct request *request, const char *name, const char *what)
{
    const char *reason =
        arena_format(request->arena, "the field \"%s\" of the form %s", name, what);
    struct verdict verdict =
        verdict_refuse(REPLY_BAD_CONTENT, reason ? reason : "a field of the form is wrong");
    verdict.message = verdict.reason;
    return verdict;
}

/* The field, or a file that does not say it is something other than JSON. */
static struct bytes find_json_field(const struct form *form, struct bytes name, size_t *count)
{
    struct bytes text = form_find(form, name, count);
    for (size_t i = 0; i < form->file_count; i++) {
        const struct form_file *file = &form->files[i];
        if (bytes_equal(file->name, name) &&
            (file->type.length == 0 || content_type_is_json(file->type)) && (*count)++ == 0)
            text = file->content;
    }
    return text;
}

/* The payload in the field: JSON as it would be in a body, under the same limits. */
static struct verdict read_field(struct request *request, const char *name, bool needs_field)
{
    size_t count;
    struct bytes text = find_json_field(request->form, bytes_of_text(name), &count);
    request->field_looked_for = bytes_of_text(name);
    if (count == 0)
        return needs_field ? refuse_field(request, name, "is missing") : GO_ON;
    if (count > 1)
        return refuse_field(request, name, "comes more than once");
    struct verdict verdict = json_body_read(request, text);
    if (verdict.reply == REPLY_BAD_CONTENT)
        return refuse_field(request, name, arena_format(request->arena, "is %s", verdict.message));
    request->json_field = bytes_of_text(name);
    return verdict;
}

bool content_read_form(struct bytes type, struct bytes body, struct form *form)
{
    errno = 0;
    return content_type_is_multipart(type)
               ? multipart_read(type, body, &multipart_limits_most, form, NULL) == MULTIPART_READ
               : form_decode(body, form);
}

bool content_takes_multipart(int kind)
{
    return kind == CONTENT_MULTIPART || kind == CONTENT_AUTO;
}

static struct verdict decode_multipart(struct request *request, struct bytes type,
                                       struct form *form)
{
    static const enum reply replies[] = {[MULTIPART_MALFORMED] = REPLY_BAD_CONTENT,
                                         [MULTIPART_BEYOND] = REPLY_TOO_LARGE,
                                         [MULTIPART_NO_MEMORY] = REPLY_MEMORY_FULL};
    const struct multipart_settings *keys = &content_settings_of(request->route)->multipart;
    const struct multipart_limits limits = {.parts = (size_t)keys->parts,
                                            .file = keys->file ? (size_t)keys->file : SIZE_MAX,
                                            .field = (size_t)keys->field,
                                            .name = (size_t)keys->name};
    struct error err;
    enum multipart_end end = multipart_read(type, request->body, &limits, form, &err);
    if (end == MULTIPART_READ)
        return GO_ON;
    struct verdict verdict =
        verdict_refuse(replies[end], arena_copy_text(request->arena, err.text));
    verdict.message = verdict.reason;
    return verdict;
}

static struct verdict read_form(struct request *request, struct bytes type,
                                const struct content_wanted *wanted)
{
    struct form *form = arena_alloc(request->arena, sizeof *form);
    struct verdict verdict = GO_ON;
    if (!form)
        return verdict_refuse(REPLY_MEMORY_FULL, "no memory for the form");
    if (content_type_is_multipart(type))
        verdict = decode_multipart(request, type, form);
    else if (!form_decode(request->body, form))
        verdict = verdict_refuse(REPLY_BAD_CONTENT, "not a form, or one of more than 1,000 fields");
    if (verdict.reply != REPLY_NONE)
        return verdict;
    request->form = form;
    return wanted->json_field ? read_field(request, wanted->json_field, wanted->needs_field)
                              : GO_ON;
}

void content_release(struct request *request)
{
    if (!request->form && !request->payload_is_made)
        return;
    if (request->form)
        form_finish(request->form);
    buffer_finish(&request->made);
    request->form = NULL;
    request->json = NULL;
    request->payload = bytes_of(NULL, 0);
    request->payload_is_made = request->payload_has_head = false;
}

bool content_body_is_json(const struct request *request)
{
    return request->json && request->json_field.length == 0 && !request->payload_is_made;
}

bool content_stored_payload(struct bytes body, bool is_json, struct bytes json_field, uint8_t *room,
                            struct bytes *payload)
{
    struct bytes text = body;
    if (json_field.length > 0 ? !form_decode_field(body, json_field, room, &text) : !is_json)
        return false;
    *payload = json_body_unmarked(text);
    return true;
}

bool content_form_payload(const struct form *form, struct bytes json_field, struct bytes *payload)
{
    size_t count = 0;
    struct bytes text =
        json_field.length > 0 ? find_json_field(form, json_field, &count) : json_field;
    if (count != 1)
        return false;
    *payload = json_body_unmarked(text);
    return true;
}

/* ---- kinds of content ---- */

static struct verdict refuse_type(const struct request *request, const char *reason)
{
    size_t count;
    request_header(request, "Content-Type", &count);
    return verdict_refuse(REPLY_MEDIA_TYPE, count ? reason : "the media type is missing");
}

/* The empty text is no JSON, whatever type a client names for it. */
static struct verdict check_json(struct request *request, struct bytes type,
                                 const struct content_wanted *wanted)
{
    (void)wanted;
    if (content_type_is_json(type))
        return json_body_read(request, request->body);
    return refuse_type(request, request->body.length > 0
                                    ? "the media type is not JSON in UTF-8"
                                    : "there is no body, and the route takes JSON; one with "
                                      "content: auto can do without");
}

/* An empty form has no fields. Clients name all sorts of types for no body at all. */
static struct verdict check_form(struct request *request, struct bytes type,
                                 const struct content_wanted *wanted)
{
    if (content_type_is_form(type) || request->body.length == 0)
        return read_form(request, bytes_of(NULL, 0), wanted);
    return refuse_type(request, content_type_is_multipart(type)
                                    ? "the media type is multipart/form-data; a route with "
                                      "content: multipart takes that"
                                    : "the media type is not that of a form");
}

/* What browsers and senders of mail send of the same form with files and without. */
static struct verdict check_multipart(struct request *request, struct bytes type,
                                      const struct content_wanted *wanted)
{
    return content_type_is_multipart(type) ? read_form(request, type, wanted)
                                           : check_form(request, type, wanted);
}

static struct verdict check_json_or_form(struct request *request, struct bytes type,
                                         const struct content_wanted *wanted)
{
    return content_type_is_json(type) ? json_body_read(request, request->body)
                                      : check_form(request, type, wanted);
}

static struct verdict check_xml(struct request *request, struct bytes type,
                                const struct content_wanted *wanted)
{
    struct json_limits limits = json_body_limits(request);
    (void)wanted;
    if (!xml_body_has_type(type))
        return refuse_type(request, "the media type is not that of XML");
    begin_made(request);
    struct verdict verdict = xml_body_read(request, type, &limits);
    return verdict.reply == REPLY_NONE ? read_made(request) : verdict;
}

/* ---- CloudEvents ---- */

static bool is_text(struct bytes type, struct bytes body)
{
    size_t count;
    struct bytes charset = media_type_parameter(type, "charset", &count);
    return (bytes_starts_with(type, bytes_of_text("text/")) || xml_body_has_type(type) ||
            content_type_is_form(type)) &&
           (count == 0 || bytes_equal_nocase(charset, bytes_of_text("utf-8")) ||
            bytes_equal_nocase(charset, bytes_of_text("us-ascii"))) &&
           utf8_valid(body);
}

/* The data has its own media type: JSON that is none is refused. */
static struct verdict read_binary_event(struct request *request, struct bytes type)
{
    enum cloudevents_data kind = request->body.length == 0      ? CLOUDEVENTS_NONE
                                 : content_type_is_json(type)   ? CLOUDEVENTS_JSON
                                 : is_text(type, request->body) ? CLOUDEVENTS_TEXT
                                                                : CLOUDEVENTS_BASE64;
    struct verdict verdict =
        kind == CLOUDEVENTS_JSON ? json_body_read(request, request->body) : GO_ON;
    if (verdict.reply != REPLY_NONE)
        return verdict;
    begin_made(request);
    request->payload_has_head = true;
    verdict = cloudevents_make(request, type, kind, request->payload);
    return verdict.reply == REPLY_NONE ? read_made(request) : verdict;
}

static struct verdict check_cloudevents(struct request *request, struct bytes type,
                                        const struct content_wanted *wanted)
{
    static const char one_by_one[] = "a batch of CloudEvents: this route takes them one by one";
    struct verdict verdict = verdict_refuse(REPLY_MEDIA_TYPE, one_by_one);
    (void)wanted;
    switch (cloudevents_mode(type)) {
    case CLOUDEVENTS_BATCH:
        verdict.message = one_by_one;
        break;
    case CLOUDEVENTS_OTHER:
        verdict = refuse_type(request, "of the formats of CloudEvents only JSON is read");
        break;
    case CLOUDEVENTS_STRUCTURED:
        verdict = check_json(request, type, wanted);
        break;
    case CLOUDEVENTS_BINARY:
        verdict = read_binary_event(request, type);
        break;
    }
    return verdict.reply == REPLY_NONE
               ? cloudevents_check(request, json_body_limits(request).repeated_names)
               : verdict;
}

static struct verdict check_raw(struct request *request, struct bytes type,
                                const struct content_wanted *wanted)
{
    (void)request;
    (void)type;
    (void)wanted;
    return GO_ON;
}

/* Without a telling type, JSON is recognised by being JSON: nothing depends on it but what the
 * envelope and a schema make of it. */
static struct verdict check_auto(struct request *request, struct bytes type,
                                 const struct content_wanted *wanted)
{
    if (request->body.length == 0)
        return GO_ON;
    if (content_type_is_json(type))
        return json_body_read(request, request->body);
    if (content_type_is_form(type) || content_type_is_multipart(type))
        return read_form(request, type, wanted);
    if (xml_body_has_type(type))
        return check_xml(request, type, wanted);
    struct verdict verdict = json_body_read(request, request->body);
    return verdict.reply == REPLY_BAD_CONTENT ? GO_ON : verdict;
}

static const struct {
    struct verdict (*check)(struct request *request, struct bytes type,
                            const struct content_wanted *wanted);
    bool makes_json; /* of bodies that are none */
} content_kinds[] = {
    [CONTENT_PROVIDER] = {check_json, false},
    [CONTENT_JSON] = {check_json, false},
    [CONTENT_FORM] = {check_form, false},
    [CONTENT_RAW] = {check_raw, false},
    [CONTENT_JSON_OR_FORM] = {check_json_or_form, false},
    [CONTENT_AUTO] = {check_auto, true},
    [CONTENT_MULTIPART] = {check_multipart, false},
    [CONTENT_XML] = {check_xml, true},
    [CONTENT_CLOUDEVENTS] = {check_cloudevents, true},
};

struct verdict content_check_stored(struct request *request, const struct content_wanted *wanted,
                                    struct bytes made)
{
    if (made.length == 0 || !content_kinds[wanted->kind].makes_json)
        return content_check(request, wanted);
    request->payload_is_made = true;
    return json_body_read(request, made);
}

struct verdict content_check(struct request *request, const struct content_wanted *wanted)
{
    return content_kinds[wanted->kind].check(request, content_type(request), wanted);
}
