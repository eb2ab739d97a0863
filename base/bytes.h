/* A borrowed span of bytes. Its maker owns the memory; it is not NUL-terminated. */
#ifndef TENTERHOOK_BASE_BYTES_H
#define TENTERHOOK_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *data;
    size_t length;
};

static inline struct bytes bytes_of(const void *data, size_t length)
{
    return (struct bytes){.data = data, .length = length};
}

/* The span of a C string, without its NUL; NULL gives the empty span. */
static inline struct bytes bytes_of_text(const char *text)
{
    return bytes_of(text, text ? strlen(text) : 0);
}

/* Equality of content. Not constant-time: for secrets see secret.h. */
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static inline bool bytes_equal_text(struct bytes a, const char *text)
{
    return bytes_equal(a, bytes_of_text(text));
}

/* Equality where ASCII letters of either case are the same. */
bool bytes_equal_nocase(struct bytes a, struct bytes b);

bool bytes_starts_with(struct bytes text, struct bytes prefix);
bool bytes_ends_with(struct bytes text, struct bytes suffix);

/* The part after `from`; empty if `from` is past the end. */
static inline struct bytes bytes_from(struct bytes b, size_t from)
{
    return from >= b.length ? bytes_of(b.data, 0) : bytes_of(b.data + from, b.length - from);
}

/* Whether the byte is one of `characters`; a NUL, which ends them, is not. */
static inline bool byte_is_among(uint8_t byte, const char *characters)
{
    return byte && strchr(characters, byte);
}

/* Without leading and trailing spaces and tabs. */
struct bytes bytes_trim(struct bytes text);

/* Splits at the first `separator`: the part before it is returned and `*rest` is moved behind
 * it. Without a separator all is returned and `*rest` is empty with data NULL. */
struct bytes bytes_split(struct bytes *rest, uint8_t separator);

/* The value of 1 to 19 decimal digits and nothing else (no sign, no space); false otherwise. */
bool bytes_to_uint64(struct bytes text, uint64_t *value);

#endif
