/* Which numbers of events are gone because they were pruned: without it nobody could tell them from
 * events that were lost. Ranges neither overlap nor touch, so there are never more of them than of
 * the events that stand between. */
#include "server/journal/private.h"

/* The ranges that touch it become a part of it. */
static void merge(struct sqlite *db, struct removed_range *range)
{
    struct query before = sqlite_query(db, SQL_REMOVED_BEFORE, bind_number(range->first));
    while (query_next(&before)) {
        if (query_number(&before, 1) >= range->first - 1)
            range->first = query_number(&before, 0);
    }
    struct query behind = sqlite_query(db, SQL_REMOVED_BEHIND, bind_number(range->last + 1));
    int64_t merged = 0;
    while (query_next(&behind)) {
        merged = range->last + 1;
        range->last = query_number(&behind, 0);
    }
    if (merged != 0)
        sqlite_execute(db, SQL_REMOVED_DROP, bind_number(merged));
}

bool removed_end(struct sqlite *db, struct removed_range *range)
{
    if (range->first != 0) {
        merge(db, range);
        sqlite_execute(db, SQL_REMOVED_PUT, bind_number(range->first), bind_number(range->last));
    }
    *range = (struct removed_range){0};
    return sqlite_status(db) == SQLITE_STATUS_OK;
}

bool removed_add(struct sqlite *db, struct removed_range *range, int64_t seq)
{
    if (range->first != 0 && range->last == seq - 1) {
        range->last = seq;
        return true;
    }
    bool done = removed_end(db, range);
    *range = (struct removed_range){seq, seq};
    return done;
}
