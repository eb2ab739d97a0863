/* Strings are passed over a word at a time and copied in runs: they are nearly all of a webhook. */
#include "base/json_text.h"

#include "base/encoding.h"

/* The high bit of each quote and backslash. Subtraction borrows only out of a byte that is itself
 * marked, so the lowest mark is always right, and only that one is used. */
static inline uint64_t string_marks(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    word = le64toh(word);
    uint64_t quote = word ^ JSON_EACH_BYTE('"'), backslash = word ^ JSON_EACH_BYTE('\\');
    return (((quote - JSON_EACH_BYTE(1)) & ~quote) |
            ((backslash - JSON_EACH_BYTE(1)) & ~backslash)) &
           JSON_EACH_BYTE(0x80);
}

size_t json_string_length(struct bytes text)
{
    size_t at = 1;
    for (;;) {
        uint64_t marks = 0;
        for (; text.length >= at + 8 && !(marks = string_marks(text.data + at)); at += 8)
            continue;
        at += marks ? (size_t)__builtin_ctzll(marks) / 8 : 0;
        while (at < text.length && text.data[at] != '"' && text.data[at] != '\\')
            at++;
        if (at >= text.length)
            return text.length;
        if (text.data[at] == '"')
            return at + 1;
        at += 2;
    }
}

static bool escape_one(struct buffer *out, uint8_t byte)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = byte ? strchr(plain, byte) : NULL;
    if (found)
        return buffer_printf(out, "\\%c", letters[found - plain]);
    return byte < ' ' ? buffer_printf(out, "\\u%04x", byte)
                      : buffer_append_text(out, "\xef\xbf\xbd");
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
