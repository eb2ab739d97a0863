/* The journal has marked what is superseded before its runner hears of it. So nothing is lost if
 * that dies or the command ends by itself meanwhile: an end that would be a retry or an
 * interruption is written as `superseded`, by the mark, and what is done is done. */
#include "server/runner/superseded.h"

#include "base/clock.h"
#include "server/ipc/log_events.h"

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

/* What a newer event has replaced of an action follows each other: one line for all of it. */
static void log_waiting(const struct queue *queue, const struct journal_replaced *list)
{
    for (size_t i = 0, end; i < list->count; i = end) {
        const struct journal_superseded *first = &list->items[i];
        const struct action_queue *action = queue_find(queue, first->action);
        int64_t waited = 0;
        for (end = i; end < list->count && list->items[end].action == first->action &&
                      list->items[end].by == first->by;
             end++)
            waited += !list->items[end].is_running;
        if (waited > 0 && action)
            log_write(LOG_GAVE_WAY, log_text("route", action->route->name),
                      log_text("action", action->action->name), log_number("deliveries", waited),
                      log_text("by", first->by));
    }
}

/* What waited may be held as the first of its key, and never comes; a sender that waits for its
 * output is told so. */
static void forget(struct answers *answers, struct queue *queue,
                   const struct journal_superseded *one)
{
    struct action_queue *action = queue_find(queue, one->action);
    answers_give_up_one(answers, one->handle, OUTPUT_SUPERSEDED);
    if (action)
        queue_look_again(queue, action, one->key);
}

void superseded_stop(const struct attempt_list *started, struct answers *answers,
                     struct queue *queue, const struct journal_turn *turn)
{
    log_waiting(queue, &turn->superseded);
    for (size_t i = 0; i < turn->superseded.count; i++) {
        const struct journal_superseded *one = &turn->superseded.items[i];
        if (one->is_running)
            stop(started, one->handle, one->by);
        else
            forget(answers, queue, one);
    }
}

void superseded_ask(const struct attempt_list *started, const struct answers *answers,
                    struct elsewhere *elsewhere, struct journal_turn *turn)
{
    turn->watch_count = 0;
    if (!turn->polls)
        return;
    elsewhere_ask(elsewhere);
    for (const struct attempt *attempt = started->first; attempt; attempt = attempt->next)
        if (queue_cancels(attempt->action) && !attempt->superseded_by[0])
            elsewhere_ask_ours(elsewhere, attempt->finish.handle);
    for (size_t i = 0; i < answers->count; i++)
        if (!attempt_list_find(started, answers->items[i].handle))
            elsewhere_ask_ours(elsewhere, answers->items[i].handle);
    turn->watches = elsewhere->watches;
    turn->watch_count = elsewhere->watch_count;
}

/* What has ended without an attempt that we know of has no output. */
static void settle_awaited(struct answers *answers, const struct journal_watch *watch)
{
    if (watch->state == DELIVERY_SUPERSEDED)
        answers_give_up_one(answers, watch->handle, OUTPUT_SUPERSEDED);
    else if (watch->state == DELIVERY_DEAD)
        answers_give_up_one(answers, watch->handle, OUTPUT_CANCELLED);
}

void superseded_settle(const struct attempt_list *started, struct answers *answers,
                       const struct elsewhere *elsewhere, const struct journal_turn *turn)
{
    for (size_t i = elsewhere->others; i < turn->watch_count; i++) {
        const struct journal_watch *watch = &turn->watches[i];
        if (watch->by[0])
            stop(started, watch->handle, watch->by);
        if (!attempt_list_find(started, watch->handle))
            settle_awaited(answers, watch);
    }
}
