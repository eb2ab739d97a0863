/* Which events pruning looks at: each walk goes on where it stopped, and what hurts comes last. */
#include "server/runner/walks.h"
#include "tests/unit/suite.h"

#include <check.h>

enum { KEEP_SIZE = 16000 };

static const struct journal_upkeep limits = {.body_before_ms = 400,
                                             .done_before_ms = 300,
                                             .dead_before_ms = 100,
                                             .dedupe_before_ms = 200,
                                             .keep_size = KEEP_SIZE};
static struct walks walks;
static struct journal_upkeep step;

static void set_up(void)
{
    walks_init(&walks);
}

/* The step under way has come to the event with that number, received at that time. */
static void reach(int64_t position, int64_t reached_ms, bool ended, int64_t over)
{
    step.position = position;
    step.reached_ms = reached_ms;
    step.ended = ended;
    step.over = over;
    walks_note(&walks, &step);
    if (walks_are_under_way(&walks))
        walks_fill(&walks, &limits, &step);
}

static void begin(bool ages)
{
    walks_begin(&walks, ages);
    walks_fill(&walks, &limits, &step);
}

START_TEST(the_youngest_age_goes_first_and_takes_the_others_along)
{
    static const int64_t until_ms[] = {400, 300, 200, 100};
    begin(true);
    ck_assert(step.position == 0 && step.until_ms == 400 && !step.for_size);
    reach(10, 100, false, 0);
    ck_assert(step.position == 10 && step.until_ms == 400);
    reach(20, 250, false, 0);
    reach(30, 399, true, 0);
    ck_assert(step.position == 20 && step.until_ms == 300);
    reach(20, 0, true, 0);
    ck_assert(step.position == 10 && step.until_ms == 200);
    reach(10, 0, true, 0);
    ck_assert(step.position == 0 && step.until_ms == 100);
    reach(0, 0, true, 0);
    ck_assert(step.for_size && step.until_ms == INT64_MAX && !step.drops_bodies);
    reach(0, 0, true, 0);
    ck_assert(!walks_are_under_way(&walks) && !walks.is_exhausted);

    static const int64_t positions[] = {30, 20, 10, 0};
    for (int sweep = 0; sweep < 2; sweep++) {
        begin(true);
        for (int i = 0; i < 4; i++) {
            ck_assert_int_eq(step.until_ms, until_ms[i]);
            ck_assert_int_eq(step.position, sweep ? 0 : positions[i]);
            reach(step.position, 0, true, 0);
        }
        reach(0, 0, true, 0);
        walks_sweep(&walks);
    }
}
END_TEST

START_TEST(an_age_that_is_not_set_has_no_walk)
{
    const struct journal_upkeep one = {.done_before_ms = 300, .keep_size = KEEP_SIZE};
    walks_begin(&walks, true);
    walks_fill(&walks, &one, &step);
    ck_assert_int_eq(step.until_ms, 300);
    step.ended = true;
    walks_note(&walks, &step);
    walks_fill(&walks, &one, &step);
    ck_assert(step.for_size);
}
END_TEST

START_TEST(what_hurts_comes_last)
{
    static const struct {
        int64_t position, keep_size;
        bool drops;
    } steps[] = {{0, KEEP_SIZE, false},
                 {0, KEEP_SIZE - KEEP_SIZE / 16, true},
                 {9, KEEP_SIZE, false},
                 {0, KEEP_SIZE, false},
                 {0, KEEP_SIZE - KEEP_SIZE / 16, true}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (!walks_are_under_way(&walks))
            begin(false);
        ck_assert_int_eq(step.position, steps[i].position);
        ck_assert_int_eq(step.keep_size, steps[i].keep_size);
        ck_assert(step.for_size && step.drops_bodies == steps[i].drops);
        ck_assert(step.drops_keys == steps[i].drops);
        reach(9, 500, true, 1);
        ck_assert(walks.is_exhausted == (i == 1 || i == 4));
    }
    ck_assert(!walks_are_under_way(&walks));
}
END_TEST

START_TEST(a_walk_for_the_size_stops_where_it_is_right)
{
    begin(false);
    reach(4, 500, false, 8);
    ck_assert(step.for_size && step.position == 4);
    reach(5, 500, false, 0);
    ck_assert(!walks_are_under_way(&walks));
    begin(false);
    ck_assert_int_eq(step.position, 5);
}
END_TEST

/* More than half of the room: (position - 0) * 400 > 16000 / 2. */
START_TEST(keys_have_half_of_the_room)
{
    begin(false);
    reach(20, 500, false, 1);
    ck_assert(!step.drops_keys && step.position == 20);
    reach(21, 500, false, 1);
    ck_assert(step.drops_keys && !step.drops_bodies && step.position == 0);
    ck_assert_int_eq(step.keep_size, KEEP_SIZE);
    reach(1, 100, false, 1);
    ck_assert(!step.drops_keys && step.position == 21);
    reach(30, 500, false, 1);
    ck_assert(step.drops_keys && step.position == 1);
    reach(1000, 100, true, 1);
    ck_assert(!step.drops_keys && step.position == 30);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("walks");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, NULL);
    tcase_add_test(all, the_youngest_age_goes_first_and_takes_the_others_along);
    tcase_add_test(all, an_age_that_is_not_set_has_no_walk);
    tcase_add_test(all, what_hurts_comes_last);
    tcase_add_test(all, a_walk_for_the_size_stops_where_it_is_right);
    tcase_add_test(all, keys_have_half_of_the_room);
    suite_add_tcase(suite, all);
    return suite;
}
