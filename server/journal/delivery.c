/* Deliveries: found, claimed, ended, taken over. Every change of state names the state it expects,
 * so that two runners that both have the journal open cannot undo each other's. */
#include "handlers/action/action.h"
#include "server/journal/event_row.h"
#include "server/journal/private.h"

#include <stdlib.h>

bool deliveries_find_pending(struct sqlite_journal *journal, int64_t action, int64_t after,
                             int64_t now_ms, int64_t *seqs, uint32_t *sizes, size_t limit,
                             size_t *count)
{
    size_t found = 0;
    struct query query =
        sqlite_query(&journal->db, SQL_FIND_PENDING, bind_number(action), bind_number(after),
                     bind_number(now_ms), bind_number((int64_t)limit));
    while (query_next(&query)) {
        if (found == limit)
            continue;
        if (sizes)
            sizes[found] = (uint32_t)query_number(&query, 1);
        seqs[found++] = query_number(&query, 0);
    }
    *count = found;
    return sqlite_status(&journal->db) == SQLITE_STATUS_OK;
}

bool deliveries_tally(struct sqlite_journal *journal, struct journal_tally *tally)
{
    struct query query = sqlite_query(&journal->db, SQL_TALLY, bind_number(tally->action),
                                      bind_number(tally->after), bind_number((int64_t)tally->room));
    *tally = (struct journal_tally){
        .action = tally->action, .after = tally->after, .room = tally->room, .last = tally->after};
    while (query_next(&query)) {
        tally->count = (size_t)query_number(&query, 0);
        tally->bytes = query_number(&query, 1);
        if (tally->count > 0)
            tally->last = query_number(&query, 2);
    }
    return sqlite_status(&journal->db) == SQLITE_STATUS_OK;
}

bool deliveries_read_open(struct sqlite_journal *journal,
                          void (*each)(void *context, int64_t action), void *context)
{
    int64_t action = 0;
    for (bool found = true; found;) {
        struct query query = sqlite_query(&journal->db, SQL_NEXT_OPEN, bind_number(action));
        found = query_next(&query);
        if (found)
            action = query_number(&query, 0);
        query_end(&query);
        if (found)
            each(context, action);
    }
    return sqlite_status(&journal->db) == SQLITE_STATUS_OK;
}

static void tell_if_dead(struct sqlite_journal *journal, int64_t delivery, delivery_died *died,
                         void *context)
{
    struct query query = sqlite_query(&journal->db, SQL_READ_DEATH, bind_number(delivery));
    while (query_next(&query)) {
        struct stored_death death = {.handle = delivery,
                                     .id = query_bytes(&query, 0),
                                     .route = query_bytes(&query, 1),
                                     .action = query_bytes(&query, 2),
                                     .client = query_bytes(&query, 3),
                                     .reason = query_bytes(&query, 4),
                                     .attempt = (unsigned)query_number(&query, 5)};
        died(context, &death);
    }
}

/* Of one that has run before: that attempt becomes a row of its own. */
static void keep_attempt(struct sqlite *db, int64_t delivery)
{
    sqlite_execute(db, SQL_KEEP_ATTEMPT, bind_number(delivery));
    sqlite_execute(db, SQL_DROP_OUTPUT, bind_number(delivery));
    sqlite_execute(db, SQL_DROP_ATTEMPTS, bind_number(delivery));
}

bool deliveries_claim(struct sqlite_journal *journal, const struct claim *claim,
                      bool (*each)(void *context, int64_t action,
                                   const struct journal_delivery *delivery),
                      delivery_died *died, void *context)
{
    struct sqlite *db = &journal->db;
    int64_t delivery = claim->delivery;
    struct query query = sqlite_query(db, SQL_READ_DELIVERY, bind_number(delivery));
    bool lost = false, taken = false, again = false;
    while (query_next(&query)) {
        struct journal_delivery found = {.attempt = (unsigned)query_number(&query, 0),
                                         .failures = (unsigned)query_number(&query, 2),
                                         .takeovers = (unsigned)query_number(&query, 3),
                                         .event = event_of_row(&query, 4, 0, EVENT_FIELD_COUNT)};
        again = found.attempt > 1;
        lost = query_number(&query, 1) == 0; /* its event or its body */
        found.key = query_number(&query, 5 + EVENT_FIELD_COUNT);
        taken = !lost && each(context, query_number(&query, 4 + EVENT_FIELD_COUNT), &found);
    }
    if (taken && again)
        keep_attempt(db, delivery);
    if (taken)
        sqlite_execute(db, SQL_CLAIM, bind_number(delivery), bind_number((int64_t)claim->runner_id),
                       bind_number(claim->now_ms), bind_number(claim->is_alone));
    if (lost) {
        sqlite_execute(db, SQL_LOST, bind_number(delivery), bind_number(claim->now_ms));
        tell_if_dead(journal, delivery, died, context);
    }
    return sqlite_status(db) == SQLITE_STATUS_OK;
}

static const char *state_after(const struct ended_attempt *ended)
{
    static const char *const states[] = {[OUTCOME_DONE] = "done",
                                         [OUTCOME_FAILED] = "dead",
                                         [OUTCOME_TIMEOUT] = "dead",
                                         [OUTCOME_INTERRUPTED] = "pending",
                                         [OUTCOME_CANCELLED] = "dead"};
    return ended->wait_ms > 0 ? "pending" : states[ended->outcome->kind];
}

static struct bind_value number_unless(int number, int none)
{
    return number == none ? bind_null() : bind_number(number);
}

bool deliveries_finish(struct sqlite_journal *journal, const struct ended_attempt *ended,
                       bool *applied)
{
    struct sqlite *db = &journal->db;
    const struct outcome *outcome = ended->outcome;
    bool failed = outcome->kind == OUTCOME_FAILED || outcome->kind == OUTCOME_TIMEOUT;
    *applied = false;
    bool silent = outcome->output.length == 0 && outcome->output_total == 0 &&
                  outcome->error_output.length == 0 && outcome->error_output_total == 0;
    if (!sqlite_execute(db, SQL_FINISH, bind_number(ended->delivery),
                        bind_number((int64_t)ended->runner_id), bind_text(state_after(ended)),
                        bind_number(ended->ended_ms), bind_number(outcome->duration_ms),
                        number_unless(outcome->exit_status, -1), number_unless(outcome->signal, 0),
                        outcome->kind == OUTCOME_DONE ? bind_null() : bind_text(outcome->reason),
                        bind_number(outcome->torn), bind_number(ended->attempt),
                        bind_number(ended->wait_ms > 0 ? ended->due_ms : 0),
                        ended->wait_ms > 0 ? bind_number(ended->wait_ms) : bind_null(),
                        bind_number(failed)))
        return false;
    *applied = sqlite_changes(db) == 1;
    if (!*applied || silent)
        return true;
    return sqlite_execute(db, SQL_PUT_OUTPUT, bind_number(ended->delivery),
                          bind_number((int64_t)outcome->output_total),
                          bind_number((int64_t)outcome->error_output_total),
                          bind_blob(outcome->output), bind_blob(outcome->error_output));
}

bool deliveries_finish_stopped(struct sqlite_journal *journal, const struct ended_attempt *ended,
                               bool *applied, delivery_died *died, void *context)
{
    if (!deliveries_finish(journal, ended, applied))
        return false;
    if (*applied && sqlite_execute(&journal->db, SQL_COUNT_STOP, bind_number(ended->delivery)))
        tell_if_dead(journal, ended->delivery, died, context);
    return sqlite_status(&journal->db) == SQLITE_STATUS_OK;
}

bool deliveries_is_pending(struct sqlite_journal *journal, int64_t delivery)
{
    bool found = false;
    struct query query = sqlite_query(&journal->db, SQL_IS_PENDING, bind_number(delivery));
    while (query_next(&query))
        found = true;
    return found;
}

/* ---- taking over ---- */

struct left_list {
    struct left_delivery {
        int64_t seq;
        enum journal_left how;
    } * items;
    size_t count, capacity;
};

static bool left_list_add(struct left_list *list, int64_t seq, enum journal_left how)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 64;
        struct left_delivery *items = realloc(list->items, capacity * sizeof *items);
        if (!items)
            return false;
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = (struct left_delivery){seq, how};
    return true;
}

bool deliveries_take_over(struct sqlite_journal *journal, int64_t now_ms,
                          enum journal_left (*left)(void *context, uint64_t runner_id,
                                                    const struct journal_due *delivery),
                          delivery_died *died, void *context, size_t *count)
{
    struct sqlite *db = &journal->db;
    struct left_list list = {NULL};
    bool room = true; /* what did not fit is taken over another time */
    struct query query = sqlite_query_values(db, SQL_READ_RUNNING, NULL, 0);
    while (query_next(&query)) {
        const struct journal_due delivery = {.handle = query_number(&query, 0),
                                             .action = query_number(&query, 2),
                                             .key = query_number(&query, 3)};
        enum journal_left how = left(context, (uint64_t)query_number(&query, 1), &delivery);
        if (room && how != LEFT_NOT)
            room = left_list_add(&list, delivery.handle, how);
    }
    for (size_t i = 0; i < list.count; i++) {
        sqlite_execute(db, SQL_TAKE_OVER, bind_number(list.items[i].seq), bind_number(now_ms),
                       bind_number(list.items[i].how));
        tell_if_dead(journal, list.items[i].seq, died, context);
    }
    *count = list.count;
    free(list.items);
    return room && sqlite_status(db) == SQLITE_STATUS_OK;
}

bool deliveries_read_left(struct sqlite_journal *journal,
                          void (*each)(void *context, int64_t action), void *context)
{
    struct query query = sqlite_query_values(&journal->db, SQL_READ_LEFT, NULL, 0);
    while (query_next(&query))
        each(context, query_number(&query, 0));
    return sqlite_status(&journal->db) == SQLITE_STATUS_OK;
}

enum { ABANDON_STEP = 64 };

bool deliveries_abandon(struct sqlite_journal *journal, int64_t action, const char *reason,
                        int64_t now_ms, size_t limit, delivery_died *died, void *context,
                        size_t *count)
{
    struct sqlite *db = &journal->db;
    int64_t seqs[ABANDON_STEP];
    size_t found, room;
    *count = 0;
    do {
        room = limit - *count < ABANDON_STEP ? limit - *count : ABANDON_STEP;
        if (!deliveries_find_pending(journal, action, 0, INT64_MAX, seqs, NULL, room, &found))
            return false;
        for (size_t i = 0; i < found; i++) {
            sqlite_execute(db, SQL_ABANDON, bind_number(seqs[i]), bind_text(reason),
                           bind_number(now_ms));
            tell_if_dead(journal, seqs[i], died, context);
        }
        *count += found;
    } while (found == room && *count < limit);
    return sqlite_status(db) == SQLITE_STATUS_OK;
}
