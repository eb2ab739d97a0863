/* An engine of the journal in memory: what a turn means, without a file. Several journals share one
 * store, as runners share a file; a turn is completed before submit returns, or later from the
 * loop. */
#ifndef TENTERHOOK_TESTS_JOURNAL_MEMORY_H
#define TENTERHOOK_TESTS_JOURNAL_MEMORY_H

#include "server/journal/journal.h"

struct memory_store;

extern const struct journal_engine memory_engine;

/* Its memory is shared with a runner that is forked later. Whether turns are completed later, is
 * chosen here; the next opens use it. */
struct memory_store *memory_store_create(bool later);
void memory_store_destroy(struct memory_store *store);

/* Somebody else holds the lock: turns that write are not now. */
void memory_store_lock(struct memory_store *store, bool locked);
/* Turns that write are refused when they have done everything. */
void memory_store_break(struct memory_store *store, bool broken);
/* Beside all journals: dead deliveries of every event are pending again. */
void memory_store_replay(struct memory_store *store);
/* Beside all journals: the route is paused since then; 0: it is not, and its deaths are forgotten.
 */
void memory_store_pause(struct memory_store *store, const char *route, int64_t paused_ms,
                        const char *why);
/* How many deliveries are in that state. */
enum memory_state { MEMORY_PENDING, MEMORY_RUNNING, MEMORY_DONE, MEMORY_DEAD, MEMORY_SUPERSEDED };
size_t memory_store_count(const struct memory_store *store, enum memory_state state);
/* The bodies are gone. */
void memory_store_drop_bodies(struct memory_store *store);

#endif
