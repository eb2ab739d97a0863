/* What the end of a run means for its delivery. */
#ifndef TENTERHOOK_SERVER_RUNNER_ATTEMPT_END_H
#define TENTERHOOK_SERVER_RUNNER_ATTEMPT_END_H

#include "server/runner/attempt.h"

/* The outcome that the run's end stands for; its spans are those of `ended`. One that was cancelled
 * and has ended by itself before that took effect is what it has become, but is not tried again. */
struct outcome attempt_judge(struct attempt *attempt, const struct outcome *ended);
/* Of the outcome that the attempt keeps: whether, and when, the delivery is tried again. */
void attempt_decide(struct attempt *attempt);
/* Whether there was a process. */
bool attempt_had_process(const struct outcome *outcome);

#endif
