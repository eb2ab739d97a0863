/* The one region that all processes of the server share, through every generation: counters, token
 * buckets and the keys that senders have delivered. Made by the supervisor before the first fork;
 * nothing in it is a pointer. */
#ifndef TENTERHOOK_SERVER_SHARED_H
#define TENTERHOOK_SERVER_SHARED_H

#include "handlers/learned.h"
#include "handlers/limit.h"
#include "handlers/verdict.h"

#include <stdatomic.h>

enum { CHECKPOINT_PAGES = 300 }; /* of 4 KiB: a log that long is copied into the journal's file */
enum { SHARED_SLOTS = 256 };     /* processes alive at once, of all generations */

/* What one listener counts. Its own slot, so that what a dead one held can be given back. */
struct shared_slot {
    _Atomic uint64_t body_bytes;  /* bodies in flight */
    _Atomic uint32_t connections; /* open ones */
};

struct shared {
    struct shared_slot slots[SHARED_SLOTS];
    _Atomic uint64_t replies[REPLY_COUNT]; /* answers given, by row */
    _Atomic uint64_t log_lost;
    _Atomic uint32_t journal_pages; /* in the write-ahead log, after the runner's last commit */
    int journal_grown;              /* eventfd: the log is long enough to be copied; 0: none */
    size_t limit_offset, learned_offset; /* of the tables, from the start of the region */
};

struct error;

/* Maps the region; NULL with `err`. Lives as long as the process tree. */
struct shared *shared_create(struct error *err);

/* The runner, after a commit: so long is the log. Wakes the keeper if it is to copy it. */
void shared_tell_pages(struct shared *shared, unsigned pages);

struct limit_table *shared_limits(struct shared *shared);
struct learned_table *shared_learned(struct shared *shared);

/* Counts `bytes` into the slot if all slots together stay within `limit`; false otherwise. */
bool shared_take_body(struct shared *shared, unsigned slot, uint64_t bytes, uint64_t limit);
void shared_give_body(struct shared *shared, unsigned slot, uint64_t bytes);
/* Forgets what a dead process held. */
void shared_clear_slot(struct shared *shared, unsigned slot);

#endif
