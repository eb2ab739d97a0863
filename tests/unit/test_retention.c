/* A round of pruning: its steps, when the next is due, what it is told to let go of, and what the
 * log hears of it. */
#include "held_journal.h"
#include "log_tail.h"
#include "route_settings.h"

#include "server/runner/retention.h"
#include "tests/unit/suite.h"

#define HOUR INT64_C(3600000)
#define STEP_NS (5 * NS_PER_MS)
#define ROUND_NS (30 * NS_PER_S)
#define FIRST_NS (2 * NS_PER_S)
enum { STORE_ROUNDS = 20 }; /* ten minutes */
enum { KEEP_SIZE = 1 << 20 };

static struct settings settings;
static struct route routes[3];
static struct route_settings parts[3];
static struct journal_health health;
static struct retention retention;

static void note_reopened(void *owner)
{
    (void)owner;
}

static void set_up(void)
{
    static const int64_t windows_ms[] = {2 * HOUR, 5 * HOUR, 3 * HOUR};
    held_begin();
    log_tail_begin();
    settings = (struct settings){.routes = routes, .route_count = 3};
    for (size_t i = 0; i < 3; i++) {
        routes[i] = (struct route){.name = "r", .parts = route_settings_clear(&parts[i])};
        parts[i].dedupe.window_ms = windows_ms[i];
    }
    settings.journal.keep_age_ms = HOUR;
    settings.journal.keep_dead_ms = 4 * HOUR;
    settings.journal.keep_size = KEEP_SIZE;
    journal_health_init(&health, &held.journal, &held.loop, &settings.journal, note_reopened, NULL);
    retention_init(&retention, &settings, &health);
}

static void tear_down(void)
{
    retention_stop(&retention);
    retention_finish(&retention);
    journal_health_finish(&health);
    loop_finish(&held.loop);
}

/* What the step under way is told; it says nothing of its own yet. */
static struct journal_upkeep *upkeep(void)
{
    ck_assert_ptr_eq(held.turn, &retention.turn);
    ck_assert(retention.under_way);
    return held.turn->upkeep;
}

/* A journal that knows no horizon; the first round is under way. */
static void begin_round(void)
{
    retention_start(&retention);
    held_end(JOURNAL_DONE);
    held_end(JOURNAL_DONE);
    ck_assert_int_eq(held_wait(&retention.timer), FIRST_NS);
    ck_assert(upkeep()->prunes);
}

static int64_t next_step(void)
{
    ck_assert_ptr_null(held.turn);
    int64_t wait_ns = held_wait(&retention.timer);
    ck_assert(upkeep()->prunes);
    return wait_ns;
}

/* The walk of this step has come to its end. */
static void end_walk(void)
{
    upkeep()->ended = true;
    held_end(JOURNAL_DONE);
}

/* The steps of a round in which nothing is found, from the one that is under way on; the next is
 * under way then. How long it was waited for. */
static int64_t end_round(void)
{
    while (!upkeep()->for_size) {
        end_walk();
        ck_assert_int_eq(next_step(), STEP_NS);
    }
    held_end(JOURNAL_DONE);
    return next_step();
}

START_TEST(it_begins_with_the_horizon_of_the_journal)
{
    int64_t now_ms = held.wall_ms;
    retention_start(&retention);
    ck_assert(upkeep()->reads_horizon && !upkeep()->prunes && !upkeep()->put_horizon_ms);
    held_end(JOURNAL_DONE); /* there is none */
    ck_assert(upkeep()->put_horizon_ms == now_ms && !upkeep()->prunes && !upkeep()->reads_horizon);
    held_end(JOURNAL_DONE);
    ck_assert_int_eq(retention.stored_ms, now_ms);
    ck_assert_int_eq(next_step(), FIRST_NS);
    now_ms = held.wall_ms;
    ck_assert(!upkeep()->put_horizon_ms && !upkeep()->shrinks && !upkeep()->drops_bodies);
    ck_assert_int_eq(upkeep()->done_before_ms, now_ms - HOUR);
    ck_assert_int_eq(upkeep()->dead_before_ms, now_ms - 4 * HOUR);
    ck_assert_int_eq(upkeep()->dedupe_before_ms, now_ms - 5 * HOUR); /* the longest */
    ck_assert(upkeep()->body_before_ms == 0 && upkeep()->budget_ns == 2 * NS_PER_MS);
    ck_assert_int_eq(upkeep()->keep_size, KEEP_SIZE);
    held_end(JOURNAL_DONE);
}
END_TEST

START_TEST(a_horizon_that_is_there_is_taken)
{
    int64_t stored_ms = held.wall_ms - 20 * HOUR;
    retention_start(&retention);
    upkeep()->horizon_ms = stored_ms;
    upkeep()->newest_ms = held.wall_ms;
    held_end(JOURNAL_DONE);
    ck_assert_int_eq(next_step(), FIRST_NS);
    /* the wall clock has not moved since it was read but for that */
    ck_assert_int_eq(upkeep()->done_before_ms, stored_ms + FIRST_NS / NS_PER_MS - HOUR);
    ck_assert_int_eq(upkeep()->put_horizon_ms, 0);
    held_end(JOURNAL_DONE);
}
END_TEST

START_TEST(the_horizon_is_stored_each_ten_minutes_and_when_it_goes_back)
{
    begin_round();
    ck_assert_int_eq(held.turn->now_ms, held.wall_ms);
    int64_t begun_ms = retention.stored_ms = held.wall_ms;
    for (int i = 1; i <= 2 * STORE_ROUNDS; i++) {
        end_round();
        ck_assert_int_eq(held.wall_ms, begun_ms + i * (ROUND_NS / NS_PER_MS));
        ck_assert_int_eq(upkeep()->put_horizon_ms, i % STORE_ROUNDS ? 0 : held.wall_ms);
    }
    held_end(JOURNAL_DONE);
    held.wall_ms -= 1 + ROUND_NS / NS_PER_MS;
    next_step();
    ck_assert_int_eq(upkeep()->put_horizon_ms, held.wall_ms);
    held_end(JOURNAL_DONE);
    ck_assert_int_eq(retention.stored_ms, held.wall_ms);
    next_step();
    ck_assert_int_eq(upkeep()->put_horizon_ms, 0); /* as it was */
    held_end(JOURNAL_DONE);
}
END_TEST

START_TEST(it_catches_up_after_what_is_kept_longest)
{
    static const int64_t cases[][3] = {
        {HOUR, 2 * HOUR, 5 * HOUR}, {HOUR, 9 * HOUR, 9 * HOUR}, {8 * HOUR, 2 * HOUR, 8 * HOUR}};
    for (size_t i = 0; i < 3; i++) {
        settings.journal.keep_age_ms = cases[i][0];
        settings.journal.keep_dead_ms = cases[i][1];
        retention_init(&retention, &settings, &health);
        retention_start(&retention);
        upkeep()->horizon_ms = held.wall_ms;
        held_end(JOURNAL_DONE);
        ck_assert_int_eq(retention.horizon.catch_up_ms, cases[i][2]);
        retention_stop(&retention);
        retention_finish(&retention);
    }
}
END_TEST

START_TEST(a_round_is_made_in_steps)
{
    begin_round();
    for (int i = 1; i <= 3; i++) {
        ck_assert_int_eq(upkeep()->position, i - 1);
        upkeep()->position = i;
        upkeep()->events = (size_t)i;
        upkeep()->ended = i == 3;
        held_end(JOURNAL_DONE);
        ck_assert(!retention.under_way);
        ck_assert_int_eq(next_step(), STEP_NS);
    }
    expect_no_log(); /* before the round is over */
    ck_assert_int_gt(end_round(), ROUND_NS / 2);
    expect_log("pruned events=6\n");
    upkeep()->events = 1;
    end_round();
    expect_log("pruned events=1\n");
    end_round();
    expect_no_log();
}
END_TEST

/* Four times as long as it takes, but only as long where more comes than goes. */
START_TEST(a_step_is_followed_by_rest)
{
    static const struct {
        int64_t took_ns, over, wait_ns;
    } cases[] = {{NS_PER_MS, 1, STEP_NS},
                 {2 * NS_PER_MS, KEEP_SIZE / 16, 8 * NS_PER_MS},
                 {2 * NS_PER_MS, KEEP_SIZE / 16 + 1, 2 * NS_PER_MS},
                 {0, KEEP_SIZE / 16 + 1, NS_PER_MS}};
    begin_round();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        upkeep()->over = cases[i].over;
        held_pass(cases[i].took_ns);
        held_end(JOURNAL_DONE);
        ck_assert_int_eq(next_step(), cases[i].wait_ns);
    }
    held_end(JOURNAL_DONE);
}
END_TEST

START_TEST(what_hurts_is_said_once_in_each_half_minute)
{
    begin_round();
    for (int i = 0; i < 2; i++) {
        upkeep()->bodies = upkeep()->keys = 1;
        ck_assert_int_gt(end_round(), ROUND_NS / 2);
        const char *lines = log_tail();
        ck_assert(strstr(lines, "bodies_dropped events=1 keep_size=1048576 reason="));
        ck_assert(strstr(lines, "keys_dropped events=1 keep_size=1048576 reason="));
    }
    held_end(JOURNAL_DONE);
}
END_TEST

/* A round for the size alone, as soon as a part of it has come. */
START_TEST(growth_is_looked_at_soon)
{
    begin_round();
    while (!upkeep()->for_size) {
        end_walk();
        next_step();
    }
    retention_note_growth(&retention, KEEP_SIZE); /* while a step is made: behind it */
    held_end(JOURNAL_DONE);
    ck_assert_int_eq(next_step(), STEP_NS);
    ck_assert(upkeep()->for_size);
    held_end(JOURNAL_DONE);
    retention_note_growth(&retention, KEEP_SIZE / 64 - 1);
    ck_assert_int_gt(retention.timer.due_ns, held.monotonic_ns + ROUND_NS / 2);
    retention_note_growth(&retention, 1);
    ck_assert_int_eq(next_step(), 0);
    ck_assert(upkeep()->for_size);
    upkeep()->events = 3;
    held_end(JOURNAL_DONE);
    ck_assert_int_gt(next_step(), ROUND_NS / 2);
    ck_assert(!upkeep()->for_size); /* the ages are due */
    held_end(JOURNAL_DONE);
}
END_TEST

START_TEST(free_space_goes_back_between_rounds)
{
    begin_round();
    while (!upkeep()->for_size) {
        end_walk();
        next_step();
    }
    upkeep()->can_shrink = true;
    held_end(JOURNAL_DONE);
    ck_assert_int_eq(held_wait(&retention.timer), STEP_NS);
    ck_assert(upkeep()->shrinks && !upkeep()->prunes && !upkeep()->put_horizon_ms);
    held_end(JOURNAL_DONE);
    ck_assert_int_eq(next_step(), STEP_NS); /* which finds out whether there is more */
    ck_assert(upkeep()->for_size);
    held_end(JOURNAL_DONE);
    ck_assert_int_gt(next_step(), ROUND_NS / 2);
    held_end(JOURNAL_DONE);
}
END_TEST

START_TEST(a_step_that_fails_is_tried_again_later)
{
    begin_round();
    upkeep()->position = 7;
    held_end(JOURNAL_NOT_NOW);
    ck_assert_int_eq(next_step(), ROUND_NS);
    ck_assert_int_eq(upkeep()->position, 0);
    upkeep()->put_horizon_ms = 1; /* it is not stored */
    int64_t stored_ms = retention.stored_ms;
    held.turn->refusal = (struct journal_refusal){"full", {""}, INT64_MAX / 2, 9};
    held_end(JOURNAL_REFUSED);
    ck_assert(health.refuses && retention.stored_ms == stored_ms);
    ck_assert_int_eq(held_wait(&retention.timer), ROUND_NS); /* no step while it refuses */
    ck_assert_ptr_null(held.turn);
    health.refuses = false;
    ck_assert_int_eq(next_step(), ROUND_NS);
    held_end(JOURNAL_DONE);
}
END_TEST

START_TEST(who_stops_makes_no_step_more)
{
    begin_round();
    retention_start(&retention); /* while one is under way: that one */
    retention_stop(&retention);
    held_end(JOURNAL_DONE);
    ck_assert(retention.timer.slot == 0 && !retention.under_way);
    retention_start(&retention);
    held_end(JOURNAL_DONE);
    ck_assert_uint_ne(retention.timer.slot, 0);
    retention_stop(&retention);
    ck_assert_uint_eq(retention.timer.slot, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("retention");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, it_begins_with_the_horizon_of_the_journal);
    tcase_add_test(all, a_horizon_that_is_there_is_taken);
    tcase_add_test(all, the_horizon_is_stored_each_ten_minutes_and_when_it_goes_back);
    tcase_add_test(all, it_catches_up_after_what_is_kept_longest);
    tcase_add_test(all, a_round_is_made_in_steps);
    tcase_add_test(all, a_step_is_followed_by_rest);
    tcase_add_test(all, what_hurts_is_said_once_in_each_half_minute);
    tcase_add_test(all, growth_is_looked_at_soon);
    tcase_add_test(all, free_space_goes_back_between_rounds);
    tcase_add_test(all, a_step_that_fails_is_tried_again_later);
    tcase_add_test(all, who_stops_makes_no_step_more);
    suite_add_tcase(suite, all);
    return suite;
}
