/* A round is a walk through the journal in short steps, each a turn of its own: what goes wrong
 * with it costs no event its acknowledgement. Between rounds there is half a minute, between steps
 * a few milliseconds in which everything else goes on; while the journal is too large the next
 * round begins at once. If a round finds nothing more that is done, the next one takes the bodies
 * of dead events, the oldest first: one route that fails must not fill the disk for all.
 *
 * What is old is decided by the horizon (horizon.h), which is kept in the journal: the first step
 * reads it, and stores it where there is none; what the clock says later must not decide where it
 * begins. */
#include "server/runner/retention.h"

#include "base/clock.h"
#include "handlers/admission/dedupe.h"
#include "server/ipc/log_events.h"

#define ROUND_NS (30 * NS_PER_S)
#define STEP_NS (5 * NS_PER_MS)
#define FIRST_NS (2 * NS_PER_S)

/* How much of the horizon a crash may cost; it is only kept longer then. */
enum { STORE_MS = 10 * 60 * 1000 };

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void set_timer(struct retention *retention, int64_t wait_ns)
{
    if (!retention->stopped)
        loop_timer_set(retention->health->loop, &retention->timer, clock_monotonic_ns() + wait_ns);
}

static void submit(struct retention *retention)
{
    retention->under_way = true;
    retention->turn.now_ms = clock_unix_ms();
    journal_submit(retention->health->journal, &retention->turn);
}

/* ---- the horizon ---- */

static bool horizon_is_due(const struct retention *retention)
{
    int64_t now_ms = retention->horizon.now_ms;
    return now_ms < retention->stored_ms || now_ms - retention->stored_ms >= STORE_MS;
}

static void note_horizon(struct retention *retention)
{
    const struct journal_settings *settings = retention->settings;
    int64_t longest = larger(settings->keep_age_ms, settings->keep_dead_ms);
    horizon_init(&retention->horizon, retention->upkeep.horizon_ms, retention->upkeep.newest_ms,
                 larger(longest, retention->window_ms), clock_unix_ms(), clock_boot_ms());
    retention->stored_ms = retention->upkeep.horizon_ms;
}

/* ---- a round ---- */

static void log_round(const struct retention *retention)
{
    if (retention->events > 0)
        log_write(LOG_PRUNED, log_number("events", (int64_t)retention->events));
    if (retention->bodies > 0)
        log_write(LOG_BODIES_DROPPED, log_number("events", (int64_t)retention->bodies),
                  log_number("keep_size", retention->settings->keep_size),
                  log_text("reason", "the journal is larger than keep.size and is filled with "
                                     "events that failed: these can no longer be replayed"));
}

/* At the end of a walk: how long to wait for the next. */
static int64_t round_ended(struct retention *retention)
{
    bool too_large = retention->upkeep.is_too_large;
    bool removed = retention->events > 0 || retention->bodies > 0;
    bool tried_all = retention->drops_bodies;
    log_round(retention);
    retention->events = retention->bodies = 0;
    retention->drops_bodies = too_large && (!removed || retention->drops_bodies);
    return too_large && (removed || !tried_all) ? STEP_NS : ROUND_NS;
}

static void step(struct retention *retention)
{
    const struct journal_settings *settings = retention->settings;
    horizon_advance(&retention->horizon, clock_unix_ms(), clock_boot_ms());
    int64_t now = retention->horizon.now_ms;
    retention->upkeep = (struct journal_upkeep){
        .prunes = true,
        .put_horizon_ms = horizon_is_due(retention) ? now : 0,
        .done_before_ms = now - settings->keep_age_ms,
        .dead_before_ms = now - settings->keep_dead_ms,
        .dedupe_before_ms = now - retention->window_ms,
        .keep_size = settings->keep_size,
        .drops_bodies = retention->drops_bodies,
        .position = retention->upkeep.position,
    };
    submit(retention);
}

static void stepped(struct retention *retention)
{
    retention->events += retention->upkeep.events;
    retention->bodies += retention->upkeep.bodies;
    if (retention->upkeep.position != 0) {
        set_timer(retention, STEP_NS);
        return;
    }
    int64_t wait_ns = round_ended(retention);
    if (!retention->upkeep.can_shrink) {
        set_timer(retention, wait_ns);
        return;
    }
    /* free space goes back to the file system, a little at a time */
    retention->upkeep = (struct journal_upkeep){.shrinks = true};
    submit(retention);
}

static void step_is_due(struct loop_timer *timer)
{
    struct retention *retention = timer->owner;
    if (retention->under_way)
        return;
    if (retention->health->refuses)
        set_timer(retention, ROUND_NS);
    else if (retention->stored_ms >= 0)
        step(retention);
    else {
        retention->upkeep = (struct journal_upkeep){.reads_horizon = true};
        submit(retention);
    }
}

/* What follows on a step. */
static void step_completed(struct journal_turn *turn)
{
    struct retention *retention = turn->owner;
    struct journal_upkeep *upkeep = &retention->upkeep;
    retention->under_way = false;
    journal_health_note(retention->health, turn);
    if (turn->end != JOURNAL_DONE) {
        upkeep->position = 0;
        set_timer(retention, ROUND_NS);
        return;
    }
    if (upkeep->put_horizon_ms)
        retention->stored_ms = upkeep->put_horizon_ms;
    if (upkeep->prunes) {
        stepped(retention);
    } else if (!upkeep->reads_horizon) {
        set_timer(retention, upkeep->shrinks ? STEP_NS : FIRST_NS);
    } else {
        note_horizon(retention);
        if (retention->stored_ms > 0) {
            set_timer(retention, FIRST_NS);
            return;
        }
        *upkeep = (struct journal_upkeep){.put_horizon_ms = retention->horizon.now_ms};
        submit(retention);
    }
}

void retention_init(struct retention *retention, const struct settings *settings,
                    struct journal_health *health)
{
    *retention =
        (struct retention){.settings = &settings->journal, .health = health, .stored_ms = -1};
    for (size_t i = 0; i < settings->route_count; i++)
        if (dedupe_settings_of(&settings->routes[i])->window_ms > retention->window_ms)
            retention->window_ms = dedupe_settings_of(&settings->routes[i])->window_ms;
    journal_turn_init(&retention->turn, 0);
    retention->turn.owner = retention;
    retention->turn.upkeep = &retention->upkeep;
    retention->turn.completed = step_completed;
    loop_timer_init(&retention->timer, step_is_due, retention);
}

void retention_start(struct retention *retention)
{
    retention->stopped = false;
    step_is_due(&retention->timer);
}

void retention_stop(struct retention *retention)
{
    retention->stopped = true;
    loop_timer_remove(retention->health->loop, &retention->timer);
}

void retention_finish(struct retention *retention)
{
    journal_turn_finish(&retention->turn);
}
