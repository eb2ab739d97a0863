/* What a copy of an event brings about, by what is known of the first: a table. */
#include "server/journal/engine.h"
#include "tests/unit/suite.h"

#include <stdbool.h>

/* Deliveries that are dead: of an action of the route file, given up, of an action that is gone. */
#define DEAD(action, given_up)                                                                     \
    {                                                                                              \
        100, action, given_up                                                                      \
    }
#define RUNS DEAD(1, false)
#define GIVEN_UP DEAD(1, true)
#define GONE DEAD(7, false)

static const struct {
    struct journal_known known;
    bool keeps, fails;
    enum rerun what;
    enum frame_duplicate why;
    bool can_replay;
    size_t left; /* of those that are dead */
} rows[] = {
    {{.has_body = true, .done = 1},
     .what = RERUN_NOTHING,
     .why = DUPLICATE_DONE,
     .can_replay = true},
    {{.has_body = true, .done = 1, .open = 1}, .what = RERUN_NOTHING, .why = DUPLICATE_OPEN},
    {{.has_body = true}, .what = RERUN_NOTHING, .why = DUPLICATE_GONE},
    {{.done = 1}, .what = RERUN_NOTHING, .why = DUPLICATE_DONE},
    {{.has_body = true, .dead_count = 2, .dead = {GONE, GIVEN_UP}},
     .what = RERUN_NOTHING,
     .why = DUPLICATE_GIVEN_UP,
     .can_replay = true,
     .left = 2},
    {{.has_body = true, .done = 1, .dead_count = 1, .dead = {GONE}},
     .what = RERUN_NOTHING,
     .why = DUPLICATE_GONE,
     .left = 1},
    {{.has_body = true, .dead_count = 1, .dead = {RUNS}}, .what = RERUN_DEAD, .left = 1},
    {{.has_body = true, .dead_count = 4, .dead = {GONE, RUNS, GIVEN_UP, RUNS}},
     .what = RERUN_DEAD,
     .left = 2},
    {{.has_body = true, .dead_count = 1, .dead = {RUNS}},
     .keeps = true,
     .what = RERUN_NOTHING,
     .why = DUPLICATE_KEPT,
     .can_replay = true,
     .left = 1},
    {{.reruns = JOURNAL_RERUNS_MAX - 1, .has_body = true, .dead_count = 1, .dead = {RUNS}},
     .what = RERUN_DEAD,
     .left = 1},
    {{.reruns = JOURNAL_RERUNS_MAX, .has_body = true, .dead_count = 1, .dead = {RUNS}},
     .what = RERUN_NOTHING,
     .why = DUPLICATE_TOO_OFTEN,
     .can_replay = true,
     .left = 1},
    {{.dead_count = 1, .dead = {RUNS}}, .fails = true, .what = RERUN_NEW_EVENT, .left = 1},
    {{.has_body = true, .dead_count = 1, .dead = {RUNS}},
     .fails = true,
     .what = RERUN_NOTHING,
     .why = DUPLICATE_REFUSED,
     .can_replay = true,
     .left = 1},
    {{.has_body = true, .quarantined = true, .dead_count = 1, .dead = {RUNS}},
     .what = RERUN_DEAD_IF_SAME,
     .left = 1},
};

START_TEST(a_copy_brings_about_what_the_table_says)
{
    struct journal_action action = {.number = 1};
    const struct journal journal = {.known = &action, .known_count = 1};
    struct journal_known known = rows[_i].known;
    struct event event = {.failures = bytes_of_text(rows[_i].fails ? "[1]" : "")};
    struct journal_admit admit = {.event = &event, .keeps_dead = rows[_i].keeps};
    ck_assert_int_eq(rerun_decide(&journal, &known, &admit), rows[_i].what);
    ck_assert_uint_eq(known.dead_count, rows[_i].left);
    if (rows[_i].what != RERUN_NOTHING) {
        for (size_t i = 0; i < known.dead_count && rows[_i].what != RERUN_NEW_EVENT; i++)
            ck_assert(known.dead[i].action == 1 && !known.dead[i].given_up);
        return;
    }
    ck_assert_int_eq(admit.why, rows[_i].why);
    ck_assert_int_eq(admit.can_replay, rows[_i].can_replay);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("rerun_decide");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, a_copy_brings_about_what_the_table_says, 0,
                        (int)(sizeof rows / sizeof *rows));
    suite_add_tcase(suite, all);
    return suite;
}
