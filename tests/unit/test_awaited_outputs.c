/* Who waits for the output of a command is told once: when it has ended, or why there is none. */
#include "base/clock.h"
#include "handlers/action/action.h"
#include "server/runner/answers.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop loop;
static struct listener_link *channel;
static struct answers answers;
static int peer;

static void set_up_with(int64_t commands)
{
    static struct settings settings;
    struct error err;
    int ends[2];
    settings = (struct settings){.server.commands = commands};
    ck_assert(loop_init(&loop, &err));
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    channel = listener_link_create(&loop, ends[0], 1);
    peer = ends[1];
    ck_assert(channel && answers_init(&answers, &settings));
}

static void set_up(void)
{
    set_up_with(16);
}

static void tear_down(void)
{
    answers_finish(&answers);
    listener_link_destroy(channel);
    close(peer);
    loop_finish(&loop);
}

static struct awaited awaited(uint64_t tag, int64_t handle)
{
    return (struct awaited){
        .link = channel, .tag = tag, .handle = handle, .until_ns = INT64_MAX, .most = 8};
}

static void await(uint64_t tag, int64_t handle)
{
    struct awaited one = awaited(tag, handle);
    answers_await(&answers, &one);
}

/* What the listener has been told: "TAG END EXIT_STATUS OUTPUT", before it "TAG+PIECE " for each
 * piece; or "". */
static const char *told(void)
{
    static char text[64];
    static uint8_t data[256];
    struct output_frame frame;
    struct piece_frame piece;
    struct bytes payload;
    enum frame_type type;
    size_t length, written = 0;
    ssize_t got = recv(peer, data, sizeof data, MSG_DONTWAIT);
    struct bytes rest = bytes_of(data, got < 0 ? 0 : (size_t)got);
    text[0] = '\0';
    for (; rest.length > 0; rest = bytes_from(rest, length)) {
        ck_assert_int_eq(frame_peek(rest, &type, &payload, &length), 1);
        if (frame_get_piece(payload, &piece) && type == FRAME_PIECE) {
            written +=
                (size_t)snprintf(text + written, sizeof text - written, "%d+%.*s ", (int)piece.tag,
                                 (int)piece.output.length, (const char *)piece.output.data);
            continue;
        }
        ck_assert(length == rest.length && frame_get_output(payload, &frame));
        snprintf(text + written, sizeof text - written, "%d %d %d %.*s", (int)frame.tag, frame.end,
                 frame.exit_status, (int)frame.output.length, (const char *)frame.output.data);
    }
    return text;
}

static const char *expected(int tag, enum frame_output_end end, int exit_status, const char *output)
{
    static char text[64];
    snprintf(text, sizeof text, "%d %d %d %s", tag, end, exit_status, output);
    return text;
}

START_TEST(every_end_is_told)
{
    static const struct {
        struct outcome outcome;
        const char *output;
        enum frame_output_end end;
        int exit_status;
        const char *told;
    } cases[] = {
        {{.kind = OUTCOME_DONE}, "out", OUTPUT_EXITED, 0, "out"},
        {{.kind = OUTCOME_DONE}, "", OUTPUT_EXITED, 0, ""},
        {{.kind = OUTCOME_DONE}, "12345678", OUTPUT_EXITED, 0, "12345678"},
        {{.kind = OUTCOME_DONE}, "123456789", OUTPUT_TOO_LONG, -1, ""},
        {{.kind = OUTCOME_DONE, .output_total = 4}, "out", OUTPUT_TOO_LONG, -1, ""}, /* cut */
        {{.kind = OUTCOME_FAILED, .exit_status = 255}, "no", OUTPUT_EXITED, 255, "no"},
        {{.kind = OUTCOME_FAILED, .exit_status = -1, .signal = 9}, "x", OUTPUT_SIGNALLED, -1, "x"},
        {{.kind = OUTCOME_FAILED, .exit_status = -1}, "", OUTPUT_NOT_STARTED, -1, ""},
        {{.kind = OUTCOME_TIMEOUT, .exit_status = 1}, "x", OUTPUT_TIMED_OUT, -1, "x"},
        {{.kind = OUTCOME_CANCELLED, .exit_status = -1, .signal = 15},
         "x",
         OUTPUT_CANCELLED,
         -1,
         "x"},
        {{.kind = OUTCOME_INTERRUPTED, .signal = 15}, "x", OUTPUT_INTERRUPTED, -1, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct outcome outcome = cases[i].outcome;
        outcome.output = bytes_of_text(cases[i].output);
        if (outcome.output_total == 0)
            outcome.output_total = outcome.output.length;
        await(i, 7);
        answers_ended(&answers, 8, &outcome); /* another delivery */
        ck_assert_str_eq(told(), "");
        answers_ended(&answers, 7, &outcome);
        ck_assert_str_eq(told(),
                         expected((int)i, cases[i].end, cases[i].exit_status, cases[i].told));
        answers_ended(&answers, 7, &outcome); /* once */
        ck_assert_str_eq(told(), "");
    }
}
END_TEST

START_TEST(what_the_journal_keeps_is_told)
{
    const struct awaited one = awaited(3, 0);
    const struct journal_answer done = {.output = bytes_of_text("out"), .output_total = 3},
                                killed = {.exit_status = -1}, long_one = {.output_total = 9};
    answers_tell_kept(&one, &done);
    ck_assert_str_eq(told(), expected(3, OUTPUT_EXITED, 0, "out"));
    answers_tell_kept(&one, &killed);
    ck_assert_str_eq(told(), expected(3, OUTPUT_SIGNALLED, -1, ""));
    answers_tell_kept(&one, &long_one);
    ck_assert_str_eq(told(), expected(3, OUTPUT_NOT_KEPT, -1, ""));
    answers_tell_kept(&one, NULL);
    ck_assert_str_eq(told(), expected(3, OUTPUT_OPEN, -1, ""));
}
END_TEST

START_TEST(a_quarter_of_the_commands_is_waited_for)
{
    const struct outcome outcome = {.kind = OUTCOME_DONE};
    for (uint64_t tag = 1; tag <= 4; tag++)
        await(tag, (int64_t)tag);
    ck_assert_str_eq(told(), "");
    await(5, 5);
    ck_assert_str_eq(told(), expected(5, OUTPUT_CROWDED, -1, ""));
    answers_ended(&answers, 2, &outcome);
    ck_assert_str_eq(told(), expected(2, OUTPUT_EXITED, 0, ""));
    await(6, 6);
    ck_assert_str_eq(told(), "");
    /* one whose sender has had the late answer makes room for another, and is told nothing */
    answers.items[0].until_ns = clock_monotonic_ns();
    await(7, 7);
    ck_assert_str_eq(told(), "");
    ck_assert_uint_eq(answers.count, 4);
    await(8, 8);
    ck_assert_str_eq(told(), expected(8, OUTPUT_CROWDED, -1, ""));
    tear_down();
    set_up_with(1); /* at least one */
    await(1, 1);
    ck_assert_str_eq(told(), "");
}
END_TEST

static bool is_first(void *context, const struct awaited *awaited)
{
    (void)context;
    return awaited->handle == 1;
}

START_TEST(what_is_not_started_any_more_is_told)
{
    const struct outcome outcome = {.kind = OUTCOME_DONE};
    await(1, 1);
    await(2, 2);
    answers_give_up(&answers, OUTPUT_LEAVING, is_first, NULL);
    ck_assert_str_eq(told(), expected(1, OUTPUT_LEAVING, -1, ""));
    await(3, 3);
    answers_give_up_one(&answers, 3, OUTPUT_SUPERSEDED);
    ck_assert_str_eq(told(), expected(3, OUTPUT_SUPERSEDED, -1, ""));
    answers_give_up_one(&answers, 3, OUTPUT_SUPERSEDED); /* once */
    ck_assert_str_eq(told(), "");
    answers_ended(&answers, 2, &outcome);
    ck_assert_str_eq(told(), expected(2, OUTPUT_EXITED, 0, ""));
}
END_TEST

START_TEST(a_listener_that_is_gone_is_told_nothing)
{
    const struct outcome outcome = {.kind = OUTCOME_DONE};
    await(1, 1);
    await(2, 1);
    answers_forget(&answers, NULL); /* another one */
    ck_assert_uint_eq(answers.count, 2);
    answers_forget(&answers, channel);
    ck_assert_uint_eq(answers.count, 0);
    answers_ended(&answers, 1, &outcome);
    ck_assert_str_eq(told(), "");
}
END_TEST

static void stream(uint64_t tag, int64_t handle)
{
    struct awaited one = awaited(tag, handle);
    one.streams = true;
    answers_await(&answers, &one);
}

START_TEST(a_stream_is_told_each_piece)
{
    const struct outcome outcome = {
        .kind = OUTCOME_DONE, .output = bytes_of_text("abcdefgh"), .output_total = 8};
    const struct outcome stopped = {.kind = OUTCOME_INTERRUPTED, .signal = 15};
    await(1, 6);
    ck_assert(!answers_has_stream(&answers, 6));
    stream(2, 7);
    ck_assert(answers_has_stream(&answers, 7) && !answers_has_stream(&answers, 8));
    answers_piece(&answers, 8, bytes_of_text("x"));
    answers_piece(&answers, 7, bytes_of_text("abc"));
    ck_assert_str_eq(told(), "2+abc ");
    answers_piece(&answers, 7, bytes_of_text("defgh"));
    ck_assert_str_eq(told(), "2+defgh ");
    answers_ended(&answers, 7, &outcome);
    ck_assert_str_eq(told(), expected(2, OUTPUT_EXITED, 0, ""));
    stream(3, 7); /* without a piece: all of it at the end */
    answers_ended(&answers, 7, &outcome);
    ck_assert_str_eq(told(), expected(3, OUTPUT_EXITED, 0, "abcdefgh"));
    stream(4, 7);
    answers_piece(&answers, 7, bytes_of_text("abc"));
    answers_ended(&answers, 7, &stopped);
    ck_assert_str_eq(told(), "4+abc 4 8 -1 ");
    ck_assert_int_eq(OUTPUT_INTERRUPTED, 8);
}
END_TEST

START_TEST(a_stream_ends_where_it_has_a_gap)
{
    uint8_t *data = calloc(1, FRAME_OUTPUT_MAX);
    stream(1, 7);
    answers_piece(&answers, 7, bytes_of_text("abc"));
    answers_piece(&answers, 7, bytes_of_text("defghi")); /* one byte more than it may have */
    ck_assert_str_eq(told(), "1+abc 1+defgh 1 11 -1 ");
    ck_assert_int_eq(OUTPUT_TOO_LONG, 11);
    stream(2, 7);
    answers_piece(&answers, 7, bytes_of(NULL, 0));
    ck_assert_str_eq(told(), expected(2, OUTPUT_NO_ROOM, -1, ""));
    ck_assert_uint_eq(answers.count, 0);
    /* what nobody reads is bounded, and leaves room for outputs and answers */
    struct awaited greedy = awaited(3, 7);
    greedy.streams = true;
    greedy.most = SIZE_MAX;
    answers_await(&answers, &greedy);
    for (int i = 0; i < 100; i++)
        answers_piece(&answers, 7, bytes_of(data, FRAME_OUTPUT_MAX / 4));
    ck_assert(!channel->fault && answers.count == 0);
    size_t waiting = channel->out.length;
    ck_assert_uint_le(waiting, 8 * FRAME_OUTPUT_MAX + 256);
    const struct output_frame output = {.tag = 9, .output = bytes_of(data, FRAME_OUTPUT_MAX)};
    listener_link_output(channel, &output);
    ck_assert_uint_gt(channel->out.length, waiting + FRAME_OUTPUT_MAX);
    free(data);
}
END_TEST

/* Outputs that are not read leave room for the answers, and their senders are not kept waiting. */
START_TEST(outputs_leave_room_for_answers)
{
    uint8_t *data = calloc(1, FRAME_OUTPUT_MAX);
    const struct output_frame output = {.tag = 9, .output = bytes_of(data, FRAME_OUTPUT_MAX)};
    for (int i = 0; i < 100; i++) {
        listener_link_output(channel, &output);
        listener_link_answer(channel, &(struct answer_frame){.tag = 1});
    }
    ck_assert_ptr_null(channel->fault);
    ck_assert_uint_le(channel->out.length, 10 * FRAME_OUTPUT_MAX + 100 * 256);
    free(data);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("awaited_outputs");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, every_end_is_told);
    tcase_add_test(all, what_the_journal_keeps_is_told);
    tcase_add_test(all, a_quarter_of_the_commands_is_waited_for);
    tcase_add_test(all, what_is_not_started_any_more_is_told);
    tcase_add_test(all, a_listener_that_is_gone_is_told_nothing);
    tcase_add_test(all, a_stream_is_told_each_piece);
    tcase_add_test(all, a_stream_ends_where_it_has_a_gap);
    tcase_add_test(all, outputs_leave_room_for_answers);
    suite_add_tcase(suite, all);
    return suite;
}
