/* How the journal is, as `status` reads it; and what people cancel beside the server. */
#include "journal_fixture.h"

#include "base/clock.h"
#include "server/journal/editor.h"
#include "server/journal/status_reader.h"
#include "tests/unit/suite.h"

static struct error err;
static char ids[6][ID_TEXT_SIZE];

static bool note_nothing(void *context, int64_t action, const struct journal_delivery *delivery)
{
    (void)context, (void)action, (void)delivery;
    return true;
}

/* The first attempt, of runner 7. */
static bool finish(struct sqlite_journal *journal, int64_t delivery, const struct outcome *outcome,
                   int64_t ended_ms, bool *applied)
{
    const struct ended_attempt ended = {.delivery = delivery,
                                        .runner_id = 7,
                                        .attempt = 1,
                                        .outcome = outcome,
                                        .ended_ms = ended_ms};
    return deliveries_finish(journal, &ended, applied);
}

static void run_sql(const char *sql)
{
    struct sqlite db;
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_KEEP, 1000, NULL, &err));
    ck_assert(sqlite_run(&db, sql));
    sqlite_close(&db);
}

/* Events 1 to 5 with a delivery each: dead, done, running by runner 7, pending, pending; alpha has
 * the first three. */
static void fill(void)
{
    static const enum outcome_kind ends[] = {OUTCOME_FAILED, OUTCOME_DONE};
    struct sqlite_journal *journal = fixture_open();
    int64_t action;
    bool applied;
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    for (int i = 0; i < 5; i++) {
        char key[8];
        snprintf(key, sizeof key, "%d", i);
        struct event event = fixture_event(key, bytes_of_text("{}"));
        const char *route = i < 3 ? "alpha" : "beta";
        struct outcome outcome = {.exit_status = 1, .reason = "exited with status 1"};
        id_create(clock_unix_ms(), ids[i]);
        event.received_ms = 1000 + i;
        event.route = bytes_of_text(route);
        ck_assert(events_find_action(journal, route, "1", &action));
        int64_t seq = fixture_add(journal, &event, ids[i]), delivery = delivery_seq(seq, 0);
        ck_assert(events_add_delivery(journal, seq, 0, action, 0));
        if (i < 3)
            ck_assert(deliveries_claim(
                journal, &(struct claim){.delivery = delivery, .runner_id = 7, .now_ms = 1},
                note_nothing, NULL, NULL));
        outcome.kind = ends[i & 1];
        if (i < 2)
            ck_assert(finish(journal, delivery, &outcome, 5000 + i, &applied));
    }
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    writer_close(journal);
}

static struct journal_status *open_status(void)
{
    struct journal_status *status = journal_status_open(fixture_path, &err);
    ck_assert_msg(status != NULL, "%s", err.text);
    return status;
}

static char said[512];

static void say_counts(void *context, const struct status_counts *counts)
{
    size_t length = strlen(said);
    (void)context;
    snprintf(said + length, sizeof said - length, "%s %d %d %d %d %d;", counts->route,
             (int)counts->by_state[0], (int)counts->by_state[1], (int)counts->by_state[2],
             (int)counts->by_state[3], (int)counts->by_state[4]);
}

static void say_pause(void *context, struct bytes route, int64_t since_ms, struct bytes why)
{
    (void)context;
    snprintf(said, sizeof said, "%.*s %d %.*s", (int)route.length, route.data, (int)since_ms,
             (int)why.length, why.data);
}

static void say_open(void *context, struct bytes action, uint64_t runner)
{
    size_t length = strlen(said);
    (void)context;
    snprintf(said + length, sizeof said - length, "%.*s %d;", (int)action.length, action.data,
             (int)runner);
}

static bool is_id(struct bytes text, int event)
{
    return bytes_equal_text(text, ids[event - 1]);
}

START_TEST(counts_and_the_first_of_each)
{
    struct status_delivery found;
    int64_t dead;
    fill();
    struct journal_status *status = open_status();
    said[0] = '\0';
    ck_assert(journal_status_counts(status, say_counts, NULL));
    ck_assert_str_eq(said, "alpha 0 1 1 1 0;beta 2 0 0 0 0;");
    ck_assert(journal_status_count_dead(status, &dead) && dead == 1);
    ck_assert(journal_status_newest_dead(status, &found));
    ck_assert(is_id(found.id, 1) && found.ended_ms == 5000);
    ck_assert(bytes_equal_text(found.reason, "exited with status 1"));
    ck_assert(bytes_equal_text(found.route, "alpha") && bytes_equal_text(found.action, "1"));
    ck_assert(journal_status_oldest(status, 10000, &found));
    ck_assert(is_id(found.id, 4) && found.received_ms == 1003);
    ck_assert(!journal_status_next_due(status, &found) && journal_status_is_well(status));
    /* one waits for its time, the other one's route is paused */
    run_sql("UPDATE delivery SET due_ms = 20000 WHERE event = 4;"
            "INSERT INTO route (name, paused_ms, paused_why) VALUES ('beta', 42, 'no disk')");
    ck_assert(journal_status_next_due(status, &found) && is_id(found.id, 4));
    ck_assert_int_eq(found.due_ms, 20000);
    ck_assert(!journal_status_oldest(status, 10000, &found) && journal_status_is_well(status));
    ck_assert(journal_status_paused(status, say_pause, NULL));
    ck_assert_str_eq(said, "beta 42 no disk");
    run_sql("UPDATE route SET paused_ms = NULL");
    ck_assert(journal_status_oldest(status, 10000, &found) && is_id(found.id, 5));
    ck_assert(journal_status_oldest(status, 30000, &found) && is_id(found.id, 4));
    journal_status_close(status);
}
END_TEST

/* The same columns as SQL_FINISH writes: of an attempt that exited, timed out, never began, and of
 * a worker's answer. */
START_TEST(what_could_not_be_started_is_counted_while_it_waits)
{
    static const char *const waits[] = {
        "exit_status = 75, reason = 'exited with status 75'",
        "signal = 15, reason = 'timeout'",
        "reason = 'the worker wanted it later'",
    };
    struct status_delivery found;
    char sql[256];
    int64_t count = 1;
    fill();
    struct journal_status *status = open_status();
    ck_assert(!journal_status_not_started(status, &count, &found) && count == 0);
    ck_assert(journal_status_is_well(status));
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        snprintf(sql, sizeof sql,
                 "UPDATE delivery SET due_ms = 9, wait_ms = 9, failures = 2, ended_ms = 8,"
                 " exit_status = NULL, signal = NULL, %s WHERE event = 4",
                 waits[i]);
        run_sql(sql);
        ck_assert_msg(!journal_status_not_started(status, &count, &found), "%s", waits[i]);
    }
    run_sql("UPDATE delivery SET due_ms = 9, wait_ms = 9, failures = event - 3, ended_ms = event,"
            " exit_status = NULL, signal = NULL, reason = 'may not be executed ' || event"
            " WHERE state = 'pending'");
    ck_assert(journal_status_not_started(status, &count, &found) && count == 2);
    ck_assert(is_id(found.id, 5) && found.ended_ms == 5);
    ck_assert(bytes_equal_text(found.reason, "may not be executed 5"));
    run_sql("UPDATE delivery SET state = 'done' WHERE event = 5");
    ck_assert(journal_status_not_started(status, &count, &found) && is_id(found.id, 4));
    journal_status_close(status);
}
END_TEST

static void say_action(void *context, int64_t number, struct bytes route, struct bytes action)
{
    size_t length = strlen(said);
    int64_t pending, dead;
    if (!journal_status_orphans(context, number, &pending, &dead))
        return;
    snprintf(said + length, sizeof said - length, "%.*s/%.*s %d %d;", (int)route.length, route.data,
             (int)action.length, action.data, (int)pending, (int)dead);
}

START_TEST(what_waits_for_actions_that_are_gone)
{
    struct journal_status *other = NULL;
    uint32_t pages = 0, copied = 1;
    fill();
    run_sql("UPDATE delivery SET reason = '" JOURNAL_ABANDONED "' WHERE state = 'dead'");
    struct journal_status *status = open_status();
    other = open_status();
    said[0] = '\0';
    ck_assert(journal_status_actions(status, say_action, other));
    ck_assert_str_eq(said, "alpha/1 0 1;beta/1 2 0;");
    if (journal_status_log(status, &pages, &copied))
        ck_assert_uint_le(copied, pages);
    journal_status_close(other);
    journal_status_close(status);
}
END_TEST

START_TEST(a_journal_without_events_has_nothing)
{
    struct status_delivery found;
    int64_t dead = 1;
    writer_close(fixture_open());
    struct journal_status *status = open_status();
    said[0] = '\0';
    ck_assert(journal_status_counts(status, say_counts, NULL));
    ck_assert(journal_status_count_dead(status, &dead) && dead == 0 && said[0] == '\0');
    ck_assert(!journal_status_oldest(status, 1, &found) && journal_status_is_well(status));
    ck_assert(!journal_status_newest_dead(status, &found) && journal_status_is_well(status));
    journal_status_close(status);
    char missing[128];
    snprintf(missing, sizeof missing, "%s/none.db", fixture_directory);
    ck_assert_ptr_null(journal_status_open(missing, &err));
}
END_TEST

static size_t cancel(int64_t seq, bool all)
{
    size_t count = 99;
    struct journal_edit *edit = journal_edit_open(fixture_path, &err);
    ck_assert(edit && journal_edit_begin(edit, &err) &&
              journal_edit_cancel(edit, seq, all, 6000, &count, &err) &&
              journal_edit_commit(edit, &err));
    journal_edit_close(edit);
    return count;
}

START_TEST(what_waits_is_cancelled)
{
    struct status_delivery found;
    int64_t dead;
    fill();
    struct journal_status *status = open_status();
    said[0] = '\0';
    for (int64_t seq = 1; seq <= 4; seq++)
        ck_assert(journal_status_open_of(status, seq, say_open, NULL));
    ck_assert_str_eq(said, "1 7;1 0;");
    ck_assert_uint_eq(cancel(1, true), 0); /* dead already, for another reason */
    ck_assert_uint_eq(cancel(2, true), 0);
    ck_assert_uint_eq(cancel(3, false), 0); /* it runs */
    ck_assert_uint_eq(cancel(4, false), 1);
    ck_assert_uint_eq(cancel(4, false), 0);
    ck_assert_uint_eq(cancel(3, true), 1);
    said[0] = '\0';
    ck_assert(journal_status_counts(status, say_counts, NULL));
    ck_assert_str_eq(said, "alpha 0 0 1 2 0;beta 1 0 0 1 0;");
    /* nobody need look at what people have wanted */
    ck_assert(journal_status_count_dead(status, &dead) && dead == 1);
    ck_assert(journal_status_newest_dead(status, &found) && is_id(found.id, 1));
    journal_status_close(status);
    /* the runner has lost it */
    struct outcome outcome = {.kind = OUTCOME_DONE, .reason = ""};
    struct sqlite_journal *journal = fixture_open();
    bool applied = true;
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    ck_assert(finish(journal, delivery_seq(3, 0), &outcome, 7000, &applied));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    ck_assert(!applied);
    writer_close(journal);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("journal_status");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, fixture_begin, fixture_end);
    tcase_add_test(all, counts_and_the_first_of_each);
    tcase_add_test(all, what_could_not_be_started_is_counted_while_it_waits);
    tcase_add_test(all, what_waits_for_actions_that_are_gone);
    tcase_add_test(all, a_journal_without_events_has_nothing);
    tcase_add_test(all, what_waits_is_cancelled);
    suite_add_tcase(suite, all);
    return suite;
}
