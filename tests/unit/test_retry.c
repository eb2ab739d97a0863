/* Which failures are tried again, how often, and after how long. */
#include "handlers/action/retry.h"
#include "tests/unit/suite.h"

#include <stdlib.h>

#define EXITS_75                                                                                   \
    {                                                                                              \
        [75 / 64] = UINT64_C(1) << 75 % 64                                                         \
    }

static const struct retry_rules usual = {.attempts = 5,
                                         .backoff_ms = 10000,
                                         .max_backoff_ms = 3600000,
                                         .on = {.exits = EXITS_75, .start = true}};

static const struct {
    struct outcome outcome;
    bool usually, on_timeout, on_any; /* tried again, with these in `on` */
} ends[] = {
    {{.kind = OUTCOME_FAILED, .exit_status = 75}, true, false, true},
    {{.kind = OUTCOME_FAILED, .exit_status = 1}, false, false, true},
    {{.kind = OUTCOME_FAILED, .exit_status = 255}, false, false, true},
    {{.kind = OUTCOME_FAILED, .exit_status = -1, .signal = 9}, false, false, true},
    {{.kind = OUTCOME_FAILED, .exit_status = -1, .not_started = true}, true, false, true},
    {{.kind = OUTCOME_FAILED, .exit_status = -1}, false, false, false}, /* the action has said so */
    {{.kind = OUTCOME_TIMEOUT, .exit_status = -1, .signal = 15}, false, true, true},
    {{.kind = OUTCOME_TIMEOUT, .exit_status = 75}, false, true, true},
    {{.kind = OUTCOME_DONE, .exit_status = 0}, false, false, false},
    {{.kind = OUTCOME_INTERRUPTED, .exit_status = 75}, false, false, false},
};

START_TEST(what_is_named_is_tried_again)
{
    struct retry_rules timeout = usual, any = usual;
    timeout.on = (struct retry_on){.timeout = true};
    any.on = (struct retry_on){.any = true};
    const struct outcome *outcome = &ends[_i].outcome;
    ck_assert_int_eq(retry_wait_ms(&usual, outcome, 0, 0) > 0, ends[_i].usually);
    ck_assert_int_eq(retry_wait_ms(&timeout, outcome, 0, 0) > 0, ends[_i].on_timeout);
    ck_assert_int_eq(retry_wait_ms(&any, outcome, 0, 0) > 0, ends[_i].on_any);
}
END_TEST

static const struct outcome later = {.kind = OUTCOME_FAILED, .exit_status = 75};

START_TEST(the_budget_counts_the_first_attempt)
{
    struct retry_rules rules = usual;
    for (unsigned failures = 0; failures < 4; failures++)
        ck_assert_int_gt(retry_wait_ms(&rules, &later, failures, 7), 0);
    ck_assert_int_eq(retry_wait_ms(&rules, &later, 4, 7), 0);
    ck_assert_int_eq(retry_wait_ms(&rules, &later, 4000000000, 7), 0);
    rules.attempts = 1;
    ck_assert_int_eq(retry_wait_ms(&rules, &later, 0, 7), 0);
}
END_TEST

START_TEST(the_back_off_doubles_up_to_its_limit)
{
    struct retry_rules rules = usual;
    rules.attempts = 1000;
    static const int64_t longest[] = {10000,  20000,   40000,   80000,   160000,  320000,
                                      640000, 1280000, 2560000, 3600000, 3600000, 3600000};
    for (unsigned failures = 0; failures < sizeof longest / sizeof *longest; failures++)
        ck_assert_int_eq(retry_wait_ms(&rules, &later, failures, 0), longest[failures]);
    ck_assert_int_eq(retry_wait_ms(&rules, &later, 998, 0), 3600000);
    rules.backoff_ms = rules.max_backoff_ms = INT64_C(30) * 86400000;
    ck_assert_int_eq(retry_wait_ms(&rules, &later, 900, 0), INT64_C(30) * 86400000);
}
END_TEST

START_TEST(up_to_a_half_is_taken_off_and_never_all)
{
    struct retry_rules rules = usual;
    int64_t shortest = INT64_MAX, longest = 0;
    for (uint64_t random = 0; random < 20000; random++) {
        int64_t wait_ms = retry_wait_ms(&rules, &later, 0, random);
        shortest = wait_ms < shortest ? wait_ms : shortest;
        longest = wait_ms > longest ? wait_ms : longest;
    }
    ck_assert(shortest == 5000 && longest == 10000);
    ck_assert_int_ge(retry_wait_ms(&rules, &later, 0, UINT64_MAX), 5000);
    rules.backoff_ms = 1;
    for (uint64_t random = 0; random < 3; random++)
        ck_assert_int_eq(retry_wait_ms(&rules, &later, 0, random), 1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("retry");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, what_is_named_is_tried_again, 0, sizeof ends / sizeof *ends);
    tcase_add_test(all, the_budget_counts_the_first_attempt);
    tcase_add_test(all, the_back_off_doubles_up_to_its_limit);
    tcase_add_test(all, up_to_a_half_is_taken_off_and_never_all);
    suite_add_tcase(suite, all);
    return suite;
}
