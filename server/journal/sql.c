/* Every statement of the writing connection. A delivery's number is event * 256 + place. */
#include "server/journal/event_row.h"
#include "server/journal/private.h"
#include "server/journal/tables.h"

_Static_assert(JOURNAL_ACTIONS_MAX == 256 && JOURNAL_TELLER_FIRST == 254,
               "as DELIVERIES_OF and its likes have it");

/* Said word for word as in the partial index, or SQLite does not use it. */
#define OPEN "state IN ('pending', 'running')"
#define WAITS "due_ms > 0 AND state = 'pending'"
#define BODY_SIZE " (SELECT e.size FROM event e WHERE e.seq = d.seq >> 8)"
/* What is told of each that gives way. */
#define REPLACED_ROW                                                                               \
    " RETURNING seq, state, (SELECT e.size FROM event e WHERE e.seq = delivery.seq >> 8), key,"    \
    " since_ms"
#define REPLACED "'a newer event took its place: ' || "
/* Of an attempt that has ended: it would be tried again, but a newer event is to run instead. */
#define GIVES_WAY "superseded_by IS NOT NULL AND ?3 = 'pending'"
/* Of one that its runner has left. */
#define CRASHED_ALONE "(?3 = " LEFT_COUNTED_TEXT " AND alone AND superseded_by IS NULL)"
/* Of an open delivery: one that runs is stopped by its runner, which then finds this. */
#define GIVE_WAY                                                                                   \
    "superseded_by = coalesce(superseded_by, ?3),"                                                 \
    " state = iif(state = 'pending', 'superseded', state),"                                        \
    " ended_ms = iif(state = 'pending', ?4, ended_ms),"                                            \
    " reason = iif(state = 'pending', " REPLACED "?3, reason)"
#define OF_EVENT DELIVERIES_OF("?1")
#define OF_E DELIVERIES_OF("e.seq")
#define OWN_OF_E OWN_DELIVERIES_OF("e.seq")
/* Where what a copy brings about and what a client sees is asked, those that tell of failures, in
 * the last two places, are left out. */

const char *const journal_sql[SQL_COUNT] = {
    [SQL_DATA_VERSION] = "PRAGMA data_version",

    [SQL_ADD_EVENT] = "INSERT INTO event (" EVENT_ROW_COLUMNS "seq)"
                      " VALUES (" EVENT_ROW_PARAMETERS "?)",
    [SQL_ADD_BODY] = "INSERT INTO body (" EVENT_BODY_COLUMNS "event)"
                     " VALUES (" EVENT_BODY_PARAMETERS "?)",
    [SQL_ADD_DELIVERY] = "INSERT INTO delivery (seq, action, state, due_ms, attempt, takeovers,"
                         " key) VALUES (?1, ?2, 'pending', 0, 0, 0, ?3)",
    [SQL_ADD_RUNNING] = "INSERT INTO delivery (seq, action, state, due_ms, attempt, takeovers,"
                        " runner, started_ms, key) VALUES (?1, ?2, 'running', 0, 1, 0, ?3, ?4, ?5)",
    [SQL_ADD_FOLDED] = "INSERT INTO delivery (seq, action, state, due_ms, attempt, takeovers, key,"
                       " wait_ms, fold, since_ms) VALUES (?1, ?2, 'pending', ?3, 0, 0, ?4, ?5, ?6,"
                       " ?7)",
    [SQL_ADD_DEAD] = "INSERT INTO delivery (seq, action, state, due_ms, attempt, takeovers, reason,"
                     " ended_ms, key) VALUES (?1, ?2, 'dead', 0, 0, 0, ?3, ?4, ?5)",
    [SQL_FIND_ACTION] = "SELECT number FROM action WHERE route = ?1 AND name = ?2",
    [SQL_ADD_ACTION] = "INSERT INTO action (route, name) VALUES (?1, ?2) RETURNING number",
    [SQL_READ_ACTIONS] = "SELECT number, route, name FROM action",

    [SQL_EVENT_KEY] = "SELECT id, received_ms FROM event"
                      " WHERE seq = ?1 AND route = ?2 AND dedupe_key = ?3",
    /* all that decides on a copy of it; one row without a delivery where it has none any more */
    [SQL_READ_KNOWN] = "SELECT e.reruns, e.failures IS NOT NULL,"
                       " EXISTS (SELECT 1 FROM body b WHERE b.event = e.seq),"
                       " d.state, d.seq, d.action, d.given_up, e.size, d.key FROM event e"
                       " LEFT JOIN delivery d ON d.seq" OWN_OF_E " WHERE e.seq = ?1",
    /* of the delivery whose output answers a copy; an output longer than ?3 is left where it is */
    [SQL_READ_ANSWER] = "SELECT d.exit_status, coalesce(o.output_total, 0),"
                        " iif(o.output_total <= ?3, o.output, NULL) FROM delivery d"
                        " LEFT JOIN output o ON o.delivery = d.seq"
                        " WHERE d.seq" OF_EVENT " AND d.action = ?2"
                        " AND d.state IN ('done', 'dead') AND d.attempt > 0 AND NOT d.given_up",
    /* in the order of EVENT_BODY_FIELDS, then the others */
    [SQL_SAME_CONTENT] = "SELECT 1 FROM event e JOIN body b ON b.event = e.seq"
                         " WHERE b.params = ?1 AND b.query = ?2 AND b.json_field = ?3"
                         " AND b.headers = ?4 AND ifnull(b.payload, x'') = ifnull(?5, x'')"
                         " AND b.content = ?6"
                         " AND e.seq = ?7 AND e.type = ?8 AND e.content_type = ?9",
    /* what is known of its last attempt stays until the next one begins */
    [SQL_RERUN] = "UPDATE delivery SET state = 'pending', due_ms = 0, wait_ms = NULL, fold = NULL,"
                  " superseded_by = NULL,"
                  " runner = NULL, failures = 0, replays = replays + 1,"
                  " ended_ms = iif(attempt > 0, ended_ms, NULL),"
                  " reason = iif(attempt > 0, reason, NULL) WHERE seq = ?1 AND state = 'dead'",
    [SQL_COUNT_RERUN] = "UPDATE event SET reruns = reruns + 1, failures = NULL WHERE seq = ?1",
    [SQL_TRACK] = "SELECT d.seq, e.received_ms, a.name, d.state, d.attempt, d.started_ms,"
                  " d.ended_ms FROM event e"
                  " JOIN delivery d ON d.seq" OWN_OF_E " LEFT JOIN action a ON a.number = d.action"
                  " WHERE e.id = ?1 AND e.route = ?2 ORDER BY d.seq",
    /* ---- who tells of failures (tell.c) ---- */

    [SQL_FIND_TELLER] = "SELECT t.number FROM delivery d JOIN action a ON a.number = d.action"
                        " JOIN action t ON t.route = a.route AND t.name = ?2"
                        " WHERE d.seq = ?1 AND d.state = 'dead'",
    [SQL_FIND_WAITING] = "SELECT 1 FROM delivery INDEXED BY delivery_open WHERE " OPEN
                         " AND action = ?1 AND state = 'pending' LIMIT 1",
    [SQL_COUNT_UNTOLD] = "INSERT INTO route (name, untold) VALUES (?1, 1)"
                         " ON CONFLICT (name) DO UPDATE SET untold = untold + 1",
    /* due at once where the last one is longer ago than ?4; one of an earlier failure of the event
     * begins anew */
    [SQL_ADD_TELLER] =
        "INSERT INTO delivery (seq, action, state, due_ms, attempt, takeovers, wait_ms)"
        " SELECT ?1, ?2, 'pending', iif(due > ?5, due, 0), 0, 0, iif(due > ?5, due - ?5, NULL)"
        " FROM (SELECT min(coalesce((SELECT told_ms FROM route WHERE name = ?3), 0), ?5) + ?4"
        " AS due) WHERE true"
        " ON CONFLICT (seq) DO UPDATE SET action = excluded.action, state = 'pending',"
        " due_ms = excluded.due_ms, wait_ms = excluded.wait_ms, takeovers = 0, stops = 0,"
        " given_up = 0, alone = 0, failures = 0, runner = NULL WHERE state NOT IN ('pending', "
        "'running')",
    [SQL_READ_TELLER] = "SELECT d.due_ms, e.size FROM delivery d"
                        " JOIN event e ON e.seq = d.seq >> 8 WHERE d.seq = ?1",
    [SQL_READ_TELLING] = "SELECT d.failures + d.takeovers, coalesce(r.told_ms, 0),"
                         " coalesce(r.untold, 0) FROM delivery d LEFT JOIN route r ON r.name = ?2"
                         " WHERE d.seq = ?1",
    /* of the last failure of an event; a notice has no other deliveries, and says it itself */
    [SQL_READ_FAILURE] =
        "SELECT a.name, substr(CAST(iif(d.seq IS NULL, e.title, d.reason) AS BLOB), 1, 1024),"
        " d.attempt, d.exit_status, d.signal, substr(o.output, -?2), substr(o.error_output, -?2)"
        " FROM event e LEFT JOIN delivery d ON d.seq" OWN_OF_E
        " LEFT JOIN action a ON a.number = d.action LEFT JOIN output o ON o.delivery = d.seq"
        " WHERE e.seq = ?1 ORDER BY d.state = 'dead' DESC, d.ended_ms DESC LIMIT 1",
    [SQL_TOLD] = "INSERT INTO route (name, told_ms) VALUES (?1, ?2)"
                 " ON CONFLICT (name) DO UPDATE SET told_ms = excluded.told_ms",
    [SQL_TOLD_COUNT] = "UPDATE route SET untold = max(untold - ?2, 0) WHERE name ="
                       " (SELECT a.route FROM delivery d JOIN action a ON a.number = d.action"
                       " WHERE d.seq = ?1)",
    [SQL_TELL_LATER] = "UPDATE delivery SET due_ms = ?2, wait_ms = ?3 WHERE seq = ?1",

    /* a negative time says nothing where another one is known */
    [SQL_HEAR] = "INSERT INTO route (name, event_ms) VALUES (?1, ?2)"
                 " ON CONFLICT (name) DO UPDATE SET event_ms = excluded.event_ms,"
                 " silence_told_ms = NULL, refusal_told_ms = NULL"
                 " WHERE event_ms IS NULL OR excluded.event_ms > 0",
    /* the newest events, too, because the time of each one is not written down */
    [SQL_READ_HEARD] =
        "SELECT name, max(event_ms), max(silence_told_ms), max(refusal_told_ms) FROM"
        " (SELECT name, event_ms, silence_told_ms, refusal_told_ms FROM route"
        "  UNION ALL SELECT route, max(received_ms), NULL, NULL FROM event"
        "  WHERE seq > (SELECT max(seq) FROM event) - 10000 AND client <> '" NOTICE_CLIENT "'"
        "  GROUP BY route)"
        " GROUP BY name HAVING max(event_ms) IS NOT NULL",
    [SQL_TOLD_SILENCE] =
        "INSERT INTO route (name, silence_told_ms) VALUES (?1, ?2)"
        " ON CONFLICT (name) DO UPDATE SET silence_told_ms = excluded.silence_told_ms"
        " WHERE silence_told_ms IS NULL AND coalesce(event_ms, ?3) <= ?3",
    [SQL_TOLD_REFUSAL] =
        "INSERT INTO route (name, refusal_told_ms) VALUES (?1, ?2)"
        " ON CONFLICT (name) DO UPDATE SET refusal_told_ms = excluded.refusal_told_ms"
        " WHERE refusal_told_ms IS NULL",

    [SQL_READ_KEYS] = "SELECT seq, received_ms, route, dedupe_key FROM event WHERE seq > ?1"
                      " ORDER BY seq DESC",
    [SQL_EVENT_ID] = "SELECT id FROM event WHERE seq = ?1",

    [SQL_LEARN] = "INSERT INTO learned (route, provider, key, learned_ms) VALUES (?1, ?2, ?3, ?4)"
                  " ON CONFLICT DO NOTHING",
    [SQL_READ_PROVISIONED] = "SELECT route, provider, key FROM learned"
                             " WHERE route <> '' OR provider <> 'journal'",

    [SQL_FIND_PENDING] = "SELECT seq, (SELECT size FROM event e WHERE e.seq = d.seq >> 8)"
                         " FROM delivery d INDEXED BY delivery_open WHERE " OPEN
                         " AND action = ?1 AND seq > ?2 AND state = 'pending' AND due_ms <= ?3"
                         " ORDER BY seq LIMIT ?4",
    [SQL_IS_PENDING] = "SELECT 1 FROM delivery WHERE seq = ?1 AND state = 'pending'",
    [SQL_TALLY] = "SELECT count(*), coalesce(sum(size), 0), coalesce(max(seq), 0) FROM"
                  " (SELECT d.seq, (SELECT size FROM event e WHERE e.seq = d.seq >> 8) AS size"
                  " FROM delivery d INDEXED BY delivery_open WHERE " OPEN
                  " AND action = ?1 AND seq > ?2 AND state = 'pending' ORDER BY seq LIMIT ?3)",
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
            EVENT_SELECT_BODY
        ", d.action, d.key FROM delivery d LEFT JOIN event e ON e.seq = d.seq >> 8"
        " LEFT JOIN body b ON b.event = e.seq WHERE d.seq = ?1 AND d.state = 'pending'",
    [SQL_LOST] = "UPDATE delivery SET state = 'dead', runner = NULL, ended_ms = ?2,"
                 " reason = 'its event is no longer in the journal' WHERE seq = ?1",
    [SQL_FINISH] = "UPDATE delivery SET runner = NULL, ended_ms = ?4, duration_ms = ?5,"
                   " exit_status = ?6, signal = ?7, takeovers = takeovers + ?9, wait_ms = ?12,"
                   " failures = failures + ?13, state = iif(" GIVES_WAY ", 'superseded', ?3),"
                   " due_ms = iif(" GIVES_WAY ", 0, ?11),"
                   " reason = iif(" GIVES_WAY ", " REPLACED "superseded_by, ?8)"
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

    [SQL_READ_RUNNING] = "SELECT seq, runner, action, key FROM delivery INDEXED BY delivery_open"
                         " WHERE " OPEN " AND state = 'running'",
    [SQL_READ_LEFT] = "SELECT DISTINCT action FROM delivery INDEXED BY delivery_open"
                      " WHERE " OPEN " AND takeovers > 0",
    /* ?3: enum journal_left; what is to give way does not run twice in any case */
    [SQL_TAKE_OVER] =
        "UPDATE delivery SET runner = NULL, takeovers = takeovers + 1, ended_ms = ?2,"
        " given_up = " CRASHED_ALONE ","
        " state = CASE WHEN superseded_by IS NOT NULL THEN 'superseded'"
        " WHEN ?3 = " LEFT_FAILED_TEXT " OR " CRASHED_ALONE " THEN 'dead' ELSE 'pending' END,"
        " reason = CASE WHEN superseded_by IS NOT NULL THEN " REPLACED "superseded_by"
        " WHEN ?3 = " LEFT_FAILED_TEXT " THEN"
        " 'the runner was gone before it ended, and `on_crash` is `fail`'"
        " WHEN " CRASHED_ALONE " THEN"
        " 'given up: the runner was gone again while no other command ran'"
        " ELSE 'the runner was gone before it ended' END"
        " WHERE seq = ?1 AND state = 'running'",
    [SQL_READ_DEATH] = "SELECT e.id, a.route, a.name, e.client, d.reason, d.attempt FROM delivery d"
                       " LEFT JOIN event e ON e.seq = d.seq >> 8"
                       " LEFT JOIN action a ON a.number = d.action"
                       " WHERE d.seq = ?1 AND d.state = 'dead'",
    [SQL_ABANDON] = "UPDATE delivery SET state = 'dead', reason = ?2, ended_ms = ?3"
                    " WHERE seq = ?1 AND state = 'pending'",

    [SQL_READ_ROUTES] = "SELECT name, coalesce(paused_why, ''), coalesce(paused_ms, 0), deaths"
                        " FROM route WHERE paused_ms IS NOT NULL OR deaths > 0",
    /* SQLite 3.40 takes "paused_ms IS NOT NULL" to be true in a RETURNING */
    [SQL_COUNT_DEATH] = "INSERT INTO route (name, deaths) VALUES (?1, 1)"
                        " ON CONFLICT (name) DO UPDATE SET deaths = deaths + 1"
                        " RETURNING deaths, coalesce(paused_ms, 0)",
    [SQL_FORGET_DEATHS] = "UPDATE route SET deaths = 0 WHERE name = ?1",
    [SQL_PAUSE] = "UPDATE route SET paused_ms = ?2, paused_why = ?3 WHERE name = ?1",

    [SQL_READ_HORIZON] = "SELECT coalesce((SELECT now_ms FROM horizon), 0),"
                         " coalesce((SELECT received_ms FROM event ORDER BY seq DESC LIMIT 1), 0)",
    [SQL_PUT_HORIZON] = "INSERT INTO horizon (one, now_ms) VALUES (1, ?1)"
                        " ON CONFLICT (one) DO UPDATE SET now_ms = ?1",

    [SQL_WOKEN] = "SELECT seq, action, (SELECT size FROM event e WHERE e.seq = d.seq >> 8), key"
                  " FROM delivery d INDEXED BY delivery_due WHERE " WAITS
                  " AND due_ms > ?1 AND due_ms <= ?2 ORDER BY due_ms LIMIT ?3",
    [SQL_NEXT_DUE] = "SELECT due_ms FROM delivery INDEXED BY delivery_due WHERE " WAITS
                     " AND due_ms > ?1 ORDER BY due_ms LIMIT 1",
    [SQL_READ_DUE_OFFSET] = "SELECT due_offset_ms FROM horizon",
    [SQL_PUT_DUE_OFFSET] = "INSERT INTO horizon (one, now_ms, due_offset_ms) VALUES (1, 0, ?1)"
                           " ON CONFLICT (one) DO UPDATE SET due_offset_ms = ?1",
    [SQL_PULL_IN] = "UPDATE delivery INDEXED BY delivery_due SET due_ms = ?1 + wait_ms"
                    " WHERE " WAITS " AND due_ms > ?1 AND due_ms > ?1 + wait_ms",

    /* ?3: the id of the event that takes their place */
    [SQL_SUPERSEDE] = "UPDATE delivery INDEXED BY delivery_keyed SET " GIVE_WAY
                      " WHERE key <> 0 AND " OPEN " AND action = ?1 AND key = ?2" REPLACED_ROW,
    [SQL_SUPERSEDE_ALL] = "UPDATE delivery INDEXED BY delivery_open SET " GIVE_WAY " WHERE " OPEN
                          " AND action = ?1 AND ?2 = 0" REPLACED_ROW,
    [SQL_FOLD] = "UPDATE delivery INDEXED BY delivery_fold SET " GIVE_WAY
                 " WHERE fold IS NOT NULL AND state = 'pending' AND action = ?1 AND fold = ?2"
                 " AND attempt = 0" REPLACED_ROW,

    [SQL_NEXT_KEY] = "SELECT key FROM delivery INDEXED BY delivery_keyed WHERE key <> 0 AND " OPEN
                     " AND action = ?1 AND key > ?2 ORDER BY key LIMIT 1",
    /* of those that wait for a retry so many are passed over; those behind wait with them */
    [SQL_KEY_HEADS] = "SELECT seq, due_ms, size FROM (SELECT seq, due_ms," BODY_SIZE " AS size"
                      " FROM delivery d INDEXED BY delivery_keyed WHERE key <> 0 AND " OPEN
                      " AND action = ?1 AND key = ?2 AND state = 'pending' ORDER BY seq"
                      " LIMIT 4096) WHERE due_ms <= ?3 LIMIT 2",
    [SQL_KEYLESS] = "SELECT seq, due_ms," BODY_SIZE ", key = 0 AND state = 'pending'"
                    " AND due_ms <= ?3 FROM delivery d INDEXED BY delivery_open WHERE " OPEN
                    " AND action = ?1 AND seq > ?2 ORDER BY seq LIMIT " JOURNAL_KEYLESS_STEP,
    [SQL_ANY_HEADS] = "SELECT seq, due_ms," BODY_SIZE " FROM delivery d INDEXED BY delivery_open"
                      " WHERE " OPEN " AND action = ?1 AND state = 'pending' AND due_ms <= ?3"
                      " ORDER BY seq LIMIT 2",
    [SQL_WATCH] = "SELECT superseded_by, state FROM delivery WHERE seq = ?1",

    /* 0: all done, 1: some dead, 2: some still open, NULL: no deliveries (any more) */
    [SQL_PRUNE_LOOK] =
        "SELECT e.seq, e.received_ms, e.dedupe_key IS NOT NULL,"
        " (SELECT max(CASE d.state WHEN 'done' THEN 0 WHEN 'superseded' THEN 0 WHEN 'dead' THEN 1"
        "  ELSE 2 END) FROM delivery d WHERE d.seq" OF_E "),"
        " e.size, EXISTS (SELECT 1 FROM body b WHERE b.event = e.seq), e.route"
        " FROM event e WHERE e.seq > ?1 AND e.seq < (SELECT max(seq) FROM event)"
        " ORDER BY e.seq LIMIT " JOURNAL_PRUNE_PAGE,
    /* a few, because each may be long */
    [SQL_PRUNE_ATTEMPTS] = "DELETE FROM attempt WHERE rowid IN (SELECT rowid FROM attempt"
                           " WHERE delivery" OF_EVENT " LIMIT " JOURNAL_PRUNE_FEW ")",
    [SQL_PRUNE_OUTPUTS] = "DELETE FROM output WHERE delivery IN (SELECT delivery FROM output"
                          " WHERE delivery" OF_EVENT " LIMIT " JOURNAL_PRUNE_FEW ")",
    [SQL_PRUNE_DELIVERIES] = "DELETE FROM delivery WHERE seq" OF_EVENT,
    [SQL_PRUNE_BODY] = "DELETE FROM body WHERE event = ?1",
    [SQL_PRUNE_EVENT] = "DELETE FROM event WHERE seq = ?1",

    [SQL_REMOVED_BEFORE] = "SELECT first, last FROM removed WHERE first < ?1"
                           " ORDER BY first DESC LIMIT 1",
    [SQL_REMOVED_BEHIND] = "SELECT last FROM removed WHERE first = ?1",
    [SQL_REMOVED_DROP] = "DELETE FROM removed WHERE first = ?1",
    [SQL_REMOVED_PUT] = "INSERT OR REPLACE INTO removed (first, last) VALUES (?1, ?2)",
};
