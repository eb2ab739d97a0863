/* A rate is one number, as in handlers/admission/limit.c: the time of the next start if starts are
 * spread evenly (GCRA). A rate of at most ten a second has no burst: after a start the next one has
 * to wait. Of a faster one a tenth of a second's worth may start at once, so that what a commit and
 * the timer take is made up for, and the rate is reached. A restart forgets it.
 *
 * A closed gate takes its action queues out of the lists of the queue until its timer opens it, so
 * ten thousand gates that are closed cost a turn nothing. So does a paused route. */
#include "server/runner/gate.h"

#include "base/clock.h"
#include "server/ipc/log_events.h"

#include <stdlib.h>
#include <string.h>

#define BURST_NS (100 * NS_PER_MS)

/* ---- one rate ---- */

void gate_init(struct gate *gate, const struct start_rate *rate)
{
    *gate = (struct gate){0};
    if (!rate || rate->count == 0)
        return;
    gate->step_ns = (rate->period_ms * NS_PER_MS + rate->count - 1) / rate->count;
    gate->early_ns = gate->step_ns < BURST_NS ? BURST_NS - gate->step_ns : 0;
}

int64_t gate_opens_ns(const struct gate *gate)
{
    return gate->next_ns - gate->early_ns;
}

void gate_pass(struct gate *gate, int64_t now_ns)
{
    gate->next_ns = (gate->next_ns > now_ns ? gate->next_ns : now_ns) + gate->step_ns;
}

void gate_return(struct gate *gate)
{
    gate->next_ns -= gate->step_ns;
}

/* ---- holding ---- */

static void hold_actions(struct route_gate *route)
{
    struct route_queue *queue = route->queue;
    for (size_t i = 0; i < queue->action_count; i++) {
        bool is_closed = route->whole.is_closed || (route->actions && route->actions[i].is_closed);
        queue_suspend(route->gates->queue, &queue->actions[i], route->paused || is_closed);
    }
}

/* Closes or opens the gate as its rate wants it. Without memory for the timer it stays open,
 * because nothing would open it again. */
static void set_gate(struct gate *gate, int64_t now_ns)
{
    struct loop *loop = gate->of->gates->loop;
    gate->is_closed =
        gate_opens_ns(gate) > now_ns && loop_timer_set(loop, &gate->timer, gate_opens_ns(gate));
    if (!gate->is_closed)
        loop_timer_remove(loop, &gate->timer);
}

static void gate_opens(struct loop_timer *timer)
{
    struct gate *gate = timer->owner;
    gate->is_closed = false;
    hold_actions(gate->of);
}

/* NULL: who tells of failures is not held up by what holds up the route. */
static struct route_gate *gate_of(const struct gates *gates, const struct action_queue *action)
{
    size_t index = (size_t)(action->of_route - gates->queue->routes);
    return index < gates->count ? &gates->routes[index] : NULL;
}

static void pass(struct gate *gate, int64_t now_ns, bool back)
{
    if (gate->step_ns == 0)
        return;
    if (back)
        gate_return(gate);
    else
        gate_pass(gate, now_ns);
    set_gate(gate, now_ns);
}

static void pass_both(struct gates *gates, const struct action_queue *action, bool back)
{
    struct route_gate *route = gate_of(gates, action);
    if (!route || (route->whole.step_ns == 0 && !route->actions))
        return;
    int64_t now_ns = clock_monotonic_ns();
    pass(&route->whole, now_ns, back);
    if (route->actions)
        pass(&route->actions[action - route->queue->actions], now_ns, back);
    hold_actions(route);
}

void gates_took(struct gates *gates, const struct action_queue *action)
{
    pass_both(gates, action, false);
}

void gates_gave_back(struct gates *gates, const struct action_queue *action)
{
    pass_both(gates, action, true);
}

/* ---- beginning and end ---- */

static void begin_gate(struct gate *gate, struct route_gate *of, const struct start_rate *rate)
{
    gate_init(gate, rate);
    gate->of = of;
    loop_timer_init(&gate->timer, gate_opens, gate);
}

static bool begin_actions(struct route_gate *route, const struct settings *settings)
{
    const struct route_queue *queue = route->queue;
    for (size_t i = 0; i < queue->action_count; i++) {
        const struct start_rate *rate = flow_action_rate(settings, queue->actions[i].action);
        if (!rate || rate->count == 0)
            continue;
        if (!route->actions)
            route->actions = calloc(queue->action_count, sizeof *route->actions);
        if (!route->actions)
            return false;
        begin_gate(&route->actions[i], route, rate);
    }
    return true;
}

static bool begin_route(struct gates *gates, size_t index, const struct settings *settings)
{
    struct route_gate *route = &gates->routes[index];
    const struct route *of = &settings->routes[index];
    const struct flow_settings *flow = of->parts ? flow_settings_of(of) : NULL;
    route->gates = gates;
    route->queue = &gates->queue->routes[index];
    gates->by_name[index] = route;
    begin_gate(&route->whole, route, flow ? &flow->start_rate : NULL);
    if (flow && flow->pause_after.deaths > 0) {
        route->streak = &gates->streaks[gates->streak_count++];
        *route->streak = (struct journal_streak){.route = of->name,
                                                 .pause_at = (unsigned)flow->pause_after.deaths};
    }
    return begin_actions(route, settings);
}

static int compare_names(const void *left, const void *right)
{
    const struct route_gate *const *a = left, *const *b = right;
    return strcmp((*a)->queue->route->name, (*b)->queue->route->name);
}

bool gates_init(struct gates *gates, const struct settings *settings, struct queue *queue,
                struct loop *loop, struct error *err)
{
    size_t count = settings->route_count;
    *gates = (struct gates){.loop = loop, .queue = queue, .unread = true};
    gates->routes = calloc(count + 1, sizeof *gates->routes);
    gates->by_name = calloc(count + 1, sizeof(struct route_gate *));
    gates->streaks = calloc(count + 1, sizeof *gates->streaks);
    bool good = gates->routes && gates->by_name && gates->streaks;
    for (; good && gates->count < count; gates->count++)
        good = begin_route(gates, gates->count, settings);
    if (!good)
        return error_set(err, "no memory");
    qsort(gates->by_name, count, sizeof *gates->by_name, compare_names);
    return true;
}

void gates_number(struct gates *gates)
{
    for (size_t i = 0; i < gates->count; i++)
        if (gates->routes[i].streak)
            gates->routes[i].streak->teller =
                queue_teller(gates->queue, gates->routes[i].queue->route);
}

void gates_finish(struct gates *gates)
{
    for (size_t i = 0; i < gates->count; i++) {
        struct route_gate *route = &gates->routes[i];
        loop_timer_remove(gates->loop, &route->whole.timer);
        for (size_t j = 0; route->actions && j < route->queue->action_count; j++)
            if (route->actions[j].of)
                loop_timer_remove(gates->loop, &route->actions[j].timer);
        free(route->actions);
    }
    free(gates->routes);
    free(gates->by_name);
    free(gates->streaks);
    *gates = (struct gates){NULL};
}

/* ---- what the journal says ---- */

void gates_refresh(struct gates *gates)
{
    gates->unread = true;
}

void gates_fill(struct gates *gates, struct journal_turn *turn, bool asks)
{
    turn->streaks = gates->streaks;
    turn->streak_count = gates->streak_count;
    turn->reads_routes = asks && gates->unread;
    if (turn->reads_routes)
        gates->unread = false; /* a turn that is refused has it asked again */
}

static struct route_gate *find_route(const struct gates *gates, const char *name)
{
    size_t first = 0, end = gates->count;
    while (first < end) {
        size_t middle = (first + end) / 2;
        int order = strcmp(gates->by_name[middle]->queue->route->name, name);
        if (order == 0)
            return gates->by_name[middle];
        if (order < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return NULL;
}

/* `told_id`: of the event that tells of it, "" where there is none. */
static void pause_route(struct route_gate *route, int64_t since_ms, const char *why,
                        const char *told_id)
{
    struct log_field fields[5] = {log_text("route", route->queue->route->name)};
    char since[CLOCK_TEXT_SIZE];
    if (route->paused)
        return;
    route->paused = route->gates->some_paused = true;
    hold_actions(route);
    clock_format_unix_ms(since_ms, since);
    fields[1] = log_text("since", since);
    fields[2] = log_text("reason", why[0] ? why : "by hand");
    if (told_id[0])
        fields[3] = log_text("id", told_id);
    log_write_fields(&log_events[LOG_ROUTE_PAUSED], log_events[LOG_ROUTE_PAUSED].level, fields);
}

static void resume_route(struct route_gate *route)
{
    route->paused = false;
    hold_actions(route);
    log_write(LOG_ROUTE_RESUMED, log_text("route", route->queue->route->name));
}

/* What is not told is not paused, and has no deaths. */
static void load_routes(struct gates *gates, const struct journal_turn *turn)
{
    for (size_t i = 0; i < gates->count; i++)
        gates->routes[i].was_told = false;
    for (size_t i = 0; i < gates->streak_count; i++)
        gates->streaks[i].deaths = 0;
    for (const struct journal_route *told = turn->routes; told; told = told->next) {
        struct route_gate *route = find_route(gates, told->name);
        if (!route)
            continue;
        if (route->streak)
            route->streak->deaths = told->deaths;
        route->was_told = told->paused_ms != 0;
        if (route->was_told)
            pause_route(route, told->paused_ms, told->paused_why, "");
    }
    for (size_t i = 0; i < gates->count; i++)
        if (gates->routes[i].paused && !gates->routes[i].was_told)
            resume_route(&gates->routes[i]);
    gates->is_known = true;
}

void gates_load(struct gates *gates, const struct journal_turn *turn)
{
    gates->some_paused = false;
    if (turn->reads_routes)
        load_routes(gates, turn);
    for (size_t i = 0; i < gates->streak_count; i++) {
        const struct journal_streak *streak = &gates->streaks[i];
        char why[JOURNAL_WHY_SIZE];
        if (!streak->paused)
            continue;
        journal_explain_streak(streak, why);
        pause_route(find_route(gates, streak->route), turn->now_ms, why, streak->told_id);
    }
}

bool gates_is_paused(const struct gates *gates, size_t route)
{
    return gates->routes[route].paused;
}

struct journal_streak *gates_streak(const struct gates *gates, const struct action_queue *action)
{
    const struct route_gate *route = gate_of(gates, action);
    return route ? route->streak : NULL;
}
