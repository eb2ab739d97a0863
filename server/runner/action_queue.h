/* The deliveries of one action that wait in memory, and those of its route: what the queue
 * (queue.h) and the limits (key_queue.h) both know. */
#ifndef TENTERHOOK_SERVER_RUNNER_ACTION_QUEUE_H
#define TENTERHOOK_SERVER_RUNNER_ACTION_QUEUE_H

#include "handlers/action/action.h"
#include "handlers/action/retry.h"

#include <sys/queue.h>

enum {
    QUEUE_RING = 1024, /* deliveries that an action queue holds by their handles */
};

struct key_slot;  /* key_queue.h */
struct run_limit; /* as well */

/* A delivery that is to be admitted in the turn at hand. */
struct queue_pushed {
    int64_t key;  /* by which it is limited; 0: by none */
    size_t index; /* of all */
    uint32_t bytes;
};

struct queue_ring {
    int64_t handles[QUEUE_RING];
    uint32_t bytes[QUEUE_RING]; /* of the bodies */
};

struct action_queue {
    const struct route *route;
    const struct action_settings *action;
    const struct action_kind *kind;
    const struct retry_settings *retry; /* NULL: nothing is tried again */
    struct route_queue *of_route;
    int64_t number;          /* of the action in the journal */
    struct run_limit *limit; /* NULL: none */
    struct queue_ring *ring; /* NULL until it is needed, and where the limit holds what waits */
    TAILQ_HEAD(key_list, key_slot) ready; /* then: what may run, a delivery of each key */
    size_t head, count;
    size_t provisional; /* the last of them: not admitted yet */
    int64_t loaded_to;  /* nothing up to here is pending and not in the ring */
    bool more;          /* the journal may have pending ones behind that */
    bool more_again;    /* since that was asked */
    bool is_short;      /* of them, so that it is to look for more: in that list */
    TAILQ_ENTRY(action_queue) in_short;
    bool is_held;                   /* nothing of it may start (gate.h) */
    int64_t pending, pending_bytes; /* in the journal (backlog.h) */
    bool after_crash;               /* to be told to the next delivery: see there */
    unsigned running, window;       /* at most, of one without slots */
    size_t running_bytes;
};

/* The action queues of one route, without that of `on_failure`: that has a route_queue of its own,
 * so that what holds up a route does not hold up who tells of it. */
struct route_queue {
    const struct route *route;
    struct action_queue *actions;
    int64_t *numbers; /* of each of them */
    size_t action_count;
    bool takes_slots; /* one of them does, and slots are kept for the route because of that */
    unsigned slots_used;
    size_t slot_bytes; /* bodies of what uses them */
    bool is_feeding, is_waiting;
    TAILQ_ENTRY(route_queue) in_feeding, in_waiting;
};

#endif
