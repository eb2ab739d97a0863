/* What waits under a `concurrency`: how many deliveries run of each key, and the first that waits
 * of each, whatever else waits behind it. */
#ifndef TENTERHOOK_SERVER_RUNNER_KEY_QUEUE_H
#define TENTERHOOK_SERVER_RUNNER_KEY_QUEUE_H

#include "handlers/admission/concurrency.h"
#include "server/journal/journal.h"
#include "server/runner/action_queue.h"

enum {
    KEY_BUCKETS = 1024,
    KEYS_MAX = 4096, /* with a delivery that waits, in memory; what has none of them waits longer */
    KEYS_STEP = 256, /* that are read in one turn */
};

/* One key: at most one delivery that waits. */
struct key_slot {
    LIST_ENTRY(key_slot) in_bucket;
    TAILQ_ENTRY(key_slot) in_ready, in_short;
    int64_t key;
    unsigned running;
    int64_t head;                /* the delivery that is next, or pushed; 0: none is known */
    struct action_queue *action; /* of it */
    uint32_t bytes;
    bool waits;      /* its time has not come; then a look is made again */
    bool more;       /* others may be behind it; without a head it is to be looked for: in_short */
    bool more_again; /* since that was asked */
    bool is_asked, is_ready, is_short;
    unsigned changed; /* since the last looks, if it is the number of those */
};

/* What is limited together: the actions of a route, or one action. */
struct run_limit {
    struct run_limit *next;
    const struct concurrency_settings *settings;
    unsigned max, running; /* all together */
    /* A limit with keys, or of one at a time, holds the deliveries itself, and its actions have no
     * ring. */
    bool has_heads;
    bool has_keys; /* else all have one key, 0 */
    bool is_strict;
    struct action_queue **actions;
    int64_t *numbers; /* of each of them */
    size_t action_count;

    LIST_HEAD(, key_slot) * buckets; /* NULL until there is a slot */
    struct key_slot keyless; /* the key 0: with keys, what was stored before the file named one */
    int64_t keyless_after;   /* none of those up to this delivery */
    size_t slot_count;
    TAILQ_HEAD(, key_slot) shorts;
    bool is_scanning; /* goes along the keys of the journal, */
    bool scans_again; /* and once more after the last, */
    int64_t cursor;   /* from behind this key */
    bool has_hidden;  /* keys are in no slot whose first delivery waits for its time */
    unsigned asks;    /* how often looks were made */
    unsigned epoch;   /* moves when all is forgotten */
    bool is_short;
    TAILQ_ENTRY(run_limit) in_short;
};

/* For at most `most` actions of one route. NULL without memory. */
struct run_limit *run_limit_create(const struct concurrency_settings *settings, size_t most);
void run_limit_destroy(struct run_limit *limit);
void run_limit_add(struct run_limit *limit, struct action_queue *action);
/* When the actions have their numbers. */
void run_limit_number(struct run_limit *limit);

/* ---- what comes; only of limits that have heads ---- */

/* A delivery that is to be admitted in this turn. `all_read`: the journal has nothing that is not
 * known of. */
void keys_push(struct run_limit *limit, struct action_queue *action,
               const struct queue_pushed *pushed, bool all_read);
/* It has this handle, or was not admitted (0). */
void keys_settle(struct run_limit *limit, struct action_queue *action,
                 const struct queue_pushed *pushed, int64_t handle, bool all_read);
/* What is first of the key may be another one now. */
void keys_look_again(struct run_limit *limit, int64_t key);
/* Others may have journalled deliveries of any key. */
void keys_refresh(struct run_limit *limit);
/* Forgets all that waits; what runs is still counted. */
void keys_reset(struct run_limit *limit);

/* Whether there is something to ask. */
bool keys_are_short(const struct run_limit *limit);
/* Puts looks into `looks`, with room in `heads` for their results; returns how many. */
size_t keys_ask(struct run_limit *limit, struct journal_key_look *looks, size_t room,
                struct journal_head *heads, size_t *head_room);
/* What one of them has found, in a turn whose retry clock said `due_ms`. */
void keys_load(struct run_limit *limit, const struct journal_key_look *look, int64_t due_ms);

/* ---- whose turn it is ---- */

/* The ready delivery of the action with the lowest handle, which there is. */
const struct key_slot *keys_first(const struct action_queue *action);
/* Removes it, and counts it as running. */
void keys_take(struct run_limit *limit, struct action_queue *action);
void keys_give(struct run_limit *limit, int64_t key);
/* One that runs elsewhere; false without memory. */
bool keys_hold(struct run_limit *limit, int64_t key);
/* Whether a delivery may wait for one of this key to end. */
bool keys_are_waited_for(const struct run_limit *limit, int64_t key);

#endif
