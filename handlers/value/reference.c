/* A reference is read from left to right by a small parser that keeps its place, so that a fault
 * has its column. Names are copied and unescaped here; what is left for a request is comparing
 * bytes. */
#include "handlers/value/reference.h"

#include "base/json_text.h"
#include "config/nearest.h"
#include "handlers/content/json.h"

#include <ctype.h>
#include <stdio.h>

enum follows { FOLLOWS_NOTHING, FOLLOWS_NAME, FOLLOWS_PATH };

#define ROOT_ROW(NAME, text, follows, sentence) {text, follows},
static const struct {
    const char *text;
    enum follows follows;
} roots[] = {REFERENCE_ROOTS(ROOT_ROW)};

struct parser {
    struct bytes text;
    size_t at;
    struct arena *arena;
    struct error *err;
};

static bool no_memory(struct parser *parser)
{
    return error_set(parser->err, "no memory for a reference");
}

/* 0 at the end; no text has a NUL in it. */
static char peek(const struct parser *parser)
{
    return parser->at < parser->text.length ? (char)parser->text.data[parser->at] : '\0';
}

static struct bytes rest(const struct parser *parser)
{
    return bytes_from(parser->text, parser->at);
}

/* ---- names ---- */

static bool is_name_byte(char c)
{
    return isalnum((unsigned char)c) || byte_is_among((uint8_t)c, "_-$@:");
}

/* `a` behind a dot. In names of headers and fields, behind which nothing follows, a dot is a byte
 * like others. */
static bool parse_plain_name(struct parser *parser, bool with_dots, struct bytes *name)
{
    size_t start = parser->at;
    while (is_name_byte(peek(parser)) || (with_dots && peek(parser) == '.'))
        parser->at++;
    if (parser->at == start)
        return error_set(parser->err, "needs a name after the dot; one with other characters than "
                                      "letters, digits, _ - $ @ and : is written [\"NAME\"]");
    const char *copy =
        arena_copy_bytes(parser->arena, bytes_of(parser->text.data + start, parser->at - start));
    *name = bytes_of(copy, parser->at - start);
    return copy || no_memory(parser);
}

/* `"a b"`, with the escapes of JSON. */
static bool parse_quoted_name(struct parser *parser, struct bytes *name)
{
    struct json_fault fault;
    struct bytes quoted = rest(parser);
    quoted.length = json_string_length(quoted);
    if (quoted.length < 2 || !json_check(quoted, &json_limits_default, NULL, &fault))
        return error_set(parser->err, "needs a JSON string in the brackets");
    uint8_t *out = arena_alloc(parser->arena, quoted.length);
    if (!out)
        return no_memory(parser);
    *name = bytes_of(out, json_unescape(bytes_of(quoted.data + 1, quoted.length - 2), out));
    if (memchr(out, 0, name->length))
        return error_set(parser->err, "a name cannot hold U+0000");
    parser->at += quoted.length;
    return true;
}

static bool parse_closing(struct parser *parser)
{
    if (peek(parser) != ']')
        return error_set(parser->err, "needs a ] here");
    parser->at++;
    return true;
}

/* ---- the path into a payload ---- */

static bool parse_index(struct parser *parser, struct reference_step *step)
{
    enum { DIGITS_MAX = 9 };
    uint64_t index = 0;
    size_t start = parser->at;
    step->kind = peek(parser) == '-' ? STEP_FROM_END : STEP_INDEX;
    parser->at += step->kind == STEP_FROM_END;
    struct bytes digits = rest(parser);
    size_t count = 0;
    while (count < digits.length && isdigit(digits.data[count]))
        count++;
    digits.length = count;
    bool good = count > 0 && count <= DIGITS_MAX && (count == 1 || digits.data[0] != '0') &&
                bytes_to_uint64(digits, &index);
    if (!good || (step->kind == STEP_FROM_END && index == 0)) {
        parser->at = start;
        return error_set(parser->err, "needs [0] (the first is 0), [-1] (the last is -1), [*] or "
                                      "[\"NAME\"]");
    }
    step->index = (uint32_t)index;
    parser->at += count;
    return true;
}

static bool parse_bracket(struct parser *parser, struct reference_step *step)
{
    parser->at++;
    if (peek(parser) == '*') {
        parser->at++;
        step->kind = STEP_EACH;
    } else if (peek(parser) == '"') {
        step->kind = STEP_NAME;
        if (!parse_quoted_name(parser, &step->name))
            return false;
    } else if (!parse_index(parser, step)) {
        return false;
    }
    return parse_closing(parser);
}

static bool parse_step(struct parser *parser, struct reference_step *step)
{
    if (peek(parser) == '[')
        return parse_bracket(parser, step);
    if (peek(parser) != '.')
        return error_set(parser->err, "needs a dot or a bracket here; a name with other characters "
                                      "than letters, digits, _ - $ @ and : is written [\"NAME\"]");
    parser->at++;
    step->kind = STEP_NAME;
    return parse_plain_name(parser, false, &step->name);
}

static bool parse_path(struct parser *parser, struct reference *reference)
{
    struct reference_step steps[REFERENCE_STEPS_MAX] = {0};
    size_t count = 0;
    for (; parser->at < parser->text.length; count++) {
        if (count == REFERENCE_STEPS_MAX)
            return error_set(parser->err, "has more than %d steps", REFERENCE_STEPS_MAX);
        if (!parse_step(parser, &steps[count]))
            return false;
        reference->has_each |= steps[count].kind == STEP_EACH;
    }
    reference->steps = arena_alloc_array(parser->arena, count + 1, sizeof *steps);
    if (!reference->steps)
        return no_memory(parser);
    memcpy(reference->steps, steps, count * sizeof *steps);
    reference->step_count = count;
    return true;
}

/* ---- what stands first ---- */

static bool is_token(struct bytes name)
{
    for (size_t i = 0; i < name.length; i++)
        if (!isalnum(name.data[i]) && !byte_is_among(name.data[i], "!#$%&'*+-.^_`|~"))
            return false;
    return name.length > 0;
}

/* Names of headers are compared in lower case. */
static bool take_header(struct parser *parser, struct reference *reference)
{
    uint8_t *copy = (uint8_t *)arena_copy_bytes(parser->arena, reference->name);
    if (!copy)
        return no_memory(parser);
    for (size_t i = 0; i < reference->name.length; i++)
        copy[i] = (uint8_t)tolower(copy[i]);
    reference->name.data = copy;
    return is_token(reference->name) || error_set(parser->err, "is not the name of a header");
}

static bool parse_name(struct parser *parser, struct reference *reference)
{
    size_t start = parser->at;
    if (peek(parser) == '[') {
        parser->at++;
        if (peek(parser) != '"')
            return error_set(parser->err, "needs [\"NAME\"]");
        if (!parse_quoted_name(parser, &reference->name) || !parse_closing(parser))
            return false;
    } else if (peek(parser) == '.') {
        parser->at++;
        if (!parse_plain_name(parser, true, &reference->name))
            return false;
    } else {
        return error_set(parser->err, "needs a name: %s.NAME", roots[reference->root].text);
    }
    if (parser->at < parser->text.length)
        return error_set(parser->err, "has no parts: nothing can follow the name here; a name with "
                                      "such characters is written [\"NAME\"]");
    if (reference->root != REFERENCE_HEADER || take_header(parser, reference))
        return true;
    parser->at = start;
    return false;
}

/* The root that the text begins with, and the place behind it. */
static bool find_root(struct parser *parser, enum reference_root *root)
{
    for (size_t i = 0; i < REFERENCE_ROOT_COUNT; i++) {
        struct bytes text = bytes_of_text(roots[i].text);
        uint8_t behind = parser->text.length > text.length ? parser->text.data[text.length] : '.';
        if (!bytes_starts_with(parser->text, text) || (behind != '.' && behind != '['))
            continue;
        parser->at = text.length;
        *root = (enum reference_root)i;
        return true;
    }
    return false;
}

/* The first word of a root: "event" of event.type. */
static struct bytes first_word(struct bytes text)
{
    size_t length = 0;
    while (length < text.length && (isalnum(text.data[length]) || text.data[length] == '_'))
        length++;
    return bytes_of(text.data, length);
}

static bool is_first_word(struct bytes word)
{
    for (size_t i = 0; i < REFERENCE_ROOT_COUNT; i++)
        if (bytes_equal(first_word(bytes_of_text(roots[i].text)), word))
            return true;
    return false;
}

bool reference_begins(struct bytes text)
{
    struct bytes word = first_word(text), behind = bytes_from(text, word.length);
    return behind.length > 0 && byte_is_among(behind.data[0], ".[") && is_first_word(word);
}

/* event.size, payload ref: the word is one, what follows is not. */
static bool report_second_word(struct parser *parser, struct bytes word)
{
    char known[160] = "";
    size_t used = 0;
    parser->at = word.length;
    for (size_t i = 0; i < REFERENCE_ROOT_COUNT; i++) {
        struct bytes root = bytes_of_text(roots[i].text);
        if (bytes_equal(root, word))
            return error_set(parser->err, "needs a dot or a bracket here");
        if (!bytes_equal(first_word(root), word) || used >= sizeof known)
            continue;
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "",
                                 roots[i].text);
    }
    return error_set(parser->err, "there is no such value of \"%.*s\", only %s", (int)word.length,
                     (const char *)word.data, known);
}

static bool report_unknown(struct parser *parser)
{
    enum { SHOWN_MAX = 40 };
    static const char *const words[] = {"payload", "header",  "query", "path",   "form", "event",
                                        "client",  "request", "route", "action", NULL};
    char given[SHOWN_MAX + 1] = "";
    struct bytes word = first_word(parser->text);
    if (is_first_word(word))
        return report_second_word(parser, word);
    if (word.length <= SHOWN_MAX)
        memcpy(given, word.data, word.length);
    const char *nearest = given[0] ? nearest_name(given, words) : NULL;
    if (nearest)
        return error_set(parser->err, "\"%s\" is not a value, did you mean \"%s\"?", given,
                         nearest);
    return error_set(parser->err,
                     "%s%s%s a value; one begins with payload, header, query, path, "
                     "form, event, client, request, route or action",
                     given[0] ? "\"" : "", given, given[0] ? "\" is not" : "needs");
}

static bool parse_reference(struct parser *parser, struct reference *reference)
{
    if (parser->text.length > REFERENCE_LENGTH_MAX)
        return error_set(parser->err, "a reference has at most %d bytes", REFERENCE_LENGTH_MAX);
    if (!find_root(parser, &reference->root))
        return report_unknown(parser);
    reference->text = arena_copy_bytes(parser->arena, parser->text);
    if (!reference->text)
        return no_memory(parser);
    switch (roots[reference->root].follows) {
    case FOLLOWS_PATH:
        return parse_path(parser, reference);
    case FOLLOWS_NAME:
        return parse_name(parser, reference);
    case FOLLOWS_NOTHING:
        break;
    }
    return parser->at == parser->text.length ||
           error_set(parser->err, "has no parts: nothing can follow %s",
                     roots[reference->root].text);
}

bool reference_parse(struct bytes text, struct arena *arena, struct reference *reference,
                     struct error *err, size_t *offset)
{
    struct reference parsed = {.root = REFERENCE_PAYLOAD};
    struct parser parser = {.text = bytes_trim(text), .arena = arena, .err = err};
    if (parse_reference(&parser, &parsed)) {
        *reference = parsed;
        return true;
    }
    if (offset)
        *offset = (size_t)(parser.text.data - text.data) + parser.at;
    return false;
}
