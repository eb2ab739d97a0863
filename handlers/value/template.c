/* A template is parsed once into parts, and what a request costs is one walk over them. A value
 * that holds U+0000 ends the template: nothing that a template is for (arguments, variables,
 * headers) can hold one, and a text that is cut in silence is another text. In a line it is
 * escaped. */
#include "handlers/value/template.h"

#include "base/encoding.h"
#include "base/json_text.h"
#include "handlers/content/json.h"
#include "handlers/value/line_text.h"

/* ---- parsing ---- */

static bool no_memory(struct error *err)
{
    return error_set(err, "no memory for a template");
}

/* Behind the quoted string at `at`, or where it would have to end. */
static size_t skip_quoted(struct bytes text, size_t at)
{
    return at + json_string_length(bytes_from(text, at));
}

/* The first of "|" and "}}" from `at` that is in no quoted string; the length if there is none. */
static size_t find_end(struct bytes text, size_t at)
{
    while (at < text.length) {
        if (text.data[at] == '|')
            return at;
        if (text.data[at] == '}' && at + 1 < text.length && text.data[at + 1] == '}')
            return at;
        at = text.data[at] == '"' ? skip_quoted(text, at) : at + 1;
    }
    return text.length;
}

/* `"text"` with the escapes of JSON, or text as it is. */
static bool parse_default(struct bytes given, struct arena *arena, struct template_part *part,
                          struct error *err)
{
    struct json_fault fault;
    struct bytes inside = bytes_of(given.data + 1, given.length >= 2 ? given.length - 2 : 0);
    bool quoted = given.length > 0 && given.data[0] == '"';
    if (quoted && !json_check(given, &json_limits_default, NULL, &fault))
        return error_set(err, "is not a JSON string");
    uint8_t *out = arena_alloc(arena, given.length + 1);
    if (!out)
        return no_memory(err);
    if (quoted) {
        part->default_text = bytes_of(out, json_unescape(inside, out));
    } else {
        if (given.length)
            memcpy(out, given.data, given.length);
        part->default_text = bytes_of(out, given.length);
    }
    part->reference.has_default = true;
    return !memchr(out, 0, part->default_text.length) ||
           error_set(err, "a default cannot hold U+0000");
}

/* What stands behind a bar: `default TEXT` or `json`. */
static bool parse_filter(struct bytes filter, struct arena *arena, struct template_part *part,
                         struct error *err)
{
    static const char word[] = "default";
    size_t length = sizeof word - 1;
    if (bytes_equal_text(filter, "json")) {
        if (part->as_json)
            return error_set(err, "json is given twice");
        part->as_json = true;
        return true;
    }
    bool is_default = bytes_starts_with(filter, bytes_of(word, length)) &&
                      (filter.length == length || filter.data[length] == ' ' ||
                       filter.data[length] == '\t' || filter.data[length] == '"');
    if (!is_default)
        return error_set(err, "must be \"default TEXT\" or \"json\", not \"%.*s\"",
                         filter.length < 40 ? (int)filter.length : 40, (const char *)filter.data);
    if (part->reference.has_default)
        return error_set(err, "default is given twice");
    return parse_default(bytes_trim(bytes_from(filter, length)), arena, part, err);
}

struct template_parser {
    struct bytes text;
    size_t at; /* of a fault, too */
    struct arena *arena;
    struct error *err;
};

/* The trimmed piece from `at` to the next bar or the end, where `at` then stands. */
static struct bytes take_piece(struct template_parser *parser)
{
    size_t end = find_end(parser->text, parser->at);
    struct bytes piece = bytes_of(parser->text.data + parser->at, end - parser->at);
    parser->at = end;
    return bytes_trim(piece);
}

static bool fault_at(struct template_parser *parser, struct bytes piece)
{
    parser->at = (size_t)(piece.data - parser->text.data);
    return false;
}

/* Behind the opening braces. */
static bool parse_value(struct template_parser *parser, struct template_part *part)
{
    size_t open = parser->at - 2, offset;
    struct bytes piece = take_piece(parser);
    part->is_value = true;
    if (parser->at == parser->text.length) {
        parser->at = open;
        return error_set(parser->err, "this {{ has no }}; text with braces of its own is written "
                                      "{literal: '…'}");
    }
    if (!reference_parse(piece, parser->arena, &part->reference, parser->err, &offset)) {
        fault_at(parser, piece);
        parser->at += offset;
        return false;
    }
    part->offset = (size_t)(piece.data - parser->text.data);
    while (parser->text.data[parser->at] == '|') {
        parser->at++;
        piece = take_piece(parser);
        if (parser->at == parser->text.length) {
            parser->at = open;
            return error_set(parser->err, "this {{ has no }}");
        }
        if (!parse_filter(piece, parser->arena, part, parser->err))
            return fault_at(parser, piece);
    }
    parser->at += 2;
    return true;
}

static bool parse_part(struct template_parser *parser, struct template_part *part)
{
    struct bytes rest = bytes_from(parser->text, parser->at);
    const uint8_t *open = memmem(rest.data, rest.length, "{{", 2);
    if (open == rest.data) {
        parser->at += 2;
        return parse_value(parser, part);
    }
    part->literal = bytes_of(rest.data, open ? (size_t)(open - rest.data) : rest.length);
    parser->at += part->literal.length;
    return true;
}

static size_t count_parts(struct bytes text)
{
    size_t count = 1;
    for (size_t i = 0; i + 1 < text.length; i++)
        count += 2 * (text.data[i] == '{' && text.data[i + 1] == '{');
    return count < TEMPLATE_PARTS_MAX ? count : TEMPLATE_PARTS_MAX;
}

static bool parse_parts(struct template_parser *parser, struct template *template)
{
    size_t room = count_parts(parser->text);
    template->text = arena_copy_bytes(parser->arena, parser->text);
    template->parts = arena_alloc_array(parser->arena, room, sizeof *template->parts);
    if (!template->text || !template->parts)
        return no_memory(parser->err);
    parser->text.data = (const uint8_t *)template->text;
    while (parser->at < parser->text.length) {
        if (template->count == room)
            return error_set(parser->err, "has more than %d parts", TEMPLATE_PARTS_MAX);
        if (!parse_part(parser, &template->parts[template->count++]))
            return false;
    }
    return true;
}

bool template_parse(struct bytes text, struct arena *arena, struct template *template,
                    struct error *err, size_t *offset)
{
    struct template parsed = {.count = 0};
    struct template_parser parser = {.text = text, .arena = arena, .err = err};
    if (parse_parts(&parser, &parsed)) {
        *template = parsed;
        return true;
    }
    if (offset)
        *offset = parser.at;
    return false;
}

bool template_literal(struct bytes text, struct arena *arena, struct template *template)
{
    struct template made = {.text = arena_copy_bytes(arena, text),
                            .parts = arena_alloc(arena, sizeof *made.parts),
                            .count = text.length > 0};
    if (!made.text || !made.parts)
        return false;
    made.parts[0].literal = bytes_of(made.text, text.length);
    *template = made;
    return true;
}

/* ---- questions ---- */

bool template_is_literal(const struct template *template)
{
    return template->count == 0 || (template->count == 1 && !template->parts[0].is_value);
}

bool template_begins_with_value(const struct template *template)
{
    return template->count > 0 && template->parts[0].is_value;
}

struct bytes template_fixed_prefix(const struct template *template)
{
    return template->count > 0 ? template->parts[0].literal : bytes_of(NULL, 0);
}

bool template_visit(const struct template *template, const struct reference_visitor *visitor)
{
    for (size_t i = 0; i < template->count; i++)
        if (template->parts[i].is_value &&
            !visitor->visit(visitor->context, &template->parts[i].reference))
            return false;
    return true;
}

/* ---- rendering ---- */

static enum template_outcome append_bytes(struct buffer *out, size_t most, struct bytes text)
{
    if (text.length > most)
        return TEMPLATE_TOO_LONG;
    return buffer_append_bytes(out, text) ? TEMPLATE_DONE : TEMPLATE_NO_MEMORY;
}

/* Where a text goes. */
struct rendering {
    struct buffer *out;
    struct value_context *context;
    bool is_line;
};

/* What is JSON because the template says so stays that. */
static bool append_escaped(struct buffer *out, const struct value *value, bool as_json)
{
    struct buffer plain;
    if (value->kind == VALUE_STRING && !as_json)
        return line_escape(out, value->text);
    buffer_init(&plain, out->limit);
    bool done = value_append(&plain, value, as_json) &&
                (as_json ? line_escape_json : line_escape)(out, buffer_bytes(&plain));
    buffer_finish(&plain);
    return done;
}

static enum template_outcome append_value(const struct rendering *rendering, size_t most,
                                          const struct value *value, bool as_json)
{
    enum { ESCAPE = 6 };
    struct buffer *out = rendering->out;
    size_t before = out->length, limit = out->limit;
    if (most < limit - before)
        out->limit = before + most;
    bool done = rendering->is_line ? append_escaped(out, value, as_json)
                                   : value_append(out, value, as_json);
    out->limit = limit;
    if (!done) /* what would fit in any case lacks memory */
        return value->text.length < most / ESCAPE ? TEMPLATE_NO_MEMORY : TEMPLATE_TOO_LONG;
    size_t length = out->length - before;
    return length && memchr(out->data + before, 0, length) ? TEMPLATE_NUL : TEMPLATE_DONE;
}

/* Headers and the query are stored as JSON and read as they are stored, where U+FFFD stands for
 * bytes that are not UTF-8. Nobody is given that in the place of what was sent. */
static bool stays_itself(const struct template_part *part, const struct value *value)
{
    static const char replacement[] = "\xef\xbf\xbd";
    enum reference_root root = part->reference.root;
    if (root == REFERENCE_HEADER || root == REFERENCE_QUERY)
        return !memmem(value->text.data, value->text.length, replacement, strlen(replacement));
    return !part->as_json || root == REFERENCE_PAYLOAD || utf8_valid(value->text);
}

static enum template_outcome append_part(const struct rendering *rendering,
                                         const struct template_part *part, size_t most)
{
    enum { READ_A_STEP = 16 };
    struct value_context *context = rendering->context;
    struct value value;
    if (!part->is_value)
        return append_bytes(rendering->out, most, part->literal);
    if (!value_resolve(context, &part->reference, &value) ||
        !value_take_steps(context, value.text.length / READ_A_STEP))
        return value_steps_are_over(context) ? TEMPLATE_LIMIT : TEMPLATE_NO_MEMORY;
    if (value.kind != VALUE_MISSING && value.kind != VALUE_NULL)
        return stays_itself(part, &value) ? append_value(rendering, most, &value, part->as_json)
                                          : TEMPLATE_NOT_UTF8;
    if (!part->reference.has_default)
        return value.kind == VALUE_NULL ? TEMPLATE_NULL
               : value.repeated         ? TEMPLATE_REPEATED
                                        : TEMPLATE_MISSING;
    struct value text = {.kind = VALUE_STRING, .text = part->default_text};
    return append_value(rendering, most, &text, part->as_json);
}

static enum template_outcome render(const struct rendering *rendering,
                                    const struct template *template, size_t limit,
                                    const struct reference **culprit)
{
    struct buffer *out = rendering->out;
    size_t before = out->length;
    for (size_t i = 0; i < template->count; i++) {
        const struct template_part *part = &template->parts[i];
        enum template_outcome outcome =
            append_part(rendering, part, limit - (out->length - before));
        if (outcome == TEMPLATE_DONE)
            continue;
        out->length = before;
        if (culprit)
            *culprit = part->is_value ? &part->reference : NULL;
        return outcome;
    }
    return TEMPLATE_DONE;
}

enum template_outcome template_render(const struct template *template,
                                      struct value_context *context, size_t limit,
                                      struct buffer *out, const struct reference **culprit)
{
    return render(&(struct rendering){out, context, false}, template, limit, culprit);
}

enum template_outcome template_render_line(const struct template *template,
                                           struct value_context *context, size_t limit,
                                           struct buffer *out, const struct reference **culprit)
{
    return render(&(struct rendering){out, context, true}, template, limit, culprit);
}

const char *template_outcome_text(enum template_outcome outcome)
{
    static const char *const texts[] = {
        [TEMPLATE_DONE] = "is right",
        [TEMPLATE_MISSING] = "is missing",
        [TEMPLATE_NULL] = "is null and has no default",
        [TEMPLATE_REPEATED] = "is given more than once",
        [TEMPLATE_NUL] = "holds U+0000",
        [TEMPLATE_NOT_UTF8] = "is not UTF-8",
        [TEMPLATE_TOO_LONG] = "is too long",
        [TEMPLATE_LIMIT] = "takes more steps than a request may cost",
        [TEMPLATE_NO_MEMORY] = "finds no memory",
    };
    return texts[outcome];
}
