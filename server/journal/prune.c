/* What is over and old enough goes, a little at a time: a step looks at a hundred events and is one
 * short transaction between the others. The walk goes from the oldest event to the first ones that
 * are too young, then begins anew at the next round.
 *
 * The newest event is never removed, so that numbers are not given out twice. An event whose dedupe
 * key still counts leaves its body and deliveries first and its own small row later; that it failed
 * is kept with the key, because a copy of it is then an event of its own. Of dead events
 * that are too young only bodies and outputs go, where there is no room for them: that they failed,
 * and why, is still there to be seen. */
#include "server/journal/private.h"

#include "base/clock.h"

#include <stdio.h>

enum { PRUNE_STEP = 100 }; /* JOURNAL_PRUNE_STEP */
enum { ALL_DONE, SOME_DEAD, SOME_OPEN, NO_DELIVERIES };

/* A clock that was wrong may have left events from the future: they do not end the walk. */
#define CLOCK_DOUBT_MS INT64_C(3600000)

struct prune_row {
    int64_t seq, received_ms;
    bool keyed, has_body;
    int64_t state, size;
};

struct prune_page {
    struct prune_row rows[PRUNE_STEP];
    size_t count;
};

static bool read_page(struct sqlite_journal *journal, int64_t after, struct prune_page *page)
{
    struct query query = sqlite_query(&journal->db, SQL_PRUNE_LOOK, bind_number(after));
    page->count = 0;
    while (query_next(&query)) {
        struct prune_row row = {.seq = query_number(&query, 0),
                                .received_ms = query_number(&query, 1),
                                .keyed = query_number(&query, 2) == 1,
                                .state = query_is_null(&query, 3) ? NO_DELIVERIES
                                                                  : query_number(&query, 3),
                                .size = query_number(&query, 4),
                                .has_body = query_number(&query, 5) == 1};
        if (page->count < PRUNE_STEP)
            page->rows[page->count++] = row;
    }
    return sqlite_status(&journal->db) == SQLITE_STATUS_OK;
}

static bool may_go(const struct prune_keep *keep, const struct prune_row *row)
{
    if (row->state == SOME_OPEN)
        return false;
    if (row->state == SOME_DEAD)
        return row->received_ms < keep->dead_before_ms;
    return keep->oldest_done || row->received_ms < keep->done_before_ms;
}

/* Bytes that are freed by it are counted down from `*dead_bytes`; outputs, which nothing is known
 * of here, free more. */
static void drop_body(struct sqlite_journal *journal, const struct prune_row *row,
                      int64_t *dead_bytes, struct pruned *pruned)
{
    if (row->state != SOME_DEAD || !row->has_body || *dead_bytes <= 0)
        return;
    sqlite_execute(&journal->db, SQL_PRUNE_OUTPUTS, bind_number(row->seq));
    sqlite_execute(&journal->db, SQL_PRUNE_BODY, bind_number(row->seq));
    *dead_bytes -= row->size + 1;
    pruned->bodies++;
}

static void prune_row(struct sqlite_journal *journal, const struct prune_keep *keep,
                      const struct prune_row *row, struct pruned *pruned)
{
    struct sqlite *db = &journal->db;
    bool key_counts = row->keyed && row->received_ms >= keep->dedupe_before_ms;
    bool keeps_deliveries = key_counts && row->state == SOME_DEAD;
    if (key_counts && (row->state == NO_DELIVERIES || (keeps_deliveries && !row->has_body)))
        return;
    sqlite_execute(db, SQL_PRUNE_OUTPUTS, bind_number(row->seq));
    if (!keeps_deliveries)
        sqlite_execute(db, SQL_PRUNE_DELIVERIES, bind_number(row->seq));
    sqlite_execute(db, SQL_PRUNE_BODY, bind_number(row->seq));
    if (!key_counts)
        sqlite_execute(db, SQL_PRUNE_EVENT, bind_number(row->seq));
    pruned->events++;
}

/* Too young for any of the limits, and so is all that follows. */
static bool is_young(const struct prune_keep *keep, const struct prune_row *row)
{
    int64_t limit =
        keep->done_before_ms > keep->dead_before_ms ? keep->done_before_ms : keep->dead_before_ms;
    return !keep->oldest_done && keep->dead_bytes == 0 && row->received_ms >= limit &&
           row->received_ms <= clock_unix_ms() + CLOCK_DOUBT_MS;
}

bool prune_step(struct sqlite_journal *journal, const struct prune_keep *keep, int64_t *cursor,
                struct pruned *pruned)
{
    struct prune_page page;
    int64_t dead_bytes = keep->dead_bytes;
    *pruned = (struct pruned){0};
    if (!read_page(journal, *cursor, &page))
        return false;
    bool end = page.count < PRUNE_STEP;
    for (size_t i = 0; i < page.count; i++) {
        if (may_go(keep, &page.rows[i]))
            prune_row(journal, keep, &page.rows[i], pruned);
        else
            drop_body(journal, &page.rows[i], &dead_bytes, pruned);
    }
    if (!end && pruned->events == 0)
        end = is_young(keep, &page.rows[0]);
    *cursor = end ? 0 : page.rows[page.count - 1].seq;
    return sqlite_status(&journal->db) == SQLITE_STATUS_OK;
}

bool prune_read_horizon(struct sqlite_journal *journal, int64_t *horizon_ms, int64_t *newest_ms)
{
    struct query query = sqlite_query_values(&journal->db, SQL_READ_HORIZON, NULL, 0);
    while (query_next(&query)) {
        *horizon_ms = query_number(&query, 0);
        *newest_ms = query_number(&query, 1);
    }
    return sqlite_status(&journal->db) == SQLITE_STATUS_OK;
}

bool prune_put_horizon(struct sqlite_journal *journal, int64_t horizon_ms)
{
    return sqlite_execute(&journal->db, SQL_PUT_HORIZON, bind_number(horizon_ms));
}

bool prune_measure(struct sqlite_journal *journal, int64_t *used_bytes, int64_t *free_pages)
{
    int64_t pages, free_ones, size;
    if (!sqlite_read_number(&journal->db, "PRAGMA page_count", &pages) ||
        !sqlite_read_number(&journal->db, "PRAGMA freelist_count", &free_ones) ||
        !sqlite_read_number(&journal->db, "PRAGMA page_size", &size))
        return false;
    *used_bytes = (pages - free_ones) * size;
    *free_pages = free_ones;
    return true;
}

bool prune_limit_pages(struct sqlite_journal *journal, unsigned pages)
{
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA max_page_count = %u", pages);
    return sqlite_run(&journal->db, sql);
}

bool prune_shrink(struct sqlite_journal *journal, unsigned pages)
{
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%u)", pages);
    return sqlite_run(&journal->db, sql);
}
