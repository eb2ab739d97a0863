/* A row a source. A payload's path is split at its dots as `webhook` does it: a step of digits is
 * an index where the value before it can be a list. (That program looks for a key with the dots in
 * it first; no reference does.) */
#include "server/import/origin.h"

#include "base/json_text.h"

#include <ctype.h>

enum { STEPS_MAX = 16, REFERENCE_MAX = 1024, INDEX_DIGITS_MAX = 9 };

struct translation {
    const struct old_value *value;
    const struct origin_body *body;
    struct arena *arena;
    struct buffer text; /* the reference */
    struct origin origin;
};

static bool give_up(struct translation *translation, const char *reason)
{
    translation->origin.form = ORIGIN_NOTHING;
    translation->origin.reason = reason;
    return false;
}

/* ---- names ---- */

static bool is_plain_name(struct bytes name, const char *more)
{
    for (size_t i = 0; i < name.length; i++)
        if (!isalnum(name.data[i]) && !byte_is_among(name.data[i], more))
            return false;
    return name.length > 0;
}

/* ["NAME"]; braces and bars are escaped too, which are syntax in a template. */
static bool put_quoted(struct buffer *out, struct bytes name)
{
    struct buffer escaped;
    buffer_init(&escaped, REFERENCE_MAX * 6);
    bool ok = json_escape(&escaped, name) && buffer_append_text(out, "[\"");
    for (size_t i = 0; ok && i < escaped.length; i++)
        ok = byte_is_among(escaped.data[i], "{}|") ? buffer_printf(out, "\\u%04x", escaped.data[i])
                                                   : buffer_append(out, &escaped.data[i], 1);
    buffer_finish(&escaped);
    return ok && buffer_append_text(out, "\"]");
}

/* `.NAME` or `["NAME"]`, of which only the plain form may hold the bytes in `more`. */
static bool put_name(struct translation *translation, struct bytes name, const char *more)
{
    struct buffer *out = &translation->text;
    if (is_plain_name(name, more))
        return (buffer_append_text(out, ".") && buffer_append_bytes(out, name)) ||
               give_up(translation, "its name is too long");
    return put_quoted(out, name) || give_up(translation, "its name is too long");
}

/* ---- the sources ---- */

static bool translate_header(struct translation *translation)
{
    struct bytes name = translation->value->name;
    char *lower = arena_copy_bytes(translation->arena, name);
    for (size_t i = 0; lower && i < name.length; i++)
        lower[i] = (char)tolower((unsigned char)lower[i]);
    if (!lower || !is_plain_name(name, "!#$%&'*+-.^_`|~"))
        return give_up(translation, "it is not the name of a header");
    return buffer_append_text(&translation->text, "header") &&
           put_name(translation, bytes_of(lower, name.length), "_-.$");
}

static bool translate_query(struct translation *translation)
{
    if (translation->value->name.length == 0)
        return give_up(translation, "it names no parameter");
    return buffer_append_text(&translation->text, "query") &&
           put_name(translation, translation->value->name, "_-$@:");
}

static bool is_index(struct bytes step)
{
    for (size_t i = 0; i < step.length; i++)
        if (!isdigit(step.data[i]))
            return false;
    return step.length > 0 && step.length <= INDEX_DIGITS_MAX &&
           (step.length == 1 || step.data[0] != '0');
}

/* The steps of `path` behind "payload". The payload itself is a mapping, so that digits are a key
 * of it; a list arrives in `webhook` as the member "root" of one. */
static bool put_path(struct translation *translation, struct bytes path, bool is_top)
{
    size_t count = 0;
    if (is_top && bytes_starts_with(path, bytes_of_text("root."))) {
        struct bytes behind = bytes_from(path, 5), first = behind;
        first = bytes_split(&behind, '.');
        if (is_index(first)) {
            path = bytes_from(path, 5);
            is_top = false;
        }
    }
    for (struct bytes rest = path; rest.data; count++) {
        struct bytes step = bytes_split(&rest, '.');
        bool ok = (count > 0 || !is_top) && is_index(step)
                      ? buffer_printf(&translation->text, "[%.*s]", (int)step.length, step.data)
                      : put_name(translation, step, "_-$@:");
        if (count == STEPS_MAX)
            return give_up(translation, "its path has more than 16 steps");
        if (!ok)
            return translation->origin.reason ? false
                                              : give_up(translation, "its path is too long");
    }
    return true;
}

/* What of `name` is behind the field that holds the JSON; false if it is another field. */
static bool is_in_json_field(const struct origin_body *body, struct bytes name, struct bytes *rest)
{
    struct bytes field = body->json_field;
    if (!field.data || !bytes_starts_with(name, field))
        return false;
    *rest = bytes_from(name, field.length);
    return rest->length == 0 || rest->data[0] == '.';
}

static bool translate_payload(struct translation *translation)
{
    struct bytes name = translation->value->name, rest;
    translation->origin.is_payload = true;
    translation->origin.is_typed = !translation->body->is_xml;
    if (name.length == 0)
        return give_up(translation, "it names no value of the payload");
    if (is_in_json_field(translation->body, name, &rest))
        return buffer_append_text(&translation->text, "payload") &&
               (rest.length == 0 || put_path(translation, bytes_from(rest, 1), false));
    if (translation->body->is_form || translation->body->json_field.data) {
        translation->origin.is_typed = false;
        return buffer_append_text(&translation->text, "form") &&
               put_name(translation, name, "_-.$@:");
    }
    return buffer_append_text(&translation->text, "payload") && put_path(translation, name, true);
}

static bool translate_whole_payload(struct translation *translation)
{
    translation->origin.is_payload = true;
    translation->origin.is_whole = true;
    if (translation->body->is_form)
        return give_up(translation, "no reference is a whole form; stdin: event has it as JSON");
    return buffer_append_text(&translation->text, "payload");
}

static bool translate_string(struct translation *translation)
{
    translation->origin.form = ORIGIN_CONSTANT;
    translation->origin.text = translation->value->name;
    return false;
}

static bool translate_request(struct translation *translation)
{
    struct bytes name = translation->value->name;
    if (bytes_equal_nocase(name, bytes_of_text("method")))
        return buffer_append_text(&translation->text, "request.method");
    translation->origin.is_client = true;
    if (bytes_equal_nocase(name, bytes_of_text("remote-addr")))
        return buffer_append_text(&translation->text, "client.address");
    return give_up(translation, "of a request webhook knows method and remote-addr only");
}

static bool translate_raw_body(struct translation *translation)
{
    return give_up(translation, "the raw body is no argument: the command has it on standard input "
                                "(stdin: body)");
}

static bool translate_headers(struct translation *translation)
{
    return give_up(translation, "no reference is all headers: the command has those that are "
                                "stored on standard input (stdin: event)");
}

static bool translate_whole_query(struct translation *translation)
{
    return give_up(translation, "no reference is the whole query: the command has it on standard "
                                "input (stdin: event)");
}

static bool translate_code(struct translation *translation)
{
    return give_up(translation, "it is computed by a template or another command");
}

static const struct source_row {
    const char *name;
    bool (*translate)(struct translation *translation);
} source_rows[] = {
    {"header", translate_header},
    {"url", translate_query},
    {"query", translate_query},
    {"payload", translate_payload},
    {"string", translate_string},
    {"request", translate_request},
    {"entire-payload", translate_whole_payload},
    {"entire-headers", translate_headers},
    {"entire-query", translate_whole_query},
    {"raw-request-body", translate_raw_body},
    {"template", translate_code},
    {"context", translate_code},
};

static const struct source_row *find_row(const struct old_value *value)
{
    for (size_t i = 0; i < sizeof source_rows / sizeof *source_rows; i++)
        if (bytes_equal_text(value->source, source_rows[i].name))
            return &source_rows[i];
    return NULL;
}

static void translate(const struct old_value *value, const struct origin_body *body,
                      struct arena *arena, struct origin *origin)
{
    struct translation translation = {.value = value, .body = body, .arena = arena};
    const struct source_row *row = find_row(value);
    buffer_init(&translation.text, REFERENCE_MAX);
    if (!row) {
        give_up(&translation, "webhook does not know its source either");
    } else if (row->translate(&translation)) {
        struct bytes text = buffer_bytes(&translation.text);
        const char *copy = arena_copy_bytes(arena, text);
        translation.origin.text = bytes_of(copy, text.length);
        if (!copy)
            give_up(&translation, "no memory");
    } else if (translation.origin.form == ORIGIN_REFERENCE) {
        give_up(&translation, "its name is too long");
    }
    buffer_finish(&translation.text);
    *origin = translation.origin;
}

/* A form has no JSON in it and JSON no fields, so that of both references one is always missing. */
void origin_translate(const struct old_value *value, const struct origin_body *body,
                      struct arena *arena, struct origin *origin)
{
    const struct origin_body form = {.is_form = true};
    struct origin other = {.form = ORIGIN_NOTHING};
    translate(value, body, arena, origin);
    if (body->is_either && origin->is_payload && origin->form == ORIGIN_REFERENCE)
        translate(value, &form, arena, &other);
    if (other.form == ORIGIN_REFERENCE)
        origin->other = other.text;
}

bool origin_is_payload(const struct old_value *value)
{
    return bytes_equal_text(value->source, "payload") ||
           bytes_equal_text(value->source, "entire-payload");
}
