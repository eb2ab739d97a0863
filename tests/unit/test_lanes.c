/* Whose turn it is: every route gets one, what may not run holds up nothing, and a server of many
 * routes finds the next delivery as quickly as one that has a single route. */
#include "journal_fixture.h"

#include "server/runner/queue.h"
#include "tests/unit/suite.h"

#include <time.h>

enum { MANY = 8000, SLOTS = 16 };

static const struct action_kind command = {.kind.name = "command", .is_limited = true};
static const struct action_kind feed = {.kind.name = "feed"};

static struct journal *journal;
static struct settings settings;
static struct lanes lanes;
static int64_t number; /* of the next delivery */

/* Every second route has a command, or all of them. */
static void begin(size_t routes, bool mixed)
{
    static struct action_settings commands = {.name = "1", .handler.kind = &command.kind};
    static struct action_settings feeds = {.name = "1", .handler.kind = &feed.kind};
    struct error err = {""};
    fixture_begin();
    journal = fixture_open();
    number = 1;
    settings = (struct settings){.server.commands = SLOTS, .route_count = routes};
    settings.routes = calloc(routes, sizeof *settings.routes);
    for (size_t i = 0; i < routes; i++) {
        char *name = malloc(16);
        snprintf(name, 16, "route-%zu", i);
        settings.routes[i] = (struct route){.index = i,
                                            .name = name,
                                            .actions = mixed && i % 2 ? &feeds : &commands,
                                            .action_count = 1};
    }
    ck_assert_int_eq(journal_begin(journal), STORE_OK);
    ck_assert_msg(lanes_init(&lanes, &settings, journal, &err), "%s", err.text);
    ck_assert_int_eq(journal_commit(journal), STORE_OK);
    ck_assert(lanes_refill(&lanes, journal, 1));
}

static void end(void)
{
    lanes_finish(&lanes);
    journal_close(journal);
    for (size_t i = 0; i < settings.route_count; i++)
        free((char *)settings.routes[i].name);
    free(settings.routes);
    fixture_end();
}

static struct lane *take(void)
{
    struct lane *lane = lanes_next(&lanes);
    if (!lane)
        return NULL;
    lane_take(&lanes, lane);
    lane_load(&lanes, lane, 10);
    return lane;
}

START_TEST(every_route_has_its_turn)
{
    enum { ROUTES = 10, EACH = 5 };
    unsigned turns[ROUTES] = {0};
    begin(ROUTES, true);
    for (size_t i = 0; i < ROUTES * EACH; i++)
        lanes_push(&lanes, i / EACH, 0, number++);
    for (size_t i = 0; i < ROUTES * EACH; i++) {
        struct lane *lane = take();
        ck_assert_ptr_nonnull(lane);
        ck_assert_uint_eq(turns[lane->route->index]++, i / ROUTES);
        lane_give(&lanes, lane, 10);
    }
    ck_assert_ptr_null(lanes_next(&lanes));
    end();
}
END_TEST

START_TEST(what_may_not_run_holds_up_nothing)
{
    begin(6, true);
    for (int i = 0; i < 2 * LANE_FEED; i++)
        for (size_t route = 0; route < 5; route++)
            lanes_push(&lanes, route, 0, number++);
    size_t taken = 0;
    while (take())
        taken++;
    /* all slots of the three routes with commands, and what two feeds may have */
    ck_assert_uint_eq(taken, SLOTS + 2 * LANE_FEED);
    lanes_push(&lanes, 5, 0, number++);
    ck_assert_uint_eq(take()->route->index, 5);
    ck_assert_ptr_null(lanes_next(&lanes));
    lane_give(&lanes, &lanes.groups[3].lanes[0], 10);
    ck_assert_uint_eq(take()->route->index, 3);
    lane_give(&lanes, &lanes.groups[2].lanes[0], 10);
    ck_assert(take()->kind->is_limited);
    ck_assert_ptr_null(lanes_next(&lanes));
    end();
}
END_TEST

START_TEST(what_others_journal_is_found_by_the_route_that_has_it)
{
    begin(100, true);
    struct event_frame event = fixture_event("key", bytes_of_text("{}"));
    int64_t seq = 0;
    ck_assert_int_eq(journal_begin(journal), STORE_OK);
    ck_assert(journal_add_event(journal, "01a22911-4996-762d-830e-81b5d39def00", "route-70", &event,
                                &seq));
    ck_assert(journal_add_delivery(journal, seq, 0, lanes.groups[70].lanes[0].number));
    ck_assert_int_eq(journal_commit(journal), STORE_OK);
    ck_assert(lanes_refill(&lanes, journal, 1) && !lanes_next(&lanes));
    lanes_look(&lanes);
    lanes_push(&lanes, 71, 0, journal_delivery_seq(seq, 1)); /* others may stand before it */
    ck_assert_ptr_null(lanes_next(&lanes));
    ck_assert(lanes_refill(&lanes, journal, 1));
    ck_assert_uint_eq(lanes_next(&lanes)->route->index, 70);
    for (int again = 0; again < 2; again++) {
        lanes_reset(&lanes);
        ck_assert_ptr_null(lanes_next(&lanes));
        ck_assert(lanes_refill(&lanes, journal, 1));
        ck_assert_uint_eq(lanes_next(&lanes)->count, 1);
    }
    for (size_t i = 0; i < 100; i++)
        ck_assert_ptr_eq(lanes_find(&lanes, lanes.groups[i].lanes[0].number),
                         &lanes.groups[i].lanes[0]);
    ck_assert_ptr_null(lanes_find(&lanes, 101));
    end();
}
END_TEST

/* Of processor time: an event of one route comes and is carried out, while `blocked` others have
 * each a feed that waits for its reader. */
static double seconds_of_events(size_t routes, size_t blocked)
{
    enum { ROUNDS = 5, EVENTS = 4000 };
    double best = 1e9;
    begin(routes, routes > 1);
    for (size_t i = 0; i < blocked; i++) {
        lanes_push(&lanes, 2 * i + 1, 0, number++);
        lanes_push(&lanes, 2 * i + 1, 0, number++);
        struct lane *lane = lanes_next(&lanes);
        lane_take(&lanes, lane);
        lane_load(&lanes, lane, LANE_FEED_BYTES);
    }
    for (int round = 0; round < ROUNDS; round++) {
        clock_t started = clock();
        for (int i = 0; i < EVENTS; i++) {
            lanes_push(&lanes, routes / 4 * 2, 0, number++);
            ck_assert(lanes_refill(&lanes, journal, 1));
            struct lane *lane = take();
            ck_assert_uint_eq(lane->route->index, routes / 4 * 2);
            ck_assert_ptr_null(lanes_next(&lanes));
            lane_give(&lanes, lane, 10);
        }
        double seconds = (double)(clock() - started) / CLOCKS_PER_SEC;
        best = seconds < best ? seconds : best;
    }
    end();
    return best;
}

START_TEST(many_routes_cost_no_more_than_one)
{
    double one = seconds_of_events(1, 0);
    double many = seconds_of_events(MANY, 0), blocked = seconds_of_events(MANY, MANY / 2);
    ck_assert_msg(many < 5 * one && blocked < 5 * one, "%.6f s, of %d routes %.6f and %.6f s", one,
                  MANY, many, blocked);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("lanes");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, every_route_has_its_turn);
    tcase_add_test(all, what_may_not_run_holds_up_nothing);
    tcase_add_test(all, what_others_journal_is_found_by_the_route_that_has_it);
    tcase_add_test(all, many_routes_cost_no_more_than_one);
    suite_add_tcase(suite, all);
    return suite;
}
