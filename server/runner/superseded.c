/* The journal has marked what is superseded before its runner hears of it. So nothing is lost if
 * that dies or the command ends by itself meanwhile: an end that would be a retry or an
 * interruption is written as `superseded`, by the mark, and what is done is done. */
#include "server/runner/superseded.h"

#include "base/clock.h"

#include <string.h>

/* The longest that a command takes to end for a newer event; its own grace is shorter. */
#define SUPERSEDED_NS (30 * NS_PER_S)

static void stop(const struct attempt_list *started, int64_t handle, const char *by)
{
    struct attempt *attempt = attempt_list_find(started, handle);
    if (!attempt || attempt->superseded_by[0])
        return;
    memcpy(attempt->superseded_by, by, sizeof attempt->superseded_by);
    if (attempt->stopping)
        return;
    attempt->stopping = true;
    attempt->action->kind->stop(attempt->under_way, clock_monotonic_ns() + SUPERSEDED_NS);
}

/* A sender that waits for the output of what does not run any more is told so. */
void superseded_stop(const struct attempt_list *started, struct queue *queue,
                     struct answers *answers, const struct journal_turn *turn)
{
    const struct outcome none = {.kind = OUTCOME_INTERRUPTED, .exit_status = -1, .reason = ""};
    for (size_t i = 0; i < turn->superseded.count; i++) {
        const struct journal_superseded *one = &turn->superseded.items[i];
        if (one->is_running) {
            stop(started, one->handle, one->by);
            continue;
        }
        answers_ended(answers, one->handle, &none);
        queue_look_again(queue, queue_find(queue, one->action), one->key);
    }
}

void superseded_ask(const struct attempt_list *started, struct elsewhere *elsewhere,
                    struct journal_turn *turn)
{
    turn->watch_count = 0;
    if (!turn->polls)
        return;
    elsewhere_ask(elsewhere);
    for (const struct attempt *attempt = started->first; attempt; attempt = attempt->next)
        if (queue_cancels(attempt->action) && !attempt->superseded_by[0])
            elsewhere_ask_ours(elsewhere, attempt->finish.handle);
    turn->watches = elsewhere->watches;
    turn->watch_count = elsewhere->watch_count;
}

void superseded_settle(const struct attempt_list *started, const struct elsewhere *elsewhere,
                       const struct journal_turn *turn)
{
    for (size_t i = elsewhere->others; i < turn->watch_count; i++)
        if (turn->watches[i].by[0])
            stop(started, turn->watches[i].handle, turn->watches[i].by);
}
