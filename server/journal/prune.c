/* What is over and old enough goes, a little at a time: a step is one short transaction between the
 * others, and ends when its time is over. Time, not a number of events, because their bodies and
 * outputs may be large: what belongs to one event is removed in parts, the event itself last, so a
 * step may end in the middle of one. Only a body is removed whole; that takes less time than its
 * insertion has.
 *
 * The newest event is never removed, so that numbers are not given out twice. An event whose dedupe
 * key still counts leaves its body and deliveries first and its own small row later; that it failed
 * is kept with the key, because a copy of it is then an event of its own. Of events that are too
 * young, or dead with no room for them, only bodies, outputs and attempts go: that they failed, and
 * why, is still there to be seen. */
#include "server/journal/private.h"

#include "base/clock.h"

#include <stdio.h>

enum { PRUNE_PAGE = 100, PRUNE_FEW = 4 }; /* JOURNAL_PRUNE_PAGE, JOURNAL_PRUNE_FEW */
enum { ALL_DONE, SOME_DEAD, SOME_OPEN, NO_DELIVERIES };

/* A clock that was wrong may have left events from the future: they do not end the walk. */
#define CLOCK_DOUBT_MS INT64_C(3600000)

/* Free pages (of 4 KiB) are given back where there are many: fewer are soon used again. */
enum { FREE_PAGES_MANY = 8192, FREE_PART = 16, SHRINK_PAGES = 64 };

struct prune_row {
    int64_t seq, received_ms;
    bool keyed, has_body, is_other; /* of a route that is not asked for */
    int64_t state, size;
};

struct prune_page {
    struct prune_row rows[PRUNE_PAGE];
    size_t count;
    bool is_last; /* no event comes behind it */
};

struct step {
    struct sqlite *db;
    const struct prune_keep *keep;
    struct pruned *pruned;
    int64_t begun_ns, dead_bytes;
    struct removed_range removed;
};

/* Whether so much of the time is gone: of 2 halves. */
static bool is_spent(const struct step *step, int halves)
{
    return clock_monotonic_ns() - step->begun_ns >= step->keep->budget_ns / 2 * halves;
}

/* Reading alone may take long, where nothing of it is in memory: half of the time at most. */
static bool read_page(const struct step *step, int64_t after, struct prune_page *page)
{
    const char *route = step->keep->route;
    struct query query = sqlite_query(step->db, SQL_PRUNE_LOOK, bind_number(after));
    page->count = 0;
    page->is_last = true;
    while (query_next(&query)) {
        page->rows[page->count++] = (struct prune_row){
            .seq = query_number(&query, 0),
            .received_ms = query_number(&query, 1),
            .keyed = query_number(&query, 2) == 1,
            .state = query_is_null(&query, 3) ? NO_DELIVERIES : query_number(&query, 3),
            .size = query_number(&query, 4),
            .has_body = query_number(&query, 5) == 1,
            .is_other = route && !bytes_equal_text(query_bytes(&query, 6), route)};
        page->is_last = page->count < PRUNE_PAGE;
        if (page->is_last && !is_spent(step, 1))
            continue;
        page->is_last = false;
        query_end(&query);
    }
    return sqlite_status(step->db) == SQLITE_STATUS_OK;
}

/* ---- one event ---- */

enum part { PART_NOTHING, PART_BODY, PART_ALL };

static enum part part_to_go(const struct step *step, const struct prune_row *row)
{
    const struct prune_keep *keep = step->keep;
    bool is_dead = row->state == SOME_DEAD;
    if (row->state == SOME_OPEN || row->is_other)
        return PART_NOTHING;
    if (is_dead ? row->received_ms < keep->dead_before_ms
                : keep->oldest_done || row->received_ms < keep->done_before_ms)
        return PART_ALL;
    if (row->has_body &&
        (row->received_ms < keep->body_before_ms || (is_dead && step->dead_bytes > 0)))
        return PART_BODY;
    return PART_NOTHING;
}

/* A few at a time of what may be many and long. False where it is not all gone, because the time
 * is over, or because it has failed. */
static bool remove_few(struct step *step, enum journal_sql which, int64_t seq)
{
    do {
        if (!sqlite_execute(step->db, which, bind_number(seq)))
            return false;
        if (sqlite_changes(step->db) < PRUNE_FEW)
            return true;
    } while (!is_spent(step, 2));
    return false;
}

/* False as for remove_few: the event is looked at again then, and nothing of it was counted. */
static bool remove_contents(struct step *step, int64_t seq)
{
    return step->keep->only_counts ||
           (remove_few(step, SQL_PRUNE_ATTEMPTS, seq) && remove_few(step, SQL_PRUNE_OUTPUTS, seq) &&
            sqlite_execute(step->db, SQL_PRUNE_BODY, bind_number(seq)));
}

static bool remove_body(struct step *step, const struct prune_row *row)
{
    bool is_old = row->received_ms < step->keep->body_before_ms;
    if (!remove_contents(step, row->seq))
        return false;
    step->pruned->events += is_old;
    step->pruned->bodies += !is_old;
    step->dead_bytes -= row->size + 1; /* outputs, which nothing is known of here, free more */
    return true;
}

static bool remove_rows(struct step *step, const struct prune_row *row, bool deliveries, bool event)
{
    if (step->keep->only_counts)
        return true;
    if (deliveries)
        sqlite_execute(step->db, SQL_PRUNE_DELIVERIES, bind_number(row->seq));
    if (event) {
        sqlite_execute(step->db, SQL_PRUNE_EVENT, bind_number(row->seq));
        removed_add(step->db, &step->removed, row->seq);
    }
    return sqlite_status(step->db) == SQLITE_STATUS_OK;
}

static bool remove_all(struct step *step, const struct prune_row *row)
{
    bool key_counts = row->keyed && row->received_ms >= step->keep->dedupe_before_ms;
    bool keeps_deliveries = key_counts && row->state == SOME_DEAD;
    bool only_key =
        key_counts && !row->has_body && (row->state == NO_DELIVERIES || keeps_deliveries);
    if (only_key && !step->keep->drops_keys)
        return true;
    bool event_goes = !key_counts || only_key;
    if (!remove_contents(step, row->seq) ||
        !remove_rows(step, row, !keeps_deliveries || only_key, event_goes))
        return false;
    step->pruned->events++;
    step->pruned->gone += event_goes;
    step->pruned->keys += only_key;
    return true;
}

static bool prune_row(struct step *step, const struct prune_row *row)
{
    switch (part_to_go(step, row)) {
    case PART_ALL:
        return remove_all(step, row);
    case PART_BODY:
        return remove_body(step, row);
    case PART_NOTHING:
        break;
    }
    return true;
}

/* ---- a step ---- */

static bool is_young(const struct step *step, const struct prune_row *row)
{
    return row->received_ms >= step->keep->until_ms &&
           row->received_ms <= clock_unix_ms() + CLOCK_DOUBT_MS;
}

/* True when the step is over: the walk has ended, its time is gone, or it has failed. */
static bool prune_page(struct step *step, const struct prune_page *page, int64_t *position)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct prune_row *row = &page->rows[i];
        step->pruned->ended = is_young(step, row);
        if (step->pruned->ended || !prune_row(step, row))
            return true;
        *position = row->seq;
        step->pruned->looked += !row->is_other;
        step->pruned->reached_ms = row->received_ms;
        if (is_spent(step, 2))
            return true;
    }
    return step->pruned->ended = page->is_last;
}

bool prune_step(struct sqlite *db, const struct prune_keep *keep, int64_t *position,
                struct pruned *pruned)
{
    struct step step = {.db = db,
                        .keep = keep,
                        .pruned = pruned,
                        .begun_ns = clock_monotonic_ns(),
                        .dead_bytes = keep->dead_bytes};
    struct prune_page page;
    *pruned = (struct pruned){0};
    while (read_page(&step, *position, &page) && !prune_page(&step, &page, position))
        ;
    return removed_end(db, &step.removed);
}

/* ---- the horizon, and space ---- */

bool prune_read_horizon(struct sqlite *db, int64_t *horizon_ms, int64_t *newest_ms)
{
    struct query query = sqlite_query_values(db, SQL_READ_HORIZON, NULL, 0);
    while (query_next(&query)) {
        *horizon_ms = query_number(&query, 0);
        *newest_ms = query_number(&query, 1);
    }
    return sqlite_status(db) == SQLITE_STATUS_OK;
}

bool prune_put_horizon(struct sqlite *db, int64_t horizon_ms)
{
    return sqlite_execute(db, SQL_PUT_HORIZON, bind_number(horizon_ms));
}

bool prune_measure(struct sqlite *db, int64_t *used_bytes, int64_t *free_pages)
{
    int64_t pages, free_ones, size;
    if (!sqlite_read_number(db, "PRAGMA page_count", &pages) ||
        !sqlite_read_number(db, "PRAGMA freelist_count", &free_ones) ||
        !sqlite_read_number(db, "PRAGMA page_size", &size))
        return false;
    *used_bytes = (pages - free_ones) * size;
    *free_pages = free_ones;
    return true;
}

bool prune_can_shrink(int64_t free_pages, int64_t keep_size)
{
    int64_t part = keep_size / SQLITE_PAGE_BYTES / FREE_PART;
    return free_pages > (part < FREE_PAGES_MANY ? part : FREE_PAGES_MANY);
}

bool prune_shrink(struct sqlite *db)
{
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%d)", SHRINK_PAGES);
    return sqlite_run(db, sql);
}

bool prune_limit_pages(struct sqlite *db, unsigned pages)
{
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA max_page_count = %u", pages);
    return sqlite_run(db, sql);
}
