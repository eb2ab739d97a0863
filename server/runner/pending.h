/* What a turn has changed of the number of deliveries that wait (backlog.h). */
#ifndef TENTERHOOK_SERVER_RUNNER_PENDING_H
#define TENTERHOOK_SERVER_RUNNER_PENDING_H

#include "server/runner/dispatch.h"

/* After each turn, before the dispatcher forgets what it had reserved and written in it. */
void pending_settle(struct dispatch *dispatch, const struct journal_turn *turn);

#endif
