/* What a turn means for routes that are paused and for queues that are full, on every engine. */
#include "engines_rig.h"
#include "tests/unit/suite.h"

static struct journal_streak streak;

/* The delivery ends like this, and the deaths of its route are counted. */
static void end_counted(struct journal *journal, int64_t handle, unsigned attempt,
                        enum outcome_kind kind)
{
    struct journal_turn turn;
    const struct outcome outcome = {.kind = kind, .exit_status = -1, .reason = "it failed"};
    struct journal_finish what = {.handle = handle,
                                  .attempt = attempt,
                                  .outcome = &outcome,
                                  .ended_ms = NOW_MS,
                                  .streak = &streak};
    make_turn(&turn);
    turn.finish = &what;
    turn.streaks = &streak;
    turn.streak_count = 1;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(what.applied && what.state == (kind == OUTCOME_DONE     ? DELIVERY_DONE
                                             : kind == OUTCOME_FAILED ? DELIVERY_DEAD
                                                                      : DELIVERY_PENDING));
    journal_turn_finish(&turn);
}

/* One event of which the first delivery ends like this. */
static void run_one(struct journal *journal, enum outcome_kind kind)
{
    int64_t handle = admit(journal, "").handle;
    ck_assert_int_eq(claim(journal, handle), WANT_CLAIMED);
    end_counted(journal, handle, 1, kind);
}

static void expect_route(struct journal *journal, bool paused, unsigned deaths, const char *why)
{
    struct journal_turn turn;
    make_turn(&turn);
    turn.reads_routes = true;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    if (!paused && deaths == 0) {
        ck_assert_ptr_null(turn.routes);
    } else {
        ck_assert(turn.routes && !turn.routes->next);
        ck_assert_str_eq(turn.routes->name, "alpha");
        ck_assert_str_eq(turn.routes->paused_why, why);
        ck_assert_uint_eq(turn.routes->deaths, deaths);
        ck_assert_int_eq(turn.routes->paused_ms, paused ? NOW_MS : 0);
    }
    journal_turn_finish(&turn);
}

static void pause_beside(bool paused, const char *why)
{
    struct error err = {""};
    bool changed;
    if (rig.store) {
        memory_store_pause(rig.store, "alpha", paused ? NOW_MS : 0, why);
        return;
    }
    struct journal_edit *edit = journal_edit_open(fixture_path, &err);
    ck_assert(edit && journal_edit_begin(edit, &err));
    ck_assert(paused ? journal_edit_pause(edit, "alpha", why, NOW_MS, &changed, &err)
                     : journal_edit_resume(edit, "alpha", &changed, &err));
    ck_assert(changed && journal_edit_commit(edit, &err));
    journal_edit_close(edit);
}

START_TEST(a_route_is_paused_beside_the_journal)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    expect_route(journal, false, 0, "");
    pause_beside(true, "because");
    expect_route(journal, true, 0, "because");
    journal_close(journal);
    journal = open_journal(2);
    expect_route(journal, true, 0, "because");
    pause_beside(false, "");
    expect_route(journal, false, 0, "");
    journal_close(journal);
    end();
}
END_TEST

START_TEST(deaths_in_a_row_pause_a_route)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    streak = (struct journal_streak){.route = "alpha", .pause_at = 3};
    run_one(journal, OUTCOME_FAILED);
    run_one(journal, OUTCOME_FAILED);
    expect_route(journal, false, 2, "");
    ck_assert(streak.deaths == 2 && !streak.paused);
    run_one(journal, OUTCOME_INTERRUPTED); /* neither */
    expect_route(journal, false, 2, "");
    run_one(journal, OUTCOME_DONE);
    expect_route(journal, false, 0, "");
    ck_assert_uint_eq(streak.deaths, 0);
    for (int i = 0; i < 3; i++) {
        ck_assert(!streak.paused);
        run_one(journal, OUTCOME_FAILED);
    }
    ck_assert(streak.paused);
    expect_route(journal, true, 3, "3 deliveries died in a row");
    run_one(journal, OUTCOME_FAILED); /* what was running */
    ck_assert(!streak.paused);
    expect_route(journal, true, 4, "3 deliveries died in a row");
    pause_beside(false, "");
    expect_route(journal, false, 0, "");
    journal_close(journal);
    end();
}
END_TEST

/* What others have counted is told, and a done delivery forgets it. */
START_TEST(a_runner_goes_on_with_what_another_has_counted)
{
    begin(_i);
    struct journal *journal = open_journal(1), *other = open_journal(2);
    streak = (struct journal_streak){.route = "alpha", .pause_at = 2};
    run_one(other, OUTCOME_FAILED);
    streak.deaths = 0; /* not read yet */
    run_one(journal, OUTCOME_FAILED);
    ck_assert(streak.paused && streak.deaths == 2);
    journal_close(other);
    journal_close(journal);
    end();
}
END_TEST

/* Two crashes, and one while it ran alone: it is given up. */
START_TEST(a_delivery_that_is_given_up_counts)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    int64_t handle = admit(journal, "").handle;
    struct journal_take_over take;
    struct journal_turn turn;
    streak = (struct journal_streak){.route = "alpha", .pause_at = 1};
    for (int i = 0; i < 3; i++) {
        ck_assert(!streak.paused);
        ck_assert_int_eq(claim_as(journal, handle, i == 2), WANT_CLAIMED);
        take = (struct journal_take_over){.ours = NULL};
        make_turn(&turn);
        turn.take_over = &take;
        turn.streaks = &streak;
        turn.streak_count = 1;
        ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
        journal_turn_finish(&turn);
    }
    ck_assert(streak.paused);
    expect_route(journal, true, 1, "1 delivery died in a row");
    journal_close(journal);
    end();
}
END_TEST

static struct journal_tally tally_behind(struct journal *journal, int64_t after, size_t room)
{
    struct journal_turn turn;
    struct journal_tally tally = {.action = rig.numbers[0], .after = after, .room = room};
    make_turn(&turn);
    turn.tally = &tally;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    journal_turn_finish(&turn);
    return tally;
}

START_TEST(what_is_pending_is_counted_in_steps)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_tally none = tally_behind(journal, 0, 9);
    ck_assert(none.count == 0 && none.bytes == 0 && none.last == 0);
    int64_t handles[5];
    for (int i = 0; i < 5; i++)
        handles[i] = admit(journal, "").handle;
    claim(journal, handles[1]);
    struct journal_tally first = tally_behind(journal, 0, 3);
    ck_assert(first.count == 3 && first.bytes == 21 && first.last == handles[3]);
    struct journal_tally rest = tally_behind(journal, first.last, 3);
    ck_assert(rest.count == 1 && rest.bytes == 7 && rest.last == handles[4]);
    journal_close(journal);
    end();
}
END_TEST

static struct journal_admit admit_full(struct journal *journal, const char *key)
{
    struct admission what = admission(key, "{\"a\":1}");
    what.admit.queue_full = true;
    return admit_at(journal, what, NOW_MS);
}

START_TEST(what_would_have_to_wait_is_refused_and_a_copy_is_known)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_admit first = admit(journal, "k");
    ck_assert_int_eq(admit_full(journal, "l").result, ADMIT_QUEUE_FULL);
    ck_assert_int_eq(admit_full(journal, "").result, ADMIT_QUEUE_FULL);
    ck_assert_uint_eq(pending(journal, 0), 1);
    struct journal_admit copy = admit_full(journal, "k");
    ck_assert(copy.result == ADMIT_DUPLICATE && strcmp(copy.id, first.id) == 0);
    claim(journal, first.handle);
    finish(journal, first.handle, 1, OUTCOME_FAILED);
    ck_assert_int_eq(admit_full(journal, "k").result, ADMIT_QUEUE_FULL); /* it would run again */
    ck_assert_uint_eq(pending(journal, 0), 0);
    ck_assert_int_eq(admit(journal, "k").result, ADMIT_RERUN);
    ck_assert_int_eq(admit(journal, "l").result, ADMIT_ACCEPTED);
    journal_close(journal);
    end();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("journal_flow");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, a_route_is_paused_beside_the_journal, 0, ENGINES);
    tcase_add_loop_test(all, deaths_in_a_row_pause_a_route, 0, ENGINES);
    tcase_add_loop_test(all, a_runner_goes_on_with_what_another_has_counted, 0, ENGINES);
    tcase_add_loop_test(all, a_delivery_that_is_given_up_counts, 0, ENGINES);
    tcase_add_loop_test(all, what_is_pending_is_counted_in_steps, 0, ENGINES);
    tcase_add_loop_test(all, what_would_have_to_wait_is_refused_and_a_copy_is_known, 0, ENGINES);
    suite_add_tcase(suite, all);
    return suite;
}
