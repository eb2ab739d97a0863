/* Token by token, without a tree. Each row is the writer of a language or a library as it is when
 * nobody sets anything. */
#include "server/capture/json_layout.h"

#include "base/json_text.h"

enum {
    ESCAPE_HTML = 1 << 0,  /* < > & U+2028 U+2029 */
    ESCAPE_ASCII = 1 << 1, /* everything beyond it */
    ESCAPE_SLASH = 1 << 2,
};

const struct json_layout json_layouts[JSON_LAYOUTS] = {
    {"compact JSON", 0, false, 0},
    {"compact JSON with <, > and & escaped", 0, false, ESCAPE_HTML}, /* Go, Rails */
    {"compact JSON in ASCII", 0, false, ESCAPE_ASCII},
    {"compact JSON in ASCII with / escaped", 0, false, ESCAPE_ASCII | ESCAPE_SLASH}, /* PHP */
    {"JSON indented by two blanks", 2, false, 0},
    {"JSON in one line with blanks", 0, true, 0},
    {"JSON in one line with blanks, in ASCII", 0, true, ESCAPE_ASCII}, /* Python */
    {"JSON indented by four blanks", 4, false, 0},
    {"JSON indented by two blanks, in ASCII", 2, false, ESCAPE_ASCII},
};

/* ---- strings ---- */

/* The character at the front of valid UTF-8, beyond ASCII. */
static uint32_t take_character(struct bytes *text)
{
    uint8_t lead = text->data[0];
    size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (length > text->length)
        length = text->length;
    uint32_t code = lead & (0xFFu >> (length + 1));
    for (size_t i = 1; i < length; i++)
        code = code << 6 | (text->data[i] & 0x3Fu);
    *text = bytes_from(*text, length);
    return code;
}

static bool append_escape(struct buffer *out, uint32_t code)
{
    if (code > 0xFFFF)
        return buffer_printf(out, "\\u%04x\\u%04x", 0xD800 + ((code - 0x10000) >> 10),
                             0xDC00 + ((code - 0x10000) & 0x3FF));
    return buffer_printf(out, "\\u%04x", code);
}

static bool is_escaped(uint32_t code, unsigned escapes)
{
    if (code >= 0x80)
        return (escapes & ESCAPE_ASCII) ||
               ((escapes & ESCAPE_HTML) && (code == 0x2028 || code == 0x2029));
    return (escapes & ESCAPE_HTML) && byte_is_among((uint8_t)code, "<>&");
}

/* One character, or one that is escaped already. */
static bool append_character(struct buffer *out, struct bytes *text, unsigned escapes)
{
    struct bytes before = *text;
    uint32_t code = before.data[0];
    if (code >= 0x80)
        code = take_character(text);
    else
        *text = bytes_from(before, code == '\\' && before.length > 1 ? 2 : 1);
    if (code == '/' && (escapes & ESCAPE_SLASH))
        return buffer_append_text(out, "\\/");
    if (is_escaped(code, escapes))
        return append_escape(out, code);
    return buffer_append(out, before.data, before.length - text->length);
}

static bool append_string(struct buffer *out, struct bytes text, unsigned escapes)
{
    if (!escapes)
        return buffer_append_bytes(out, text);
    bool done = true;
    while (done && text.length)
        done = append_character(out, &text, escapes);
    return done;
}

/* ---- the rest ---- */

static const char blanks[] = " \t\r\n";

static struct bytes skip_blanks(struct bytes json)
{
    while (json.length && byte_is_among(json.data[0], blanks))
        json = bytes_from(json, 1);
    return json;
}

static bool begin_line(struct buffer *out, const struct json_layout *layout, unsigned depth)
{
    return !layout->indent || buffer_printf(out, "\n%*s", (int)(layout->indent * depth), "");
}

static bool append_comma_or_colon(struct buffer *out, uint8_t byte,
                                  const struct json_layout *layout, unsigned depth)
{
    bool is_line = byte == ',' && layout->indent;
    return buffer_append(out, &byte, 1) &&
           (is_line ? begin_line(out, layout, depth)
                    : !(layout->indent || layout->is_spaced) || buffer_append_text(out, " "));
}

/* An empty object or list stays together. */
static bool append_bracket(struct buffer *out, struct bytes *json, const struct json_layout *layout,
                           unsigned *depth)
{
    uint8_t byte = json->data[0];
    *json = skip_blanks(bytes_from(*json, 1));
    if (byte == '}' || byte == ']') {
        *depth -= *depth > 0;
        return begin_line(out, layout, *depth) && buffer_append(out, &byte, 1);
    }
    if (json->length && (json->data[0] == '}' || json->data[0] == ']')) {
        uint8_t both[2] = {byte, json->data[0]};
        *json = bytes_from(*json, 1);
        return buffer_append(out, both, 2);
    }
    return buffer_append(out, &byte, 1) && begin_line(out, layout, ++*depth);
}

bool json_layout_append(struct buffer *out, struct bytes json, const struct json_layout *layout)
{
    unsigned depth = 0;
    bool done = true;
    for (json = skip_blanks(json); done && json.length; json = skip_blanks(json)) {
        uint8_t byte = json.data[0];
        size_t length = 1;
        if (byte_is_among(byte, "{}[]")) {
            done = append_bracket(out, &json, layout, &depth);
            continue;
        }
        if (byte == '"') {
            length = json_string_length(json);
            done = append_string(out, bytes_of(json.data, length), layout->escapes);
        } else if (byte == ',' || byte == ':') {
            done = append_comma_or_colon(out, byte, layout, depth);
        } else {
            done = buffer_append(out, &byte, 1);
        }
        json = bytes_from(json, length);
    }
    return done;
}
