/* A byte string that grows up to a limit. The caller owns it; buffer_finish frees. */
#ifndef TENTERHOOK_BASE_BUFFER_H
#define TENTERHOOK_BASE_BUFFER_H

#include "base/bytes.h"

struct buffer {
    uint8_t *data;
    size_t length, capacity, limit;
};

/* Empty; will hold at most `limit` bytes. Allocates nothing yet. */
void buffer_init(struct buffer *buffer, size_t limit);
void buffer_finish(struct buffer *buffer);

/* Room for `more` bytes behind the content; false past the limit or without memory (the content
 * stays). */
bool buffer_reserve(struct buffer *buffer, size_t more);

/* Exactly `capacity` bytes of memory, at most the limit and no less than the content; for who
 * counts what is allocated. False without memory (the content stays). */
bool buffer_resize(struct buffer *buffer, size_t capacity);

bool buffer_append(struct buffer *buffer, const void *data, size_t length);
bool buffer_append_bytes(struct buffer *buffer, struct bytes bytes);
bool buffer_append_text(struct buffer *buffer, const char *text);
bool buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Drops the first `count` bytes (at most all). */
void buffer_consume(struct buffer *buffer, size_t count);

static inline struct bytes buffer_bytes(const struct buffer *buffer)
{
    return bytes_of(buffer->data, buffer->length);
}

#endif
