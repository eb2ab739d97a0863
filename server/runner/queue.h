/* What waits to be carried out, as far as memory holds it: a lane for each action of each route.
 * The journal is the queue; a lane is its window on it, in the journal's order. */
#ifndef TENTERHOOK_SERVER_RUNNER_QUEUE_H
#define TENTERHOOK_SERVER_RUNNER_QUEUE_H

#include "handlers/action/action.h"
#include "server/journal/journal.h"

#include <sys/queue.h>

enum {
    LANE_QUEUE = 1024,          /* deliveries that a lane holds by their numbers */
    LANE_LOW = 256,             /* fewer: it looks for more */
    LANE_FEED = 64,             /* deliveries that a pipe is given at once, with their bodies */
    LANE_FEED_BYTES = 16 << 20, /* and those bodies together; one may always be there */
    LANES_BYTES = 256 << 20,    /* bodies of all pipes together, and of all commands; one of each
                                   route may always be there */
};

struct lane {
    const struct route *route;
    const struct action_settings *action;
    const struct action_kind *kind;
    struct lane_group *group;
    int64_t number; /* of the action in the journal */
    int64_t *queue; /* ring of LANE_QUEUE; NULL until it is needed */
    size_t head, count;
    int64_t loaded_to; /* nothing up to here is pending and not in the queue */
    bool more;         /* the journal may have pending ones behind that */
    bool is_short;     /* of them, so that it is to read more: in that list */
    TAILQ_ENTRY(lane) in_short;
    bool after_crash; /* to be told to the next delivery: see there */
    unsigned running;
    size_t running_bytes;
};

/* The lanes of one route. */
struct lane_group {
    struct lane *lanes;
    size_t lane_count;
    size_t slots_queued; /* in those of limited kinds, which take slots */
    bool takes_slots;    /* one of them does */
    unsigned slots_used;
    size_t slot_bytes; /* bodies of what uses them */
    bool is_feeding, is_waiting;
    TAILQ_ENTRY(lane_group) in_feeding, in_waiting;
};

struct lane_number {
    int64_t number;
    struct lane *lane;
};

struct lanes {
    struct lane_group *groups; /* by route */
    size_t group_count;
    struct lane_number *numbers; /* by number */
    size_t lane_count;
    bool unread; /* any lane may have more in the journal */
    TAILQ_HEAD(, lane) shorts;
    /* Routes in turn: those with something for an action that needs no slot and may have it now,
     * and those with something that takes a slot. */
    TAILQ_HEAD(, lane_group) feeding, waiting;
    bool slots_turn;       /* of the two */
    size_t groups_waiting; /* in that list */
    size_t groups_with_slots, groups_running;
    unsigned slots, slots_used;
    size_t slot_bytes; /* bodies of what uses slots */
    size_t feed_bytes; /* what a lane without slots may have */
};

/* Every lane is to be loaded. Names the actions in the journal: in a transaction. */
bool lanes_init(struct lanes *lanes, const struct settings *settings, struct journal *journal,
                struct error *err);
void lanes_finish(struct lanes *lanes);

/* The lane of an action of the journal; NULL: no route has it. */
struct lane *lanes_find(const struct lanes *lanes, int64_t action);

/* A delivery that has just been journalled. */
void lanes_push(struct lanes *lanes, size_t route, size_t place, int64_t delivery);
/* One that is pending again. It takes its old place, and does not hold up what is queued. */
void lanes_insert(struct lanes *lanes, struct lane *lane, int64_t delivery);
/* Somebody else may have journalled deliveries: look behind the last one of each lane. */
void lanes_look(struct lanes *lanes);
/* Forgets what is queued, to load it again from the beginning. */
void lanes_reset(struct lanes *lanes);
/* Reads from the journal what lanes are short of. False on failure. */
bool lanes_refill(struct lanes *lanes, struct journal *journal, int64_t now_ms);

/* The lane whose first delivery is to be carried out next, or NULL: routes in turn, within the
 * limits. lane_first tells which delivery that is, lane_take removes it from the queue and counts
 * it as running. */
struct lane *lanes_next(const struct lanes *lanes);
int64_t lane_first(const struct lane *lane);
int64_t lane_take(struct lanes *lanes, struct lane *lane);
/* Whether another delivery may wait for what one of this lane gives back. */
bool lane_is_waited_for(const struct lanes *lanes, const struct lane *lane);
/* Counts its body; both are given back together. */
void lane_load(struct lanes *lanes, struct lane *lane, size_t bytes);
void lane_give(struct lanes *lanes, struct lane *lane, size_t bytes);

#endif
