/* What waits to be carried out, as far as memory holds it, and whose turn it is. The journal is the
 * queue; an action queue is a window on the deliveries of one action of one route, in the journal's
 * order. */
#ifndef TENTERHOOK_SERVER_RUNNER_QUEUE_H
#define TENTERHOOK_SERVER_RUNNER_QUEUE_H

#include "handlers/action/retry.h"
#include "server/journal/journal.h"

#include <sys/queue.h>

enum {
    QUEUE_RING = 1024, /* deliveries that an action queue holds by their handles */
    QUEUE_LOW = 256,   /* fewer: it looks for more */
    QUEUE_LOOKS = 64,  /* action queues that look for more in one turn */
    QUEUE_DUE = 4096,  /* deliveries that they are given then */
    QUEUE_FEED = 64,   /* deliveries that a pipe is given at once, with their bodies; other
                          kinds may say how many */
    QUEUE_FEED_BYTES = 16 << 20, /* and those bodies together; one may always be there */
    QUEUE_BYTES = 256 << 20,     /* bodies of all pipes together, and of all commands; one of each
                                    route may always be there */
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
    struct queue_ring *ring; /* NULL until it is needed */
    size_t head, count;
    size_t provisional; /* the last of them: not admitted yet */
    int64_t loaded_to;  /* nothing up to here is pending and not in the ring */
    bool more;          /* the journal may have pending ones behind that */
    bool more_again;    /* since that was asked */
    bool is_short;      /* of them, so that it is to look for more: in that list */
    TAILQ_ENTRY(action_queue) in_short;
    bool after_crash;         /* to be told to the next delivery: see there */
    unsigned running, window; /* at most, of one without slots */
    size_t running_bytes;
};

/* The action queues of one route. */
struct route_queue {
    const struct route *route;
    struct action_queue *actions;
    int64_t *numbers; /* of each of them */
    size_t action_count;
    size_t slots_queued; /* in those that take slots */
    bool takes_slots;    /* one of them does */
    unsigned slots_used;
    size_t slot_bytes; /* bodies of what uses them */
    bool is_feeding, is_waiting;
    TAILQ_ENTRY(route_queue) in_feeding, in_waiting;
};

struct queue {
    struct route_queue *routes;
    size_t route_count;
    struct action_queue **by_number;
    size_t action_count;
    bool unread;       /* any action may have more in the journal */
    bool unread_again; /* since that was asked */
    TAILQ_HEAD(, action_queue) shorts;
    /* Routes in turn: those with something for an action that takes no slot and may have it now,
     * and those with something that takes a slot. */
    TAILQ_HEAD(, route_queue) feeding, waiting;
    bool slots_turn; /* of the two */
    /* The action whose delivery `lone_handle` runs while no other uses a slot; NULL: there is none.
     */
    struct action_queue *lone;
    int64_t lone_handle;
    bool lone_runs;
    size_t routes_waiting; /* in that list */
    size_t routes_with_slots, routes_running;
    unsigned slots, slots_used;
    size_t slot_bytes; /* bodies of what uses slots */
    size_t feed_bytes; /* what an action without slots may have */
    struct journal_look looks[QUEUE_LOOKS];
};

/* Everything is to be read. The actions have no numbers until queue_number. */
bool queue_init(struct queue *queue, const struct settings *settings, struct error *err);
void queue_finish(struct queue *queue);
/* The actions of all routes, in the order of which queue_number takes their numbers. */
void queue_list_actions(const struct queue *queue, struct journal_action *actions);
void queue_number(struct queue *queue, const struct journal_action *actions);

/* The queue of an action of the journal; NULL: no route has it. */
struct action_queue *queue_find(const struct queue *queue, int64_t number);

/* ---- what comes ---- */

/* A delivery that is to be admitted in this turn, as number `index` of all: it can be chosen, and
 * has no handle yet. */
void queue_push(struct queue *queue, struct action_queue *action, size_t index, uint32_t bytes);
/* After the turn, for each that was pushed and not taken, in that order: it has this handle; or it
 * was not admitted (0). */
void queue_settle(struct queue *queue, struct action_queue *action, int64_t handle, uint32_t bytes);
/* Whether queue_take has given out one that was pushed, and its `index`. */
bool queue_is_pushed(int64_t handle, size_t *index);

/* One that is pending again. It takes its old place, and does not hold up what is queued. */
void queue_insert(struct queue *queue, struct action_queue *action, const struct journal_due *due);
/* Somebody else may have journalled deliveries: look behind the last one of each action. */
void queue_refresh(struct queue *queue);
/* Forgets what is queued, to read it again from the beginning. */
void queue_reset(struct queue *queue);
/* Whether there is something to ask. */
bool queue_is_short(const struct queue *queue);
/* Puts it into a turn that is about to be submitted. */
void queue_ask(struct queue *queue, struct journal_turn *turn);
/* What that turn has told, before anything else of it is looked at. */
void queue_load(struct queue *queue, const struct journal_turn *turn);

/* ---- whose turn it is ---- */

/* The action whose first delivery is to be carried out next, or NULL: routes in turn, within the
 * limits. */
struct action_queue *queue_next(const struct queue *queue);
int64_t queue_first(const struct action_queue *action);
/* Removes that delivery, and counts it and its body as running. */
int64_t queue_take(struct queue *queue, struct action_queue *action, uint32_t *bytes);
/* That delivery, which has been given back and is to be read again, must run while no other uses a
 * slot: as soon as it is the first of its action none is given out before. One after the other: it
 * is said again of one for which there is another before. */
void queue_set_lone(struct queue *queue, struct action_queue *action, int64_t handle);
/* Whether what was taken last, which is of that action, is such a one. */
bool queue_is_lone(const struct queue *queue, const struct action_queue *action);
/* Whether another delivery may wait for what one of this action gives back. */
bool queue_is_waited_for(const struct queue *queue, const struct action_queue *action);
/* One that was taken runs no more. */
void queue_give(struct queue *queue, struct action_queue *action, size_t bytes);

#endif
