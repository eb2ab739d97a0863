/* What pruning is as a part of a turn, on every engine. */
#include "engines_rig.h"
#include "tests/unit/suite.h"

START_TEST(pruning_keeps_the_dedupe_window)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_turn turn;
    struct journal_upkeep upkeep = {.prunes = true,
                                    .put_horizon_ms = 77,
                                    .done_before_ms = INT64_MAX,
                                    .dedupe_before_ms = 0,
                                    .until_ms = INT64_MAX,
                                    .budget_ns = INT64_MAX,
                                    .keep_size = INT64_MAX};
    int64_t handle = admit(journal, "k").handle;
    for (int i = 0; i < 2; i++)
        ck_assert(claim(journal, handle + i) == WANT_CLAIMED &&
                  finish(journal, handle + i, 1, OUTCOME_DONE));
    admit(journal, "newest"); /* which is never removed, and is open */
    make_turn(&turn);
    turn.upkeep = &upkeep;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(upkeep.events == 1 && upkeep.ended);
    ck_assert_int_eq(upkeep.reached_ms, NOW_MS);
    struct journal_admit copy = admit(journal, "k");
    ck_assert(copy.result == ADMIT_DUPLICATE && copy.why == DUPLICATE_GONE && !copy.can_replay);
    upkeep = (struct journal_upkeep){.prunes = true,
                                     .reads_horizon = true,
                                     .done_before_ms = INT64_MAX,
                                     .dedupe_before_ms = INT64_MAX,
                                     .until_ms = INT64_MAX,
                                     .budget_ns = INT64_MAX,
                                     .keep_size = INT64_MAX};
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(upkeep.events == 1 && upkeep.horizon_ms == 77 && upkeep.newest_ms == NOW_MS);
    ck_assert_int_eq(admit(journal, "k").result, ADMIT_ACCEPTED);
    journal_turn_finish(&turn);
    journal_close(journal);
    end();
}
END_TEST

/* One event that is done, one that is dead, and the newest, which stays whole. */
static void make_three(struct journal *journal)
{
    int64_t done = admit(journal, "done").handle, dead = admit(journal, "dead").handle;
    for (int i = 0; i < 2; i++) {
        ck_assert(claim(journal, done + i) == WANT_CLAIMED &&
                  finish(journal, done + i, 1, OUTCOME_DONE));
        ck_assert(claim(journal, dead + i) == WANT_CLAIMED &&
                  finish(journal, dead + i, 1, OUTCOME_FAILED));
    }
    admit(journal, "newest");
}

START_TEST(pruning_walks_as_far_as_it_is_told)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_turn turn;
    struct journal_upkeep upkeep = {
        .prunes = true, .done_before_ms = INT64_MAX, .budget_ns = INT64_MAX, .until_ms = NOW_MS};
    make_three(journal);
    make_turn(&turn);
    turn.upkeep = &upkeep;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(upkeep.events == 0 && upkeep.ended && upkeep.position == 0 && upkeep.reached_ms == 0);
    upkeep.until_ms = INT64_MAX;
    upkeep.position = 1; /* behind the first */
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(upkeep.events == 0 && upkeep.ended && upkeep.position == 2);
    ck_assert_int_eq(upkeep.reached_ms, NOW_MS);
    upkeep.position = 0;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(upkeep.events == 1 && upkeep.position == 2);
    journal_turn_finish(&turn);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(bodies_go_before_their_events)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_turn turn;
    struct journal_upkeep upkeep = {.prunes = true,
                                    .body_before_ms = NOW_MS + 1,
                                    .until_ms = INT64_MAX,
                                    .budget_ns = INT64_MAX,
                                    .keep_size = INT64_MAX};
    make_three(journal);
    make_turn(&turn);
    turn.upkeep = &upkeep;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(upkeep.events == 2 && upkeep.bodies == 0);
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert_uint_eq(upkeep.events, 0);
    struct journal_admit copy = admit(journal, "done");
    ck_assert(copy.result == ADMIT_DUPLICATE && !copy.can_replay);
    ck_assert_int_eq(admit(journal, "dead").result, ADMIT_ACCEPTED); /* it cannot run again */
    journal_turn_finish(&turn);
    journal_close(journal);
    end();
}
END_TEST

/* A walk for the size does nothing where that is right; then what is done goes, and keys last. */
START_TEST(a_journal_that_is_too_large_lets_go)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_turn turn;
    struct journal_upkeep upkeep = {.prunes = true,
                                    .for_size = true,
                                    .until_ms = INT64_MAX,
                                    .budget_ns = INT64_MAX,
                                    .keep_size = INT64_MAX};
    make_three(journal);
    make_turn(&turn);
    turn.upkeep = &upkeep;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(upkeep.events == 0 && upkeep.over == 0);
    upkeep.keep_size = 0;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(upkeep.events == 1 && upkeep.over > 0 && upkeep.keys == 0);
    ck_assert_int_eq(admit(journal, "done").result, ADMIT_DUPLICATE);
    upkeep.position = 0;
    upkeep.drops_keys = true;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(upkeep.events == 1 && upkeep.keys == 1);
    ck_assert_int_eq(admit(journal, "done").result, ADMIT_ACCEPTED);
    journal_turn_finish(&turn);
    journal_close(journal);
    end();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("journal_upkeep");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, pruning_keeps_the_dedupe_window, 0, ENGINES);
    tcase_add_loop_test(all, pruning_walks_as_far_as_it_is_told, 0, ENGINES);
    tcase_add_loop_test(all, bodies_go_before_their_events, 0, ENGINES);
    tcase_add_loop_test(all, a_journal_that_is_too_large_lets_go, 0, ENGINES);
    suite_add_tcase(suite, all);
    return suite;
}
