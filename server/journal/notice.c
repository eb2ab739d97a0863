/* Events of the server's own, and what is remembered of a route so that each is told once: a
 * restart neither tells it again nor forgets it. What says that it was told is written with the
 * event. */
#include "server/journal/private.h"

static void add_event(struct sqlite_journal *journal, struct journal_turn *turn,
                      struct event *event, int64_t teller, char id[ID_TEXT_SIZE])
{
    int64_t seq;
    id_create(turn->now_ms, id);
    event->id = bytes_of_text(id);
    if (events_add(journal, event, &seq))
        tell_of_event(journal, turn, teller, seq);
}

/* Whether it is to be told, which is then noted. */
static bool is_news(struct sqlite_journal *journal, const struct journal_turn *turn,
                    const struct journal_notice *notice)
{
    struct sqlite *db = &journal->db;
    bool done = notice->kind == NOTICE_SILENT
                    ? sqlite_execute(db, SQL_TOLD_SILENCE, bind_text(notice->route),
                                     bind_number(turn->now_ms), bind_number(notice->heard_ms))
                    : sqlite_execute(db, SQL_TOLD_REFUSAL, bind_text(notice->route),
                                     bind_number(turn->now_ms));
    return done && sqlite_changes(db) == 1;
}

void notice_write(struct sqlite_journal *journal, struct journal_turn *turn)
{
    for (size_t i = 0; i < turn->hear_count; i++)
        sqlite_execute(&journal->db, SQL_HEAR, bind_text(turn->hears[i].route),
                       bind_number(turn->hears[i].event_ms));
    for (size_t i = 0; i < turn->notice_count; i++) {
        struct journal_notice *notice = &turn->notices[i];
        notice->applied = is_news(journal, turn, notice);
        if (notice->applied && notice->teller)
            add_event(journal, turn, notice->event, notice->teller, notice->id);
    }
}

void notice_write_pauses(struct sqlite_journal *journal, struct journal_turn *turn)
{
    struct notice_event made;
    char why[JOURNAL_WHY_SIZE];
    for (size_t i = 0; i < turn->streak_count; i++) {
        struct journal_streak *streak = &turn->streaks[i];
        if (!streak->paused || !streak->teller)
            continue;
        journal_explain_streak(streak, why);
        if (notice_event_make(&made, NOTICE_PAUSED, streak->route, turn->now_ms, why))
            add_event(journal, turn, &made.event, streak->teller, streak->told_id);
        else
            sqlite_fail(&journal->db, "no memory for what tells of a pause");
    }
}

void notice_read(struct sqlite_journal *journal, struct journal_turn *turn)
{
    struct query query = sqlite_query_values(&journal->db, SQL_READ_HEARD, NULL, 0);
    while (query_next(&query)) {
        const struct journal_heard heard = {.event_ms = query_number(&query, 1),
                                            .told_silence = !query_is_null(&query, 2),
                                            .told_refusal = !query_is_null(&query, 3)};
        if (!engine_add_heard(turn, query_bytes(&query, 0), &heard))
            sqlite_fail(&journal->db, "no memory for what is known of a route");
    }
}
