/* The escapes are those of JSON, without the one for quotation marks, which a line does not need: a
 * reader has a function for them, or writes one of five lines. What has to be escaped is looked for
 * byte by byte; beyond ASCII it begins with C2 or E2 80, and no other character does. */
#include "handlers/value/line_text.h"

#include "base/encoding.h"

static const char *short_escape(uint32_t character)
{
    switch (character) {
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        return NULL;
    }
}

/* The character to be escaped that begins `text`, and how many bytes it has; 0: there is none. */
static size_t escaped_length(struct bytes text, bool is_json, uint32_t *character)
{
    const uint8_t *at = text.data;
    *character = at[0];
    if (at[0] < 0x20 || at[0] == 0x7F || (at[0] == '\\' && !is_json))
        return 1;
    if (text.length >= 2 && at[0] == 0xC2 && at[1] >= 0x80 && at[1] <= 0x9F) {
        *character = at[1];
        return 2;
    }
    if (text.length >= 3 && at[0] == 0xE2 && at[1] == 0x80 && (at[2] == 0xA8 || at[2] == 0xA9)) {
        *character = at[2] == 0xA8 ? 0x2028 : 0x2029;
        return 3;
    }
    return 0;
}

static bool append_escape(struct buffer *out, uint32_t character)
{
    const char *known = short_escape(character);
    return known ? buffer_append_text(out, known)
                 : buffer_printf(out, "\\u%04x", (unsigned)character);
}

/* What is not UTF-8 is not kept: readers would stumble over it, and halves of a character in two
 * values could become a line end where the values meet. */
static bool escape(struct buffer *out, struct bytes text, bool is_json)
{
    size_t plain = 0;
    while (text.length > plain) {
        struct bytes rest = bytes_from(text, plain);
        size_t whole = rest.data[0] < 0x80 ? 1 : utf8_sequence(rest.data, rest.length);
        uint32_t character;
        size_t length = whole ? escaped_length(rest, is_json, &character) : 1;
        if (length == 0) {
            plain += whole;
            continue;
        }
        if (!buffer_append(out, text.data, plain) ||
            !(whole ? append_escape(out, character) : buffer_append_text(out, "\xef\xbf\xbd")))
            return false;
        text = bytes_from(text, plain + length);
        plain = 0;
    }
    return buffer_append(out, text.data, plain);
}

bool line_escape(struct buffer *out, struct bytes text)
{
    return escape(out, text, false);
}

bool line_escape_json(struct buffer *out, struct bytes json)
{
    return escape(out, json, true);
}
