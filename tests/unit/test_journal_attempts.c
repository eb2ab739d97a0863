/* Each attempt of a delivery leaves its times, its end and its output behind. */
#include "journal_fixture.h"

#include "base/clock.h"
#include "server/journal/editor.h"
#include "server/journal/reader.h"
#include "tests/unit/suite.h"

enum { KEPT = 20, RUNNER = 7 };

static struct sqlite_journal *journal;
static int64_t delivery;

static void set_up(void)
{
    char id[ID_TEXT_SIZE];
    int64_t action;
    struct event event = fixture_event("", bytes_of_text("{}"));
    fixture_begin();
    journal = fixture_open();
    id_create(clock_unix_ms(), id);
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    ck_assert(events_find_action(journal, "alpha", "1", &action));
    delivery = delivery_seq(fixture_add(journal, &event, id), 0);
    ck_assert(events_add_delivery(journal, delivery / JOURNAL_ACTIONS_MAX, 0, action, 0));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
}

static void tear_down(void)
{
    writer_close(journal);
    fixture_end();
}

static bool take(void *context, int64_t action, const struct journal_delivery *found)
{
    (void)action;
    *(struct journal_delivery *)context = *found;
    return true;
}

/* One attempt, that is tried again if `wait_ms` is not 0; an even one writes its number. */
static struct journal_delivery attempt(enum outcome_kind kind, int64_t wait_ms)
{
    struct journal_delivery found = {0};
    char said[16], reason[32];
    bool applied;
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    const struct claim claim = {.delivery = delivery, .runner_id = RUNNER, .now_ms = 1000};
    ck_assert(deliveries_claim(journal, &claim, take, NULL, &found));
    snprintf(said, sizeof said, "%u", found.attempt);
    snprintf(reason, sizeof reason, "attempt %u failed", found.attempt);
    const struct outcome outcome = {
        .kind = kind,
        .exit_status = (int)found.attempt,
        .duration_ms = found.attempt,
        .reason = reason,
        .output = bytes_of_text(found.attempt % 2 == 0 ? said : ""),
        .output_total = found.attempt % 2 == 0 ? strlen(said) : 0,
    };
    const struct ended_attempt ended = {.delivery = delivery,
                                        .runner_id = RUNNER,
                                        .attempt = found.attempt,
                                        .outcome = &outcome,
                                        .ended_ms = 2000 + found.attempt,
                                        .due_ms = 3000,
                                        .wait_ms = wait_ms};
    ck_assert(deliveries_finish(journal, &ended, &applied) && applied);
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    return found;
}

struct seen {
    int64_t first, count;
};

static void check_attempt(void *context, const struct attempt_view *view)
{
    struct seen *seen = context;
    char said[16], reason[32];
    int64_t number = seen->first + seen->count++;
    snprintf(said, sizeof said, "%lld", (long long)number);
    snprintf(reason, sizeof reason, "attempt %lld failed", (long long)number);
    ck_assert(view->number == number && view->exit_status == number && view->signal == -1);
    ck_assert(view->started_ms == 1000 && view->ended_ms == 2000 + number);
    ck_assert(view->duration_ms == number && bytes_equal_text(view->reason, reason));
    ck_assert(bytes_equal_text(view->output, number % 2 == 0 ? said : ""));
    ck_assert_int_eq(view->output_total, number % 2 == 0 ? (int64_t)strlen(said) : 0);
}

static void keep_view(void *context, const struct delivery_view *view)
{
    *(struct delivery_view *)context = *view;
    ck_assert_int_eq(view->seq, delivery);
}

/* So many earlier attempts are kept, from that one on; and what the delivery itself says. */
static struct delivery_view look(int64_t first, int64_t count)
{
    struct error err = {""};
    struct seen seen = {.first = first};
    struct delivery_view view = {0};
    struct journal_reader *reader = journal_reader_open(fixture_path, &err);
    ck_assert_msg(reader != NULL, "%s", err.text);
    ck_assert(journal_reader_attempts(reader, delivery, check_attempt, &seen));
    ck_assert_int_eq(seen.count, count);
    ck_assert(journal_reader_deliveries(reader, delivery / JOURNAL_ACTIONS_MAX, keep_view, &view));
    journal_reader_close(reader);
    return view;
}

START_TEST(the_last_attempt_is_in_the_delivery_and_moves_when_the_next_begins)
{
    ck_assert_uint_eq(attempt(OUTCOME_FAILED, 500).failures, 0);
    struct delivery_view view = look(1, 0);
    ck_assert(view.attempt == 1 && view.failures == 1 && view.exit_status == 1);
    ck_assert(view.due_ms == 3000 && view.ended_ms == 2001);
    ck_assert_uint_eq(attempt(OUTCOME_TIMEOUT, 500).failures, 1);
    view = look(1, 1);
    ck_assert(view.attempt == 2 && view.failures == 2 && view.output_total == 1);
    ck_assert_uint_eq(attempt(OUTCOME_INTERRUPTED, 500).failures, 2);
    view = look(1, 2);
    ck_assert(view.failures == 2 && view.output_total == 0 && view.due_ms == 3000);
    ck_assert_uint_eq(attempt(OUTCOME_DONE, 0).attempt, 4);
    view = look(1, 3);
    ck_assert(view.failures == 2 && view.due_ms == 0 && view.output_total == 1);
}
END_TEST

START_TEST(the_newest_are_kept)
{
    for (int i = 0; i < KEPT + 6; i++)
        attempt(OUTCOME_FAILED, 500);
    look(6, KEPT);
}
END_TEST

START_TEST(a_replay_begins_a_new_budget_and_keeps_the_history)
{
    struct error err = {""};
    size_t count;
    attempt(OUTCOME_FAILED, 500);
    attempt(OUTCOME_FAILED, 0);
    struct journal_edit *edit = journal_edit_open(fixture_path, &err);
    ck_assert(edit && journal_edit_begin(edit, &err));
    ck_assert(
        journal_edit_replay(edit, delivery / JOURNAL_ACTIONS_MAX, &replay_dead, &count, &err));
    ck_assert(count == 1 && journal_edit_commit(edit, &err));
    journal_edit_close(edit);
    struct delivery_view view = look(1, 1);
    ck_assert(view.failures == 0 && view.replays == 1 && view.due_ms == 0);
    ck_assert(view.ended_ms == 2002 && view.exit_status == 2);
    ck_assert_uint_eq(attempt(OUTCOME_FAILED, 500).failures, 0);
    ck_assert_int_eq(look(1, 2).failures, 1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("journal_attempts");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, the_last_attempt_is_in_the_delivery_and_moves_when_the_next_begins);
    tcase_add_test(all, the_newest_are_kept);
    tcase_add_test(all, a_replay_begins_a_new_budget_and_keeps_the_history);
    suite_add_tcase(suite, all);
    return suite;
}
