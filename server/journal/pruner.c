/* The runner's steps (prune.c) on a connection of its own. While the server runs, it makes them
 * too; neither minds what the other has removed. */
#include "server/journal/pruner.h"

#include "base/clock.h"
#include "server/journal/damage.h"
#include "server/journal/private.h"
#include "server/journal/tables.h"

#include <time.h>

enum { LOCK_WAIT_MS = 10000, REST_PARTS = 4 };
/* How often the runner stores the horizon. */
enum { STORED_MS = 10 * 60 * 1000 };
#define BUDGET_NS (2 * NS_PER_MS)

struct pruner {
    struct sqlite db;
    const struct prune_wish *wish;
    struct prune_counts *counts;
};

static void rest(const struct pruner *pruner, int64_t begun_ns)
{
    int64_t pause_ns = (clock_monotonic_ns() - begun_ns) * REST_PARTS;
    const struct timespec pause = {pause_ns / NS_PER_S, pause_ns % NS_PER_S};
    nanosleep(&pause, NULL);
    if (pruner->wish->went_on)
        pruner->wish->went_on(pruner->wish->owner, pruner->counts);
}

/* One step; where it only counts it is a read, and holds no lock. */
static bool make_step(struct pruner *pruner, const struct prune_keep *keep, int64_t *position,
                      bool *ended)
{
    struct sqlite *db = &pruner->db;
    struct pruned pruned;
    int64_t begun_ns = clock_monotonic_ns();
    sqlite_clear(db);
    bool done = keep->only_counts
                    ? prune_step(db, keep, position, &pruned)
                    : sqlite_begin(db) && (prune_step(db, keep, position, &pruned), true) &&
                          sqlite_commit(db);
    if (!done)
        return false;
    pruner->counts->looked += pruned.looked;
    pruner->counts->events += pruned.events;
    pruner->counts->gone += pruned.gone;
    *ended = pruned.ended;
    rest(pruner, begun_ns);
    return true;
}

static bool walk(struct pruner *pruner, const struct prune_keep *keep)
{
    int64_t position = 0;
    bool ended = false;
    while (!ended)
        if (!make_step(pruner, keep, &position, &ended))
            return false;
    return true;
}

static int64_t age_from(int64_t now_ms, int64_t age_ms)
{
    return age_ms < now_ms ? now_ms - age_ms : 0;
}

/* A clock that has jumped makes nothing old: a server that runs has stored the time it has reached,
 * not long ago. */
static bool read_time(struct pruner *pruner, int64_t *now_ms)
{
    int64_t horizon_ms = 0, newest_ms;
    if (!prune_read_horizon(&pruner->db, &horizon_ms, &newest_ms))
        return false;
    *now_ms = clock_unix_ms();
    if (!pruner->wish->from_now && horizon_ms > 0 && *now_ms - horizon_ms > STORED_MS)
        *now_ms = horizon_ms + STORED_MS;
    return true;
}

static bool prune_by_age(struct pruner *pruner)
{
    const struct prune_wish *wish = pruner->wish;
    int64_t now_ms;
    if (!read_time(pruner, &now_ms))
        return false;
    const struct prune_keep keep = {.done_before_ms = age_from(now_ms, wish->age_ms),
                                    .dead_before_ms = age_from(now_ms, wish->dead_ms),
                                    .body_before_ms =
                                        wish->body_ms ? age_from(now_ms, wish->body_ms) : 0,
                                    .dedupe_before_ms = age_from(now_ms, wish->window_ms),
                                    .until_ms = INT64_MAX,
                                    .budget_ns = BUDGET_NS,
                                    .route = wish->route,
                                    .only_counts = wish->only_counts};
    return walk(pruner, &keep);
}

/* What is done, step by step until the size is right. */
static bool prune_by_size(struct pruner *pruner)
{
    const struct prune_wish *wish = pruner->wish;
    const struct prune_keep keep = {.oldest_done = true,
                                    .dedupe_before_ms = age_from(clock_unix_ms(), wish->window_ms),
                                    .until_ms = INT64_MAX,
                                    .budget_ns = BUDGET_NS};
    int64_t position = 0, used, free_pages;
    bool ended = false;
    while (!ended) {
        if (!prune_measure(&pruner->db, &used, &free_pages))
            return false;
        if (used <= wish->keep_size)
            return true;
        if (!make_step(pruner, &keep, &position, &ended))
            return false;
    }
    return true;
}

static bool shrink(struct pruner *pruner)
{
    struct sqlite *db = &pruner->db;
    int64_t used, free_pages;
    while (prune_measure(db, &used, &free_pages) &&
           prune_can_shrink(free_pages, pruner->wish->keep_size)) {
        int64_t begun_ns = clock_monotonic_ns();
        if (!sqlite_begin(db) || !(prune_shrink(db), sqlite_commit(db)))
            return false;
        rest(pruner, begun_ns);
    }
    return sqlite_status(db) == SQLITE_STATUS_OK;
}

/* As for every change beside the server: a commit would write over what stands behind damage in
 * the log. */
static bool prepare(struct sqlite *db, struct error *err)
{
    bool damaged;
    if (!sqlite_hold(db))
        return sqlite_explain(db, err);
    bool done = journal_check_log(sqlite_path(db), false, &damaged, err) &&
                journal_check_version(db, err) && sqlite_note_files(db, err) &&
                (sqlite_run(db, "PRAGMA synchronous = FULL; PRAGMA secure_delete = FAST") ||
                 sqlite_explain(db, err));
    sqlite_let_go(db);
    return done;
}

bool journal_prune(const char *path, const struct prune_wish *wish, struct prune_counts *counts,
                   struct error *err)
{
    struct pruner pruner = {.wish = wish, .counts = counts};
    struct sqlite *db = &pruner.db;
    *counts = (struct prune_counts){0};
    if (!sqlite_open(db, path, SQLITE_MODE_KEEP, LOCK_WAIT_MS, journal_sql, err))
        return false;
    bool done =
        prepare(db, err) && ((prune_by_age(&pruner) &&
                              (wish->only_counts ||
                               ((!wish->for_size || prune_by_size(&pruner)) && shrink(&pruner)))) ||
                             sqlite_explain(db, err));
    sqlite_close(db);
    return done || error_prefix(err, "%s", path);
}
