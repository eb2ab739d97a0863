/* Plain text is skipped and copied in runs, because nearly all of a webhook is plain text. */
#include "base/json_text.h"

#include "base/encoding.h"

/* A quote is escaped if an odd number of backslashes precedes it. */
size_t json_string_length(struct bytes text)
{
    for (size_t at = 1; at < text.length;) {
        const uint8_t *quote = memchr(text.data + at, '"', text.length - at);
        if (!quote)
            break;
        size_t end = (size_t)(quote - text.data), backslashes = 0;
        while (text.data[end - backslashes - 1] == '\\')
            backslashes++;
        at = end + 1;
        if (backslashes % 2 == 0)
            return at;
    }
    return text.length;
}

/* Without printf: a text may be of nothing else. */
static bool escape_one(struct buffer *out, uint8_t byte)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    static const char digits[] = "0123456789abcdef";
    const char *found = byte ? strchr(plain, byte) : NULL;
    if (found)
        return buffer_append(out, (const char[]){'\\', letters[found - plain]}, 2);
    if (byte >= ' ')
        return buffer_append_text(out, "\xef\xbf\xbd");
    return buffer_append(
        out, (const char[]){'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]}, 6);
}

bool json_escape(struct buffer *out, struct bytes text)
{
    const uint8_t *at = text.data, *end = text.length ? at + text.length : at;
    while (at < end) {
        const uint8_t *plain = json_skip_plain(at, end);
        if (!buffer_append(out, at, (size_t)(plain - at)))
            return false;
        at = plain;
        if (at == end)
            break;
        size_t length = *at < 0x80 ? 0 : utf8_sequence(at, (size_t)(end - at));
        if (!(length ? buffer_append(out, at, length) : escape_one(out, *at)))
            return false;
        at += length ? length : 1;
    }
    return true;
}

bool json_append_string(struct buffer *out, struct bytes text)
{
    return buffer_append_text(out, "\"") && json_escape(out, text) && buffer_append_text(out, "\"");
}

/* ---- without blanks ---- */

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What stands between two spaces is copied at once; most senders write none. */
bool json_append_compact(struct buffer *out, struct bytes json)
{
    size_t from = 0, at = 0;
    while (at < json.length) {
        if (json.data[at] == '"') {
            at += json_string_length(bytes_from(json, at));
        } else if (!is_space(json.data[at])) {
            at++;
        } else {
            if (!buffer_append(out, json.data + from, at - from))
                return false;
            while (at < json.length && is_space(json.data[at]))
                at++;
            from = at;
        }
    }
    return from == json.length || buffer_append(out, json.data + from, json.length - from);
}

/* ---- without escapes ---- */

enum { UNICODE_ESCAPE = 6 }; /* bytes of \uXXXX */

static unsigned hex4(const uint8_t *digits)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 4 | (unsigned)hex_digit(digits[i]);
    return value;
}

/* The code point of \uXXXX at `*at`, the position of the backslash, with its second half where that
 * follows. */
static unsigned unescape_unicode(const uint8_t **at, const uint8_t *end)
{
    enum { REPLACEMENT = 0xfffd };
    unsigned code = hex4(*at + 2);
    *at += UNICODE_ESCAPE;
    if (code < 0xd800 || code > 0xdfff)
        return code;
    if (code > 0xdbff || end - *at < UNICODE_ESCAPE || (*at)[0] != '\\' || (*at)[1] != 'u')
        return REPLACEMENT;
    unsigned low = hex4(*at + 2);
    if (low < 0xdc00 || low > 0xdfff)
        return REPLACEMENT;
    *at += UNICODE_ESCAPE;
    return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
}

static size_t utf8_put(unsigned code, uint8_t *out)
{
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length; i-- > 1; code >>= 6)
        out[i] = (uint8_t)(0x80 | (code & 0x3f));
    out[0] = (uint8_t)(lead[length] | code);
    return length;
}

size_t json_unescape(struct bytes inside, uint8_t *out)
{
    static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    const uint8_t *at = inside.data, *end = inside.length ? at + inside.length : at;
    uint8_t *to = out;
    while (at < end) {
        if (*at != '\\' || end - at < 2) {
            *to++ = *at++;
        } else if (at[1] == 'u' && end - at >= UNICODE_ESCAPE) {
            to += utf8_put(unescape_unicode(&at, end), to);
        } else {
            const char *letter = strchr(letters, at[1]);
            *to++ = letter ? (uint8_t)meanings[letter - letters] : at[1];
            at += 2;
        }
    }
    return (size_t)(to - out);
}
