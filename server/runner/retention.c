/* A round is a walk through the journal in short steps, each a transaction of its own: what goes
 * wrong with it costs no event its acknowledgement. Between rounds there is half a minute, between
 * steps a few milliseconds in which everything else goes on; while the file is too large the next
 * round begins at once. If a round finds nothing more that is done, the next one takes the bodies
 * of dead events, the oldest first: one route that fails must not fill the disk for all.
 *
 * What is old is decided by the horizon (horizon.h), which is kept in the journal. */
#include "server/runner/retention.h"

#include "base/clock.h"
#include "base/log.h"
#include "handlers/admission/dedupe.h"

#define ROUND_NS (30 * NS_PER_S)
#define STEP_NS (5 * NS_PER_MS)
#define FIRST_NS (2 * NS_PER_S)

/* How much of the horizon a crash may cost; it is only kept longer then. */
enum { STORE_MS = 10 * 60 * 1000 };

/* Free pages (of 4 KiB) are given back to the file system where there are many: fewer are soon
 * used again. */
enum { FREE_PAGES_MANY = 8192, SHRINK_PAGES = 256 };

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- the horizon ---- */

static bool read_horizon(struct retention *retention)
{
    const struct journal_settings *settings = retention->settings;
    int64_t stored_ms, newest_ms;
    if (retention->stored_ms >= 0)
        return true;
    if (!journal_read_horizon(retention->store->journal, &stored_ms, &newest_ms)) {
        store_fail(retention->store);
        return false;
    }
    int64_t longest = larger(settings->keep_age_ms, settings->keep_dead_ms);
    horizon_init(&retention->horizon, stored_ms, newest_ms, larger(longest, retention->window_ms),
                 clock_unix_ms(), clock_boot_ms());
    retention->stored_ms = stored_ms;
    return true;
}

/* In a transaction. */
static void put_horizon(struct retention *retention)
{
    int64_t now_ms = retention->horizon.now_ms;
    if (now_ms >= retention->stored_ms && now_ms - retention->stored_ms < STORE_MS)
        return;
    if (journal_put_horizon(retention->store->journal, now_ms))
        retention->stored_ms = now_ms;
}

/* ---- a round ---- */

static struct journal_keep what_to_keep(const struct retention *retention, int64_t over_bytes)
{
    const struct journal_settings *settings = retention->settings;
    int64_t now = retention->horizon.now_ms;
    return (struct journal_keep){.done_before_ms = now - settings->keep_age_ms,
                                 .dead_before_ms = now - settings->keep_dead_ms,
                                 .dedupe_before_ms = now - retention->window_ms,
                                 .oldest_done = over_bytes > 0,
                                 .dead_bytes =
                                     over_bytes > 0 && retention->drops_bodies ? over_bytes : 0};
}

static void log_round(const struct retention *retention)
{
    const struct journal_pruned *pruned = &retention->pruned;
    if (pruned->events > 0)
        log_write(LOG_INFO, "pruned", log_number("events", (int64_t)pruned->events));
    if (pruned->bodies > 0)
        log_write(LOG_WARNING, "bodies_dropped", log_number("events", (int64_t)pruned->bodies),
                  log_number("keep_size", retention->settings->keep_size),
                  log_text("reason", "the journal is larger than keep.size, and what fills it are "
                                     "events that failed: they cannot be replayed any more"));
}

/* At the end of a walk: how long to wait for the next. */
static int64_t round_ended(struct retention *retention, bool too_large)
{
    bool removed = retention->pruned.events > 0 || retention->pruned.bodies > 0;
    bool tried_all = retention->drops_bodies;
    log_round(retention);
    retention->pruned = (struct journal_pruned){0};
    retention->drops_bodies = too_large && (!removed || retention->drops_bodies);
    return too_large && (removed || !tried_all) ? STEP_NS : ROUND_NS;
}

/* Free pages go back to the file system, a few at a time. False: it has to wait. */
static bool shrink(struct retention *retention)
{
    if (store_begin(retention->store) != STORE_TURN_BEGUN)
        return false;
    journal_shrink(retention->store->journal, SHRINK_PAGES);
    return store_commit(retention->store);
}

/* How long to wait for the next step. */
static int64_t step(struct retention *retention)
{
    struct journal *journal = retention->store->journal;
    int64_t used, free_pages, stored_ms;
    struct journal_pruned pruned = {0};
    if (!read_horizon(retention))
        return ROUND_NS;
    if (!journal_measure(journal, &used, &free_pages)) {
        store_fail(retention->store);
        return ROUND_NS;
    }
    horizon_advance(&retention->horizon, clock_unix_ms(), clock_boot_ms());
    int64_t over_bytes = larger(used - retention->settings->keep_size, 0);
    struct journal_keep keep = what_to_keep(retention, over_bytes);
    if (store_begin(retention->store) != STORE_TURN_BEGUN)
        return ROUND_NS;
    stored_ms = retention->stored_ms;
    put_horizon(retention);
    journal_prune(journal, &keep, &retention->cursor, &pruned);
    if (!store_commit(retention->store)) {
        retention->cursor = 0;
        retention->stored_ms = stored_ms;
        return ROUND_NS;
    }
    retention->pruned.events += pruned.events;
    retention->pruned.bodies += pruned.bodies;
    if (retention->cursor != 0)
        return STEP_NS;
    int64_t wait_ns = round_ended(retention, over_bytes > 0);
    if (free_pages > FREE_PAGES_MANY)
        return shrink(retention) ? STEP_NS : ROUND_NS;
    return wait_ns;
}

static void step_is_due(struct loop_timer *timer)
{
    struct retention *retention = timer->owner;
    int64_t wait = retention->store->status == STORE_OK ? step(retention) : ROUND_NS;
    loop_timer_set(retention->store->loop, timer, clock_monotonic_ns() + wait);
}

void retention_init(struct retention *retention, const struct settings *settings,
                    struct store *store)
{
    *retention =
        (struct retention){.settings = &settings->journal, .store = store, .stored_ms = -1};
    for (size_t i = 0; i < settings->route_count; i++)
        if (dedupe_settings_of(&settings->routes[i])->window_ms > retention->window_ms)
            retention->window_ms = dedupe_settings_of(&settings->routes[i])->window_ms;
    loop_timer_init(&retention->timer, step_is_due, retention);
}

/* At once, in a journal that has none: what the clock says later must not decide where it begins.
 */
static void begin_horizon(struct retention *retention)
{
    if (!read_horizon(retention) || retention->stored_ms > 0 ||
        store_begin(retention->store) != STORE_TURN_BEGUN)
        return;
    put_horizon(retention);
    if (!store_commit(retention->store))
        retention->stored_ms = 0;
}

void retention_start(struct retention *retention)
{
    begin_horizon(retention);
    loop_timer_set(retention->store->loop, &retention->timer, clock_monotonic_ns() + FIRST_NS);
}

void retention_stop(struct retention *retention)
{
    loop_timer_remove(retention->store->loop, &retention->timer);
}
