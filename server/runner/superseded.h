/* Deliveries whose place a newer event has taken: attempts are stopped. And senders who wait for
 * the output of what will not be started, whoever has seen to that, are told so. */
#ifndef TENTERHOOK_SERVER_RUNNER_SUPERSEDED_H
#define TENTERHOOK_SERVER_RUNNER_SUPERSEDED_H

#include "server/runner/answers.h"
#include "server/runner/attempt_list.h"
#include "server/runner/elsewhere.h"

/* By what a turn has told of its own admissions: stops what runs, and forgets what waited. */
void superseded_stop(const struct attempt_list *started, struct answers *answers,
                     struct queue *queue, const struct journal_turn *turn);
/* Events that another runner has admitted may have done it, or people may have cancelled what
 * waits: puts the questions of the turn, if it polls. */
void superseded_ask(const struct attempt_list *started, const struct answers *answers,
                    struct elsewhere *elsewhere, struct journal_turn *turn);
/* What the turn has answered. */
void superseded_settle(const struct attempt_list *started, struct answers *answers,
                       const struct elsewhere *elsewhere, const struct journal_turn *turn);

#endif
