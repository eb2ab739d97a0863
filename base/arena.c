/* There are three lifetimes: the process, a configuration snapshot, a request. The last two are
 * arenas, so nothing in them is freed alone and nothing can leak. Blocks double in size up to 256
 * KiB; a larger allocation gets a block of its own. Under ASan separate allocations would find
 * more, but callers rely on the limit and the zeroing. */
#include "base/arena.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_ALIGN = 16, ARENA_FIRST = 1024, ARENA_LARGEST = 256 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    _Alignas(ARENA_ALIGN) uint8_t data[];
};

void arena_init(struct arena *arena, size_t limit)
{
    *arena = (struct arena){.limit = limit};
}

void arena_finish(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
    arena->used = 0;
}

static struct arena_block *arena_grow(struct arena *arena, size_t size)
{
    size_t wanted = arena->blocks ? arena->blocks->size * 2 : ARENA_FIRST;
    if (wanted > ARENA_LARGEST)
        wanted = ARENA_LARGEST;
    if (wanted < size)
        wanted = size;
    struct arena_block *block = calloc(1, sizeof *block + wanted);
    if (!block)
        return NULL;
    block->size = wanted;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    assert(arena->used <= arena->limit);
    size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    if (size > arena->limit - arena->used)
        return NULL;
    struct arena_block *block = arena->blocks;
    if (!block || block->size - block->used < size) {
        block = arena_grow(arena, size);
        if (!block)
            return NULL;
    }
    void *result = block->data + block->used;
    block->used += size;
    arena->used += size;
    return result;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
    size_t total;
    return __builtin_mul_overflow(count, size, &total) ? NULL : arena_alloc(arena, total);
}

char *arena_copy_bytes(struct arena *arena, struct bytes bytes)
{
    char *copy = arena_alloc(arena, bytes.length + 1);
    if (copy && bytes.length)
        memcpy(copy, bytes.data, bytes.length);
    return copy;
}

char *arena_copy_text(struct arena *arena, const char *text)
{
    return arena_copy_bytes(arena, bytes_of_text(text));
}

char *arena_format_list(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    char *text = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_format_list(arena, format, args);
    va_end(args);
    return text;
}
