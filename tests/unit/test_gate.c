/* Starts are spread as the rate says, a closed gate holds its actions and opens by itself, and a
 * paused route starts nothing. No journal is needed: what it would say is put into a turn. */
#include "journal_fixture.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/runner/gate.h"
#include "tests/unit/suite.h"

#define MS NS_PER_MS

static const struct action_kind kind = {.kind.name = "fake", .is_limited = true};

/* ---- one rate ---- */

START_TEST(starts_are_spread_evenly)
{
    const struct start_rate rate = {.count = 10, .period_ms = 60000};
    int64_t now_ns = 1000 * NS_PER_S;
    struct gate gate;
    gate_init(&gate, &rate);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_le(gate_opens_ns(&gate), now_ns); /* after any pause one may start, */
        gate_pass(&gate, now_ns);
        ck_assert_int_eq(gate_opens_ns(&gate), now_ns + 6 * NS_PER_S); /* and no more */
        now_ns += (i + 6) * NS_PER_S;
    }
    gate_return(&gate);
    ck_assert_int_le(gate_opens_ns(&gate), now_ns);
}
END_TEST

START_TEST(a_fast_rate_is_reached_by_what_comes_late)
{
    const struct start_rate rate = {.count = 1000, .period_ms = 1000};
    int64_t begun_ns = 1000 * NS_PER_S, now_ns = begun_ns, count = 0;
    struct gate gate;
    gate_init(&gate, &rate);
    for (; now_ns < begun_ns + NS_PER_S; now_ns += 7 * MS) /* a commit takes so long */
        for (; gate_opens_ns(&gate) <= now_ns; count++)
            gate_pass(&gate, now_ns);
    ck_assert_int_ge(count, 1000);
    ck_assert_int_le(count, 1100);
}
END_TEST

START_TEST(without_a_rate_a_gate_is_open)
{
    struct gate gate;
    gate_init(&gate, NULL);
    ck_assert(gate.step_ns == 0 && gate_opens_ns(&gate) == 0);
    gate_init(&gate, &(struct start_rate){0});
    ck_assert_int_eq(gate.step_ns, 0);
}
END_TEST

/* ---- all of them ---- */

static struct settings *settings;
static struct queue queue;
static struct gates gates;
static struct loop loop;
static struct journal_turn turn;

/* Two routes with two actions each, of which five deliveries are queued. */
static void set_up(void)
{
    struct error err = {""};
    struct journal_action actions[4];
    log_configure(LOG_ERROR, LOG_TEXT);
    settings = fixture_settings(&kind, 2, 2);
    fixture_parts[0].flow.start_rate = (struct start_rate){.count = 20, .period_ms = 1000};
    fixture_parts[1].flow.pause_after.deaths = 3;
    ck_assert(loop_init(&loop, &err) && queue_init(&queue, settings, &err));
    ck_assert(gates_init(&gates, settings, &queue, &loop, &err));
    queue_list_actions(&queue, actions);
    for (size_t i = 0; i < 4; i++)
        actions[i].number = (int64_t)i + 1;
    queue_number(&queue, actions);
    queue.unread = false;
    for (size_t i = 0; i < 20; i++) {
        struct action_queue *action = queue.by_number[i % 4];
        const struct queue_pushed pushed = {.bytes = 10};
        queue_push(&queue, action, &pushed);
        queue_settle(&queue, action, &pushed, (int64_t)i + 1);
    }
    ck_assert(journal_turn_init(&turn, 0));
}

static void tear_down(void)
{
    journal_turn_finish(&turn);
    gates_finish(&gates);
    queue_finish(&queue);
    loop_finish(&loop);
}

/* Takes and gives back until nothing may start any more: how many of each route. */
static void drain(size_t counts[2])
{
    struct action_queue *action;
    counts[0] = counts[1] = 0;
    while ((action = queue_next(&queue))) {
        uint32_t bytes;
        queue_take(&queue, action, &bytes);
        gates_took(&gates, action);
        queue_give(&queue, action, 0, bytes);
        counts[action->route->index]++;
    }
}

/* A turn that tells of a route; paused_ms 0: it is not paused. */
static void tell(const char *name, int64_t paused_ms, unsigned deaths)
{
    gates_refresh(&gates);
    gates_fill(&gates, &turn, true);
    ck_assert(turn.reads_routes && !gates.unread);
    ck_assert(engine_add_route(&turn, bytes_of_text(name), bytes_of_text(""), paused_ms, deaths));
    gates_load(&gates, &turn);
    engine_forget(&turn);
}

START_TEST(a_route_with_a_rate_starts_one_and_the_other_all)
{
    size_t counts[2];
    int64_t begun_ns = clock_monotonic_ns();
    drain(counts);
    ck_assert(counts[1] == 10 && counts[0] >= 1 && counts[0] <= 3); /* a tenth of a second's */
    size_t total = counts[0];
    while (total < 5) {
        loop_run_once(&loop, 1000); /* the timer, and nothing else */
        drain(counts);
        total += counts[0];
    }
    ck_assert_int_ge(clock_monotonic_ns() - begun_ns, 100 * MS);
}
END_TEST

START_TEST(what_was_not_claimed_does_not_count)
{
    uint32_t bytes;
    for (int i = 0; i < 5; i++) {
        struct action_queue *action = &queue.routes[0].actions[0];
        queue_take(&queue, action, &bytes);
        gates_took(&gates, action);
        queue_give(&queue, action, 0, bytes);
        gates_gave_back(&gates, action);
    }
    ck_assert(!queue.routes[0].actions[1].is_held);
}
END_TEST

START_TEST(a_paused_route_is_held_and_others_are_not)
{
    size_t counts[2];
    tell("beta", 1700000000000, 2);
    ck_assert(gates.is_known && gates.routes[1].paused);
    ck_assert_uint_eq(gates_streak(&gates, &queue.routes[1].actions[0])->deaths, 2);
    ck_assert_ptr_null(gates_streak(&gates, &queue.routes[0].actions[0]));
    drain(counts);
    ck_assert(counts[0] > 0 && counts[1] == 0);
    tell("of another file", 1700000000000, 0);
    ck_assert(!gates.routes[1].paused);
    ck_assert_uint_eq(gates_streak(&gates, &queue.routes[1].actions[0])->deaths, 0);
    drain(counts);
    ck_assert_uint_eq(counts[1], 10);
}
END_TEST

START_TEST(a_streak_that_has_paused_its_route_holds_it)
{
    size_t counts[2];
    gates_fill(&gates, &turn, false);
    ck_assert(!turn.reads_routes && turn.streak_count == 1);
    turn.streaks[0].paused = true;
    gates_load(&gates, &turn);
    drain(counts);
    ck_assert_uint_eq(counts[1], 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("gate");
    TCase *one = tcase_create("one"), *all = tcase_create("all");
    tcase_add_test(one, starts_are_spread_evenly);
    tcase_add_test(one, a_fast_rate_is_reached_by_what_comes_late);
    tcase_add_test(one, without_a_rate_a_gate_is_open);
    suite_add_tcase(suite, one);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_route_with_a_rate_starts_one_and_the_other_all);
    tcase_add_test(all, what_was_not_claimed_does_not_count);
    tcase_add_test(all, a_paused_route_is_held_and_others_are_not);
    tcase_add_test(all, a_streak_that_has_paused_its_route_holds_it);
    suite_add_tcase(suite, all);
    return suite;
}
