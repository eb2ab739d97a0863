/* What the journal keeps of a route beside its events: whether it is paused, and how many of its
 * deliveries have died in a row. A route without either has no row, and an ordinary outcome costs
 * no statement: the runner knows the deaths, and only a delivery that is done after some writes. */
#include "server/journal/private.h"

bool routes_read(struct sqlite_journal *journal, struct journal_turn *turn)
{
    struct query query = sqlite_query_values(&journal->db, SQL_READ_ROUTES, NULL, 0);
    bool room = true;
    while (query_next(&query))
        room &= engine_add_route(turn, query_bytes(&query, 0), query_bytes(&query, 1),
                                 query_number(&query, 2), (unsigned)query_number(&query, 3));
    if (!room)
        sqlite_fail(&journal->db, "no memory for the paused routes");
    return room && sqlite_status(&journal->db) == SQLITE_STATUS_OK;
}

bool routes_count_death(struct sqlite_journal *journal, struct journal_streak *streak,
                        int64_t now_ms)
{
    bool is_paused = true;
    struct query query = sqlite_query(&journal->db, SQL_COUNT_DEATH, bind_text(streak->route));
    while (query_next(&query)) {
        streak->deaths = (unsigned)query_number(&query, 0);
        is_paused = query_number(&query, 1) != 0;
    }
    if (is_paused || streak->deaths < streak->pause_at)
        return sqlite_status(&journal->db) == SQLITE_STATUS_OK;
    char why[JOURNAL_WHY_SIZE];
    journal_explain_streak(streak, why);
    streak->paused = true;
    return sqlite_execute(&journal->db, SQL_PAUSE, bind_text(streak->route), bind_number(now_ms),
                          bind_text(why));
}

bool routes_forget_deaths(struct sqlite_journal *journal, struct journal_streak *streak)
{
    if (streak->deaths == 0)
        return true;
    streak->deaths = 0;
    return sqlite_execute(&journal->db, SQL_FORGET_DEATHS, bind_text(streak->route));
}
