/* What holds back deliveries that could start: `start_rate` of routes and actions, and routes that
 * are paused. Holds and releases the action queues (queue_suspend), and wakes the loop when one may
 * go on. */
#ifndef TENTERHOOK_SERVER_RUNNER_GATE_H
#define TENTERHOOK_SERVER_RUNNER_GATE_H

#include "base/loop.h"
#include "server/runner/flow.h"
#include "server/runner/queue.h"

/* ---- one rate ---- */

struct gate {
    int64_t step_ns;  /* between two starts; 0: there is no rate, and the gate is open */
    int64_t early_ns; /* how much a start may come before its time, after others have not come */
    int64_t next_ns;  /* monotonic: the time of the next start, if they are spread evenly */
    bool is_closed;   /* until the timer */
    struct loop_timer timer;
    struct route_gate *of;
};

/* Of `rate`, which may be NULL; open. */
void gate_init(struct gate *gate, const struct start_rate *rate);
/* From when on a delivery may start. */
int64_t gate_opens_ns(const struct gate *gate);
/* One starts. */
void gate_pass(struct gate *gate, int64_t now_ns);
/* One that has passed does not start after all. */
void gate_return(struct gate *gate);

/* ---- all of them ---- */

struct route_gate {
    struct gate whole;
    struct gate *actions; /* of each; NULL: none has a rate */
    struct gates *gates;
    struct route_queue *queue;
    struct journal_streak *streak; /* NULL: deaths are not counted */
    bool paused;
    bool was_told; /* by the turn that is looked at */
};

struct gates {
    struct loop *loop;
    struct queue *queue;
    struct route_gate *routes; /* in the order of the queue's */
    struct route_gate **by_name;
    size_t count;
    struct journal_streak *streaks;
    size_t streak_count;
    bool unread;      /* the journal is to be asked which routes are paused */
    bool is_known;    /* it has been: before, nothing may start */
    bool some_paused; /* by the last turn */
};

/* Everything is to be read. All that is pointed to outlives it. */
bool gates_init(struct gates *gates, const struct settings *settings, struct queue *queue,
                struct loop *loop, struct error *err);
void gates_finish(struct gates *gates);
/* The actions have their numbers (queue_number): who is told that a route is paused. */
void gates_number(struct gates *gates);

/* A delivery was taken from that queue to be started. */
void gates_took(struct gates *gates, const struct action_queue *action);
/* It was not claimed, and does not count. */
void gates_gave_back(struct gates *gates, const struct action_queue *action);

/* Others may have paused or resumed routes, or what was told does not hold. */
void gates_refresh(struct gates *gates);
/* Puts into the turn what is to be counted, and with `asks` the question for what is paused. */
void gates_fill(struct gates *gates, struct journal_turn *turn, bool asks);
/* The turn is done: what it tells of routes. Logs what has changed. */
void gates_load(struct gates *gates, const struct journal_turn *turn);
/* Whether the route of that index is paused. */
bool gates_is_paused(const struct gates *gates, size_t route);
/* Of the action's route, for the outcome of a delivery; NULL: nobody counts. */
struct journal_streak *gates_streak(const struct gates *gates, const struct action_queue *action);

#endif
