/* A round is a walk through the journal in short steps, each a transaction of its own: what goes
 * wrong with it costs no event its acknowledgement. Between rounds there is half a minute, between
 * steps a few milliseconds in which everything else goes on; while the file is too large the next
 * round begins at once. */
#include "server/retention.h"

#include "base/clock.h"
#include "base/log.h"

#define ROUND_NS (30 * NS_PER_S)
#define STEP_NS (5 * NS_PER_MS)
#define FIRST_NS (2 * NS_PER_S)

/* Free pages (of 4 KiB) are given back to the file system where there are many: fewer are soon
 * used again. */
enum { FREE_PAGES_MANY = 8192, SHRINK_PAGES = 256 };

static struct journal_keep what_to_keep(const struct retention *retention, bool too_large)
{
    const struct journal_settings *settings = retention->settings;
    int64_t now = clock_unix_ms();
    return (struct journal_keep){.done_before_ms = now - settings->keep_age_ms,
                                 .dead_before_ms = now - settings->keep_dead_ms,
                                 .dedupe_before_ms = now - retention->window_ms,
                                 .oldest_done = too_large};
}

static void log_round(struct retention *retention)
{
    if (retention->removed > 0)
        log_write(LOG_INFO, "pruned", log_number("events", (int64_t)retention->removed));
    retention->removed = 0;
}

/* At the end of a walk: how long to wait for the next. */
static int64_t round_ended(struct retention *retention, bool too_large, int64_t free_pages)
{
    bool again = too_large && retention->removed > 0;
    log_round(retention);
    if (free_pages <= FREE_PAGES_MANY)
        return again ? STEP_NS : ROUND_NS;
    if (!journal_shrink(retention->store->journal, SHRINK_PAGES))
        store_fail(retention->store);
    return STEP_NS;
}

/* How long to wait for the next step. */
static int64_t step(struct retention *retention)
{
    struct journal *journal = retention->store->journal;
    int64_t used, free_pages;
    size_t removed = 0;
    if (!journal_measure(journal, &used, &free_pages)) {
        store_fail(retention->store);
        return ROUND_NS;
    }
    bool too_large = used > retention->settings->keep_size;
    struct journal_keep keep = what_to_keep(retention, too_large);
    if (store_begin(retention->store) != STORE_TURN_BEGUN)
        return ROUND_NS;
    journal_prune(journal, &keep, &retention->cursor, &removed);
    if (!store_commit(retention->store)) {
        retention->cursor = 0;
        return ROUND_NS;
    }
    retention->removed += removed;
    if (retention->cursor != 0)
        return STEP_NS;
    return round_ended(retention, too_large, free_pages);
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
    *retention = (struct retention){.settings = &settings->journal, .store = store};
    for (size_t i = 0; i < settings->route_count; i++)
        if (settings->routes[i].dedupe.window_ms > retention->window_ms)
            retention->window_ms = settings->routes[i].dedupe.window_ms;
    loop_timer_init(&retention->timer, step_is_due, retention);
}

void retention_start(struct retention *retention)
{
    loop_timer_set(retention->store->loop, &retention->timer, clock_monotonic_ns() + FIRST_NS);
}

void retention_stop(struct retention *retention)
{
    loop_timer_remove(retention->store->loop, &retention->timer);
}
