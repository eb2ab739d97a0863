/* Events on their way in, and the keys by which a copy is known. */
#include "server/journal/event_row.h"
#include "server/journal/private.h"

#include <stdio.h>

/* The only column of the only row, or false. */
static bool read_one(struct query *query, int64_t *number)
{
    bool found = false;
    while (query_next(query)) {
        *number = query_number(query, 0);
        found = true;
    }
    return found;
}

/* SQLite numbers a row after the newest that is there. The numbers of events that have vanished are
 * not given out again: so they stay to be seen as missing. */
static struct bind_value next_number(struct sqlite_journal *journal)
{
    int64_t newest;
    if (journal->least_number == 0 ||
        !sqlite_read_number(&journal->db, "SELECT ifnull(max(seq), 0) FROM event", &newest) ||
        newest >= journal->least_number)
        return bind_null();
    return bind_number(journal->least_number);
}

bool events_add(struct sqlite_journal *journal, const struct event *event, int64_t *seq)
{
    struct sqlite *db = &journal->db;
    struct bind_value values[EVENT_FIELD_COUNT + 1];
    event_bind(event, 0, EVENT_ROW_COUNT, values);
    values[EVENT_ROW_COUNT] = next_number(journal);
    if (!sqlite_execute_values(db, SQL_ADD_EVENT, values, EVENT_ROW_COUNT + 1))
        return false;
    *seq = sqlite_last_row(db);
    event_bind(event, EVENT_ROW_COUNT, EVENT_FIELD_COUNT, values);
    values[EVENT_FIELD_COUNT - EVENT_ROW_COUNT] = bind_number(*seq);
    if (!sqlite_execute_values(db, SQL_ADD_BODY, values, EVENT_FIELD_COUNT - EVENT_ROW_COUNT + 1))
        return false;
    journal->event_added = *seq;
    mark_note(&journal->mark, *seq, event);
    snprintf(journal->added_id, sizeof journal->added_id, "%.*s", (int)event->id.length,
             (const char *)event->id.data);
    return true;
}

bool events_add_delivery(struct sqlite_journal *journal, int64_t event, size_t place,
                         int64_t action, int64_t key)
{
    return sqlite_execute(&journal->db, SQL_ADD_DELIVERY, bind_number(delivery_seq(event, place)),
                          bind_number(action), bind_number(key));
}

bool events_add_running(struct sqlite_journal *journal, int64_t event, size_t place, int64_t action,
                        int64_t key, uint64_t runner_id, int64_t now_ms)
{
    return sqlite_execute(&journal->db, SQL_ADD_RUNNING, bind_number(delivery_seq(event, place)),
                          bind_number(action), bind_number((int64_t)runner_id), bind_number(now_ms),
                          bind_number(key));
}

bool events_add_dead(struct sqlite_journal *journal, int64_t event, size_t place, int64_t action,
                     int64_t key, const char *reason, int64_t now_ms)
{
    return sqlite_execute(&journal->db, SQL_ADD_DEAD, bind_number(delivery_seq(event, place)),
                          bind_number(action), bind_text(reason), bind_number(now_ms),
                          bind_number(key));
}

bool events_find_action(struct sqlite_journal *journal, const char *route, const char *name,
                        int64_t *number)
{
    struct query query =
        sqlite_query(&journal->db, SQL_FIND_ACTION, bind_text(route), bind_text(name));
    if (read_one(&query, number))
        return true;
    query = sqlite_query(&journal->db, SQL_ADD_ACTION, bind_text(route), bind_text(name));
    return read_one(&query, number);
}

bool events_read_actions(struct sqlite_journal *journal,
                         void (*each)(void *context, const struct stored_action *action),
                         void *context)
{
    struct query query = sqlite_query_values(&journal->db, SQL_READ_ACTIONS, NULL, 0);
    while (query_next(&query)) {
        struct stored_action action = {.number = query_number(&query, 0),
                                       .route = query_bytes(&query, 1),
                                       .name = query_bytes(&query, 2)};
        each(context, &action);
    }
    return sqlite_status(&journal->db) == SQLITE_STATUS_OK;
}

bool events_learn(struct sqlite_journal *journal, const char *route, const char *provider,
                  struct bytes key, int64_t now_ms, bool *added)
{
    bool done = sqlite_execute(&journal->db, SQL_LEARN, bind_text(route), bind_text(provider),
                               bind_blob(key), bind_number(now_ms));
    *added = done && sqlite_changes(&journal->db) == 1;
    return done;
}

bool events_read_provisioned(struct sqlite_journal *journal,
                             void (*each)(void *context, const struct stored_provisioned *key),
                             void *context)
{
    struct query query = sqlite_query_values(&journal->db, SQL_READ_PROVISIONED, NULL, 0);
    while (query_next(&query)) {
        struct stored_provisioned key = {query_bytes(&query, 0), query_bytes(&query, 1),
                                         query_bytes(&query, 2)};
        each(context, &key);
    }
    return sqlite_status(&journal->db) == SQLITE_STATUS_OK;
}

bool events_match_key(struct sqlite_journal *journal, int64_t seq, struct bytes route,
                      struct bytes key, char id[ID_TEXT_SIZE], int64_t *received_ms)
{
    bool found = false;
    struct query query = sqlite_query(&journal->db, SQL_EVENT_KEY, bind_number(seq),
                                      bind_bytes(route), bind_blob(key));
    while (query_next(&query)) {
        struct bytes text = query_bytes(&query, 0);
        if (text.length != ID_TEXT_SIZE - 1)
            continue;
        memcpy(id, text.data, text.length);
        id[text.length] = '\0';
        *received_ms = query_number(&query, 1);
        found = true;
    }
    return found;
}

static void note_known(struct journal_known *known, const struct query *query)
{
    struct bytes state = query_bytes(query, 3);
    known->reruns = (unsigned)query_number(query, 0);
    known->quarantined = query_number(query, 1) == 1;
    known->has_body = query_number(query, 2) == 1;
    known->bytes = (uint32_t)query_number(query, 7);
    if (state.length == 0) /* its deliveries are not there any more */
        return;
    if (bytes_equal_text(state, "done") || bytes_equal_text(state, "superseded"))
        known->done++;
    else if (!bytes_equal_text(state, "dead"))
        known->open++;
    else if (known->dead_count < JOURNAL_ACTIONS_MAX)
        known->dead[known->dead_count++] =
            (struct journal_dead){.handle = query_number(query, 4),
                                  .action = query_number(query, 5),
                                  .key = query_number(query, 8),
                                  .given_up = query_number(query, 6) == 1};
}

bool events_read_known(struct sqlite_journal *journal, int64_t seq, struct journal_known *known)
{
    struct query query = sqlite_query(&journal->db, SQL_READ_KNOWN, bind_number(seq));
    *known = (struct journal_known){0};
    while (query_next(&query))
        note_known(known, &query);
    return sqlite_status(&journal->db) == SQLITE_STATUS_OK;
}

bool events_read_answer(struct sqlite_journal *journal, int64_t seq, int64_t action, size_t most,
                        void (*each)(void *context, const struct journal_answer *answer),
                        void *context)
{
    bool found = false;
    struct query query = sqlite_query(&journal->db, SQL_READ_ANSWER, bind_number(seq),
                                      bind_number(action), bind_number((int64_t)most));
    while (query_next(&query)) {
        const struct journal_answer answer = {
            .exit_status = query_is_null(&query, 0) ? -1 : (int)query_number(&query, 0),
            .output_total = (uint64_t)query_number(&query, 1),
            .output = query_bytes(&query, 2)};
        each(context, &answer);
        found = true;
    }
    return found;
}

bool events_has_content(struct sqlite_journal *journal, int64_t seq, const struct event *copy)
{
    enum { OF_BODY = EVENT_FIELD_COUNT - EVENT_ROW_COUNT };
    bool found = false;
    struct bind_value values[OF_BODY + 3];
    event_bind(copy, EVENT_ROW_COUNT, EVENT_FIELD_COUNT, values);
    values[OF_BODY] = bind_number(seq);
    values[OF_BODY + 1] = bind_bytes(copy->type);
    values[OF_BODY + 2] = bind_bytes(copy->content_type);
    struct query query = sqlite_query_values(&journal->db, SQL_SAME_CONTENT, values, OF_BODY + 3);
    while (query_next(&query))
        found = true;
    return found;
}

bool events_rerun(struct sqlite_journal *journal, int64_t delivery)
{
    return sqlite_execute(&journal->db, SQL_RERUN, bind_number(delivery)) &&
           sqlite_changes(&journal->db) == 1;
}

bool events_count_rerun(struct sqlite_journal *journal, int64_t event)
{
    return sqlite_execute(&journal->db, SQL_COUNT_RERUN, bind_number(event));
}

enum delivery_state events_state(struct bytes text)
{
    static const char *const names[] = {[DELIVERY_PENDING] = "pending",
                                        [DELIVERY_RUNNING] = "running",
                                        [DELIVERY_DONE] = "done",
                                        [DELIVERY_DEAD] = "dead",
                                        [DELIVERY_SUPERSEDED] = "superseded"};
    int state = DELIVERY_PENDING; /* the table lets no other text in */
    while (state < DELIVERY_SUPERSEDED && !bytes_equal_text(text, names[state]))
        state++;
    return (enum delivery_state)state;
}

/* The times of a pending delivery are those of an attempt that was given back. */
bool events_track(struct sqlite_journal *journal, const char *id, const char *route,
                  void (*each)(void *context, const struct stored_progress *progress),
                  void *context)
{
    struct query query = sqlite_query(&journal->db, SQL_TRACK, bind_text(id), bind_text(route));
    while (query_next(&query)) {
        struct stored_progress found = {.handle = query_number(&query, 0),
                                        .received_ms = query_number(&query, 1),
                                        .action = query_bytes(&query, 2),
                                        .how = {.state = events_state(query_bytes(&query, 3)),
                                                .attempt = (unsigned)query_number(&query, 4)}};
        if (found.how.state != DELIVERY_PENDING)
            found.how.started_ms = query_number(&query, 5);
        if (found.how.state >= DELIVERY_DONE)
            found.how.ended_ms = query_number(&query, 6);
        each(context, &found);
    }
    return sqlite_status(&journal->db) == SQLITE_STATUS_OK;
}

bool events_read_keys(struct sqlite_journal *journal, int64_t after,
                      bool (*each)(void *context, const struct stored_key *key), void *context)
{
    struct query query = sqlite_query(&journal->db, SQL_READ_KEYS, bind_number(after));
    while (query_next(&query)) {
        struct stored_key key = {.seq = query_number(&query, 0),
                                 .received_ms = query_number(&query, 1),
                                 .route = query_bytes(&query, 2),
                                 .key = query_bytes(&query, 3)};
        if (!each(context, &key))
            query_end(&query);
    }
    return sqlite_status(&journal->db) == SQLITE_STATUS_OK;
}
