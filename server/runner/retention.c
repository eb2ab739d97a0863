/* A round is a number of walks through the journal (walks.h) in short steps, each a turn of its
 * own: what goes wrong with it costs no event its acknowledgement. Ages are looked at each half
 * minute, the size also as soon as enough has come. A step takes some milliseconds at most and is
 * followed by four times as long in which everything else goes on; by as long where the journal is
 * much too large, because then more comes than goes.
 *
 * What is old is decided by the horizon (horizon.h), which is kept in the journal: the first step
 * reads it, and stores it where there is none; what the clock says later must not decide where it
 * begins. */
#include "server/runner/retention.h"

#include "base/clock.h"
#include "handlers/admission/dedupe.h"
#include "server/ipc/log_events.h"

#define ROUND_NS (30 * NS_PER_S)
#define SWEEP_NS (3600 * NS_PER_S)
#define BUDGET_NS (2 * NS_PER_MS)
#define STEP_NS (5 * NS_PER_MS)
#define HURRY_NS NS_PER_MS
#define FIRST_NS (2 * NS_PER_S)
#define VAIN_NS NS_PER_S

/* Shares of the time while there is something to do, and of keep.size. */
enum { REST_PARTS = 4, VAIN_PARTS = 20, MUCH_TOO_LARGE_PART = 16, GROWTH_PART = 64 };

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
    retention->submitted_ns = clock_monotonic_ns();
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

/* At once, then once in each round for ages. */
static void log_removed(struct retention *retention)
{
    int64_t now = clock_monotonic_ns();
    if (retention->logged_ns != 0 && now - retention->logged_ns < ROUND_NS / 2)
        return;
    if (retention->events > 0 || retention->bodies > 0 || retention->keys > 0)
        retention->logged_ns = now;
    if (retention->events > 0)
        log_write(LOG_PRUNED, log_number("events", (int64_t)retention->events));
    if (retention->bodies > 0)
        log_write(LOG_BODIES_DROPPED, log_number("events", (int64_t)retention->bodies),
                  log_number("keep_size", retention->settings->keep_size),
                  log_text("reason", "the journal is larger than keep.size and is filled with "
                                     "events that failed: these can no longer be replayed"));
    if (retention->keys > 0)
        log_write(LOG_KEYS_DROPPED, log_number("events", (int64_t)retention->keys),
                  log_number("keep_size", retention->settings->keep_size),
                  log_text("reason", "the journal is larger than keep.size, and the dedupe keys of "
                                     "old events fill it: copies of these are new events"));
    retention->events = retention->bodies = retention->keys = 0;
}

static void begin_round(struct retention *retention)
{
    int64_t now = retention->round_ns = clock_monotonic_ns();
    bool ages = now >= retention->ages_due_ns;
    if (now >= retention->sweep_due_ns) {
        walks_sweep(&retention->walks);
        retention->sweep_due_ns = now + SWEEP_NS;
    }
    if (ages)
        retention->ages_due_ns = now + ROUND_NS;
    walks_begin(&retention->walks, ages);
}

static void step(struct retention *retention)
{
    const struct journal_settings *settings = retention->settings;
    horizon_advance(&retention->horizon, clock_unix_ms(), clock_boot_ms());
    int64_t now = retention->horizon.now_ms;
    const struct journal_upkeep limits = {
        .prunes = true,
        .put_horizon_ms = horizon_is_due(retention) ? now : 0,
        .done_before_ms = now - settings->keep_age_ms,
        .dead_before_ms = now - settings->keep_dead_ms,
        .body_before_ms = settings->keep_body_ms > 0 ? now - settings->keep_body_ms : 0,
        .dedupe_before_ms = now - retention->window_ms,
        .keep_size = settings->keep_size,
        .budget_ns = BUDGET_NS,
    };
    if (!walks_are_under_way(&retention->walks))
        begin_round(retention);
    walks_fill(&retention->walks, &limits, &retention->upkeep);
    if (retention->upkeep.for_size)
        retention->grown = 0;
    submit(retention);
}

/* Free space goes back to the file system between two rounds. */
static void shrink(struct retention *retention)
{
    retention->shrinks = false;
    retention->upkeep = (struct journal_upkeep){.shrinks = true};
    submit(retention);
}

/* What comes while a step is made waits for it, so it has its share of the time. */
static int64_t rest_ns(const struct retention *retention)
{
    int64_t spent = clock_monotonic_ns() - retention->submitted_ns;
    int64_t much = retention->settings->keep_size / MUCH_TOO_LARGE_PART;
    return retention->upkeep.over > much ? larger(spent, HURRY_NS)
                                         : larger(spent * REST_PARTS, STEP_NS);
}

static bool has_grown(const struct retention *retention)
{
    return !retention->walks.is_exhausted &&
           retention->grown >= retention->settings->keep_size / GROWTH_PART;
}

/* When the next round is due. One in which nothing was found that may go is made again soon, if it
 * was short: what was open is over then. */
static int64_t idle_ns(const struct retention *retention)
{
    int64_t now = clock_monotonic_ns(), left = retention->ages_due_ns - now;
    int64_t again = larger((now - retention->round_ns) * VAIN_PARTS, VAIN_NS);
    if (has_grown(retention) || left < STEP_NS)
        return STEP_NS;
    return retention->walks.is_exhausted && again < left ? again : left;
}

static void stepped(struct retention *retention)
{
    retention->events += retention->upkeep.events;
    retention->bodies += retention->upkeep.bodies;
    retention->keys += retention->upkeep.keys;
    walks_note(&retention->walks, &retention->upkeep);
    if (walks_are_under_way(&retention->walks)) {
        set_timer(retention, rest_ns(retention));
        return;
    }
    log_removed(retention);
    retention->shrinks = retention->upkeep.can_shrink;
    set_timer(retention, retention->shrinks ? rest_ns(retention) : idle_ns(retention));
}

void retention_note_growth(struct retention *retention, int64_t bytes)
{
    retention->grown += bytes;
    if (has_grown(retention) && retention->stored_ms >= 0 && !retention->under_way &&
        !retention->stopped && !walks_are_under_way(&retention->walks) && !retention->shrinks)
        set_timer(retention, 0);
}

static void step_is_due(struct loop_timer *timer)
{
    struct retention *retention = timer->owner;
    if (retention->under_way)
        return;
    if (retention->health->refuses)
        set_timer(retention, ROUND_NS);
    else if (retention->shrinks)
        shrink(retention);
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
        set_timer(retention, ROUND_NS); /* that step again */
        return;
    }
    if (upkeep->put_horizon_ms)
        retention->stored_ms = upkeep->put_horizon_ms;
    if (upkeep->prunes) {
        stepped(retention);
    } else if (!upkeep->reads_horizon) {
        set_timer(retention, upkeep->shrinks ? rest_ns(retention) : FIRST_NS);
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
    walks_init(&retention->walks);
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
