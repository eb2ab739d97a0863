/* What waits to be carried out, as far as memory holds it, and whose turn it is. The journal is the
 * queue; an action queue is a window on the deliveries of one action of one route, in the journal's
 * order. */
#ifndef TENTERHOOK_SERVER_RUNNER_QUEUE_H
#define TENTERHOOK_SERVER_RUNNER_QUEUE_H

#include "server/journal/journal.h"
#include "server/runner/action_queue.h"

#include <sys/queue.h>

enum {
    QUEUE_LOW = 256,  /* fewer: it looks for more */
    QUEUE_LOOKS = 64, /* action queues that look for more in one turn */
    QUEUE_DUE = 4096, /* deliveries that they are given then */
    QUEUE_FEED = 64,  /* deliveries that a pipe is given at once, with their bodies; other
                         kinds may say how many */
    QUEUE_FEED_BYTES = 16 << 20, /* and those bodies together; one may always be there */
    QUEUE_KEY_LOOKS = 256,       /* at keys, in one turn; */
    QUEUE_HEADS = 1024,          /* first deliveries of keys that they are told then */
    QUEUE_BYTES = 256 << 20,     /* bodies of all pipes together, and of all commands; one of each
                                    route may always be there */
};

struct queue {
    struct route_queue *routes; /* those of the route file, then those of `on_failure` */
    size_t route_count;
    size_t told_count; /* the last so many of them */
    struct action_queue **by_number;
    size_t action_count;
    bool unread;       /* any action may have more in the journal */
    bool unread_again; /* since that was asked */
    TAILQ_HEAD(, action_queue) shorts;
    struct run_limit *limits; /* a list of all */
    TAILQ_HEAD(, run_limit) short_limits;
    /* Routes in turn: those with something for an action that takes no slot and may have it now,
     * and those with something that takes a slot. */
    TAILQ_HEAD(, route_queue) feeding, waiting;
    bool slots_turn; /* of the two */
    /* The action whose next delivery, whichever that is then, runs while no other uses a slot;
     * NULL: there is none. */
    struct action_queue *lone;
    bool lone_runs;
    size_t routes_waiting; /* in that list */
    size_t routes_with_slots, routes_running;
    unsigned slots, slots_used;
    size_t slot_bytes; /* bodies of what uses slots */
    size_t feed_bytes; /* what an action without slots may have */
    struct journal_look looks[QUEUE_LOOKS];
    struct journal_key_look key_looks[QUEUE_KEY_LOOKS];
    struct journal_head heads[QUEUE_HEADS];
    struct key_asker {
        struct run_limit *limit;
        unsigned epoch;
    } askers[QUEUE_KEY_LOOKS]; /* of the looks above */
};

/* Everything is to be read. The actions have no numbers until queue_number. */
bool queue_init(struct queue *queue, const struct settings *settings, struct error *err);
void queue_finish(struct queue *queue);
/* The actions of all routes, in the order of which queue_number takes their numbers. */
void queue_list_actions(const struct queue *queue, struct journal_action *actions);
void queue_number(struct queue *queue, const struct journal_action *actions);

/* The number of the action that tells of the route's failures; 0: there is none. */
int64_t queue_teller(const struct queue *queue, const struct route *route);

/* The queue of an action of the journal; NULL: no route has it. */
struct action_queue *queue_find(const struct queue *queue, int64_t number);

/* ---- what comes ---- */

/* A delivery that is to be admitted in this turn: it can be chosen, and has no handle yet. */
void queue_push(struct queue *queue, struct action_queue *action,
                const struct queue_pushed *pushed);
/* After the turn, for each that was pushed and not taken, in that order: it has this handle; or it
 * was not admitted (0). */
void queue_settle(struct queue *queue, struct action_queue *action,
                  const struct queue_pushed *pushed, int64_t handle);
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

/* Nothing of the action is to be chosen from now on, or it may be again; what is queued stays. */
void queue_suspend(struct queue *queue, struct action_queue *action, bool held);

/* ---- whose turn it is ---- */

/* The action whose first delivery is to be carried out next, or NULL: routes in turn, within the
 * limits. */
struct action_queue *queue_next(const struct queue *queue);
int64_t queue_first(const struct action_queue *action);
/* The key of it, by which the action is limited; 0: by none. */
int64_t queue_first_key(const struct action_queue *action);
/* Removes that delivery, and counts it and its body as running. */
int64_t queue_take(struct queue *queue, struct action_queue *action, uint32_t *bytes);
/* A delivery of that action, which has been given back and is to be read again, must run while no
 * other uses a slot. The action's next delivery runs in this way, whichever it is. If that was
 * another one, or if another action was before, the claim is refused again and this is called
 * again.
 */
void queue_set_lone(struct queue *queue, struct action_queue *action);
/* Whether what was taken last, which is of that action, is such a one. */
bool queue_is_lone(const struct queue *queue, const struct action_queue *action);
/* Whether another delivery may wait for what one of this action gives back. */
bool queue_is_waited_for(const struct queue *queue, const struct action_queue *action, int64_t key);
/* One that was taken runs no more. */
void queue_give(struct queue *queue, struct action_queue *action, int64_t key, size_t bytes);
/* It may be pending still, or again: what is first of its key is looked for. */
void queue_look_again(struct queue *queue, struct action_queue *action, int64_t key);

/* Whether a newer delivery of the action takes the place of older ones. */
bool queue_cancels(const struct action_queue *action);

/* What another runner has under way counts in the limit of the action; false without memory. */
bool queue_hold(struct queue *queue, struct action_queue *action, int64_t key);
void queue_release(struct queue *queue, struct action_queue *action, int64_t key);

#endif
