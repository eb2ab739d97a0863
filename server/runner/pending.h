/* What a turn has changed of the number of deliveries that wait (backlog.h). */
#ifndef TENTERHOOK_SERVER_RUNNER_PENDING_H
#define TENTERHOOK_SERVER_RUNNER_PENDING_H

#include "server/runner/attempt.h"
#include "server/runner/backlog.h"

/* A delivery that was taken from the queue in the turn under way. */
struct reservation {
    struct action_queue *action;
    int64_t key;
    uint32_t bytes;
    bool is_new;  /* it came in this turn, */
    size_t index; /* as that delivery of all; otherwise the want */
};

/* After each turn: what it has claimed of `reserved`, which outcomes of `written` (a list by
 * `next`) it has stored, and what it tells itself. */
void pending_settle(struct backlog *backlog, const struct journal_turn *turn,
                    const struct reservation *reserved, size_t reserved_count,
                    const struct attempt *written);

#endif
