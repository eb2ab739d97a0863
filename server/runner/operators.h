/* What the runner answers to operators, whose connections the supervisor passes on: how it is,
 * `cancel` of what runs here, the output of what runs here while it runs, and that it has taken
 * note of what others have written (`refresh`). */
#ifndef TENTERHOOK_SERVER_RUNNER_OPERATORS_H
#define TENTERHOOK_SERVER_RUNNER_OPERATORS_H

#include "server/ipc/operator_link.h"
#include "server/ipc/process.h"
#include "server/runner/dispatch.h"
#include "server/runner/journal_health.h"

enum { RUNNER_OPERATORS_MAX = 32 /* connections at once */ };

struct runner_operator;

struct runner_operators {
    const struct process *process;
    struct loop *loop;
    struct dispatch *dispatch;
    const struct journal_health *health;
    struct dispatch_watcher watcher;
    struct runner_operator *first;
    size_t count;
};

void runner_operators_init(struct runner_operators *operators, const struct process *process,
                           struct loop *loop, struct dispatch *dispatch,
                           const struct journal_health *health);
/* Closes all. */
void runner_operators_finish(struct runner_operators *operators);

/* Takes a connection whose request is still to be read; -1: none has come. */
void runner_operators_take(struct runner_operators *operators, int fd);

/* ---- a turn ---- */

/* Whether an operator waits for the journal to be polled. */
bool runner_operators_are_due(const struct runner_operators *operators);
/* Has the turn poll for them. */
void runner_operators_fill(struct runner_operators *operators, struct journal_turn *turn);
/* Last of all that the turn tells: answers them once what it has found is known. */
void runner_operators_settle(struct runner_operators *operators, const struct journal_turn *turn);

#endif
