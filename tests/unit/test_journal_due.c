/* What follows on an attempt, on every engine: another one when its time has come, or alone, or
 * none.
 */
#include "engines_rig.h"
#include "tests/unit/suite.h"

/* An attempt that has failed is tried again so much later. */
static bool fail_for(struct journal *journal, int64_t handle, unsigned attempt, int64_t wait_ms)
{
    const struct outcome outcome = {.kind = OUTCOME_FAILED, .exit_status = 75, .reason = "later"};
    struct journal_finish what = {.handle = handle,
                                  .attempt = attempt,
                                  .outcome = &outcome,
                                  .ended_ms = NOW_MS,
                                  .wait_ms = wait_ms};
    struct journal_turn turn;
    make_turn(&turn);
    turn.finish = &what;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    journal_turn_finish(&turn);
    return what.applied;
}

/* What becomes due from one time to another: how many, and when the next will. */
static size_t wake(struct journal *journal, int64_t after_ms, int64_t due_ms, int64_t *next_ms)
{
    struct journal_turn turn;
    make_turn(&turn);
    turn.reads_due = true;
    turn.due_after_ms = after_ms;
    turn.due_ms = due_ms;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    size_t count = turn.woken.count;
    for (size_t i = 0; i < count; i++)
        ck_assert(turn.woken.items[i].action == rig.numbers[0] && turn.woken.items[i].bytes == 7);
    *next_ms = turn.next_due_ms;
    journal_turn_finish(&turn);
    return count;
}

START_TEST(what_is_tried_again_waits_for_its_time)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    int64_t handles[2], next_ms;
    ck_assert(wake(journal, 0, NOW_MS, &next_ms) == 0 && next_ms == 0);
    for (int i = 0; i < 2; i++) {
        handles[i] = admit(journal, "").handle;
        ck_assert_int_eq(claim(journal, handles[i]), WANT_CLAIMED);
        ck_assert_uint_eq(held[i].failures, 0);
        ck_assert(fail_for(journal, handles[i], 1, 1000 + i));
    }
    ck_assert(pending(journal, 0) == 0 && pending(journal, 1) == 2);
    ck_assert(wake(journal, NOW_MS, NOW_MS + 999, &next_ms) == 0 && next_ms == NOW_MS + 1000);
    ck_assert(wake(journal, NOW_MS, NOW_MS + 1000, &next_ms) == 1 && next_ms == NOW_MS + 1001);
    ck_assert(wake(journal, NOW_MS + 1000, NOW_MS + 1001, &next_ms) == 1 && next_ms == 0);
    ck_assert(wake(journal, NOW_MS, NOW_MS + 2000, &next_ms) == 2 && next_ms == 0);
    ck_assert_int_eq(claim(journal, handles[0]), WANT_CLAIMED);
    ck_assert(held[2].attempt == 2 && held[2].failures == 1);
    ck_assert(wake(journal, NOW_MS, NOW_MS + 2000, &next_ms) == 1);
    ck_assert(finish(journal, handles[0], 2, OUTCOME_INTERRUPTED)); /* due at once */
    ck_assert_uint_eq(pending(journal, 0), 1);
    ck_assert_int_eq(claim(journal, handles[0]), WANT_CLAIMED);
    ck_assert(held[3].attempt == 3 && held[3].failures == 1);
    ck_assert(finish(journal, handles[0], 3, OUTCOME_FAILED));
    ck_assert_int_eq(claim(journal, handles[0]), WANT_GONE); /* dead */
    journal_close(journal);
    end();
}
END_TEST

/* A turn with so many events; the handle of the first. */
static int64_t admit_many(struct journal *journal, size_t count)
{
    struct admission *made = calloc(count, sizeof *made);
    struct journal_admit *admits = calloc(count, sizeof *admits);
    struct journal_turn turn;
    make_turn(&turn);
    for (size_t i = 0; i < count; i++) {
        made[i] = admission("", "{\"a\":1}");
        admits[i] = made[i].admit;
        admits[i].event = &made[i].event;
    }
    turn.admits = admits;
    turn.admit_count = count;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    int64_t first = admits[0].handle;
    journal_turn_finish(&turn);
    free(made);
    free(admits);
    return first;
}

START_TEST(what_is_due_at_once_and_too_much_is_left_to_the_looks)
{
    enum { ALL = JOURNAL_WOKEN_MAX + HELD_MAX };
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_turn turn;
    int64_t handle = admit_many(journal, ALL);
    for (int round = 0; round < ALL / HELD_MAX; round++) {
        struct journal_want wants[HELD_MAX] = {{0}};
        struct journal_finish ends[HELD_MAX] = {{0}};
        const struct outcome outcome = {.kind = OUTCOME_FAILED, .exit_status = 75, .reason = "no"};
        for (int i = 0; i < HELD_MAX; i++, handle += JOURNAL_ACTIONS_MAX) {
            wants[i].handle = handle;
            ends[i] = (struct journal_finish){.next = i + 1 < HELD_MAX ? &ends[i + 1] : NULL,
                                              .handle = handle,
                                              .attempt = 1,
                                              .outcome = &outcome,
                                              .wait_ms = 1000};
        }
        held_count = 0;
        make_turn(&turn);
        turn.wants = wants;
        turn.want_count = HELD_MAX;
        ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
        turn.want_count = 0;
        turn.finish = ends;
        ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
        journal_turn_finish(&turn);
    }
    make_turn(&turn);
    turn.reads_due = true;
    turn.due_after_ms = NOW_MS;
    turn.due_ms = NOW_MS + 1000;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(turn.woken.count == JOURNAL_WOKEN_MAX && turn.woken_more && turn.next_due_ms == 0);
    journal_turn_finish(&turn);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(a_clock_that_was_set_back_prolongs_no_wait)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_turn turn;
    int64_t handle = admit(journal, "").handle, next_ms;
    ck_assert_int_eq(claim(journal, handle), WANT_CLAIMED);
    ck_assert(fail_for(journal, handle, 1, 1000));
    make_turn(&turn);
    turn.due_ms = NOW_MS - 1000000;
    turn.pulls_in = turn.puts_due_offset = true;
    turn.due_offset_ms = 77;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    journal_turn_finish(&turn);
    ck_assert_uint_eq(wake(journal, 0, NOW_MS - 1000000, &next_ms), 0);
    ck_assert_int_eq(next_ms, NOW_MS - 999000);
    make_turn(&turn);
    turn.due_ms = NOW_MS - 999500; /* one that is near enough stays */
    turn.pulls_in = turn.reads_due_offset = true;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert_int_eq(turn.due_offset_ms, 77);
    journal_turn_finish(&turn);
    ck_assert_uint_eq(wake(journal, 0, NOW_MS - 999000, &next_ms), 1);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(what_was_left_twice_runs_alone_and_is_then_given_up)
{
    begin(_i);
    struct journal *gone = open_journal(1), *journal = open_journal(3);
    struct journal_turn turn;
    int64_t handle = admit(journal, "k").handle;
    for (int i = 1; i <= 12; i++) {
        held_count = 0;
        ck_assert_int_eq(claim(gone, handle), i <= 2   ? WANT_CLAIMED
                                              : i == 3 ? WANT_NOT_ALONE
                                                       : WANT_GONE);
        ck_assert_int_eq(claim_as(gone, handle, true), i == 3 ? WANT_CLAIMED : WANT_GONE);
        ck_assert_int_eq(claim(gone, handle + 1), WANT_CLAIMED); /* counts none */
        ck_assert_uint_eq(take_over(journal, &turn, 2, 0), i <= 3 ? 2 : 1);
        ck_assert((turn.deaths != NULL) == (i == 3));
        if (turn.deaths)
            ck_assert_ptr_nonnull(strstr(turn.deaths->reason, "given up"));
        journal_turn_finish(&turn);
    }
    ck_assert(pending(journal, 0) == 0 && pending(journal, 1) == 1);
    claim(journal, handle + 1);
    finish(journal, handle + 1, 13, OUTCOME_DONE);
    struct journal_admit copy = admit(journal, "k"); /* a copy must not be able to repeat it */
    ck_assert(copy.result == ADMIT_DUPLICATE && copy.why == DUPLICATE_GIVEN_UP && copy.can_replay);
    journal_close(gone);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(what_must_not_run_twice_is_dead_after_a_crash)
{
    begin(_i);
    rig.actions[0].fails_in_crash = true;
    struct journal *gone = open_journal(1), *journal = open_journal(3);
    struct journal_turn turn;
    int64_t handle = admit(journal, "k").handle;
    ck_assert_int_eq(claim(gone, handle), WANT_CLAIMED);
    ck_assert_uint_eq(take_over(journal, &turn, 2, 0), 1);
    ck_assert(turn.deaths && strstr(turn.deaths->reason, "the runner was gone"));
    journal_turn_finish(&turn);
    ck_assert_int_eq(claim(journal, handle), WANT_GONE);
    claim(journal, handle + 1);
    finish(journal, handle + 1, 1, OUTCOME_DONE);
    ck_assert_int_eq(admit(journal, "k").result, ADMIT_RERUN); /* who repeats it knows why */
    journal_close(gone);
    journal_close(journal);
    end();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("journal_due");
    TCase *all = tcase_create("all");
#define EVERY(name) tcase_add_loop_test(all, name, 0, ENGINES)
    EVERY(what_is_tried_again_waits_for_its_time);
    EVERY(what_is_due_at_once_and_too_much_is_left_to_the_looks);
    EVERY(a_clock_that_was_set_back_prolongs_no_wait);
    EVERY(what_was_left_twice_runs_alone_and_is_then_given_up);
    EVERY(what_must_not_run_twice_is_dead_after_a_crash);
    suite_add_tcase(suite, all);
    return suite;
}
