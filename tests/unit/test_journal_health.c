/* A journal that refuses is tried again as it says, each change of it is logged once, and nothing
 * that happens in between makes it refuse for ever. */
#include "held_journal.h"
#include "log_tail.h"

#include "server/runner/journal_health.h"
#include "tests/unit/suite.h"

enum { MIN_FREE = 100 << 20, ROOM_AGAIN = 1 << 20 };
#define SETTLE_NS (2 * NS_PER_S)

static struct journal_health health;
static struct journal_turn turn;
static unsigned reopened, judged;

static void note_reopened(void *owner)
{
    ck_assert_ptr_eq(owner, &health);
    reopened++;
}

static void completed(struct journal_turn *done)
{
    judged += journal_health_judge(&health, done);
}

static void set_up(void)
{
    const struct journal_settings settings = {.path = "/j/own.db", .min_free = MIN_FREE};
    held_begin();
    log_tail_begin();
    journal_health_init(&health, &held.journal, &held.loop, &settings, note_reopened, &health);
    ck_assert(journal_turn_init(&turn, 0));
    turn.completed = completed;
    reopened = judged = 0;
}

static void tear_down(void)
{
    journal_health_finish(&health);
    ck_assert_uint_eq(health.retry.slot, 0);
    journal_turn_finish(&turn);
    loop_finish(&held.loop);
}

static void submit(void)
{
    turn.now_ms = held.wall_ms;
    journal_submit(&held.journal, &turn);
}

/* The turn that is under way is refused like that. */
static void refuse(const char *state)
{
    held.turn->refusal = (struct journal_refusal){
        .state = state, .reason = {"it has its reasons"}, .retry_ns = 700, .retry_after_s = 9};
    held_end(JOURNAL_REFUSED);
}

START_TEST(a_refusal_is_proved_again_until_it_is_none)
{
    ck_assert_uint_eq(journal_health_retry_after_s(&health), 1);
    held_pass(5 * NS_PER_S);
    submit();
    refuse("full");
    ck_assert(judged == 1 && health.refuses);
    ck_assert_uint_eq(journal_health_retry_after_s(&health), 9);
    expect_log("journal_refuses state=full reason=\"it has its reasons\"");
    for (int i = 0; i < 3; i++) { /* nothing new */
        ck_assert_int_eq(held_wait(&health.retry), 700);
        ck_assert(held.turn == &health.proof && held.turn->proves && health.proving);
        ck_assert_int_eq(held.turn->now_ms, held.wall_ms);
        refuse("full");
        ck_assert(!health.proving);
        expect_no_log();
    }
    held_wait(&health.retry);
    held_pass(5 * NS_PER_S);
    refuse("broken"); /* from then on */
    expect_log("journal_refuses state=broken");
    held_pass(3 * NS_PER_S);
    held_wait(&health.retry);
    held_end(JOURNAL_DONE);
    ck_assert(!health.refuses && reopened == 0);
    ck_assert_uint_eq(journal_health_retry_after_s(&health), 1);
    expect_no_log();
    ck_assert_int_eq(held_wait(&health.retry), SETTLE_NS);
    expect_log("journal_accepts after=broken ms=3000\n");
    ck_assert(!held.turn && health.retry.slot == 0);
    submit(); /* and the same again is news */
    refuse("broken");
    expect_log("journal_refuses state=broken");
}
END_TEST

START_TEST(what_does_not_last_is_not_said)
{
    submit();
    refuse("full");
    expect_log("journal_refuses");
    held_wait(&health.retry);
    held_end(JOURNAL_DONE);
    held_pass(SETTLE_NS - 1);
    submit();
    refuse("full");
    expect_no_log();
    ck_assert_int_eq(held_wait(&health.retry), 700);
    held_end(JOURNAL_DONE);
    held_wait(&health.retry);
    expect_log("journal_accepts after=full");
}
END_TEST

START_TEST(who_opened_it_anew_is_told)
{
    submit();
    refuse("broken");
    for (int anew = 0; anew < 2; anew++) {
        held_wait(&health.retry);
        held.turn->anew = true;
        refuse("broken");
        ck_assert_uint_eq(reopened, 0);
    }
    held_wait(&health.retry);
    held.turn->anew = true;
    held_end(JOURNAL_DONE);
    ck_assert_uint_eq(reopened, 1);
}
END_TEST

/* ---- a lock that somebody else holds ---- */

START_TEST(a_lock_is_waited_for_two_seconds)
{
    int64_t since = held.monotonic_ns;
    submit();
    held_end(JOURNAL_NOT_NOW);
    ck_assert(judged == 0 && !health.refuses);
    while (judged == 0) {
        ck_assert_int_eq(held_wait(&health.retry), 20 * NS_PER_MS);
        ck_assert_ptr_eq(held.turn, &turn);
        held.turn->refusal = (struct journal_refusal){.state = "busy", .retry_ns = 700};
        held_end(JOURNAL_NOT_NOW);
    }
    ck_assert_int_eq(held.monotonic_ns - since, 2 * NS_PER_S + 20 * NS_PER_MS);
    ck_assert(turn.end == JOURNAL_REFUSED && health.refuses);
    expect_log("journal_refuses state=busy");
    held_wait(&health.retry);
    held_end(JOURNAL_DONE);
    submit(); /* the next has two seconds of its own */
    held_end(JOURNAL_NOT_NOW);
    ck_assert(judged == 1 && !health.refuses);
    held_wait(&health.retry);
    held_end(JOURNAL_DONE);
    ck_assert(judged == 2 && turn.end == JOURNAL_DONE);
}
END_TEST

START_TEST(a_wait_for_the_lock_hides_no_news)
{
    submit();
    refuse("full");
    expect_log("journal_refuses");
    held_wait(&health.retry);
    held_end(JOURNAL_DONE);
    held_pass(NS_PER_S);
    submit();
    held_end(JOURNAL_NOT_NOW); /* the timer serves for that */
    held_wait(&health.retry);
    held_end(JOURNAL_DONE);
    expect_no_log();
    ck_assert_int_eq(held_wait(&health.retry), NS_PER_S - 20 * NS_PER_MS);
    expect_log("journal_accepts after=full");
}
END_TEST

START_TEST(what_is_refused_during_a_wait_for_the_lock_is_proved_again)
{
    submit();
    held_end(JOURNAL_NOT_NOW);
    struct journal_turn other = {.end = JOURNAL_REFUSED, .refusal = {"full", {""}, 700, 9}};
    journal_health_note(&health, &other);
    ck_assert(health.refuses);
    for (int i = 0; i < 2 && held.turn != &health.proof; i++) {
        held_wait(&health.retry);
        ck_assert_ptr_nonnull(held.turn);
        held_end(JOURNAL_DONE);
    }
    if (health.refuses) {
        held_wait(&health.retry);
        held_end(JOURNAL_DONE);
    }
    ck_assert(!health.refuses && judged == 1);
}
END_TEST

/* ---- space ---- */

START_TEST(room_is_what_is_above_the_floor)
{
    held.free_bytes = MIN_FREE + 5;
    journal_health_give_room(&health, &turn);
    ck_assert_int_eq(turn.room, 5);
    ck_assert_int_eq(turn.output_room, MIN_FREE / 2);
    held.free_bytes = -1;
    journal_health_give_room(&health, &turn);
    ck_assert_int_eq(turn.room, INT64_MAX);
    expect_no_log();
}
END_TEST

START_TEST(want_of_space_is_said_once_each_way)
{
    static const struct {
        bool events, outputs;
        const char *reason;
    } cases[] = {{true, false, "new events are refused"},
                 {false, true, "outputs of commands are not kept"}};
    for (size_t i = 0; i < 2; i++) {
        held.free_bytes = MIN_FREE + 7;
        journal_health_give_room(&health, &turn);
        turn.end = JOURNAL_DONE;
        turn.events_refused = cases[i].events;
        turn.outputs_dropped = cases[i].outputs;
        ck_assert(journal_health_judge(&health, &turn));
        expect_log(cases[i].reason);
        ck_assert(journal_health_judge(&health, &turn));
        expect_no_log();
        ck_assert_uint_eq(journal_health_retry_after_s(&health), cases[i].events ? 30 : 1);
        held.free_bytes = MIN_FREE + ROOM_AGAIN - 1;
        journal_health_give_room(&health, &turn);
        expect_no_log();
        held.free_bytes++;
        journal_health_give_room(&health, &turn);
        expect_log("space_enough free_bytes=105906176 min_free=104857600\n");
        journal_health_give_room(&health, &turn);
        expect_no_log();
        ck_assert_uint_eq(journal_health_retry_after_s(&health), 1);
    }
    held.free_bytes = 7;
    journal_health_give_room(&health, &turn);
    turn.events_refused = true;
    ck_assert(journal_health_judge(&health, &turn));
    expect_log("space_low path=/j/own.db free_bytes=7 min_free=104857600");
}
END_TEST

/* The content of the journal's log counts as used, and may be more than is free. */
START_TEST(free_space_is_never_said_to_be_below_nothing)
{
    held.free_bytes = 0;
    journal_health_give_room(&health, &turn);
    turn.room -= 397312;
    turn.events_refused = true;
    ck_assert(journal_health_judge(&health, &turn));
    expect_log("space_low path=/j/own.db free_bytes=0 ");
}
END_TEST

/* Told once a second, also while no event comes that would find the space. */
START_TEST(the_state_is_that_of_now)
{
    ck_assert_int_eq(journal_health_state(&health), RUNNER_STORES);
    held.free_bytes = 7;
    journal_health_give_room(&health, &turn);
    ck_assert_int_eq(journal_health_state(&health), RUNNER_STORES); /* nobody has met it yet */
    turn.events_refused = true;
    ck_assert(journal_health_judge(&health, &turn));
    ck_assert_int_eq(journal_health_state(&health), RUNNER_NO_SPACE);
    held.free_bytes = MIN_FREE + ROOM_AGAIN;
    ck_assert_int_eq(journal_health_state(&health), RUNNER_STORES);
    submit();
    refuse("full");
    ck_assert_int_eq(journal_health_state(&health), RUNNER_NO_SPACE);
    held_wait(&health.retry);
    refuse("broken");
    ck_assert_int_eq(journal_health_state(&health), RUNNER_REFUSES);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("journal_health");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_refusal_is_proved_again_until_it_is_none);
    tcase_add_test(all, what_does_not_last_is_not_said);
    tcase_add_test(all, who_opened_it_anew_is_told);
    tcase_add_test(all, a_lock_is_waited_for_two_seconds);
    tcase_add_test(all, a_wait_for_the_lock_hides_no_news);
    tcase_add_test(all, what_is_refused_during_a_wait_for_the_lock_is_proved_again);
    tcase_add_test(all, room_is_what_is_above_the_floor);
    tcase_add_test(all, want_of_space_is_said_once_each_way);
    tcase_add_test(all, free_space_is_never_said_to_be_below_nothing);
    tcase_add_test(all, the_state_is_that_of_now);
    suite_add_tcase(suite, all);
    return suite;
}
