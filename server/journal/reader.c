/* Each call is a read transaction of its own and over when it returns: a reader that lingers would
 * keep the write-ahead log from being begun anew. So callbacks write to memory and nowhere else. */
#include "server/journal/reader.h"

#include "server/journal/engine.h"
#include "server/journal/event_row.h"
#include "server/journal/tables.h"

#include <stdio.h>
#include <stdlib.h>

enum { READ_BUSY_MS = 2000 };

struct journal_reader {
    struct sqlite db;
    int64_t data_version;
};

enum read_sql {
    READ_LIST_NEWEST,
    READ_LIST_OLDEST,
    READ_FIND,
    READ_EVENT,
    READ_BODY,
    READ_DELIVERIES,
    READ_ATTEMPTS,
    READ_OPEN,
    READ_PROVISIONED,
    READ_PAUSED,
    READ_NEWEST,
    READ_PLACE,
    READ_BOUNDS,
    READ_ROUTES,
    READ_CHANGED,
    READ_COUNT
};

#define OF_E DELIVERIES_OF("e.seq")
#define OWN_OF_E OWN_DELIVERIES_OF("e.seq")
#define TELLERS_OF_E TELLERS_OF("e.seq")
#define STATES "(SELECT group_concat(DISTINCT d.state) FROM delivery d WHERE d.seq"
/* What tells of a failure, in the last two places, is not the state of an event that has others. */
#define EVENT_COLUMNS                                                                              \
    "SELECT e.seq, EXISTS (SELECT 1 FROM body b WHERE b.event = e.seq),"                           \
    " coalesce(" STATES OWN_OF_E "), " STATES TELLERS_OF_E "))" EVENT_SELECT_ROW " FROM event e "
#define HAS_OTHERS                                                                                 \
    "EXISTS (SELECT 1 FROM delivery o WHERE o.seq" OWN_DELIVERIES_OF("(d.seq >> 8)") ")"
#define IS_OF_STATE "(" IS_OWN("d.seq") " OR NOT " HAS_OTHERS ")"
#define EVENT_FILTER                                                                               \
    "WHERE e.seq > ?1 AND e.seq < ?2 AND e.received_ms >= ?3 AND e.received_ms < ?4"               \
    " AND (?6 IS NULL OR e.route = ?6) AND (?7 IS NULL OR e.type GLOB ?7)"                         \
    " AND ((?8 IS NULL AND ?9 IS NULL) OR EXISTS (SELECT 1 FROM delivery d"                        \
    " WHERE d.seq" OF_E " AND (?8 IS NULL OR d.state = ?8) AND iif(?9 IS NULL, " IS_OF_STATE       \
    ", ?9 = (SELECT a.name FROM action a WHERE a.number = d.action))))"                            \
    " AND (?10 IS NULL OR EXISTS"                                                                  \
    " (SELECT 1 FROM body b WHERE b.event = e.seq AND instr(b.content, ?10) > 0)) "

static const char *const read_sql[READ_COUNT] = {
    [READ_LIST_NEWEST] = EVENT_COLUMNS EVENT_FILTER "ORDER BY e.seq DESC LIMIT ?5",
    [READ_LIST_OLDEST] = EVENT_COLUMNS EVENT_FILTER "ORDER BY e.seq LIMIT ?5",
    [READ_FIND] = "SELECT seq FROM event WHERE id >= ?1 AND id < ?1 || '~' LIMIT 2",
    [READ_EVENT] = EVENT_COLUMNS "WHERE e.seq = ?1",
    [READ_BODY] = "SELECT b.event" EVENT_SELECT_BODY " FROM body b WHERE b.event = ?1",
    [READ_DELIVERIES] =
        "SELECT a.name, d.state, d.reason, d.attempt, d.takeovers, d.started_ms, d.ended_ms,"
        " d.duration_ms, d.exit_status, d.signal, o.output_total, o.error_total, o.output,"
        " o.error_output, d.stops, d.seq, d.failures, d.replays, d.alone, iif(d.due_ms > 0 AND"
        " d.state = 'pending', d.due_ms - coalesce((SELECT due_offset_ms FROM horizon), 0), 0),"
        " d.superseded_by, r.paused_ms, r.paused_why"
        " FROM delivery d LEFT JOIN action a ON a.number = d.action"
        " LEFT JOIN output o ON o.delivery = d.seq LEFT JOIN route r ON r.name = a.route"
        " WHERE d.seq" DELIVERIES_OF("?1") " ORDER BY d.seq",
    [READ_ATTEMPTS] =
        "SELECT number, started_ms, ended_ms, duration_ms, exit_status, signal, reason,"
        " output_total, error_total, output, error_output FROM attempt WHERE delivery = ?1"
        " ORDER BY number",
    [READ_OPEN] = ("SELECT d.seq, " IS_OF_STATE " FROM delivery d INDEXED BY delivery_open"
                   " WHERE d.state IN ('pending', 'running') AND d.seq >= ?1 * 256"),
    /* the one without a route is the server's own */
    [READ_PROVISIONED] = "SELECT route, provider, learned_ms, key FROM learned WHERE route <> ''"
                         " ORDER BY 1, 2",
    [READ_PAUSED] = "SELECT name, coalesce(paused_why, ''), paused_ms FROM route"
                    " WHERE paused_ms IS NOT NULL ORDER BY paused_ms, name",
    [READ_NEWEST] = "SELECT max(seq) FROM event",
    [READ_PLACE] = "SELECT seq FROM event WHERE id >= ?1 ORDER BY id LIMIT 1",
    [READ_BOUNDS] = "SELECT (SELECT min(seq) FROM event), (SELECT max(seq) FROM event)",
    [READ_ROUTES] = "SELECT DISTINCT route FROM action ORDER BY 1",
    [READ_CHANGED] = "PRAGMA data_version",
};

struct journal_reader *journal_reader_open(const char *path, struct error *err)
{
    struct journal_reader *reader = calloc(1, sizeof *reader);
    if (!reader) {
        error_set(err, "no memory");
        return NULL;
    }
    if (!sqlite_open(&reader->db, path, SQLITE_MODE_READ, READ_BUSY_MS, read_sql, err)) {
        free(reader);
        return NULL;
    }
    if (!journal_check_version(&reader->db, err)) {
        error_prefix(err, "%s", path);
        journal_reader_close(reader);
        return NULL;
    }
    /* without a log there is nothing to look after */
    if (!sqlite_note_files(&reader->db, err))
        err->text[0] = '\0';
    journal_reader_changed(reader);
    return reader;
}

void journal_reader_close(struct journal_reader *reader)
{
    sqlite_close(&reader->db);
    free(reader);
}

bool journal_reader_is_well(const struct journal_reader *reader)
{
    return sqlite_status(&reader->db) == SQLITE_STATUS_OK;
}

bool journal_reader_explain(const struct journal_reader *reader, struct error *err)
{
    return sqlite_explain(&reader->db, err);
}

static bool reader_ended(const struct journal_reader *reader)
{
    return journal_reader_is_well(reader);
}

static struct event_view view_of_row(const struct query *query)
{
    struct bytes states = query_bytes(query, 2);
    return (struct event_view){.seq = query_number(query, 0),
                               .has_body = query_number(query, 1) == 1,
                               .states = states.length ? states : bytes_of_text("done"),
                               .event = event_of_row(query, 3, 0, EVENT_ROW_COUNT)};
}

static struct bind_value text_or_null(const char *text)
{
    return text ? bind_text(text) : bind_null();
}

static struct bind_value number_or(int64_t number, int64_t otherwise)
{
    return bind_number(number ? number : otherwise);
}

/* As GLOB has it, in which ? and [ are special too. */
static struct bind_value type_pattern(const char *type, char room[3 * EVENT_TYPE_PATTERN_MAX])
{
    size_t length = 0;
    if (!type)
        return bind_null();
    for (size_t i = 0; type[i] && i < EVENT_TYPE_PATTERN_MAX; i++) {
        bool is_special = type[i] == '?' || type[i] == '[';
        if (is_special)
            room[length++] = '[';
        room[length++] = type[i];
        if (is_special)
            room[length++] = ']';
    }
    return bind_bytes(bytes_of(room, length));
}

bool journal_reader_list(struct journal_reader *reader, const struct event_filter *filter,
                         void (*each)(void *context, const struct event_view *event), void *context)
{
    char room[3 * EVENT_TYPE_PATTERN_MAX];
    sqlite_clear(&reader->db);
    struct query query = sqlite_query(
        &reader->db, filter->oldest_first ? READ_LIST_OLDEST : READ_LIST_NEWEST,
        bind_number(filter->after), number_or(filter->before, INT64_MAX),
        number_or(filter->since_ms, INT64_MIN), number_or(filter->until_ms, INT64_MAX),
        bind_number(filter->limit), text_or_null(filter->route), type_pattern(filter->type, room),
        text_or_null(filter->state), text_or_null(filter->action),
        filter->text.length ? bind_blob(filter->text) : bind_null());
    while (query_next(&query)) {
        struct event_view event = view_of_row(&query);
        each(context, &event);
    }
    return reader_ended(reader);
}

bool journal_reader_find(struct journal_reader *reader, const char *prefix, int64_t *seq,
                         size_t *count)
{
    size_t found = 0;
    sqlite_clear(&reader->db);
    *count = 0;
    if (!*prefix)
        return true;
    struct query query = sqlite_query(&reader->db, READ_FIND, bind_text(prefix));
    while (query_next(&query)) {
        *seq = query_number(&query, 0);
        found++;
    }
    *count = found;
    return reader_ended(reader);
}

bool journal_reader_event(struct journal_reader *reader, int64_t seq,
                          void (*each)(void *context, const struct event_view *event),
                          void *context)
{
    bool found = false;
    sqlite_clear(&reader->db);
    struct query query = sqlite_query(&reader->db, READ_EVENT, bind_number(seq));
    while (query_next(&query)) {
        struct event_view event = view_of_row(&query);
        each(context, &event);
        found = true;
    }
    return reader_ended(reader) && found;
}

bool journal_reader_body(struct journal_reader *reader, int64_t seq,
                         void (*each)(void *context, const struct event *stored), void *context)
{
    bool found = false;
    sqlite_clear(&reader->db);
    struct query query = sqlite_query(&reader->db, READ_BODY, bind_number(seq));
    while (query_next(&query)) {
        struct event stored = event_of_row(&query, 1, EVENT_ROW_COUNT, EVENT_FIELD_COUNT);
        each(context, &stored);
        found = true;
    }
    return reader_ended(reader) && found;
}

static int64_t number_or_none(const struct query *query, int column)
{
    return query_is_null(query, column) ? -1 : query_number(query, column);
}

bool journal_reader_deliveries(struct journal_reader *reader, int64_t seq,
                               void (*each)(void *context, const struct delivery_view *delivery),
                               void *context)
{
    sqlite_clear(&reader->db);
    struct query query = sqlite_query(&reader->db, READ_DELIVERIES, bind_number(seq));
    while (query_next(&query)) {
        struct delivery_view delivery = {.action = query_bytes(&query, 0),
                                         .state = query_bytes(&query, 1),
                                         .reason = query_bytes(&query, 2),
                                         .attempt = query_number(&query, 3),
                                         .takeovers = query_number(&query, 4),
                                         .started_ms = number_or_none(&query, 5),
                                         .ended_ms = number_or_none(&query, 6),
                                         .duration_ms = number_or_none(&query, 7),
                                         .exit_status = number_or_none(&query, 8),
                                         .signal = number_or_none(&query, 9),
                                         .output_total = query_number(&query, 10),
                                         .error_total = query_number(&query, 11),
                                         .output = query_bytes(&query, 12),
                                         .error_output = query_bytes(&query, 13),
                                         .stops = query_number(&query, 14),
                                         .seq = query_number(&query, 15),
                                         .failures = query_number(&query, 16),
                                         .replays = query_number(&query, 17),
                                         .is_alone = query_number(&query, 18) == 1,
                                         .is_notice = engine_is_teller(query_number(&query, 15)),
                                         .due_ms = query_number(&query, 19),
                                         .superseded_by = query_bytes(&query, 20),
                                         .paused_ms = number_or_none(&query, 21),
                                         .paused_why = query_bytes(&query, 22)};
        each(context, &delivery);
    }
    return reader_ended(reader);
}

bool journal_reader_attempts(struct journal_reader *reader, int64_t seq,
                             void (*each)(void *context, const struct attempt_view *attempt),
                             void *context)
{
    sqlite_clear(&reader->db);
    struct query query = sqlite_query(&reader->db, READ_ATTEMPTS, bind_number(seq));
    while (query_next(&query)) {
        struct attempt_view attempt = {.number = query_number(&query, 0),
                                       .started_ms = number_or_none(&query, 1),
                                       .ended_ms = number_or_none(&query, 2),
                                       .duration_ms = number_or_none(&query, 3),
                                       .exit_status = number_or_none(&query, 4),
                                       .signal = number_or_none(&query, 5),
                                       .reason = query_bytes(&query, 6),
                                       .output_total = query_number(&query, 7),
                                       .error_total = query_number(&query, 8),
                                       .output = query_bytes(&query, 9),
                                       .error_output = query_bytes(&query, 10)};
        each(context, &attempt);
    }
    return reader_ended(reader);
}

bool journal_reader_open_deliveries(struct journal_reader *reader, int64_t from,
                                    void (*each)(void *context, const struct open_view *open),
                                    void *context)
{
    sqlite_clear(&reader->db);
    struct query query = sqlite_query(&reader->db, READ_OPEN, bind_number(from));
    while (query_next(&query)) {
        int64_t delivery = query_number(&query, 0);
        struct open_view open = {delivery >> 8, delivery, query_number(&query, 1) == 1};
        each(context, &open);
    }
    return reader_ended(reader);
}

bool journal_reader_provisioned(struct journal_reader *reader,
                                void (*each)(void *context, const struct provisioned_view *key),
                                void *context)
{
    char route[128], provider[128];
    sqlite_clear(&reader->db);
    struct query query = sqlite_query_values(&reader->db, READ_PROVISIONED, NULL, 0);
    while (query_next(&query)) {
        struct bytes names[2] = {query_bytes(&query, 0), query_bytes(&query, 1)};
        snprintf(route, sizeof route, "%.*s", (int)names[0].length, names[0].data);
        snprintf(provider, sizeof provider, "%.*s", (int)names[1].length, names[1].data);
        struct provisioned_view key = {route, provider, query_number(&query, 2),
                                       query_bytes(&query, 3)};
        each(context, &key);
    }
    return reader_ended(reader);
}

bool journal_reader_paused(struct journal_reader *reader,
                           void (*each)(void *context, const struct paused_view *paused),
                           void *context)
{
    sqlite_clear(&reader->db);
    struct query query = sqlite_query_values(&reader->db, READ_PAUSED, NULL, 0);
    while (query_next(&query)) {
        struct paused_view paused = {query_bytes(&query, 0), query_bytes(&query, 1),
                                     query_number(&query, 2)};
        each(context, &paused);
    }
    return reader_ended(reader);
}

bool journal_reader_newest(struct journal_reader *reader, int64_t *seq)
{
    sqlite_clear(&reader->db);
    struct query query = sqlite_query_values(&reader->db, READ_NEWEST, NULL, 0);
    while (query_next(&query))
        *seq = query_number(&query, 0);
    return reader_ended(reader);
}

bool journal_reader_place(struct journal_reader *reader, const char *id, int64_t *seq)
{
    sqlite_clear(&reader->db);
    *seq = INT64_MAX;
    struct query query = sqlite_query(&reader->db, READ_PLACE, bind_text(id));
    while (query_next(&query))
        *seq = query_number(&query, 0);
    return reader_ended(reader);
}

bool journal_reader_bounds(struct journal_reader *reader, int64_t *lowest, int64_t *highest)
{
    sqlite_clear(&reader->db);
    *lowest = 1;
    *highest = 0;
    struct query query = sqlite_query_values(&reader->db, READ_BOUNDS, NULL, 0);
    while (query_next(&query))
        if (!query_is_null(&query, 0)) {
            *lowest = query_number(&query, 0);
            *highest = query_number(&query, 1);
        }
    return reader_ended(reader);
}

bool journal_reader_routes(struct journal_reader *reader,
                           void (*each)(void *context, struct bytes route), void *context)
{
    sqlite_clear(&reader->db);
    struct query query = sqlite_query_values(&reader->db, READ_ROUTES, NULL, 0);
    while (query_next(&query))
        each(context, query_bytes(&query, 0));
    return reader_ended(reader);
}

bool journal_reader_changed(struct journal_reader *reader)
{
    int64_t before = reader->data_version;
    sqlite_clear(&reader->db);
    struct query query = sqlite_query_values(&reader->db, READ_CHANGED, NULL, 0);
    while (query_next(&query))
        reader->data_version = query_number(&query, 0);
    return !sqlite_is_in_place(&reader->db) || reader->data_version != before;
}
