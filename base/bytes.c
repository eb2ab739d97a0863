/* Compares and splits spans and never copies: a request is parsed by pointing into it. */
#include "base/bytes.h"

static uint8_t ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool bytes_equal_nocase(struct bytes a, struct bytes b)
{
    if (a.length != b.length)
        return false;
    for (size_t i = 0; i < a.length; i++)
        if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
            return false;
    return true;
}

bool bytes_starts_with(struct bytes text, struct bytes prefix)
{
    return text.length >= prefix.length && bytes_equal(bytes_of(text.data, prefix.length), prefix);
}

bool bytes_ends_with(struct bytes text, struct bytes suffix)
{
    return text.length >= suffix.length &&
           bytes_equal(bytes_from(text, text.length - suffix.length), suffix);
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

struct bytes bytes_trim(struct bytes text)
{
    while (text.length > 0 && is_blank(text.data[0]))
        text = bytes_from(text, 1);
    while (text.length > 0 && is_blank(text.data[text.length - 1]))
        text.length--;
    return text;
}

struct bytes bytes_split(struct bytes *rest, uint8_t separator)
{
    struct bytes all = *rest;
    const uint8_t *found = all.length ? memchr(all.data, separator, all.length) : NULL;
    if (!found) {
        *rest = bytes_of(NULL, 0);
        return all;
    }
    size_t before = (size_t)(found - all.data);
    *rest = bytes_of(found + 1, all.length - before - 1);
    return bytes_of(all.data, before);
}

bool bytes_to_uint64(struct bytes text, uint64_t *value)
{
    if (text.length == 0 || text.length > 19)
        return false;
    uint64_t sum = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        sum = sum * 10 + (uint64_t)(text.data[i] - '0');
    }
    *value = sum;
    return true;
}
