/* JSON as text: writes strings, and skips them without a parser. */
#ifndef TENTERHOOK_BASE_JSON_TEXT_H
#define TENTERHOOK_BASE_JSON_TEXT_H

#include "base/buffer.h"

#include <endian.h>

/* Appends `text` as the inside of a JSON string, escaped; bytes that are not UTF-8 become U+FFFD.
 */
bool json_escape(struct buffer *out, struct bytes text);

/* The same with quotes around it. */
bool json_append_string(struct buffer *out, struct bytes text);

/* Appends JSON without its insignificant space (RFC 8259: tab, LF, CR, space), nothing else
 * changed. For text that has passed a guard; anything else is copied by the same rule and holds no
 * line end outside of what looks like a string. False when the buffer is full. */
bool json_append_compact(struct buffer *out, struct bytes json);

/* How long the string is that `text`, which has passed a guard, begins with; quotes included. */
size_t json_string_length(struct bytes text);

/* The inside of a string that has passed a guard, without its escapes: never longer than with them,
 * so `out` has room for inside.length bytes. Returns how many were written. The escape of a lone
 * surrogate, where the guard lets it pass, becomes U+FFFD. What has not passed a guard becomes
 * something of that length at most. */
size_t json_unescape(struct bytes inside, uint8_t *out);

#define JSON_EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The high bit of each byte that needs a look. Subtraction borrows only out of a byte that is
 * itself marked, so the lowest mark is always right, and only that one is used. */
static inline uint64_t json_special_bytes(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    word = le64toh(word);
    uint64_t quote = (word ^ JSON_EACH_BYTE('"')) - JSON_EACH_BYTE(1);
    uint64_t backslash = (word ^ JSON_EACH_BYTE('\\')) - JSON_EACH_BYTE(1);
    uint64_t control = word - JSON_EACH_BYTE(' ');
    return (quote | backslash | control | word) & JSON_EACH_BYTE(0x80);
}

/* The first byte that is not plain ASCII text of a string. */
static inline const uint8_t *json_skip_plain(const uint8_t *at, const uint8_t *end)
{
    for (; end - at >= 32; at += 32)
        if (json_special_bytes(at) | json_special_bytes(at + 8) | json_special_bytes(at + 16) |
            json_special_bytes(at + 24))
            break;
    for (; end - at >= 8; at += 8) {
        uint64_t special = json_special_bytes(at);
        if (special)
            return at + __builtin_ctzll(special) / 8;
    }
    while (at < end && *at >= ' ' && *at < 0x80 && *at != '"' && *at != '\\')
        at++;
    return at;
}

#endif
