/* A buffer grows by doubling, never past its limit: every buffer that a stranger can fill has
 * one. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buffer_init(struct buffer *buffer, size_t limit)
{
    *buffer = (struct buffer){.limit = limit};
}

void buffer_finish(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){.limit = buffer->limit};
}

static bool buffer_allocate(struct buffer *buffer, size_t capacity)
{
    uint8_t *data = realloc(buffer->data, capacity);
    if (!data)
        return false;
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool buffer_reserve(struct buffer *buffer, size_t more)
{
    if (more > buffer->limit - buffer->length)
        return false;
    size_t needed = buffer->length + more;
    if (needed <= buffer->capacity)
        return true;
    size_t capacity = buffer->capacity ? buffer->capacity : 256;
    while (capacity < needed && capacity <= buffer->limit / 2)
        capacity *= 2;
    if (capacity < needed)
        capacity = buffer->limit;
    return buffer_allocate(buffer, capacity);
}

bool buffer_resize(struct buffer *buffer, size_t capacity)
{
    return capacity > 0 && capacity >= buffer->length && capacity <= buffer->limit &&
           buffer_allocate(buffer, capacity);
}

bool buffer_append(struct buffer *buffer, const void *data, size_t length)
{
    if (!buffer_reserve(buffer, length))
        return false;
    if (length)
        memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
    return true;
}

bool buffer_append_bytes(struct buffer *buffer, struct bytes bytes)
{
    return buffer_append(buffer, bytes.data, bytes.length);
}

bool buffer_append_text(struct buffer *buffer, const char *text)
{
    return buffer_append_bytes(buffer, bytes_of_text(text));
}

bool buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    /* vsnprintf wants room for its NUL, which the content does not count */
    if (length < 0 || !buffer_reserve(buffer, (size_t)length + 1))
        return false;
    va_start(args, format);
    vsnprintf((char *)buffer->data + buffer->length, (size_t)length + 1, format, args);
    va_end(args);
    buffer->length += (size_t)length;
    return true;
}

void buffer_consume(struct buffer *buffer, size_t count)
{
    if (count > buffer->length)
        count = buffer->length;
    if (count == 0) /* also when there is no memory yet */
        return;
    memmove(buffer->data, buffer->data + count, buffer->length - count);
    buffer->length -= count;
}
