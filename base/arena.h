/* Memory that is freed all at once, with a limit. Blocks are aligned for any type. */
#ifndef TENTERHOOK_BASE_ARENA_H
#define TENTERHOOK_BASE_ARENA_H

#include "base/bytes.h"

#include <stdarg.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used;                /* bytes handed out and lost to alignment */
    size_t limit;
};

/* An empty arena that hands out at most `limit` bytes. Allocates nothing yet. */
void arena_init(struct arena *arena, size_t limit);

/* Gives all of it back; the arena is empty afterwards and may be used again. */
void arena_finish(struct arena *arena);

/* `size` zeroed bytes that live until arena_finish; NULL when the limit (or the machine) says no.
 */
void *arena_alloc(struct arena *arena, size_t size);

/* Space for `count` items of `size` bytes; NULL also when the product overflows. */
void *arena_alloc_array(struct arena *arena, size_t count, size_t size);

/* A NUL-terminated copy; NULL when full. */
char *arena_copy_text(struct arena *arena, const char *text);
char *arena_copy_bytes(struct arena *arena, struct bytes bytes);

/* printf into the arena; NULL when full. */
char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_format_list(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif
