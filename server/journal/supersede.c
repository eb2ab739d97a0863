/* A newer event takes the place of older ones, in the transaction that admits it: so at every
 * moment, after a crash as well, one of them is to run, and the last one does. What runs already is
 * only marked here; its runner stops it, and its end or the next runner's take-over finds the mark.
 */
#include "server/journal/private.h"

static bool note_replaced(struct sqlite_journal *journal, struct journal_turn *turn,
                          const struct journal_admit *admit, size_t place,
                          const struct query *query)
{
    const struct journal_superseded one = {.handle = query_number(query, 0),
                                           .action = admit->actions[place],
                                           .bytes = (uint32_t)query_number(query, 2),
                                           .key = query_number(query, 3),
                                           .is_running =
                                               bytes_equal_text(query_bytes(query, 1), "running"),
                                           .by = admit->id};
    return engine_add_superseded(&turn->superseded, &one) ||
           sqlite_fail(&journal->db, "no memory for what is superseded");
}

static int64_t key_of(const struct journal_admit *admit, size_t place)
{
    return admit->keys ? admit->keys[place] : 0;
}

bool supersede_open(struct sqlite_journal *journal, struct journal_turn *turn,
                    const struct journal_admit *admit, size_t place)
{
    struct sqlite *db = &journal->db;
    int64_t key = key_of(admit, place);
    if (!journal_places_has(&admit->cancels, place))
        return true;
    struct query query = sqlite_query(db, key ? SQL_SUPERSEDE : SQL_SUPERSEDE_ALL,
                                      bind_number(admit->actions[place]), bind_number(key),
                                      bind_text(admit->id), bind_number(turn->now_ms));
    while (query_next(&query))
        note_replaced(journal, turn, admit, place, &query);
    return sqlite_status(db) == SQLITE_STATUS_OK;
}

bool supersede_burst(struct sqlite_journal *journal, struct journal_turn *turn,
                     struct journal_admit *admit, int64_t event, size_t place)
{
    struct sqlite *db = &journal->db;
    const struct journal_fold *fold = &admit->fold;
    int64_t since_ms = admit->event->received_ms;
    struct query query =
        sqlite_query(db, SQL_FOLD, bind_number(admit->actions[place]), bind_number(fold->key),
                     bind_text(admit->id), bind_number(turn->now_ms));
    while (query_next(&query)) {
        if (query_number(&query, 4) < since_ms)
            since_ms = query_number(&query, 4);
        note_replaced(journal, turn, admit, place, &query);
    }
    int64_t wait_ms = engine_burst_wait_ms(turn, fold, since_ms);
    int64_t due_ms = turn->due_ms + wait_ms;
    admit->due_ms = admit->due_ms && admit->due_ms < due_ms ? admit->due_ms : due_ms;
    return sqlite_execute(db, SQL_ADD_FOLDED, bind_number(delivery_seq(event, place)),
                          bind_number(admit->actions[place]), bind_number(due_ms),
                          bind_number(key_of(admit, place)), bind_number(wait_ms),
                          bind_number(fold->key), bind_number(since_ms));
}
