/* Which dedupe keys have been seen, as a set of hashes in memory. It says "perhaps, look at event
 * N" or "no"; the journal has the keys themselves. */
#ifndef TENTERHOOK_SERVER_JOURNAL_DEDUPE_H
#define TENTERHOOK_SERVER_JOURNAL_DEDUPE_H

#include "base/siphash.h"

struct dedupe_slot;

struct dedupe {
    struct dedupe_slot *slots;
    size_t count, capacity; /* capacity is 0 or a power of two */
    struct siphash_key key;
};

/* Empty, with a new random key. Allocates nothing yet. */
void dedupe_init(struct dedupe *set);
void dedupe_finish(struct dedupe *set);
/* Empty again; the hashes stay valid. */
void dedupe_clear(struct dedupe *set);

uint64_t dedupe_hash(const struct dedupe *set, struct bytes route, struct bytes key);

/* That event `seq` has the key of this hash, which counts until `until_ms` (Unix). When the set is
 * full, what is over at `now_ms` is thrown out before it grows. False without memory. */
bool dedupe_add(struct dedupe *set, uint64_t hash, int64_t seq, int64_t until_ms, int64_t now_ms);
/* Harmless if it is not there. */
void dedupe_remove(struct dedupe *set, uint64_t hash, int64_t seq);

/* The events that perhaps have the key of this hash, one a call, until false. `*at` is 0 before the
 * first call. The set must not change in between. */
bool dedupe_next(const struct dedupe *set, uint64_t hash, size_t *at, int64_t *seq);

#endif
