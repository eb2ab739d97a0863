/* What waits to be carried out, as far as memory holds it: a lane for each action of each route.
 * The journal is the queue; a lane is its window on it, in the journal's order. */
#ifndef TENTERHOOK_SERVER_RUNNER_QUEUE_H
#define TENTERHOOK_SERVER_RUNNER_QUEUE_H

#include "handlers/action/action.h"
#include "server/journal/journal.h"

#include <sys/queue.h>

enum {
    QUEUE_RING = 1024,           /* deliveries that a lane holds by their numbers */
    QUEUE_LOW = 256,             /* fewer: it looks for more */
    QUEUE_FEED = 64,             /* deliveries that a pipe is given at once, with their bodies */
    QUEUE_FEED_BYTES = 16 << 20, /* and those bodies together; one may always be there */
    QUEUE_BYTES = 256 << 20,     /* bodies of all pipes together, and of all commands; one of each
                                    route may always be there */
};

struct action_queue {
    const struct route *route;
    const struct action_settings *action;
    const struct action_kind *kind;
    struct route_queue *group;
    int64_t number; /* of the action in the journal */
    int64_t *ring;  /* ring of QUEUE_RING; NULL until it is needed */
    size_t head, count;
    int64_t loaded_to; /* nothing up to here is pending and not in the queue */
    bool more;         /* the journal may have pending ones behind that */
    bool is_short;     /* of them, so that it is to read more: in that list */
    TAILQ_ENTRY(action_queue) in_short;
    bool after_crash; /* to be told to the next delivery: see there */
    unsigned running;
    size_t running_bytes;
};

/* The lanes of one route. */
struct route_queue {
    struct action_queue *lanes;
    size_t lane_count;
    size_t slots_queued; /* in those that take slots */
    bool takes_slots;    /* one of them does */
    unsigned slots_used;
    size_t slot_bytes; /* bodies of what uses them */
    bool is_feeding, is_waiting;
    TAILQ_ENTRY(route_queue) in_feeding, in_waiting;
};

struct lane_number {
    int64_t number;
    struct action_queue *lane;
};

struct queue {
    struct route_queue *groups; /* by route */
    size_t group_count;
    struct lane_number *numbers; /* by number */
    size_t lane_count;
    bool unread; /* any lane may have more in the journal */
    TAILQ_HEAD(, action_queue) shorts;
    /* Routes in turn: those with something for an action that takes no slot and may have it now,
     * and those with something that takes a slot. */
    TAILQ_HEAD(, route_queue) feeding, waiting;
    bool slots_turn;       /* of the two */
    size_t groups_waiting; /* in that list */
    size_t groups_with_slots, groups_running;
    unsigned slots, slots_used;
    size_t slot_bytes; /* bodies of what uses slots */
    size_t feed_bytes; /* what a lane without slots may have */
};

/* Every lane is to be loaded. Names the actions in the journal: in a transaction. */
bool queue_init(struct queue *lanes, const struct settings *settings, struct journal *journal,
                struct error *err);
void queue_finish(struct queue *lanes);

/* The lane of an action of the journal; NULL: no route has it. */
struct action_queue *queue_find(const struct queue *lanes, int64_t action);

/* A delivery that has just been journalled. */
void queue_push(struct queue *lanes, size_t route, size_t place, int64_t delivery);
/* One that is pending again. It takes its old place, and does not hold up what is queued. */
void queue_insert(struct queue *lanes, struct action_queue *lane, int64_t delivery);
/* Somebody else may have journalled deliveries: look behind the last one of each lane. */
void queue_refresh(struct queue *lanes);
/* Forgets what is queued, to load it again from the beginning. */
void queue_reset(struct queue *lanes);
/* Reads from the journal what lanes are short of. False on failure. */
bool queue_refill(struct queue *lanes, struct journal *journal, int64_t now_ms);

/* The lane whose first delivery is to be carried out next, or NULL: routes in turn, within the
 * limits. queue_first tells which delivery that is, queue_take removes it from the queue and counts
 * it as running. */
struct action_queue *queue_next(const struct queue *lanes);
int64_t queue_first(const struct action_queue *lane);
int64_t queue_take(struct queue *lanes, struct action_queue *lane);
/* Whether another delivery may wait for what one of this lane gives back. */
bool queue_is_waited_for(const struct queue *lanes, const struct action_queue *lane);
/* Counts its body; both are given back together. */
void queue_load(struct queue *lanes, struct action_queue *lane, size_t bytes);
void queue_give(struct queue *lanes, struct action_queue *lane, size_t bytes);

#endif
