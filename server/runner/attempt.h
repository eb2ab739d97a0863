/* One delivery being carried out: what the action was given, and what became of it. */
#ifndef TENTERHOOK_SERVER_RUNNER_ATTEMPT_H
#define TENTERHOOK_SERVER_RUNNER_ATTEMPT_H

#include "server/runner/queue.h"

struct run {
    struct run *next, *previous;
    void *owner;
    struct lane *lane;
    int64_t delivery;                     /* its number in the journal */
    size_t body_bytes;                    /* counted on the lane */
    unsigned attempt;                     /* from 1 */
    const char *texts[GIVEN_FIELD_COUNT]; /* by field (server/event.h); NULL where not given */
    struct delivery given;                /* texts and body behind this struct */
    struct action_run *under_way;
    bool stopping;
    int64_t started_ns;     /* monotonic */
    struct outcome outcome; /* once it has ended; the texts are ours */
    int64_t ended_ms;
    uint8_t *kept; /* holds them; NULL: nothing to hold */
};

/* A copy of all that the action needs; NULL without memory. */
struct run *run_create(void *owner, struct lane *lane, int64_t delivery,
                       const struct journal_delivery *found);
void run_destroy(struct run *run);

/* Keeps the outcome with the ends of its outputs, as much as memory allows. */
void run_keep_outcome(struct run *run, const struct outcome *outcome, int64_t ended_ms);
/* One line. */
void run_log_outcome(const struct run *run);

#endif
