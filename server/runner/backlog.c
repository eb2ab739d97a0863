/* The runner counts along: each turn tells what has become pending and what has not been any more.
 * What others do (people who replay, an older runner) it does not see, so after they have written
 * it walks along all that is pending, in the order of the journal's index: short steps with pauses
 * between them, so that a million pending deliveries delay no turn by more than a step. A delivery
 * that changes behind the step counts in the walk too; one before it is found by the walk. Until
 * the end of the walk the count of an action is the one before, give or take what this runner does.
 *
 * Who tells of failures is not counted: no sender brings that about, and of a route one waits. */
#include "server/runner/backlog.h"

#include "base/clock.h"
#include "server/ipc/log_events.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_STEP = 8192, /* deliveries; before anything is accepted */
    STEP = 256,
};
#define STEP_PAUSE_NS (10 * NS_PER_MS)
#define WALK_PAUSE_NS NS_PER_S /* before the next walk, or as long as the last one has taken */

static void step_is_due(struct loop_timer *timer)
{
    (void)timer; /* it has woken the loop: the next turn sees to the rest */
}

/* Without memory for the timer it is noticed with the next event or poll. */
static void set_due(struct backlog *backlog, int64_t due_ns)
{
    backlog->due_ns = due_ns;
    if (due_ns == INT64_MAX)
        loop_timer_remove(backlog->loop, &backlog->timer);
    else
        loop_timer_set(backlog->loop, &backlog->timer, due_ns);
}

bool backlog_init(struct backlog *backlog, const struct settings *settings, struct queue *queue,
                  struct loop *loop, struct error *err)
{
    *backlog = (struct backlog){.loop = loop, .queue = queue, .is_wanted = true};
    backlog->all.limit = (struct queue_limit){.max = settings->journal.queue_max,
                                              .bytes = settings->journal.queue_bytes};
    loop_timer_init(&backlog->timer, step_is_due, backlog);
    backlog->routes = calloc(queue->route_count + 1, sizeof *backlog->routes);
    backlog->open = calloc(queue->action_count + 1, sizeof *backlog->open);
    if (!backlog->routes || !backlog->open)
        return error_set(err, "no memory");
    /* behind them are those who tell of failures, which have no limits */
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct route *route = &settings->routes[i];
        backlog->routes[i].route = route->name;
        if (route->parts)
            backlog->routes[i].limit = flow_settings_of(route)->queue;
    }
    return true;
}

void backlog_finish(struct backlog *backlog)
{
    if (backlog->loop)
        loop_timer_remove(backlog->loop, &backlog->timer);
    free(backlog->routes);
    free(backlog->open);
    *backlog = (struct backlog){NULL};
}

/* ---- room ---- */

static struct backlog_count *count_of(const struct backlog *backlog,
                                      const struct route_queue *route)
{
    return &backlog->routes[route - backlog->queue->routes];
}

static bool is_counted(const struct backlog *backlog, const struct action_queue *action)
{
    const struct queue *queue = backlog->queue;
    return action && action->of_route < queue->routes + queue->route_count - queue->told_count;
}

static bool exceeds(int64_t number, int64_t limit)
{
    return limit > 0 && number > limit;
}

/* What is larger than the limit by itself comes where nothing else waits. */
static bool has_room(const struct backlog_count *count, int64_t deliveries, int64_t bytes)
{
    return count->deliveries <= 0 || (!exceeds(count->deliveries + deliveries, count->limit.max) &&
                                      !exceeds(count->bytes + bytes, count->limit.bytes));
}

static const char *name_of(const struct backlog_count *count)
{
    return count->route ? count->route : "*";
}

static void note_full(struct backlog_count *count)
{
    if (!count->is_full)
        log_write(LOG_BACKLOG_FULL, log_text("route", name_of(count)),
                  log_number("deliveries", count->deliveries), log_number("bytes", count->bytes));
    count->is_full = true;
}

static bool is_near(int64_t number, int64_t limit)
{
    return limit > 0 && number >= limit - limit / 10;
}

/* Where a tenth is free: at the limit itself there would be a line for every other event. */
static void note_room(struct backlog_count *count)
{
    if (!count->is_full || is_near(count->deliveries, count->limit.max) ||
        is_near(count->bytes, count->limit.bytes))
        return;
    count->is_full = false;
    log_write(LOG_BACKLOG_ROOM, log_text("route", name_of(count)),
              log_number("deliveries", count->deliveries), log_number("bytes", count->bytes));
}

static void add(struct backlog *backlog, const struct route_queue *route, int64_t deliveries,
                int64_t bytes)
{
    struct backlog_count *counts[] = {count_of(backlog, route), &backlog->all};
    for (int i = 0; i < 2; i++) {
        counts[i]->deliveries += deliveries;
        counts[i]->bytes += bytes;
        note_room(counts[i]);
    }
}

enum backlog_room backlog_reserve(struct backlog *backlog, const struct route_queue *route,
                                  size_t deliveries, size_t body_bytes)
{
    struct backlog_count *own = count_of(backlog, route);
    int64_t number = (int64_t)deliveries, bytes = (int64_t)(deliveries * body_bytes);
    bool fits = has_room(own, number, bytes), all_fits = has_room(&backlog->all, number, bytes);
    if (fits && all_fits) {
        add(backlog, route, number, bytes);
        return BACKLOG_ROOM;
    }
    note_full(fits ? &backlog->all : own);
    return fits ? BACKLOG_ALL_FULL : BACKLOG_ROUTE_FULL;
}

void backlog_release(struct backlog *backlog, const struct route_queue *route, size_t deliveries,
                     size_t body_bytes)
{
    add(backlog, route, -(int64_t)deliveries, -(int64_t)(deliveries * body_bytes));
}

bool backlog_is_full(const struct backlog *backlog)
{
    return !has_room(&backlog->all, 1, 0);
}

/* ---- counting ---- */

static void change_action(struct backlog *backlog, struct action_queue *action, int64_t deliveries,
                          int64_t bytes)
{
    action->pending += deliveries;
    action->pending_bytes += bytes;
    add(backlog, action->of_route, deliveries, bytes);
}

void backlog_change(struct backlog *backlog, struct action_queue *action, int64_t handle,
                    int64_t bytes, int change)
{
    if (!is_counted(backlog, action))
        return;
    change_action(backlog, action, change, change * bytes);
    if (!backlog->is_under_way || backlog->open[backlog->at] != action->number ||
        handle > backlog->tally.after)
        return;
    backlog->found_deliveries += change;
    backlog->found_bytes += change * bytes;
}

/* ---- the walk ---- */

void backlog_recount(struct backlog *backlog)
{
    int64_t took_ns = backlog->ended_ns - backlog->began_ns;
    int64_t pause_ns = took_ns > WALK_PAUSE_NS ? took_ns : WALK_PAUSE_NS;
    backlog->is_wanted = true;
    if (!backlog->is_under_way)
        set_due(backlog, backlog->is_counted ? backlog->ended_ns + pause_ns : 0);
}

bool backlog_is_due(const struct backlog *backlog)
{
    return (backlog->is_wanted || backlog->is_under_way) && clock_monotonic_ns() >= backlog->due_ns;
}

void backlog_fill(struct backlog *backlog, struct journal_turn *turn)
{
    bool is_due = backlog_is_due(backlog);
    backlog->asks_open = is_due && !backlog->is_under_way;
    turn->reads_open |= backlog->asks_open;
    turn->tally = NULL;
    if (!is_due || backlog->asks_open)
        return;
    backlog->tally.action = backlog->open[backlog->at];
    backlog->tally.room = backlog->is_counted ? STEP : FIRST_STEP;
    turn->tally = &backlog->tally;
}

static void begin_action(struct backlog *backlog)
{
    backlog->tally.after = 0;
    backlog->found_deliveries = backlog->found_bytes = 0;
}

static void end_walk(struct backlog *backlog)
{
    backlog->is_under_way = false;
    backlog->is_counted = true;
    backlog->ended_ns = clock_monotonic_ns();
    if (backlog->is_wanted) /* again */
        backlog_recount(backlog);
    else
        set_due(backlog, INT64_MAX);
}

static int compare_numbers(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* What is not open has nothing pending; what no route has is not counted. */
static void begin_walk(struct backlog *backlog, const struct journal_numbers *open)
{
    backlog->is_wanted = false;
    backlog->began_ns = clock_monotonic_ns();
    backlog->open_count = backlog->at = 0;
    for (size_t i = 0; i < open->count; i++)
        if (is_counted(backlog, queue_find(backlog->queue, open->items[i])))
            backlog->open[backlog->open_count++] = open->items[i];
    for (size_t i = 0; i < backlog->queue->action_count; i++) {
        struct action_queue *action = backlog->queue->by_number[i];
        if (action->pending != 0 && !bsearch(&action->number, backlog->open, backlog->open_count,
                                             sizeof *backlog->open, compare_numbers))
            change_action(backlog, action, -action->pending, -action->pending_bytes);
    }
    begin_action(backlog);
    backlog->is_under_way = backlog->open_count > 0;
    if (backlog->is_under_way)
        set_due(backlog, 0);
    else
        end_walk(backlog);
}

static void load_step(struct backlog *backlog)
{
    const struct journal_tally *tally = &backlog->tally;
    struct action_queue *action = queue_find(backlog->queue, tally->action);
    backlog->found_deliveries += (int64_t)tally->count;
    backlog->found_bytes += tally->bytes;
    backlog->tally.after = tally->last;
    set_due(backlog, backlog->is_counted ? clock_monotonic_ns() + STEP_PAUSE_NS : 0);
    if (tally->count == tally->room)
        return;
    change_action(backlog, action, backlog->found_deliveries - action->pending,
                  backlog->found_bytes - action->pending_bytes);
    begin_action(backlog);
    if (++backlog->at == backlog->open_count)
        end_walk(backlog);
}

void backlog_load(struct backlog *backlog, const struct journal_turn *turn)
{
    if (turn->tally)
        load_step(backlog);
    if (backlog->asks_open)
        begin_walk(backlog, &turn->open);
    backlog->asks_open = false;
}
