/* Open, dead and waiting deliveries have indexes of their own; only the counts of what is done look
 * at every row, in steps, so that no transaction is open for long.
 * What tells of a failure, in the last two places of an event, is no delivery of its route here. */
#include "server/journal/status_reader.h"

#include "server/journal/journal.h"
#include "server/journal/tables.h"

#include <stdio.h>
#include <stdlib.h>

enum { READ_BUSY_MS = 2000, STEP_EVENTS = 20000, NAME_MAX_BYTES = 128 };

const char *const status_state_names[STATUS_STATES] = {
    [STATUS_PENDING] = "pending", [STATUS_RUNNING] = "running",       [STATUS_DONE] = "done",
    [STATUS_DEAD] = "dead",       [STATUS_SUPERSEDED] = "superseded",
};

struct journal_status {
    struct sqlite db;
    char texts[4][512]; /* of the last status_delivery */
};

enum status_sql {
    STATUS_ACTIONS,
    STATUS_RANGE,
    STATUS_STEP,
    STATUS_OLDEST,
    STATUS_NEXT_DUE,
    STATUS_NEWEST_DEAD,
    STATUS_COUNT_DEAD,
    STATUS_NEWEST_UNTOLD,
    STATUS_NOT_STARTED,
    STATUS_DELIVERY,
    STATUS_NAMES,
    STATUS_WAITING_OF,
    STATUS_ABANDONED_OF,
    STATUS_PAUSED,
    STATUS_OPEN_OF,
    STATUS_SQL_COUNT
};

#define OF_EVENT DELIVERIES_OF("?1")
#define D_IS_OWN IS_OWN("d.seq")
#define OWN_OF_SAME OWN_DELIVERIES_OF("(d.seq >> 8)")

static const char *const status_sql[STATUS_SQL_COUNT] = {
    [STATUS_ACTIONS] = "SELECT number, route FROM action ORDER BY route, number",
    [STATUS_RANGE] = "SELECT min(seq) >> 8, max(seq) >> 8 FROM delivery",
    [STATUS_STEP] =
        "SELECT action, state, count(*) FROM delivery"
        " WHERE seq BETWEEN ?1 * 256 AND ?2 * 256 + 255 AND " IS_OWN("seq") " GROUP BY 1, 2",
    /* of each action the first one, then the first of these */
    [STATUS_OLDEST] =
        "SELECT min(first) FROM (SELECT (SELECT d.seq FROM delivery d INDEXED BY delivery_open"
        " WHERE d.action = a.number AND d.state IN ('pending', 'running') AND d.state = 'pending'"
        " AND d.due_ms <= ?1 ORDER BY d.seq LIMIT 1) AS first FROM action a"
        " WHERE NOT EXISTS (SELECT 1 FROM route r WHERE r.name = a.route"
        " AND r.paused_ms IS NOT NULL))",
    [STATUS_NEXT_DUE] = "SELECT seq FROM delivery INDEXED BY delivery_due"
                        " WHERE due_ms > 0 AND state = 'pending' ORDER BY due_ms LIMIT 1",
    [STATUS_NEWEST_DEAD] = "SELECT seq, max(coalesce(ended_ms, 0)) FROM delivery INDEXED BY"
                           " delivery_dead WHERE state = 'dead' AND reason IS NOT 'cancelled'"
                           " AND " IS_OWN("seq"),
    [STATUS_COUNT_DEAD] = "SELECT count(*) FROM delivery INDEXED BY delivery_dead"
                          " WHERE state = 'dead' AND reason IS NOT 'cancelled'"
                          " AND " IS_OWN("seq"),
    /* as long as what it was to tell of is still so */
    [STATUS_NEWEST_UNTOLD] =
        "SELECT d.seq, max(coalesce(d.ended_ms, 0)) FROM delivery d INDEXED BY delivery_dead"
        " WHERE d.state = 'dead' AND d.reason IS NOT 'cancelled' AND NOT " D_IS_OWN
        " AND coalesce((SELECT max(o.state = 'dead') FROM delivery o WHERE o.seq" OWN_OF_SAME
        "), 1)",
    /* What waits for another attempt has a time. An attempt that began ends by an exit or a signal;
     * a worker, which is started once for many, ends one by its answer. */
    [STATUS_NOT_STARTED] =
        "SELECT seq, max(coalesce(ended_ms, 0)), count(*) FROM delivery INDEXED BY delivery_due"
        " WHERE due_ms > 0 AND state = 'pending' AND failures > 0 AND wait_ms IS NOT NULL"
        " AND exit_status IS NULL AND signal IS NULL AND reason NOT GLOB 'the worker *'",
    [STATUS_DELIVERY] = "SELECT e.id, a.route, a.name, d.reason, e.received_ms, d.ended_ms,"
                        " d.due_ms FROM delivery d LEFT JOIN event e ON e.seq = d.seq >> 8"
                        " LEFT JOIN action a ON a.number = d.action WHERE d.seq = ?1",
    [STATUS_NAMES] = "SELECT number, route, name FROM action ORDER BY route, number",
    [STATUS_WAITING_OF] = "SELECT count(*) FROM delivery INDEXED BY delivery_open WHERE action = ?1"
                          " AND state IN ('pending', 'running') AND state = 'pending'",
    [STATUS_ABANDONED_OF] = "SELECT count(*) FROM delivery INDEXED BY delivery_dead"
                            " WHERE action = ?1 AND state = 'dead' AND reason = ?2",
    [STATUS_PAUSED] = "SELECT name, paused_ms, paused_why FROM route WHERE paused_ms IS NOT NULL"
                      " ORDER BY name",
    [STATUS_OPEN_OF] = "SELECT a.name, CASE d.state WHEN 'running' THEN d.runner END FROM delivery"
                       " d LEFT JOIN action a ON a.number = d.action WHERE d.seq" OF_EVENT
                       " AND d.state IN ('pending', 'running') ORDER BY d.seq",
};

struct journal_status *journal_status_open(const char *path, struct error *err)
{
    struct journal_status *status = calloc(1, sizeof *status);
    if (!status) {
        error_set(err, "no memory");
        return NULL;
    }
    if (!sqlite_open(&status->db, path, SQLITE_MODE_READ, READ_BUSY_MS, status_sql, err)) {
        free(status);
        return NULL;
    }
    if (!journal_check_version(&status->db, err)) {
        error_prefix(err, "%s", path);
        journal_status_close(status);
        return NULL;
    }
    return status;
}

void journal_status_close(struct journal_status *status)
{
    if (!status)
        return;
    sqlite_close(&status->db);
    free(status);
}

bool journal_status_is_well(const struct journal_status *status)
{
    return sqlite_status(&status->db) == SQLITE_STATUS_OK;
}

bool journal_status_explain(const struct journal_status *status, struct error *err)
{
    return sqlite_explain(&status->db, err);
}

/* ---- counts ---- */

struct counted_action {
    int64_t number;
    char route[NAME_MAX_BYTES];
    int64_t by_state[STATUS_STATES];
};

struct counting {
    struct counted_action *actions; /* by route */
    size_t count, capacity;
};

static bool add_action(struct counting *counting, int64_t number, struct bytes route)
{
    if (counting->count == counting->capacity) {
        size_t capacity = counting->capacity ? counting->capacity * 2 : 64;
        struct counted_action *more = realloc(counting->actions, capacity * sizeof *more);
        if (!more)
            return false;
        counting->actions = more;
        counting->capacity = capacity;
    }
    struct counted_action *action = &counting->actions[counting->count++];
    *action = (struct counted_action){.number = number};
    snprintf(action->route, sizeof action->route, "%.*s", (int)route.length, route.data);
    return true;
}

static bool read_actions(struct journal_status *status, struct counting *counting)
{
    bool added = true;
    struct query query = sqlite_query_values(&status->db, STATUS_ACTIONS, NULL, 0);
    while (query_next(&query))
        added = added && add_action(counting, query_number(&query, 0), query_bytes(&query, 1));
    return added || sqlite_fail(&status->db, "no memory");
}

static void count_row(struct counting *counting, int64_t number, struct bytes state, int64_t count)
{
    for (size_t i = 0; i < counting->count; i++) {
        if (counting->actions[i].number != number)
            continue;
        for (int s = 0; s < STATUS_STATES; s++)
            if (bytes_equal_text(state, status_state_names[s]))
                counting->actions[i].by_state[s] += count;
        return;
    }
}

static bool count_all(struct journal_status *status, struct counting *counting)
{
    struct query range = sqlite_query_values(&status->db, STATUS_RANGE, NULL, 0);
    int64_t first = 1, last = 0;
    while (query_next(&range))
        if (!query_is_null(&range, 0)) {
            first = query_number(&range, 0);
            last = query_number(&range, 1);
        }
    for (int64_t from = first; from <= last; from += STEP_EVENTS) {
        struct query step = sqlite_query(&status->db, STATUS_STEP, bind_number(from),
                                         bind_number(from + STEP_EVENTS - 1));
        while (query_next(&step))
            count_row(counting, query_number(&step, 0), query_bytes(&step, 1),
                      query_number(&step, 2));
    }
    return journal_status_is_well(status);
}

/* The actions of a route follow each other. */
static void tell_counts(const struct counting *counting,
                        void (*each)(void *context, const struct status_counts *counts),
                        void *context)
{
    for (size_t i = 0; i < counting->count;) {
        struct status_counts counts = {.route = counting->actions[i].route};
        int64_t all = 0;
        for (; i < counting->count && strcmp(counting->actions[i].route, counts.route) == 0; i++)
            for (int s = 0; s < STATUS_STATES; s++) {
                counts.by_state[s] += counting->actions[i].by_state[s];
                all += counting->actions[i].by_state[s];
            }
        if (all > 0)
            each(context, &counts);
    }
}

bool journal_status_counts(struct journal_status *status,
                           void (*each)(void *context, const struct status_counts *counts),
                           void *context)
{
    struct counting counting = {NULL};
    sqlite_clear(&status->db);
    bool read = read_actions(status, &counting) && count_all(status, &counting);
    if (read)
        tell_counts(&counting, each, context);
    free(counting.actions);
    return read;
}

/* ---- single deliveries ---- */

static struct bytes keep_text(struct journal_status *status, size_t place, struct bytes text)
{
    char *kept = status->texts[place];
    size_t room = sizeof status->texts[place];
    size_t length = text.length < room ? text.length : room;
    if (length > 0)
        memcpy(kept, text.data, length);
    return bytes_of(kept, length);
}

static bool read_delivery(struct journal_status *status, int64_t seq, struct status_delivery *found)
{
    bool there = false;
    struct query query = sqlite_query(&status->db, STATUS_DELIVERY, bind_number(seq));
    while (query_next(&query)) {
        there = true;
        *found = (struct status_delivery){.id = keep_text(status, 0, query_bytes(&query, 0)),
                                          .route = keep_text(status, 1, query_bytes(&query, 1)),
                                          .action = keep_text(status, 2, query_bytes(&query, 2)),
                                          .reason = keep_text(status, 3, query_bytes(&query, 3)),
                                          .received_ms = query_number(&query, 4),
                                          .ended_ms = query_number(&query, 5),
                                          .due_ms = query_number(&query, 6)};
    }
    return there && journal_status_is_well(status);
}

/* The number of the delivery that a query has found; 0: none. */
static int64_t first_number(struct query query)
{
    int64_t number = 0;
    while (query_next(&query))
        if (!query_is_null(&query, 0))
            number = query_number(&query, 0);
    return number;
}

bool journal_status_oldest(struct journal_status *status, int64_t now_ms,
                           struct status_delivery *found)
{
    sqlite_clear(&status->db);
    int64_t seq = first_number(sqlite_query(&status->db, STATUS_OLDEST, bind_number(now_ms)));
    return seq > 0 && read_delivery(status, seq, found);
}

static bool read_found(struct journal_status *status, enum status_sql which,
                       struct status_delivery *found)
{
    sqlite_clear(&status->db);
    int64_t seq = first_number(sqlite_query_values(&status->db, (int)which, NULL, 0));
    return seq > 0 && read_delivery(status, seq, found);
}

bool journal_status_next_due(struct journal_status *status, struct status_delivery *found)
{
    return read_found(status, STATUS_NEXT_DUE, found);
}

bool journal_status_newest_dead(struct journal_status *status, struct status_delivery *found)
{
    return read_found(status, STATUS_NEWEST_DEAD, found);
}

bool journal_status_newest_untold(struct journal_status *status, struct status_delivery *found)
{
    return read_found(status, STATUS_NEWEST_UNTOLD, found);
}

bool journal_status_not_started(struct journal_status *status, int64_t *count,
                                struct status_delivery *newest)
{
    int64_t seq = 0;
    *count = 0;
    sqlite_clear(&status->db);
    struct query query = sqlite_query_values(&status->db, STATUS_NOT_STARTED, NULL, 0);
    while (query_next(&query)) {
        seq = query_number(&query, 0);
        *count = query_number(&query, 2);
    }
    return *count > 0 && read_delivery(status, seq, newest);
}

bool journal_status_count_dead(struct journal_status *status, int64_t *count)
{
    sqlite_clear(&status->db);
    *count = first_number(sqlite_query_values(&status->db, STATUS_COUNT_DEAD, NULL, 0));
    return journal_status_is_well(status);
}

/* ---- actions that are gone ---- */

bool journal_status_actions(struct journal_status *status,
                            void (*each)(void *context, int64_t number, struct bytes route,
                                         struct bytes action),
                            void *context)
{
    sqlite_clear(&status->db);
    struct query query = sqlite_query_values(&status->db, STATUS_NAMES, NULL, 0);
    while (query_next(&query))
        each(context, query_number(&query, 0), query_bytes(&query, 1), query_bytes(&query, 2));
    return journal_status_is_well(status);
}

bool journal_status_orphans(struct journal_status *status, int64_t action, int64_t *pending,
                            int64_t *dead)
{
    sqlite_clear(&status->db);
    *pending = first_number(sqlite_query(&status->db, STATUS_WAITING_OF, bind_number(action)));
    *dead = first_number(sqlite_query(&status->db, STATUS_ABANDONED_OF, bind_number(action),
                                      bind_text(JOURNAL_ABANDONED)));
    return journal_status_is_well(status);
}

/* ---- the log ---- */

bool journal_status_log(struct journal_status *status, uint32_t *pages, uint32_t *copied)
{
    struct sqlite_files files = {.handle = status->db.handle};
    struct log_state state;
    if (!sqlite_files_log_state(&files, &state))
        return false;
    *pages = state.frames;
    *copied = state.copied < state.frames ? state.copied : state.frames;
    return true;
}

/* ---- pauses, and one event ---- */

bool journal_status_paused(struct journal_status *status,
                           void (*each)(void *context, struct bytes route, int64_t since_ms,
                                        struct bytes why),
                           void *context)
{
    sqlite_clear(&status->db);
    struct query query = sqlite_query_values(&status->db, STATUS_PAUSED, NULL, 0);
    while (query_next(&query))
        each(context, query_bytes(&query, 0), query_number(&query, 1), query_bytes(&query, 2));
    return journal_status_is_well(status);
}

bool journal_status_open_of(struct journal_status *status, int64_t seq,
                            void (*each)(void *context, struct bytes action, uint64_t runner),
                            void *context)
{
    sqlite_clear(&status->db);
    struct query query = sqlite_query(&status->db, STATUS_OPEN_OF, bind_number(seq));
    while (query_next(&query))
        each(context, query_bytes(&query, 0), (uint64_t)query_number(&query, 1));
    return journal_status_is_well(status);
}
