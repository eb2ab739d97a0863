/* What a turn tells of an event that somebody follows, from each engine. */
#include "engines_rig.h"
#include "tests/unit/suite.h"

/* What a track tells of the event, in a turn that does nothing else. */
static struct journal_track track(struct journal *journal, struct journal_turn *turn,
                                  const char *id, const char *route)
{
    struct journal_track what = {.id = id, .route = route, .count = 9};
    journal_turn_finish(turn);
    make_turn(turn);
    turn->tracks = &what;
    turn->track_count = 1;
    ck_assert_int_eq(submit(journal, turn), JOURNAL_DONE);
    return what;
}

START_TEST(a_track_tells_how_far_each_delivery_is)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_turn turn;
    make_turn(&turn);
    struct journal_admit first = admit(journal, "k"), second = admit(journal, "l");
    ck_assert_int_eq(claim(journal, first.handle), WANT_CLAIMED);
    struct journal_track told = track(journal, &turn, first.id, "alpha");
    ck_assert(told.handle == first.handle && told.count == 2);
    ck_assert(told.progress->state == DELIVERY_RUNNING && told.progress->attempt == 1);
    ck_assert_str_eq(told.progress->action, "1");
    ck_assert(told.progress->next->state == DELIVERY_PENDING && !told.progress->next->ended_ms);
    ck_assert_str_eq(told.progress->next->action, "2");
    ck_assert_ptr_null(told.progress->next->next);
    ck_assert(finish(journal, first.handle, 1, OUTCOME_DONE));
    ck_assert_int_eq(claim(journal, first.handle + 1), WANT_CLAIMED);
    ck_assert(finish(journal, first.handle + 1, 1, OUTCOME_FAILED));
    told = track(journal, &turn, first.id, "alpha");
    ck_assert(told.progress->state == DELIVERY_DONE);
    ck_assert(told.progress->next->state == DELIVERY_DEAD);
    told = track(journal, &turn, second.id, "alpha");
    ck_assert(told.count == 2 && told.progress->state == DELIVERY_PENDING);
    ck_assert_uint_eq(track(journal, &turn, first.id, "beta").count, 0);
    ck_assert_uint_eq(track(journal, &turn, "01900000-0000-7000-8000-000000000000", "alpha").count,
                      0);
    journal_turn_finish(&turn);
    journal_close(journal);
    end();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("journal_track");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, a_track_tells_how_far_each_delivery_is, 0, ENGINES);
    suite_add_tcase(suite, all);
    return suite;
}
