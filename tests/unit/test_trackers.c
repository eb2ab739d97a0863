/* Who asks what has become of an event is told once: at once, at the end of the event, or when his
 * time is over. */
#include "base/clock.h"
#include "handlers/action/action.h"
#include "route_settings.h"
#include "server/runner/trackers.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define ID "01900000-0000-7000-8000-000000000000"
#define TOLD(tag, state, actions)                                                                  \
    tag " 0 {\"id\":\"" ID "\",\"state\":\"" state "\",\"received\":\"1970-01-01T00:00:00.005Z\"," \
        "\"actions\":[" actions "]}"
#define ACTION(state) "{\"name\":\"run\",\"state\":\"" state "\",\"attempt\":1}"

static struct loop loop;
static struct listener_link *link_of_test;
static struct trackers trackers;
static int peer;
static struct journal_turn turn;
static struct route_settings parts[2];
static struct route routes[2];
static const struct settings settings = {.routes = routes, .route_count = 2};

static void set_up(void)
{
    struct error err;
    int ends[2];
    for (int i = 0; i < 2; i++)
        routes[i] = (struct route){.name = i ? "off" : "hook",
                                   .index = (size_t)i,
                                   .parts = route_settings_clear(&parts[i])};
    parts[0].track.is_on = true;
    ck_assert(loop_init(&loop, &err));
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    link_of_test = listener_link_create(&loop, ends[0], 1);
    peer = ends[1];
    ck_assert(link_of_test && trackers_init(&trackers, &settings, &loop));
    ck_assert(journal_turn_init(&turn, 0));
}

static void tear_down(void)
{
    journal_turn_finish(&turn);
    trackers_finish(&trackers);
    listener_link_destroy(link_of_test);
    close(peer);
    loop_finish(&loop);
}

/* A question comes; whether it was taken. */
static bool ask_of(uint32_t route, uint64_t tag, uint32_t wait_ms)
{
    struct track_frame frame = {.tag = tag, .route = route, .wait_ms = wait_ms, .id = ID};
    struct buffer out;
    buffer_init(&out, 4096);
    ck_assert(frame_put_track(&out, &frame));
    ck_assert_int_eq(write(peer, out.data, out.length), (ssize_t)out.length);
    buffer_finish(&out);
    while (!listener_link_has_work(link_of_test))
        loop_run_once(&loop, 1000);
    bool taken = trackers_take(&trackers, link_of_test);
    listener_link_settle(link_of_test);
    return taken;
}

static void ask(uint64_t tag, uint32_t wait_ms)
{
    ck_assert(ask_of(0, tag, wait_ms));
}

/* The turn that asks what is due; in the journal the event has one delivery, `handle`, in that
 * state; handle 0: there is no such event. */
static size_t turn_tells(int64_t handle, enum delivery_state state)
{
    static struct journal_progress progress;
    progress = (struct journal_progress){.action = "run", .state = state, .attempt = 1};
    trackers_fill(&trackers, &turn);
    for (size_t i = 0; i < turn.track_count; i++) {
        struct journal_track *track = &turn.tracks[i];
        ck_assert_str_eq(track->id, ID);
        ck_assert_str_eq(track->route, "hook");
        track->received_ms = 5;
        track->handle = handle;
        track->count = handle > 0;
        track->progress = &progress;
    }
    trackers_settle(&trackers, &turn);
    return turn.track_count;
}

/* What the listener has been told: "TAG STATE TEXT", or "". */
static const char *told(void)
{
    static char text[4096];
    static uint8_t data[1 << 16];
    static size_t length;
    struct state_frame frame;
    struct bytes payload;
    enum frame_type type;
    size_t taken;
    ssize_t got = recv(peer, data + length, sizeof data - length, MSG_DONTWAIT);
    length += got > 0 ? (size_t)got : 0;
    if (length == 0 || frame_peek(bytes_of(data, length), &type, &payload, &taken) != 1)
        return "";
    ck_assert(type == FRAME_STATE && frame_get_state(payload, &frame));
    snprintf(text, sizeof text, "%u %u%s%.*s", (unsigned)frame.tag, (unsigned)frame.state,
             frame.text.length ? " " : "", (int)frame.text.length, (const char *)frame.text.data);
    memmove(data, data + taken, length -= taken);
    return text;
}

/* A turn in which a delivery has ended. */
static void ends(int64_t handle)
{
    struct journal_finish finish = {.handle = handle, .applied = true};
    turn.finish = &finish;
    turn.track_count = 0;
    trackers_settle(&trackers, &turn);
    turn.finish = NULL;
}

START_TEST(without_patience_the_state_is_told_at_once)
{
    ck_assert(!trackers_are_due(&trackers));
    ask(1, 0);
    ck_assert(trackers_are_due(&trackers));
    ck_assert_uint_eq(turn_tells(512, DELIVERY_RUNNING), 1);
    ck_assert_str_eq(told(), TOLD("1", "running", ACTION("running")));
    ask(2, 60000);
    turn_tells(512, DELIVERY_DEAD);
    ck_assert_str_eq(told(), TOLD("2", "failed", ACTION("failed")));
    ask(3, 60000);
    turn_tells(0, DELIVERY_DONE);
    ck_assert_str_eq(told(), "3 1");
    ck_assert(trackers.count == 0 && trackers.waiting == 0 && !trackers_are_due(&trackers));
}
END_TEST

START_TEST(who_waits_is_asked_for_when_a_newer_event_takes_the_place)
{
    struct journal_superseded one = {.handle = 512};
    ask(1, 60000);
    turn_tells(512, DELIVERY_PENDING);
    ck_assert_str_eq(told(), "");
    turn.superseded = (struct journal_replaced){.items = &one, .count = 1};
    turn.track_count = 0;
    trackers_settle(&trackers, &turn);
    turn.superseded = (struct journal_replaced){0};
    ck_assert_uint_eq(turn_tells(512, DELIVERY_SUPERSEDED), 1);
    ck_assert_str_eq(told(), TOLD("1", "superseded", ACTION("superseded")));
}
END_TEST

START_TEST(who_waits_is_asked_for_when_his_event_has_an_end)
{
    ask(1, 60000);
    turn_tells(512, DELIVERY_PENDING);
    ck_assert_str_eq(told(), "");
    ends(511);
    ends(513);
    ck_assert(!trackers_are_due(&trackers) && trackers.waiting == 1);
    ends(512);
    ck_assert(trackers_are_due(&trackers));
    turn_tells(512, DELIVERY_PENDING); /* it was given back */
    ck_assert_str_eq(told(), "");
    trackers_ask_all(&trackers);
    turn_tells(512, DELIVERY_DONE);
    ck_assert_str_eq(told(), TOLD("1", "done", ACTION("done")));
    ck_assert_str_eq(told(), "");
    ck_assert_uint_eq(trackers.waiting, 0);
}
END_TEST

START_TEST(the_time_is_over)
{
    ask(1, 60000);
    ask(2, 20);
    turn_tells(512, DELIVERY_RUNNING);
    while (!trackers_are_due(&trackers))
        loop_run_once(&loop, 1000);
    ck_assert_uint_eq(turn_tells(512, DELIVERY_RUNNING), 1);
    ck_assert_str_eq(told(), TOLD("2", "running", ACTION("running")));
    ck_assert_str_eq(told(), "");
    trackers_close(&trackers);
    ck_assert_uint_eq(turn_tells(512, DELIVERY_RUNNING), 1);
    ck_assert_str_eq(told(), TOLD("1", "running", ACTION("running")));
    ask(3, 60000); /* nobody waits any more */
    turn_tells(512, DELIVERY_RUNNING);
    ck_assert_str_eq(told(), TOLD("3", "running", ACTION("running")));
}
END_TEST

START_TEST(so_many_wait)
{
    for (uint64_t tag = 1; tag <= TRACKERS_WAITING; tag++)
        ask(tag, 60000);
    while (trackers_are_due(&trackers))
        ck_assert_uint_le(turn_tells(512, DELIVERY_RUNNING), TRACKERS_STEP);
    ck_assert_uint_eq(trackers.waiting, TRACKERS_WAITING);
    ck_assert_str_eq(told(), "");
    ask(1000, 60000);
    turn_tells(512, DELIVERY_RUNNING);
    ck_assert_str_eq(told(), TOLD("1000", "running", ACTION("running")));
    for (uint64_t tag = 1001; trackers.count < TRACKERS_MAX; tag++)
        ask(tag, 0);
    ask(5000, 0);
    ck_assert_str_eq(told(), "5000 3");
    trackers_forget(&trackers, link_of_test);
    ck_assert(trackers.count == 0 && trackers.waiting == 0 && !trackers_are_due(&trackers));
}
END_TEST

START_TEST(a_journal_that_cannot_be_read_is_said)
{
    ask(1, 60000);
    turn_tells(512, DELIVERY_RUNNING);
    ask(2, 0);
    trackers_refuse(&trackers);
    ck_assert_str_eq(told(), "2 2");
    ask(3, 0);
    turn.end = JOURNAL_REFUSED;
    turn_tells(512, DELIVERY_RUNNING);
    ck_assert_str_eq(told(), "3 2");
    turn.end = JOURNAL_DONE;
    ck_assert_uint_eq(trackers.waiting, 1); /* whose time will come */
}
END_TEST

START_TEST(who_is_gone_during_a_turn_is_told_nothing)
{
    ask(1, 0);
    ask(2, 0);
    trackers_fill(&trackers, &turn);
    ck_assert_uint_eq(turn.track_count, 2);
    trackers_forget(&trackers, link_of_test);
    ask(3, 0); /* of the next turn */
    trackers_settle(&trackers, &turn);
    ck_assert_str_eq(told(), "");
    ck_assert(trackers.count == 1 && trackers_are_due(&trackers));
}
END_TEST

START_TEST(a_question_that_no_listener_asks_ends_the_link)
{
    ck_assert(!ask_of(_i == 0 ? 1 : 2, 1, 0));
    ck_assert_str_eq(link_of_test->fault, "a question that cannot be");
    ck_assert_uint_eq(trackers.count, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("trackers");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, without_patience_the_state_is_told_at_once);
    tcase_add_test(all, who_waits_is_asked_for_when_a_newer_event_takes_the_place);
    tcase_add_test(all, who_waits_is_asked_for_when_his_event_has_an_end);
    tcase_add_test(all, the_time_is_over);
    tcase_add_test(all, so_many_wait);
    tcase_add_test(all, a_journal_that_cannot_be_read_is_said);
    tcase_add_test(all, who_is_gone_during_a_turn_is_told_nothing);
    tcase_add_loop_test(all, a_question_that_no_listener_asks_ends_the_link, 0, 2);
    suite_add_tcase(suite, all);
    return suite;
}
