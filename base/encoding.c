/* Strict decoders. A value has one spelling in base64 and two in hex, since some senders write
 * upper-case letters: digests are compared as bytes, never as text. The decoders use tables and are
 * not constant-time, because the caller sent what they decode. */
#include "base/encoding.h"

bool hex_decode(struct bytes text, uint8_t *out, size_t size, size_t *length)
{
    if (text.length % 2 || text.length / 2 > size)
        return false;
    for (size_t i = 0; i < text.length; i += 2) {
        int high = hex_digit(text.data[i]), low = hex_digit(text.data[i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    *length = text.length / 2;
    return true;
}

void hex_encode(struct bytes data, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < data.length; i++) {
        out[2 * i] = digits[data.data[i] >> 4];
        out[2 * i + 1] = digits[data.data[i] & 15];
    }
    out[2 * data.length] = '\0';
}

static const char base64_plain[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* `last` are the characters of 62 and 63, or several such pairs. */
static int base64_digit(uint8_t c, const char *last)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    const char *found = c ? strchr(last, c) : NULL;
    return found ? 62 + (int)(found - last) % 2 : -1;
}

/* `text` without its padding. */
static bool base64_decode_digits(struct bytes text, const char *last, uint8_t *out, size_t size,
                                 size_t *length)
{
    size_t needed = text.length / 4 * 3 + (text.length % 4 ? text.length % 4 - 1 : 0), at = 0;
    uint32_t bits = 0;
    unsigned held = 0;
    if (text.length % 4 == 1 || needed > size)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        int digit = base64_digit(text.data[i], last);
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[at++] = (uint8_t)(bits >> held);
        }
    }
    if (bits & ((1u << held) - 1)) /* unused bits must be zero: one spelling a value */
        return false;
    *length = at;
    return true;
}

static size_t padding_length(struct bytes text)
{
    size_t padding = 0;
    while (padding < 2 && padding < text.length && text.data[text.length - 1 - padding] == '=')
        padding++;
    return padding;
}

bool base64_decode(struct bytes text, uint8_t *out, size_t size, size_t *length)
{
    if (text.length % 4)
        return false;
    return base64_decode_digits(bytes_of(text.data, text.length - padding_length(text)), "+/", out,
                                size, length);
}

static bool is_around(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool base64_decode_liberal(struct bytes text, uint8_t *out, size_t size, size_t *length)
{
    while (text.length && is_around(text.data[0]))
        text = bytes_from(text, 1);
    while (text.length && is_around(text.data[text.length - 1]))
        text.length--;
    return base64_decode_digits(bytes_of(text.data, text.length - padding_length(text)), "+/-_",
                                out, size, length);
}

bool base64url_decode(struct bytes text, uint8_t *out, size_t size, size_t *length)
{
    size_t padding = padding_length(text);
    if (padding && text.length % 4)
        return false;
    return base64_decode_digits(bytes_of(text.data, text.length - padding), "-_", out, size,
                                length);
}

static void base64_encode_with(struct bytes data, const char *alphabet, bool pad, char *out)
{
    size_t i = 0;
    for (; i + 3 <= data.length; i += 3) {
        uint32_t bits =
            (uint32_t)data.data[i] << 16 | (uint32_t)data.data[i + 1] << 8 | data.data[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            *out++ = alphabet[bits >> shift & 63];
    }
    size_t left = data.length - i;
    if (left) {
        uint32_t bits =
            (uint32_t)data.data[i] << 16 | (left == 2 ? (uint32_t)data.data[i + 1] << 8 : 0);
        *out++ = alphabet[bits >> 18 & 63];
        *out++ = alphabet[bits >> 12 & 63];
        if (left == 2)
            *out++ = alphabet[bits >> 6 & 63];
        for (size_t p = left; pad && p < 3; p++)
            *out++ = '=';
    }
    *out = '\0';
}

void base64_encode(struct bytes data, char *out)
{
    base64_encode_with(data, base64_plain, true, out);
}

void base64url_encode(struct bytes data, char *out)
{
    base64_encode_with(data, base64_url, false, out);
}

bool percent_decode(struct bytes text, uint8_t *out, size_t size, size_t *length)
{
    size_t at = 0;
    for (size_t i = 0; i < text.length; i++) {
        uint8_t byte = text.data[i];
        size_t got;
        if (at == size)
            return false;
        if (byte == '%') {
            if (text.length - i < 3 || !hex_decode(bytes_of(text.data + i + 1, 2), &byte, 1, &got))
                return false;
            i += 2;
        }
        out[at++] = byte;
    }
    *length = at;
    return true;
}

bool percent_encode(struct buffer *out, struct bytes text, const char *kept)
{
    for (size_t i = 0; i < text.length; i++) {
        uint8_t c = text.data[i];
        bool keep = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                    (c && strchr(kept, c));
        if (!(keep ? buffer_append(out, &c, 1) : buffer_printf(out, "%%%02X", c)))
            return false;
    }
    return true;
}

bool form_encode(struct buffer *out, struct bytes text)
{
    size_t begin = out->length;
    bool done = percent_encode(out, text, "*-._ ");
    for (size_t i = begin; i < out->length; i++)
        if (out->data[i] == ' ')
            out->data[i] = '+';
    return done;
}

size_t utf8_sequence(const uint8_t *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || left < length)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return length;
}

uint32_t utf8_decode(const uint8_t *text, size_t length)
{
    static const uint8_t masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = text[0] & masks[length];
    for (size_t i = 1; i < length; i++)
        code = code << 6 | (text[i] & 0x3f);
    return code;
}

static bool plays_tricks(uint32_t code)
{
    static const struct {
        uint32_t from, to;
    } rows[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},
                {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
                {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (code >= rows[i].from && code <= rows[i].to)
            return true;
    return false;
}

size_t utf8_shown(const uint8_t *p, size_t left)
{
    size_t length = utf8_sequence(p, left);
    return length > 0 && !plays_tricks(utf8_decode(p, length)) ? length : 0;
}

bool utf8_valid(struct bytes text)
{
    for (size_t i = 0; i < text.length;) {
        size_t length = utf8_sequence(text.data + i, text.length - i);
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

bool utf8_append(struct buffer *out, struct bytes text)
{
    size_t from = 0, at = 0;
    while (at < text.length) {
        size_t length = utf8_sequence(text.data + at, text.length - at);
        if (length == 0 && !(buffer_append(out, text.data + from, at - from) &&
                             buffer_append_text(out, "\xef\xbf\xbd")))
            return false;
        at += length ? length : 1;
        from = length ? from : at;
    }
    return buffer_append(out, text.data + from, at - from);
}

void utf8_drop_halves(char *text)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);
    while (at < end) {
        size_t length = utf8_sequence(at, (size_t)(end - at));
        memmove(text, at, length);
        text += length;
        at += length ? length : 1;
    }
    *text = '\0';
}
