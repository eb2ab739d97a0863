/* JSON is broken into lines as it is read, without a tree: its text stays what the sender wrote,
 * and what is shown of it costs no more than what is shown. */
#include "server/terminal/body_text.h"

#include "base/encoding.h"
#include "base/json_text.h"

struct layout {
    FILE *out;
    int indent;
    unsigned depth;
    size_t lines, bytes;
};

static bool has_room(const struct layout *layout)
{
    return layout->lines < BODY_TEXT_LINES && layout->bytes < BODY_TEXT_BYTES;
}

static void print_rest(const struct layout *layout, struct bytes rest)
{
    fprintf(layout->out, "%*s… and %zu bytes more, which --raw shows\n", layout->indent, "",
            rest.length);
}

/* What is long is cut, at a whole character. */
static struct bytes shown_part(struct bytes text)
{
    enum { LONGEST = 4096 };
    size_t length = text.length < LONGEST ? text.length : LONGEST;
    while (length > 0 && length < text.length && (text.data[length] & 0xc0) == 0x80)
        length--;
    return bytes_of(text.data, length);
}

/* ---- JSON ---- */

static void begin_line(struct layout *layout)
{
    enum { DEEPEST = 40 };
    unsigned depth = layout->depth < DEEPEST ? layout->depth : DEEPEST;
    layout->lines++;
    fprintf(layout->out, "\n%*s", layout->indent + 2 * (int)depth, "");
}

static struct bytes skip_blanks(struct bytes json)
{
    while (json.length > 0 && strchr(" \t\r\n", json.data[0]) && json.data[0])
        json = bytes_from(json, 1);
    return json;
}

/* A string, or a number or a word, at the front. At least 1. */
static size_t token_length(struct bytes json)
{
    size_t length = 0;
    if (json.data[0] == '"')
        return json_string_length(json);
    while (length < json.length && !byte_is_among(json.data[length], " \t\r\n{}[],:\""))
        length++;
    return length ? length : 1;
}

/* An object or a list: without anything in it, it stays on the line. */
static struct bytes open_level(struct layout *layout, struct bytes json)
{
    char close = json.data[0] == '{' ? '}' : ']';
    struct bytes rest = skip_blanks(bytes_from(json, 1));
    fputc(json.data[0], layout->out);
    if (rest.length > 0 && rest.data[0] == close) {
        fputc(close, layout->out);
        return bytes_from(rest, 1);
    }
    layout->depth++;
    begin_line(layout);
    return rest;
}

static struct bytes print_token(struct layout *layout, struct bytes json)
{
    size_t length;
    switch (json.data[0]) {
    case '{':
    case '[':
        return open_level(layout, json);
    case '}':
    case ']':
        layout->depth -= layout->depth > 0;
        begin_line(layout);
        fputc(json.data[0], layout->out);
        break;
    case ',':
        fputc(',', layout->out);
        begin_line(layout);
        break;
    case ':':
        fputs(": ", layout->out);
        break;
    default:
        length = token_length(json);
        length = length < json.length ? length : json.length;
        print_safe(layout->out, shown_part(bytes_of(json.data, length)));
        fputs(shown_part(bytes_of(json.data, length)).length < length ? "…" : "", layout->out);
        return bytes_from(json, length);
    }
    return bytes_from(json, 1);
}

void body_print_json(FILE *out, struct bytes json, int indent)
{
    struct layout layout = {.out = out, .indent = indent, .lines = 1};
    struct bytes rest = skip_blanks(json);
    fprintf(out, "%*s", indent, "");
    while (rest.length > 0 && has_room(&layout)) {
        rest = skip_blanks(print_token(&layout, rest));
        layout.bytes = json.length - rest.length;
    }
    fputc('\n', out);
    if (rest.length > 0)
        print_rest(&layout, rest);
}

/* ---- text ---- */

void body_print_text(FILE *out, struct bytes text, int indent)
{
    struct layout layout = {.out = out, .indent = indent};
    if (!utf8_valid(text) || memchr(text.data, '\0', text.length)) {
        fprintf(out, "%*s%zu bytes that are no text, which --body writes\n", indent, "",
                text.length);
        return;
    }
    struct bytes rest = text;
    while (rest.length > 0 && has_room(&layout)) {
        const uint8_t *end = memchr(rest.data, '\n', rest.length);
        struct bytes line = bytes_of(rest.data, end ? (size_t)(end - rest.data) : rest.length);
        struct bytes part = shown_part(line);
        size_t used = part.length + (end && part.length == line.length);
        if (part.length > 0 && part.data[part.length - 1] == '\r')
            part.length--;
        fprintf(out, "%*s", indent, "");
        print_safe(out, part);
        fputc('\n', out);
        rest = bytes_from(rest, used);
        layout.lines++;
        layout.bytes += used;
    }
    if (rest.length > 0)
        print_rest(&layout, rest);
}
