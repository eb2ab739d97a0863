/* The one place that says what is final: a cancellation, `on_crash: fail`, and the retries of the
 * action. */
#include "server/runner/attempt_end.h"

#include "base/crypto.h"

bool attempt_had_process(const struct outcome *outcome)
{
    return outcome->exit_status >= 0 || outcome->signal != 0;
}

/* A command that must never run twice, and was ended with the server. */
static void fail_if_stopped(struct attempt *attempt)
{
    const struct retry_settings *retry = attempt->action->retry;
    struct outcome *outcome = &attempt->outcome;
    if (outcome->kind != OUTCOME_INTERRUPTED || !attempt_had_process(outcome) || !retry ||
        retry->on_crash != ON_CRASH_FAIL || attempt->superseded_by[0])
        return;
    outcome->kind = OUTCOME_FAILED;
    outcome->reason = "was ended because the server is leaving, and `on_crash` is `fail`";
    attempt->is_final = true;
}

/* How long until it is tried again; 0: it is not, or at once. */
static int64_t wait_after(const struct attempt *attempt)
{
    const struct outcome *outcome = &attempt->outcome;
    const struct retry_settings *retry = attempt->action->retry;
    uint64_t random;
    if (outcome->kind == OUTCOME_INTERRUPTED)
        return outcome->later_ms;
    if (!retry || outcome->kind == OUTCOME_DONE || outcome->kind == OUTCOME_CANCELLED ||
        attempt->is_final)
        return 0;
    random_bytes(&random, sizeof random);
    return retry_wait_ms(&retry->rules, outcome, attempt->failures, random);
}

struct outcome attempt_judge(struct attempt *attempt, const struct outcome *ended)
{
    struct outcome outcome = *ended;
    attempt->is_final |= attempt->cancelled;
    if (attempt->cancelled && ended->kind == OUTCOME_INTERRUPTED) {
        outcome.kind = OUTCOME_CANCELLED;
        outcome.reason = JOURNAL_CANCELLED;
    }
    return outcome;
}

void attempt_decide(struct attempt *attempt)
{
    fail_if_stopped(attempt);
    attempt->finish.wait_ms = wait_after(attempt);
}
