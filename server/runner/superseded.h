/* Attempts whose place a newer event has taken: they are stopped. */
#ifndef TENTERHOOK_SERVER_RUNNER_SUPERSEDED_H
#define TENTERHOOK_SERVER_RUNNER_SUPERSEDED_H

#include "server/runner/answers.h"
#include "server/runner/attempt_list.h"
#include "server/runner/elsewhere.h"

/* What a turn has told of its own admissions; what was to be the next of its key is not any more.
 */
void superseded_stop(const struct attempt_list *started, struct queue *queue,
                     struct answers *answers, const struct journal_turn *turn);
/* Events that another runner has admitted may have done it: puts the questions of the turn, if it
 * polls. */
void superseded_ask(const struct attempt_list *started, struct elsewhere *elsewhere,
                    struct journal_turn *turn);
/* What the turn has answered. */
void superseded_settle(const struct attempt_list *started, const struct elsewhere *elsewhere,
                       const struct journal_turn *turn);

#endif
