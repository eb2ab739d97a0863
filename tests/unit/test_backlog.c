/* What waits is counted along and counted again in steps, and what would be too much has no room.
 */
#include "journal_fixture.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/runner/backlog.h"
#include "tests/unit/suite.h"

static const struct action_kind kind = {.kind.name = "fake", .is_limited = true};

static struct settings *settings;
static struct queue queue;
static struct backlog backlog;
static struct loop loop;
static struct journal_turn turn;

/* What the journal has of each action: `handles` up to a number, of 10 bytes each. */
static int64_t waiting[4];

static void set_up(void)
{
    struct error err = {""};
    struct journal_action actions[4];
    log_configure(LOG_ERROR + 1, LOG_TEXT);
    settings = fixture_settings(&kind, 2, 2);
    settings->journal.queue_max = 1000000;
    fixture_parts[0].flow.queue = (struct queue_limit){.max = 10, .bytes = 1000};
    ck_assert(loop_init(&loop, &err) && queue_init(&queue, settings, &err));
    queue_list_actions(&queue, actions);
    for (size_t i = 0; i < 4; i++)
        actions[i].number = (int64_t)i + 1;
    queue_number(&queue, actions);
    memset(waiting, 0, sizeof waiting);
    ck_assert(backlog_init(&backlog, settings, &queue, &loop, &err));
    ck_assert(journal_turn_init(&turn, 0));
}

static void tear_down(void)
{
    journal_turn_finish(&turn);
    backlog_finish(&backlog);
    queue_finish(&queue);
    loop_finish(&loop);
}

/* A turn that is done. */
static void take_turn(void)
{
    turn.reads_open = false;
    turn.open.count = 0;
    backlog_fill(&backlog, &turn);
    for (size_t i = 0; turn.reads_open && i < 4; i++)
        if (waiting[i] > 0)
            ck_assert(engine_add_number(&turn.open, (int64_t)i + 1));
    if (turn.tally) {
        int64_t left = waiting[turn.tally->action - 1] - turn.tally->after;
        turn.tally->count = left < (int64_t)turn.tally->room ? (size_t)left : turn.tally->room;
        turn.tally->bytes = 10 * (int64_t)turn.tally->count;
        turn.tally->last = turn.tally->after + (int64_t)turn.tally->count;
    }
    backlog_load(&backlog, &turn);
}

static void count_all(void)
{
    for (int i = 0; i < 100 && !(backlog.is_counted && backlog.due_ns == INT64_MAX); i++) {
        while (!backlog_is_due(&backlog))
            loop_run_once(&loop, 1000);
        take_turn();
    }
}

static void expect(int64_t of_first, int64_t all)
{
    ck_assert_int_eq(backlog.routes[0].deliveries, of_first);
    ck_assert_int_eq(backlog.routes[0].bytes, of_first * 10);
    ck_assert_int_eq(backlog.all.deliveries, all);
    ck_assert_int_eq(backlog.all.bytes, all * 10);
}

START_TEST(what_waits_is_counted_before_anything_comes)
{
    waiting[0] = 3;
    waiting[2] = 20000; /* three steps */
    count_all();
    ck_assert(backlog.is_counted && !backlog_is_due(&backlog));
    expect(3, 20003);
    ck_assert_int_eq(queue.by_number[2]->pending, 20000);
}
END_TEST

START_TEST(a_recount_finds_what_others_have_done)
{
    waiting[0] = 3;
    waiting[1] = 2;
    count_all();
    waiting[0] = 0;
    waiting[1] = 600; /* three steps, because now it is in nobody's way */
    backlog.ended_ns -= 10 * NS_PER_S;
    backlog_recount(&backlog);
    take_turn();
    expect(2, 2); /* what has nothing open is seen at once */
    count_all();
    expect(600, 600);
}
END_TEST

START_TEST(what_changes_meanwhile_is_not_counted_twice)
{
    waiting[0] = 600;
    count_all();
    backlog.ended_ns -= 10 * NS_PER_S;
    backlog_recount(&backlog);
    take_turn();
    loop_run_once(&loop, 100);
    take_turn(); /* up to 256 */
    ck_assert_int_eq(backlog.tally.after, 256);
    backlog_change(&backlog, queue.by_number[0], 5, 10, -1);  /* behind the walk */
    backlog_change(&backlog, queue.by_number[0], 601, 10, 1); /* before it */
    waiting[0] = 601;
    count_all();
    expect(600, 600);
}
END_TEST

START_TEST(recounts_have_pauses)
{
    count_all();
    backlog_recount(&backlog);
    ck_assert(!backlog_is_due(&backlog) && backlog.due_ns > clock_monotonic_ns());
}
END_TEST

START_TEST(there_is_room_up_to_the_limits)
{
    const struct route_queue *first = &queue.routes[0], *second = &queue.routes[1];
    count_all();
    ck_assert_int_eq(backlog_reserve(&backlog, first, 2, 2000), BACKLOG_ROOM); /* alone */
    ck_assert_int_eq(backlog_reserve(&backlog, first, 1, 0), BACKLOG_ROUTE_FULL);
    ck_assert_int_eq(backlog_reserve(&backlog, second, 9, 2000), BACKLOG_ROOM);
    backlog_release(&backlog, first, 2, 2000);
    ck_assert_int_eq(backlog_reserve(&backlog, first, 8, 10), BACKLOG_ROOM);
    ck_assert_int_eq(backlog_reserve(&backlog, first, 3, 10), BACKLOG_ROUTE_FULL);
    ck_assert_int_eq(backlog_reserve(&backlog, first, 2, 10), BACKLOG_ROOM);
    ck_assert(backlog.routes[0].is_full && !backlog.all.is_full);
    backlog_release(&backlog, first, 1, 10);
    ck_assert(backlog.routes[0].is_full); /* at nine of ten a line would follow a line */
    backlog_release(&backlog, first, 1, 10);
    ck_assert(!backlog.routes[0].is_full);
    backlog.all.limit.max = 18;
    ck_assert_int_eq(backlog_reserve(&backlog, second, 2, 1), BACKLOG_ALL_FULL);
    ck_assert(!backlog_is_full(&backlog));
    ck_assert_int_eq(backlog_reserve(&backlog, second, 1, 1), BACKLOG_ROOM);
    ck_assert(backlog_is_full(&backlog));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("backlog");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, what_waits_is_counted_before_anything_comes);
    tcase_add_test(all, a_recount_finds_what_others_have_done);
    tcase_add_test(all, what_changes_meanwhile_is_not_counted_twice);
    tcase_add_test(all, recounts_have_pauses);
    tcase_add_test(all, there_is_room_up_to_the_limits);
    suite_add_tcase(suite, all);
    return suite;
}
