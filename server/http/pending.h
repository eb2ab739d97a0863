/* Requests that wait for an answer, found again by a number that went along with the question. A
 * number is never used twice within 2^32 questions of its slot, so an answer that comes too late
 * finds nobody. */
#ifndef TENTERHOOK_SERVER_HTTP_PENDING_H
#define TENTERHOOK_SERVER_HTTP_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tag_slot {
    void *owner; /* NULL: free */
    uint32_t round;
    uint32_t next_free;
};

struct tag_table {
    struct tag_slot *slots;
    uint32_t capacity, limit, used, first_free;
};

/* At most `limit` at once. Allocates nothing yet. */
void tag_table_init(struct tag_table *table, uint32_t limit);
void tag_table_finish(struct tag_table *table);

/* Remembers `owner` (not NULL) under `*tag`, which is never 0. False when full or without memory.
 */
bool tag_table_add(struct tag_table *table, void *owner, uint64_t *tag);

/* Who waits for `tag`, or NULL. */
void *tag_table_find(const struct tag_table *table, uint64_t tag);

/* As find, and forgets it. */
void *tag_table_take(struct tag_table *table, uint64_t tag);

/* Any one that waits, or NULL: to empty the table. */
void *tag_table_any(const struct tag_table *table);

#endif
