/* Deliveries that wait for their time, found by an index that holds nothing else: a turn in which
 * none becomes due asks nothing here. More of them at once than a turn tells of are left to the
 * looks, which find whatever is due. */
#include "server/journal/private.h"

static void note_woken(struct sqlite_journal *journal, struct journal_turn *turn,
                       const struct query *query)
{
    const struct journal_due due = {.handle = query_number(query, 0),
                                    .action = query_number(query, 1),
                                    .bytes = (uint32_t)query_number(query, 2)};
    if (turn->woken.count == JOURNAL_WOKEN_MAX)
        turn->woken_more = true;
    else if (!engine_add_due(&turn->woken, &due))
        sqlite_fail(&journal->db, "no memory for what is due");
}

void due_read(struct sqlite_journal *journal, struct journal_turn *turn)
{
    struct sqlite *db = &journal->db;
    struct query query;
    if (turn->reads_due_offset) {
        turn->due_offset_ms = 0;
        query = sqlite_query_values(db, SQL_READ_DUE_OFFSET, NULL, 0);
        while (query_next(&query))
            turn->due_offset_ms = query_number(&query, 0);
    }
    if (!turn->reads_due)
        return;
    query = sqlite_query(db, SQL_WOKEN, bind_number(turn->due_after_ms), bind_number(turn->due_ms),
                         bind_number(JOURNAL_WOKEN_MAX + 1));
    while (query_next(&query))
        note_woken(journal, turn, &query);
    query = sqlite_query(db, SQL_NEXT_DUE, bind_number(turn->due_ms));
    while (query_next(&query))
        turn->next_due_ms = query_number(&query, 0);
}

void due_write(struct sqlite_journal *journal, const struct journal_turn *turn)
{
    if (turn->puts_due_offset)
        sqlite_execute(&journal->db, SQL_PUT_DUE_OFFSET, bind_number(turn->due_offset_ms));
    if (turn->pulls_in)
        sqlite_execute(&journal->db, SQL_PULL_IN, bind_number(turn->due_ms));
}
