/* Every statement of the writing connection. A delivery's number is event * 256 + place. */
#include "server/journal/event_row.h"
#include "server/journal/private.h"

/* Said word for word as in the partial index, or SQLite does not use it. */
#define OPEN "state IN ('pending', 'running')"
#define WAITS "due_ms > 0 AND state = 'pending'"
#define OF_EVENT " BETWEEN ?1 * 256 AND ?1 * 256 + 255"

const char *const journal_sql[SQL_COUNT] = {
    [SQL_DATA_VERSION] = "PRAGMA data_version",

    [SQL_ADD_EVENT] = "INSERT INTO event (" EVENT_ROW_COLUMNS "seq)"
                      " VALUES (" EVENT_ROW_PARAMETERS "NULL)",
    [SQL_ADD_BODY] = "INSERT INTO body (" EVENT_BODY_COLUMNS "event)"
                     " VALUES (" EVENT_BODY_PARAMETERS "?)",
    [SQL_ADD_DELIVERY] = "INSERT INTO delivery (seq, action, state, due_ms, attempt, takeovers)"
                         " VALUES (?1, ?2, 'pending', 0, 0, 0)",
    [SQL_ADD_RUNNING] = "INSERT INTO delivery (seq, action, state, due_ms, attempt, takeovers,"
                        " runner, started_ms) VALUES (?1, ?2, 'running', 0, 1, 0, ?3, ?4)",
    [SQL_ADD_DEAD] = "INSERT INTO delivery (seq, action, state, due_ms, attempt, takeovers, reason,"
                     " ended_ms) VALUES (?1, ?2, 'dead', 0, 0, 0, ?3, ?4)",
    [SQL_FIND_ACTION] = "SELECT number FROM action WHERE route = ?1 AND name = ?2",
    [SQL_ADD_ACTION] = "INSERT INTO action (route, name) VALUES (?1, ?2) RETURNING number",
    [SQL_READ_ACTIONS] = "SELECT number, route, name FROM action",

    [SQL_EVENT_KEY] = "SELECT id, received_ms FROM event"
                      " WHERE seq = ?1 AND route = ?2 AND dedupe_key = ?3",
    /* all that decides on a copy of it; one row without a delivery where it has none any more */
    [SQL_READ_KNOWN] = "SELECT e.reruns, e.failures IS NOT NULL,"
                       " EXISTS (SELECT 1 FROM body b WHERE b.event = e.seq),"
                       " d.state, d.seq, d.action, d.given_up, e.size FROM event e"
                       " LEFT JOIN delivery d ON d.seq BETWEEN e.seq * 256 AND e.seq * 256 + 255"
                       " WHERE e.seq = ?1",
    /* of the delivery whose output answers a copy; an output longer than ?3 is left where it is */
    [SQL_READ_ANSWER] = "SELECT d.exit_status, coalesce(o.output_total, 0),"
                        " iif(o.output_total <= ?3, o.output, NULL) FROM delivery d"
                        " LEFT JOIN output o ON o.delivery = d.seq"
                        " WHERE d.seq BETWEEN ?1 * 256 AND ?1 * 256 + 255 AND d.action = ?2"
                        " AND d.state IN ('done', 'dead') AND d.attempt > 0 AND NOT d.given_up",
    /* in the order of EVENT_BODY_FIELDS, then the others */
    [SQL_SAME_CONTENT] = "SELECT 1 FROM event e JOIN body b ON b.event = e.seq"
                         " WHERE b.params = ?1 AND b.query = ?2 AND b.json_field = ?3"
                         " AND b.headers = ?4 AND ifnull(b.payload, x'') = ifnull(?5, x'')"
                         " AND b.content = ?6"
                         " AND e.seq = ?7 AND e.type = ?8 AND e.content_type = ?9",
    /* what is known of its last attempt stays until the next one begins */
    [SQL_RERUN] = "UPDATE delivery SET state = 'pending', due_ms = 0, wait_ms = NULL,"
                  " runner = NULL, failures = 0, replays = replays + 1,"
                  " ended_ms = iif(attempt > 0, ended_ms, NULL),"
                  " reason = iif(attempt > 0, reason, NULL) WHERE seq = ?1 AND state = 'dead'",
    [SQL_COUNT_RERUN] = "UPDATE event SET reruns = reruns + 1, failures = NULL WHERE seq = ?1",
    [SQL_TRACK] = "SELECT d.seq, e.received_ms, a.name, d.state, d.attempt, d.started_ms,"
                  " d.ended_ms FROM event e"
                  " JOIN delivery d ON d.seq BETWEEN e.seq * 256 AND e.seq * 256 + 255"
                  " LEFT JOIN action a ON a.number = d.action"
                  " WHERE e.id = ?1 AND e.route = ?2 ORDER BY d.seq",
    [SQL_READ_KEYS] = "SELECT seq, received_ms, route, dedupe_key FROM event WHERE seq > ?1"
                      " ORDER BY seq DESC",
    [SQL_EVENT_ID] = "SELECT id FROM event WHERE seq = ?1",

    [SQL_LEARN] = "INSERT INTO learned (route, provider, key, learned_ms) VALUES (?1, ?2, ?3, ?4)"
                  " ON CONFLICT DO NOTHING",
    [SQL_READ_PROVISIONED] = "SELECT route, provider, key FROM learned",

    [SQL_FIND_PENDING] = "SELECT seq, (SELECT size FROM event e WHERE e.seq = d.seq >> 8)"
                         " FROM delivery d INDEXED BY delivery_open WHERE " OPEN
                         " AND action = ?1 AND seq > ?2 AND state = 'pending' AND due_ms <= ?3"
                         " ORDER BY seq LIMIT ?4",
    /* one action after the other, however many deliveries each has */
    [SQL_NEXT_OPEN] = "SELECT action FROM delivery INDEXED BY delivery_open WHERE " OPEN
                      " AND action > ?1 ORDER BY action LIMIT 1",
    [SQL_CLAIM] = "UPDATE delivery SET state = 'running', attempt = attempt + 1, runner = ?2,"
                  " started_ms = ?3, due_ms = 0, ended_ms = NULL, duration_ms = NULL,"
                  " exit_status = NULL, signal = NULL, reason = NULL,"
                  " alone = ?4 AND takeovers >= " JOURNAL_CRASHES_ALONE_TEXT
                  " WHERE seq = ?1 AND state = 'pending'",
    /* of one that is about to be claimed again: what is known of its last attempt */
    [SQL_KEEP_ATTEMPT] =
        "INSERT OR REPLACE INTO attempt (delivery, number, started_ms, ended_ms, duration_ms,"
        " exit_status, signal, reason, output_total, error_total, output, error_output)"
        " SELECT d.seq, d.attempt, d.started_ms, d.ended_ms, d.duration_ms, d.exit_status,"
        " d.signal, d.reason, coalesce(o.output_total, 0), coalesce(o.error_total, 0), o.output,"
        " o.error_output FROM delivery d LEFT JOIN output o ON o.delivery = d.seq"
        " WHERE d.seq = ?1 AND d.state = 'pending' AND d.attempt > 0",
    [SQL_DROP_ATTEMPTS] = "DELETE FROM attempt WHERE delivery = ?1 AND number <="
                          " (SELECT attempt - " JOURNAL_ATTEMPTS_MAX " FROM delivery"
                          " WHERE seq = ?1)",
    /* of one that may be claimed; the event's columns are NULL where it is not there any more */
    [SQL_READ_DELIVERY] =
        "SELECT d.attempt + 1, b.event IS NOT NULL, d.failures, d.takeovers" EVENT_SELECT_ROW
            EVENT_SELECT_BODY ", d.action FROM delivery d LEFT JOIN event e ON e.seq = d.seq >> 8"
        " LEFT JOIN body b ON b.event = e.seq WHERE d.seq = ?1 AND d.state = 'pending'",
    [SQL_LOST] = "UPDATE delivery SET state = 'dead', runner = NULL, ended_ms = ?2,"
                 " reason = 'its event is no longer in the journal' WHERE seq = ?1",
    [SQL_FINISH] = "UPDATE delivery SET state = ?3, runner = NULL, ended_ms = ?4, duration_ms = ?5,"
                   " exit_status = ?6, signal = ?7, reason = ?8, takeovers = takeovers + ?9,"
                   " due_ms = ?11, wait_ms = ?12, failures = failures + ?13"
                   " WHERE seq = ?1 AND state = 'running' AND runner = ?2 AND attempt = ?10",
    /* of one that was made pending again by SQL_FINISH, which was ended by an early stop */
    [SQL_COUNT_STOP] =
        "UPDATE delivery SET stops = stops + 1, given_up = stops + 1 >= " JOURNAL_STOPS_MAX ","
        " state = iif(stops + 1 >= " JOURNAL_STOPS_MAX ", 'dead', 'pending'),"
        " reason = iif(stops + 1 >= " JOURNAL_STOPS_MAX ", 'given up: " JOURNAL_STOPS_MAX
        " stops of the server came within a minute of its start: it may be what stops the server',"
        " reason) WHERE seq = ?1 AND state = 'pending'",
    [SQL_PUT_OUTPUT] = "INSERT OR REPLACE INTO output (delivery, output_total, error_total, output,"
                       " error_output) VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_DROP_OUTPUT] = "DELETE FROM output WHERE delivery = ?1",

    [SQL_READ_RUNNING] = "SELECT seq, runner, action FROM delivery INDEXED BY delivery_open"
                         " WHERE " OPEN " AND state = 'running'",
    [SQL_READ_LEFT] = "SELECT DISTINCT action FROM delivery INDEXED BY delivery_open"
                      " WHERE " OPEN " AND takeovers > 0",
    /* ?3: enum journal_left, */
    [SQL_TAKE_OVER] =
        "UPDATE delivery SET runner = NULL, takeovers = takeovers + 1, ended_ms = ?2,"
        " given_up = ?3 = " LEFT_COUNTED_TEXT " AND alone,"
        " state = iif(?3 = " LEFT_FAILED_TEXT " OR (?3 = " LEFT_COUNTED_TEXT " AND alone),"
        " 'dead', 'pending'),"
        " reason = CASE WHEN ?3 = " LEFT_FAILED_TEXT " THEN"
        " 'the runner was gone before it ended, and `on_crash` is `fail`'"
        " WHEN ?3 = " LEFT_COUNTED_TEXT " AND alone THEN"
        " 'given up: the runner was gone again while no other command ran'"
        " ELSE 'the runner was gone before it ended' END"
        " WHERE seq = ?1 AND state = 'running'",
    [SQL_READ_DEATH] = "SELECT e.id, a.route, a.name, e.client, d.reason, d.attempt FROM delivery d"
                       " LEFT JOIN event e ON e.seq = d.seq >> 8"
                       " LEFT JOIN action a ON a.number = d.action"
                       " WHERE d.seq = ?1 AND d.state = 'dead'",
    [SQL_ABANDON] = "UPDATE delivery SET state = 'dead', reason = ?2, ended_ms = ?3"
                    " WHERE seq = ?1 AND state = 'pending'",

    [SQL_READ_HORIZON] = "SELECT coalesce((SELECT now_ms FROM horizon), 0),"
                         " coalesce((SELECT received_ms FROM event ORDER BY seq DESC LIMIT 1), 0)",
    [SQL_PUT_HORIZON] = "INSERT INTO horizon (one, now_ms) VALUES (1, ?1)"
                        " ON CONFLICT (one) DO UPDATE SET now_ms = ?1",

    [SQL_WOKEN] = "SELECT seq, action, (SELECT size FROM event e WHERE e.seq = d.seq >> 8)"
                  " FROM delivery d INDEXED BY delivery_due WHERE " WAITS
                  " AND due_ms > ?1 AND due_ms <= ?2 ORDER BY due_ms LIMIT ?3",
    [SQL_NEXT_DUE] = "SELECT due_ms FROM delivery INDEXED BY delivery_due WHERE " WAITS
                     " AND due_ms > ?1 ORDER BY due_ms LIMIT 1",
    [SQL_READ_DUE_OFFSET] = "SELECT due_offset_ms FROM horizon",
    [SQL_PUT_DUE_OFFSET] = "INSERT INTO horizon (one, now_ms, due_offset_ms) VALUES (1, 0, ?1)"
                           " ON CONFLICT (one) DO UPDATE SET due_offset_ms = ?1",
    [SQL_PULL_IN] = "UPDATE delivery INDEXED BY delivery_due SET due_ms = ?1 + wait_ms"
                    " WHERE " WAITS " AND due_ms > ?1 AND due_ms > ?1 + wait_ms",

    /* 0: all done, 1: some dead, 2: some still open, NULL: no deliveries (any more) */
    [SQL_PRUNE_LOOK] = "SELECT e.seq, e.received_ms, e.dedupe_key IS NOT NULL,"
                       " (SELECT max(CASE d.state WHEN 'done' THEN 0 WHEN 'dead' THEN 1 ELSE 2 END)"
                       "  FROM delivery d WHERE d.seq BETWEEN e.seq * 256 AND e.seq * 256 + 255),"
                       " e.size, EXISTS (SELECT 1 FROM body b WHERE b.event = e.seq)"
                       " FROM event e WHERE e.seq > ?1 AND e.seq < (SELECT max(seq) FROM event)"
                       " ORDER BY e.seq LIMIT " JOURNAL_PRUNE_STEP,
    [SQL_PRUNE_OUTPUTS] = "DELETE FROM output WHERE delivery" OF_EVENT,
    [SQL_PRUNE_DELIVERIES] = "DELETE FROM delivery WHERE seq" OF_EVENT,
    [SQL_PRUNE_BODY] = "DELETE FROM body WHERE event = ?1",
    [SQL_PRUNE_EVENT] = "DELETE FROM event WHERE seq = ?1",
};
