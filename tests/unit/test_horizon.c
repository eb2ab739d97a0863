/* What a clock says makes no event old; time that has passed does. */
#include "server/runner/horizon.h"
#include "tests/unit/suite.h"

#include <stdbool.h>
#include <stdlib.h>

#define DAY INT64_C(86400000)
#define NOW INT64_C(1700000000000)

static struct horizon horizon;
static int64_t wall, boot;

static void begin(int64_t stored, int64_t newest)
{
    wall = NOW;
    boot = 1000;
    horizon_init(&horizon, stored, newest, 30 * DAY, wall, boot);
}

/* In steps of a round. */
static void pass(int64_t ms)
{
    while (ms > 0) {
        int64_t step = ms < 30000 ? ms : 30000;
        horizon_advance(&horizon, wall += step, boot += step);
        ms -= step;
    }
}

START_TEST(it_begins_with_what_is_known)
{
    begin(0, 0);
    ck_assert_int_eq(horizon.now_ms, NOW);
    begin(0, NOW - DAY);
    ck_assert_int_eq(horizon.now_ms, NOW - DAY);
    begin(NOW - 2 * DAY, NOW - DAY);
    ck_assert_int_eq(horizon.now_ms, NOW - 2 * DAY);
    begin(NOW + DAY, NOW + DAY); /* the clock was ahead, and was set back */
    ck_assert_int_eq(horizon.now_ms, NOW);
}
END_TEST

START_TEST(it_advances_as_time_passes)
{
    begin(0, 0);
    pass(DAY);
    ck_assert_int_eq(horizon.now_ms, NOW + DAY);
}
END_TEST

START_TEST(a_jump_forward_makes_nothing_old)
{
    begin(0, 0);
    pass(DAY);
    wall += 365 * DAY; /* for 36 s */
    pass(36000);
    ck_assert_int_le(horizon.now_ms, NOW + DAY + 36000);
    wall -= 365 * DAY;
    pass(DAY);
    ck_assert_int_ge(horizon.now_ms, NOW + 2 * DAY - 60000);
    ck_assert_int_le(horizon.now_ms, wall);
}
END_TEST

START_TEST(it_is_never_ahead_of_the_wall)
{
    begin(0, 0);
    pass(DAY);
    wall -= 10 * DAY;
    pass(1);
    ck_assert_int_eq(horizon.now_ms, wall);
}
END_TEST

/* A machine without a clock of its own starts in 1970 and is told the time later. */
START_TEST(it_catches_up_when_everything_has_been_kept_long_enough)
{
    begin(0, 0);
    wall += 50 * 365 * DAY;
    pass(29 * DAY);
    ck_assert_int_le(horizon.now_ms, NOW + 29 * DAY);
    wall += DAY; /* once more: from the beginning */
    pass(29 * DAY);
    ck_assert_int_le(horizon.now_ms, NOW + 58 * DAY);
    pass(2 * DAY);
    ck_assert_int_eq(horizon.now_ms, wall);
}
END_TEST

static void advance(int64_t wall_ms, int64_t boot_ms)
{
    horizon_advance(&horizon, wall += wall_ms, boot += boot_ms);
}

/* A day behind the wall, it catches up to the millisecond, counted from the last jump. */
START_TEST(a_jump_is_more_than_a_minute)
{
    static const struct {
        int64_t ahead_ms;
        bool is_jump;
    } cases[] = {{60000, false}, {60001, true}, {-60000, false}, {-60001, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(NOW - DAY, 0);
        for (int j = 0; j < 10; j++)
            advance(40000, 40000);
        pass(30 * DAY - 400000 - 1000);
        ck_assert_int_eq(horizon.now_ms, NOW + 29 * DAY - 1000);
        advance(500 + cases[i].ahead_ms, 500);
        advance(499, 499);
        ck_assert_int_lt(horizon.now_ms, wall);
        advance(1, 1);
        ck_assert_int_eq(horizon.now_ms == wall, !cases[i].is_jump);
        if (!cases[i].is_jump)
            continue;
        pass(30 * DAY - 501);
        ck_assert_int_lt(horizon.now_ms, wall);
        advance(1, 1);
        ck_assert_int_eq(horizon.now_ms, wall);
    }
}
END_TEST

START_TEST(a_millisecond_counts)
{
    begin(1, 5);
    ck_assert_int_eq(horizon.now_ms, 1);
    begin(0, 1);
    ck_assert_int_eq(horizon.now_ms, 1);
    begin(NOW - DAY, 0);
    advance(1, 1);
    ck_assert_int_eq(horizon.now_ms, NOW - DAY + 1);
    advance(7, 3); /* the smaller one */
    ck_assert_int_eq(horizon.now_ms, NOW - DAY + 4);
    advance(3, 7);
    ck_assert_int_eq(horizon.now_ms, NOW - DAY + 7);
    advance(-3, 7);
    ck_assert_int_eq(horizon.now_ms, NOW - DAY + 7);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("horizon");
    TCase *all = tcase_create("all");
    tcase_add_test(all, it_begins_with_what_is_known);
    tcase_add_test(all, it_advances_as_time_passes);
    tcase_add_test(all, a_jump_forward_makes_nothing_old);
    tcase_add_test(all, it_is_never_ahead_of_the_wall);
    tcase_add_test(all, it_catches_up_when_everything_has_been_kept_long_enough);
    tcase_add_test(all, a_jump_is_more_than_a_minute);
    tcase_add_test(all, a_millisecond_counts);
    suite_add_tcase(suite, all);
    return suite;
}
