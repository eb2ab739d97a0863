/* What older runners still have under way during a reload: it is counted in the limits of this
 * runner until it has ended. And what this runner has under way, that a newer one's events may
 * cancel. */
#ifndef TENTERHOOK_SERVER_RUNNER_ELSEWHERE_H
#define TENTERHOOK_SERVER_RUNNER_ELSEWHERE_H

#include "server/runner/queue.h"

struct elsewhere {
    struct journal_dues running; /* counted in the limits of the queue */
    struct journal_watch *watches;
    size_t watch_count, watch_capacity;
    size_t others; /* so many of the watches are of `running`, in its order; the rest is ours */
};

void elsewhere_finish(struct elsewhere *elsewhere);

/* What a take-over has told: exactly this is under way elsewhere. False without memory. */
bool elsewhere_learn(struct elsewhere *elsewhere, struct queue *queue,
                     const struct journal_dues *running);

/* Begins the questions of a turn with what is under way elsewhere; adds one of ours. */
void elsewhere_ask(struct elsewhere *elsewhere);
void elsewhere_ask_ours(struct elsewhere *elsewhere, int64_t handle);
/* The turn is done: what has ended is counted no more. */
void elsewhere_settle(struct elsewhere *elsewhere, struct queue *queue,
                      const struct journal_turn *turn);

#endif
