/* An older runner claims nothing any more, so what a take-over tells of it only becomes less. Each
 * delivery of it is asked for by its number when the journal is polled. */
#include "server/runner/elsewhere.h"

#include "server/journal/engine.h"

#include <stdlib.h>

void elsewhere_finish(struct elsewhere *elsewhere)
{
    free(elsewhere->running.items);
    free(elsewhere->watches);
    *elsewhere = (struct elsewhere){{NULL}};
}

static void release(struct queue *queue, const struct journal_due *delivery)
{
    struct action_queue *action = queue_find(queue, delivery->action);
    queue_release(queue, action, delivery->key);
    queue_look_again(queue, action, delivery->key); /* it may be pending again */
}

bool elsewhere_learn(struct elsewhere *elsewhere, struct queue *queue,
                     const struct journal_dues *running)
{
    for (size_t i = 0; i < elsewhere->running.count; i++)
        release(queue, &elsewhere->running.items[i]);
    elsewhere->running.count = elsewhere->others = 0;
    for (size_t i = 0; i < running->count; i++) {
        const struct journal_due *delivery = &running->items[i];
        struct action_queue *action = queue_find(queue, delivery->action);
        if (!action || !action->limit)
            continue;
        if (!engine_add_due(&elsewhere->running, delivery))
            return false;
        if (!queue_hold(queue, action, delivery->key)) {
            elsewhere->running.count--;
            return false;
        }
    }
    return true;
}

static void add_watch(struct elsewhere *elsewhere, int64_t handle)
{
    if (elsewhere->watch_count == elsewhere->watch_capacity) {
        size_t capacity = elsewhere->watch_capacity ? elsewhere->watch_capacity * 2 : 64;
        struct journal_watch *grown = realloc(elsewhere->watches, capacity * sizeof *grown);
        if (!grown) /* asked another time */
            return;
        elsewhere->watches = grown;
        elsewhere->watch_capacity = capacity;
    }
    elsewhere->watches[elsewhere->watch_count++] = (struct journal_watch){.handle = handle};
}

void elsewhere_ask(struct elsewhere *elsewhere)
{
    elsewhere->watch_count = 0;
    for (size_t i = 0; i < elsewhere->running.count; i++)
        add_watch(elsewhere, elsewhere->running.items[i].handle);
    elsewhere->others = elsewhere->watch_count;
}

void elsewhere_ask_ours(struct elsewhere *elsewhere, int64_t handle)
{
    add_watch(elsewhere, handle);
}

void elsewhere_settle(struct elsewhere *elsewhere, struct queue *queue,
                      const struct journal_turn *turn)
{
    struct journal_dues *running = &elsewhere->running;
    for (size_t i = turn->watch_count < elsewhere->others ? turn->watch_count : elsewhere->others;
         i > 0; i--) { /* from the end, so that removing one moves none that is still to come */
        if (!turn->watches[i - 1].is_over)
            continue;
        release(queue, &running->items[i - 1]);
        running->items[i - 1] = running->items[--running->count];
    }
}
