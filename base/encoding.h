/* Hex, base64 and percent-encoding. Decoders are strict: except for the case of hex, a value has
 * one spelling. */
#ifndef TENTERHOOK_BASE_ENCODING_H
#define TENTERHOOK_BASE_ENCODING_H

#include "base/buffer.h"

/* Each decoder writes at most `size` bytes, sets `*length` and returns true; false on any byte
 * out of place or too little room. Hex is taken in either case: it is compared as bytes. */
bool hex_decode(struct bytes text, uint8_t *out, size_t size, size_t *length);

/* RFC 4648: with padding, canonical (unused bits zero), no spaces. */
bool base64_decode(struct bytes text, uint8_t *out, size_t size, size_t *length);
/* The same of keys that people copy, not of what is compared: either alphabet, with or without its
 * padding, blanks and line ends around it. */
bool base64_decode_liberal(struct bytes text, uint8_t *out, size_t size, size_t *length);
/* The URL alphabet; padding optional but right if there. */
bool base64url_decode(struct bytes text, uint8_t *out, size_t size, size_t *length);

/* The value of a hex digit in either case; -1 for another character. */
static inline int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Lower-case hex and NUL: 2 * length + 1 bytes. */
void hex_encode(struct bytes data, char *out);
/* With padding and NUL: BASE64_SIZE(length) bytes. */
#define BASE64_SIZE(length) (((length) + 2) / 3 * 4 + 1)
void base64_encode(struct bytes data, char *out);
/* URL alphabet, no padding, and NUL. */
void base64url_encode(struct bytes data, char *out);

/* Percent-decoding, once: %XX in either case; "+" stays "+". */
bool percent_decode(struct bytes text, uint8_t *out, size_t size, size_t *length);
/* Appends it as %XX in upper case, but for ASCII's letters and digits and the bytes of `kept`. */
bool percent_encode(struct buffer *out, struct bytes text, const char *kept);
/* As browsers write a name or a value of a form (the WHATWG's application/x-www-form-urlencoded
 * serializer): the same with "+" for a blank. */
bool form_encode(struct buffer *out, struct bytes text);

/* RFC 3629: no overlong forms, no surrogates, at most U+10FFFF. */
bool utf8_valid(struct bytes text);
/* Length of the well-formed sequence at the front of `left` (at least 1) bytes; 0 if it is
 * malformed. */
size_t utf8_sequence(const uint8_t *text, size_t left);
/* The same, and 0 for what a terminal might obey: control characters, and marks that turn a line
 * around, break it or hide. */
size_t utf8_shown(const uint8_t *text, size_t left);
/* The code point of a well-formed sequence of that length. */
uint32_t utf8_decode(const uint8_t *text, size_t length);
/* Appends the text, with U+FFFD in the place of each malformed byte, as json_escape does. False
 * when the buffer is full. */
bool utf8_append(struct buffer *out, struct bytes text);
/* Drops malformed bytes, in place: a string that was cut may end in half a character. */
void utf8_drop_halves(char *text);

#endif
