/* What a listener asks of the runner comes back to who asked, or to nobody; a body has its time. */
#include "server/ipc/runner_link.h"

#include "base/clock.h"
#include "server/http/deadline.h"
#include "server/http/pending.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- tags ---- */

START_TEST(a_tag_finds_its_owner_once)
{
    struct pending_requests table;
    uint64_t tags[100];
    int owners[100];
    pending_init(&table, 100);
    for (int i = 0; i < 100; i++)
        ck_assert(pending_add(&table, &owners[i], &tags[i]) && tags[i] != 0);
    ck_assert(!pending_add(&table, &owners[0], &tags[0]));
    for (int i = 99; i >= 0; i--) {
        ck_assert_ptr_eq(pending_find(&table, tags[i]), &owners[i]);
        ck_assert_ptr_eq(pending_take(&table, tags[i]), &owners[i]);
        ck_assert_ptr_null(pending_take(&table, tags[i]));
    }
    ck_assert_ptr_null(pending_any(&table));
    pending_finish(&table);
}
END_TEST

START_TEST(an_old_tag_does_not_find_who_has_its_slot_now)
{
    struct pending_requests table;
    uint64_t old, fresh;
    int one, other;
    pending_init(&table, 1);
    ck_assert(pending_add(&table, &one, &old));
    pending_take(&table, old);
    ck_assert(pending_add(&table, &other, &fresh));
    ck_assert_ptr_null(pending_find(&table, old));
    ck_assert_ptr_null(pending_take(&table, old));
    ck_assert_ptr_null(pending_find(&table, 0));
    ck_assert_ptr_null(pending_find(&table, UINT64_MAX));
    ck_assert_ptr_eq(pending_any(&table), &other);
    pending_finish(&table);
}
END_TEST

/* ---- the link to the runner ---- */

struct heard {
    unsigned answers, closed;
    size_t output; /* bytes of the last one */
    size_t pieces; /* bytes of all */
    uint64_t tags; /* sum */
};

static void on_answer(void *owner, const struct answer_frame *answer)
{
    struct heard *heard = owner;
    heard->answers++;
    heard->tags += answer->tag;
}

static void on_output(void *owner, const struct output_frame *output)
{
    struct heard *heard = owner;
    heard->tags += output->tag;
    heard->output = output->output.length;
}

static void on_piece(void *owner, const struct piece_frame *piece)
{
    struct heard *heard = owner;
    heard->tags += piece->tag;
    heard->pieces += piece->output.length;
}

static void on_close(void *owner)
{
    ((struct heard *)owner)->closed++;
}

static void begin(struct loop *loop, struct runner_link *runner_link, struct heard *heard,
                  int ends[2])
{
    struct error err;
    *heard = (struct heard){0};
    ck_assert(loop_init(loop, &err));
    runner_link_init(runner_link, loop, 1024 * 1024);
    runner_link->answered = on_answer;
    runner_link->output = on_output;
    runner_link->piece = on_piece;
    runner_link->closed = on_close;
    runner_link->owner = heard;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    ck_assert(runner_link_open(runner_link, ends[0]));
}

static void end(struct loop *loop, struct runner_link *runner_link, int peer)
{
    runner_link_finish(runner_link);
    close(peer);
    loop_finish(loop);
}

START_TEST(answers_arrive_however_they_are_cut)
{
    struct loop loop;
    struct runner_link runner_link;
    struct heard heard;
    struct buffer frames;
    int ends[2];
    begin(&loop, &runner_link, &heard, ends);
    buffer_init(&frames, 4096);
    for (uint64_t tag = 1; tag <= 3; tag++)
        ck_assert(frame_put_answer(&frames, &(struct answer_frame){.tag = tag}));
    for (size_t at = 0; at < frames.length; at += 5) {
        size_t length = frames.length - at < 5 ? frames.length - at : 5;
        ck_assert_int_eq(send(ends[1], frames.data + at, length, 0), (ssize_t)length);
        loop_run_once(&loop, 100);
    }
    ck_assert_uint_eq(heard.answers, 3);
    ck_assert_uint_eq(heard.tags, 6);
    buffer_finish(&frames);
    end(&loop, &runner_link, ends[1]);
}
END_TEST

START_TEST(pieces_arrive_before_the_output)
{
    struct loop loop;
    struct runner_link runner_link;
    struct heard heard;
    struct buffer frames;
    int ends[2];
    begin(&loop, &runner_link, &heard, ends);
    buffer_init(&frames, 4096);
    for (uint64_t tag = 1; tag <= 3; tag++)
        ck_assert(frame_put_piece(
            &frames, &(struct piece_frame){.tag = tag, .output = bytes_of_text("abc")}));
    ck_assert(frame_put_output(
        &frames, &(struct output_frame){.tag = 10, .end = OUTPUT_CROWDED, .exit_status = -1}));
    ck_assert_int_eq(send(ends[1], frames.data, frames.length, 0), (ssize_t)frames.length);
    loop_run_once(&loop, 100);
    ck_assert(heard.pieces == 9 && heard.tags == 16 && heard.output == 0 && heard.closed == 0);
    buffer_finish(&frames);
    end(&loop, &runner_link, ends[1]);
}
END_TEST

/* The longest one comes between two answers, and its memory is given back. */
START_TEST(an_output_arrives_whole)
{
    struct loop loop;
    struct runner_link runner_link;
    struct heard heard;
    struct buffer frames;
    int ends[2];
    uint8_t *data = calloc(1, FRAME_OUTPUT_MAX);
    begin(&loop, &runner_link, &heard, ends);
    buffer_init(&frames, 2 * FRAME_OUTPUT_MAX);
    ck_assert(frame_put_answer(&frames, &(struct answer_frame){.tag = 1, .follows = 1}));
    ck_assert(frame_put_output(
        &frames, &(struct output_frame){.tag = 10, .output = bytes_of(data, FRAME_OUTPUT_MAX)}));
    ck_assert(frame_put_answer(&frames, &(struct answer_frame){.tag = 100}));
    for (size_t at = 0; at < frames.length;) {
        ssize_t sent = send(ends[1], frames.data + at, frames.length - at, MSG_DONTWAIT);
        at += sent > 0 ? (size_t)sent : 0;
        loop_run_once(&loop, 100);
    }
    while (heard.answers < 2)
        loop_run_once(&loop, 100);
    ck_assert(heard.tags == 111 && heard.output == FRAME_OUTPUT_MAX);
    ck_assert_uint_le(runner_link.in.capacity, 128 * 1024);
    buffer_finish(&frames);
    free(data);
    end(&loop, &runner_link, ends[1]);
}
END_TEST

/* What a full socket has taken in part goes on where it was cut, whatever is put behind it. */
START_TEST(what_is_sent_in_parts_arrives_in_order)
{
    enum { FRAMES = 12, BODY = 100000 };
    static uint8_t body[BODY], all[FRAMES * (BODY + 1000)];
    struct loop loop;
    struct runner_link runner_link;
    struct heard heard;
    int ends[2];
    size_t got = 0, length, tag = 0;
    begin(&loop, &runner_link, &heard, ends);
    for (size_t i = 0; i < BODY; i++)
        body[i] = (uint8_t)(i * 7);
    while (tag < FRAMES || runner_link.out.length > 0) {
        struct event_frame event = {.tag = tag + 1, .event.body = bytes_of(body, BODY)};
        if (tag < FRAMES && runner_link_put(&runner_link, &event))
            tag++;
        runner_link_flush(&runner_link);
        ssize_t some = recv(ends[1], all + got, 70000, MSG_DONTWAIT);
        got += some > 0 ? (size_t)some : 0;
    }
    for (ssize_t some; (some = recv(ends[1], all + got, sizeof all - got, MSG_DONTWAIT)) > 0;)
        got += (size_t)some;
    for (size_t at = 0, i = 1; i <= FRAMES; i++, at += length) {
        struct event_frame event;
        struct bytes payload;
        enum frame_type type;
        ck_assert_int_eq(frame_peek(bytes_of(all + at, got - at), &type, &payload, &length), 1);
        ck_assert(frame_get_event(payload, &event) && event.tag == i);
        ck_assert(bytes_equal(event.event.body, bytes_of(body, BODY)));
    }
    end(&loop, &runner_link, ends[1]);
}
END_TEST

START_TEST(a_runner_that_leaves_or_babbles_is_lost)
{
    struct loop loop;
    struct runner_link runner_link;
    struct heard heard;
    int ends[2];
    begin(&loop, &runner_link, &heard, ends);
    close(ends[1]);
    loop_run_once(&loop, 100);
    ck_assert_uint_eq(heard.closed, 1);
    ck_assert(!runner_link_is_open(&runner_link));
    ck_assert(!runner_link_put(&runner_link, &(struct event_frame){.tag = 1}));
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    ck_assert(runner_link_open(&runner_link, ends[0]));
    ck_assert_uint_eq(heard.closed, 1);
    ck_assert_int_eq(send(ends[1], "this is no frame of ours", 24, 0), 24);
    loop_run_once(&loop, 100);
    ck_assert_uint_eq(heard.closed, 2);
    end(&loop, &runner_link, ends[1]);
}
END_TEST

START_TEST(a_new_link_loses_the_one_before)
{
    struct loop loop;
    struct runner_link runner_link;
    struct heard heard;
    int ends[2], others[2];
    begin(&loop, &runner_link, &heard, ends);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, others), 0);
    ck_assert(runner_link_open(&runner_link, others[0]));
    ck_assert_uint_eq(heard.closed, 1);
    ck_assert(runner_link_is_open(&runner_link));
    close(ends[1]);
    end(&loop, &runner_link, others[1]);
}
END_TEST

/* Counts the events that come out at the other end, as long as there are some. */
static unsigned drain(struct loop *loop, int peer, struct buffer *in)
{
    unsigned events = 0;
    for (;;) {
        struct bytes payload;
        enum frame_type type;
        size_t length;
        ck_assert(buffer_reserve(in, 65536));
        ssize_t got = recv(peer, in->data + in->length, 65536, MSG_DONTWAIT);
        if (got <= 0)
            return events;
        in->length += (size_t)got;
        while (frame_peek(buffer_bytes(in), &type, &payload, &length) > 0) {
            struct event_frame frame;
            ck_assert(type == FRAME_EVENT && frame_get_event(payload, &frame));
            ck_assert_uint_eq(frame.event.body.length, 10000);
            buffer_consume(in, length);
            events++;
        }
        loop_run_once(loop, 0);
    }
}

START_TEST(events_queue_up_to_the_limit_and_all_arrive)
{
    static uint8_t body[10000];
    struct loop loop;
    struct runner_link runner_link;
    struct heard heard;
    struct buffer in;
    int ends[2];
    unsigned put = 0;
    begin(&loop, &runner_link, &heard, ends);
    buffer_init(&in, 2 * 1024 * 1024);
    struct event_frame event = {.tag = 1, .event.body = bytes_of(body, sizeof body)};
    while (runner_link_put(&runner_link, &event)) {
        put++;
        if (put % 10 == 0)
            runner_link_flush(&runner_link);
    }
    ck_assert_uint_gt(put, 100);
    runner_link_flush(&runner_link);
    ck_assert_uint_eq(drain(&loop, ends[1], &in), put);
    ck_assert(runner_link_put(&runner_link, &event));
    ck_assert_uint_eq(heard.closed, 0);
    buffer_finish(&in);
    end(&loop, &runner_link, ends[1]);
}
END_TEST

/* ---- deadlines of bodies ---- */

START_TEST(a_body_has_its_timeout_and_then_what_it_earns)
{
    int64_t timeout_ns = 30 * NS_PER_S, began_ns = 7 * NS_PER_S;
    ck_assert_int_eq(body_deadline_ns(began_ns, timeout_ns, 0), began_ns + timeout_ns);
    ck_assert_int_eq(body_deadline_ns(began_ns, timeout_ns, 900 * 30), began_ns + timeout_ns);
    int64_t slow = body_deadline_ns(began_ns, timeout_ns, 2048 * 30) - began_ns;
    ck_assert(slow > 59 * NS_PER_S && slow <= 60 * NS_PER_S);
    int64_t most = began_ns + BODY_TIME_MOST * timeout_ns;
    ck_assert_int_eq(body_deadline_ns(began_ns, timeout_ns, UINT64_MAX), most);
    ck_assert_int_le(body_deadline_ns(began_ns, timeout_ns, 64 << 20), most);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("runner_link");
    TCase *all = tcase_create("all");
    tcase_add_test(all, a_tag_finds_its_owner_once);
    tcase_add_test(all, an_old_tag_does_not_find_who_has_its_slot_now);
    tcase_add_test(all, answers_arrive_however_they_are_cut);
    tcase_add_test(all, an_output_arrives_whole);
    tcase_add_test(all, pieces_arrive_before_the_output);
    tcase_add_test(all, what_is_sent_in_parts_arrives_in_order);
    tcase_add_test(all, a_runner_that_leaves_or_babbles_is_lost);
    tcase_add_test(all, a_new_link_loses_the_one_before);
    tcase_add_test(all, events_queue_up_to_the_limit_and_all_arrive);
    tcase_add_test(all, a_body_has_its_timeout_and_then_what_it_earns);
    suite_add_tcase(suite, all);
    return suite;
}
