/* One delivery being carried out: what the action was given, and what became of it. */
#ifndef TENTERHOOK_SERVER_RUNNER_ATTEMPT_H
#define TENTERHOOK_SERVER_RUNNER_ATTEMPT_H

#include "handlers/value/stored.h"
#include "server/event.h"
#include "server/runner/queue.h"

struct attempt {
    struct attempt *next, *previous;
    void *owner;
    struct action_queue *action;
    struct journal_finish finish;         /* its handle and number; the rest once it has ended */
    unsigned failures;                    /* before it: see journal_delivery */
    size_t body_bytes;                    /* counted in the queue */
    const char *texts[GIVEN_FIELD_COUNT]; /* by field (server/event.h); NULL where not given */
    struct delivery given;                /* texts and body behind this struct */
    struct stored_values stored;          /* the same for templates */
    struct form parts;                    /* of a multipart body, else empty */
    struct action_run *under_way;
    bool stopping;
    bool is_final;          /* it is not tried again, whatever its outcome */
    int64_t started_ns;     /* monotonic */
    struct outcome outcome; /* once it has ended; the texts are ours */
    uint8_t *kept;          /* holds them; NULL: nothing to hold */
};

/* A copy of all that the action needs; NULL without memory. */
struct attempt *attempt_create(void *owner, struct action_queue *action, int64_t handle,
                               const struct journal_delivery *found);
void attempt_destroy(struct attempt *attempt);

/* Keeps the outcome with the ends of its outputs, as much as memory allows. */
void attempt_keep_outcome(struct attempt *attempt, const struct outcome *outcome, int64_t ended_ms);
/* One line. */
void attempt_log_outcome(const struct attempt *attempt);

#endif
