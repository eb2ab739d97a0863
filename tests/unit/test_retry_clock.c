/* A wall clock that is set moves nothing that waits for its time. */
#include "server/runner/retry_clock.h"
#include "tests/unit/suite.h"

#include <stdlib.h>

#define HOUR INT64_C(3600000)
#define YEAR (8760 * HOUR)
#define NOW INT64_C(1700000000000)

static struct retry_clock retry;
static int64_t wall, boot;

static void begin(int64_t offset_ms)
{
    wall = NOW;
    boot = 1000;
    retry_clock_init(&retry, offset_ms, wall, boot);
}

/* In steps of the runner's poll, while the wall clock gains so much in a thousand. */
static int64_t pass(int64_t ms, int64_t gains)
{
    for (int64_t passed = 0; passed < ms; passed += 500)
        retry_clock_advance(&retry, wall += 500 + gains / 2, boot += 500);
    return retry.now_ms;
}

START_TEST(it_follows_the_wall_clock)
{
    begin(0);
    ck_assert_int_eq(retry.now_ms, NOW);
    ck_assert_int_eq(pass(HOUR, 0), NOW + HOUR);
    ck_assert(!retry.has_jumped);
    begin(-7 * HOUR);
    ck_assert_int_eq(pass(HOUR, 0), NOW - 6 * HOUR);
    ck_assert(!retry.has_jumped);
}
END_TEST

START_TEST(a_jump_is_taken_back)
{
    static const int64_t jumps[] = {YEAR, -YEAR, 50 * YEAR, 6000, -6000};
    begin(0);
    pass(HOUR, 0);
    wall += jumps[_i];
    ck_assert_int_eq(pass(HOUR, 0), NOW + 2 * HOUR);
    ck_assert(retry.has_jumped && retry.offset_ms == -jumps[_i]);
    wall -= jumps[_i];
    ck_assert_int_eq(pass(HOUR, 0), NOW + 3 * HOUR);
    ck_assert_int_eq(retry.offset_ms, 0);
}
END_TEST

START_TEST(a_clock_that_is_slewed_is_believed)
{
    begin(0);
    ck_assert_int_eq(pass(HOUR, 2), NOW + HOUR + 7200);
    ck_assert(!retry.has_jumped && retry.offset_ms == 0);
}
END_TEST

START_TEST(it_never_goes_back)
{
    begin(0);
    int64_t before = pass(HOUR, 0);
    wall -= 3000; /* less than a jump */
    ck_assert_int_eq(pass(1000, 0), before);
    ck_assert_int_eq(pass(3000, 0), before + 1000);
    ck_assert(!retry.has_jumped);
}
END_TEST

START_TEST(time_that_the_machine_slept_has_passed)
{
    begin(0);
    wall += 8 * HOUR;
    boot += 8 * HOUR;
    ck_assert_int_eq(pass(500, 0), NOW + 8 * HOUR + 500);
    ck_assert(!retry.has_jumped);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("retry_clock");
    TCase *all = tcase_create("all");
    tcase_add_test(all, it_follows_the_wall_clock);
    tcase_add_loop_test(all, a_jump_is_taken_back, 0, 5);
    tcase_add_test(all, a_clock_that_is_slewed_is_believed);
    tcase_add_test(all, it_never_goes_back);
    tcase_add_test(all, time_that_the_machine_slept_has_passed);
    suite_add_tcase(suite, all);
    return suite;
}
