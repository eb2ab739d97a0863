/* Deliveries that tell of failures (`on_failure`). One is a delivery of the event that has failed,
 * behind those of its actions, so it is found, kept and pruned with it. It is made in the
 * transaction in which the failure is written: either both are known or neither is.
 *
 * A route has one that waits at most; what fails meanwhile is counted (route.untold). A claim reads
 * the count, and the end of a teller that is done takes off what it was given: one that fails, is
 * tried again, or whose runner dies has told nobody. The claim also keeps the distance to the one
 * before (route.told_ms): what was made due too early, because two runners have made one each, is
 * put off. What is told of the failure is read at the claim, from the delivery that has failed
 * last. */
#include "server/journal/private.h"

#include <string.h>

/* ---- what has failed ---- */

/* The one of the route of a delivery that is dead, also where its action is gone; NULL: nobody is
 * to be told. */
static const struct journal_action *find_teller(struct sqlite_journal *journal, int64_t handle)
{
    int64_t teller = 0;
    struct query query = sqlite_query(&journal->db, SQL_FIND_TELLER, bind_number(handle),
                                      bind_text(ON_FAILURE_NAME));
    while (query_next(&query))
        teller = query_number(&query, 0);
    return engine_is_teller(handle) ? NULL : engine_find_action(&journal->base, teller);
}

static bool has_waiting(struct sqlite_journal *journal, const struct journal_action *teller)
{
    bool found = false;
    struct query query = sqlite_query(&journal->db, SQL_FIND_WAITING, bind_number(teller->number));
    while (query_next(&query))
        found = true;
    return found;
}

static void note_later(struct journal_turn *turn, int64_t due_ms)
{
    if (turn->teller_due_ms == 0 || due_ms < turn->teller_due_ms)
        turn->teller_due_ms = due_ms;
}

/* For the queue of the runner. */
static void note_due(struct sqlite_journal *journal, struct journal_turn *turn,
                     const struct journal_action *teller, int64_t handle)
{
    struct query query = sqlite_query(&journal->db, SQL_READ_TELLER, bind_number(handle));
    struct journal_due due = {.action = teller->number, .handle = handle};
    int64_t due_ms = 0;
    while (query_next(&query)) {
        due_ms = query_number(&query, 0);
        due.bytes = (uint32_t)query_number(&query, 1);
    }
    if (due_ms > 0)
        note_later(turn, due_ms);
    else if (!engine_add_due(&turn->reruns, &due))
        sqlite_fail(&journal->db, "no memory for what tells of a failure");
}

/* In the first of the two places that is not open. */
static bool add_teller(struct sqlite_journal *journal, struct journal_turn *turn,
                       const struct journal_action *teller, int64_t event)
{
    for (size_t place = JOURNAL_TELLER_LAST; place >= JOURNAL_TELLER_FIRST; place--) {
        int64_t handle = delivery_seq(event, place);
        if (!sqlite_execute(&journal->db, SQL_ADD_TELLER, bind_number(handle),
                            bind_number(teller->number), bind_text(teller->route),
                            bind_number(teller->tell_every_ms), bind_number(turn->due_ms)))
            return false;
        if (sqlite_changes(&journal->db) != 1)
            continue;
        note_due(journal, turn, teller, handle);
        return true;
    }
    return false;
}

bool tell_of_event(struct sqlite_journal *journal, struct journal_turn *turn, int64_t teller,
                   int64_t event)
{
    const struct journal_action *action = engine_find_action(&journal->base, teller);
    return action && add_teller(journal, turn, action, event);
}

static void tell(void *context, struct journal_turn *turn, int64_t handle)
{
    struct sqlite_journal *journal = context;
    const struct journal_action *teller = find_teller(journal, handle);
    if (!teller)
        return;
    if (has_waiting(journal, teller) ||
        !add_teller(journal, turn, teller, handle / JOURNAL_ACTIONS_MAX))
        sqlite_execute(&journal->db, SQL_COUNT_UNTOLD, bind_text(teller->route));
}

void tell_failures(struct sqlite_journal *journal, struct journal_turn *turn)
{
    engine_tell_failures(&journal->base, turn, tell, journal);
}

/* ---- what is told ---- */

static struct bytes keep(struct told *told, size_t *used, struct bytes text)
{
    struct bytes kept = bytes_of(told->texts + *used, text.length);
    if (kept.length > sizeof told->texts - *used)
        kept.length = sizeof told->texts - *used;
    if (kept.length > 0)
        memcpy(told->texts + *used, text.data, kept.length);
    *used += kept.length;
    return kept;
}

static void read_failure(struct sqlite_journal *journal, int64_t event, struct told *told)
{
    struct query query = sqlite_query(&journal->db, SQL_READ_FAILURE, bind_number(event),
                                      bind_number(JOURNAL_TOLD_OUTPUT));
    while (query_next(&query)) {
        struct delivery_failure *failure = &told->failure;
        size_t used = 0;
        failure->action = keep(told, &used, query_bytes(&query, 0));
        failure->reason = keep(told, &used, query_bytes(&query, 1));
        failure->attempts = (unsigned)query_number(&query, 2);
        failure->exit_status = query_is_null(&query, 3) ? -1 : (int)query_number(&query, 3);
        failure->signal = (int)query_number(&query, 4);
        failure->output = keep(told, &used, query_bytes(&query, 5));
        failure->error_output = keep(told, &used, query_bytes(&query, 6));
    }
}

/* The distance to the last one is that of first attempts: how soon one that has failed is tried
 * again is said by its own keys. A clock that was set back delays it by no more than the distance.
 */
static bool is_too_early(const struct journal_action *teller, int64_t tries, int64_t told_ms,
                         int64_t now_ms)
{
    return tries == 0 && now_ms >= told_ms && now_ms - told_ms < teller->tell_every_ms;
}

bool tell_prepare(struct sqlite_journal *journal, struct journal_turn *turn, int64_t action,
                  int64_t handle, struct told *told)
{
    const struct journal_action *teller = engine_find_action(&journal->base, action);
    struct sqlite *db = &journal->db;
    int64_t tries = 0, told_ms = 0;
    told->failure = (struct delivery_failure){.exit_status = -1};
    if (!teller)
        return true;
    struct query query =
        sqlite_query(db, SQL_READ_TELLING, bind_number(handle), bind_text(teller->route));
    while (query_next(&query)) {
        tries = query_number(&query, 0);
        told_ms = query_number(&query, 1);
        told->failure.count = query_number(&query, 2);
    }
    if (is_too_early(teller, tries, told_ms, turn->due_ms)) {
        int64_t due_ms = told_ms + teller->tell_every_ms;
        sqlite_execute(db, SQL_TELL_LATER, bind_number(handle), bind_number(due_ms),
                       bind_number(due_ms - turn->due_ms));
        note_later(turn, due_ms);
        return false;
    }
    read_failure(journal, handle / JOURNAL_ACTIONS_MAX, told);
    return true;
}

void tell_claimed(struct sqlite_journal *journal, const struct journal_turn *turn, int64_t action)
{
    const struct journal_action *teller = engine_find_action(&journal->base, action);
    if (teller)
        sqlite_execute(&journal->db, SQL_TOLD, bind_text(teller->route), bind_number(turn->due_ms));
}

void tell_done(struct sqlite_journal *journal, const struct journal_finish *finish)
{
    sqlite_execute(&journal->db, SQL_TOLD_COUNT, bind_number(finish->handle),
                   bind_number(finish->told));
}
