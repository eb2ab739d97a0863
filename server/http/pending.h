/* Requests that wait for an answer, found again by a number (tag) that goes along with the
 * question. A number is not used again within 2^32 questions of its slot, so an answer that comes
 * too late finds no request. */
#ifndef TENTERHOOK_SERVER_HTTP_PENDING_H
#define TENTERHOOK_SERVER_HTTP_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pending_slot {
    void *owner; /* NULL: free */
    uint32_t round;
    uint32_t next_free;
};

struct pending_requests {
    struct pending_slot *slots;
    uint32_t capacity, limit, used, first_free;
};

/* At most `limit` at once. Allocates nothing yet. */
void pending_init(struct pending_requests *table, uint32_t limit);
void pending_finish(struct pending_requests *table);

/* Remembers `owner` (not NULL) under `*tag`, which is never 0. False when full or without memory.
 */
bool pending_add(struct pending_requests *table, void *owner, uint64_t *tag);

/* Who waits for `tag`, or NULL. */
void *pending_find(const struct pending_requests *table, uint64_t tag);

/* As find, and forgets it. */
void *pending_take(struct pending_requests *table, uint64_t tag);

/* Any one that waits, or NULL: to empty the table. */
void *pending_any(const struct pending_requests *table);

#endif
