/* A system that is short of something for a moment: what listeners, runner and supervisor say to
 * each other arrives all the same, or its sender learns that it has not, and both ends see that the
 * link is gone. The calls fail here because they stand before the C library's. */
#include "base/clock.h"
#include "server/ipc/control.h"
#include "server/ipc/listener_link.h"
#include "server/ipc/runner_link.h"
#include "tests/unit/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How often each call fails from now on, and with what. */
static struct fault {
    int times, error;
} send_fault, recv_fault, sendmsg_fault, recvmsg_fault, epoll_fault;
static int errno_before; /* what an end that is read leaves there: the C library sets nothing */

static bool fails(struct fault *fault)
{
    if (fault->times == 0)
        return false;
    fault->times--;
    errno = fault->error;
    return true;
}

ssize_t send(int fd, const void *data, size_t length, int flags)
{
    return fails(&send_fault) ? -1 : syscall(SYS_sendto, fd, data, length, flags, NULL, 0);
}

ssize_t recv(int fd, void *data, size_t length, int flags)
{
    errno = errno_before;
    return fails(&recv_fault) ? -1 : syscall(SYS_recvfrom, fd, data, length, flags, NULL, NULL);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    return fails(&sendmsg_fault) ? -1 : syscall(SYS_sendmsg, fd, message, flags);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    errno = errno_before;
    return fails(&recvmsg_fault) ? -1 : syscall(SYS_recvmsg, fd, message, flags);
}

/* May change errno, though it succeeds. */
int close(int fd)
{
    int result = (int)syscall(SYS_close, fd);
    errno = result == 0 ? ESTALE : errno;
    return result;
}

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    return fails(&epoll_fault) ? -1 : (int)syscall(SYS_epoll_ctl, epoll, operation, fd, event);
}

static const int passing[] = {ENOBUFS, ENOMEM};
enum { PASSING = sizeof passing / sizeof *passing, ROUNDS = 100 };

static struct loop loop;
static int ends[2]; /* [0] is ours, [1] the peer's */
static unsigned answered, closed;

static void on_answer(void *owner, const struct answer_frame *answer)
{
    (void)owner;
    ck_assert_uint_eq(answer->tag, 7);
    answered++;
}

static void on_close(void *owner)
{
    (void)owner;
    closed++;
}

static void begin(void)
{
    struct error err;
    answered = closed = 0;
    ck_assert(loop_init(&loop, &err));
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
}

static void end(void)
{
    close(ends[1]);
    loop_finish(&loop);
}

static void runner_link_begin(struct runner_link *runner_link)
{
    begin();
    runner_link_init(runner_link, &loop, 1024 * 1024);
    runner_link->answered = on_answer;
    runner_link->closed = on_close;
    ck_assert(runner_link_open(runner_link, ends[0]));
}

/* What has come to the peer; 0: the end, -1: nothing. */
static ssize_t peer_got(void)
{
    char data[4096];
    return syscall(SYS_recvfrom, ends[1], data, sizeof data, MSG_DONTWAIT, NULL, NULL);
}

/* Runs the loop until the peer has something, or the end. */
static ssize_t peer_waits(void)
{
    ssize_t got = peer_got();
    for (int i = 0; i < ROUNDS && got < 0; i++) {
        loop_run_once(&loop, 20);
        got = peer_got();
    }
    return got;
}

START_TEST(an_event_for_which_there_is_no_memory_is_sent_a_moment_later)
{
    struct runner_link runner_link;
    runner_link_begin(&runner_link);
    send_fault = (struct fault){3, passing[_i]};
    ck_assert(runner_link_put(&runner_link, &(struct event_frame){.tag = 7}));
    runner_link_flush(&runner_link);
    ck_assert(runner_link_is_open(&runner_link));
    ck_assert_int_eq(peer_got(), -1);
    ck_assert_int_gt(peer_waits(), 0);
    ck_assert_int_eq(send_fault.times, 0);
    ck_assert_uint_eq(closed, 0);
    runner_link_finish(&runner_link);
    end();
}
END_TEST

START_TEST(a_link_that_cannot_be_read_is_lost_at_both_ends)
{
    static const int errors[] = {ENOMEM, ECONNRESET};
    struct runner_link runner_link;
    runner_link_begin(&runner_link);
    recv_fault = (struct fault){1, errors[_i]};
    ck_assert_int_eq(send(ends[1], "x", 1, 0), 1);
    ck_assert_int_eq(peer_waits(), 0);
    ck_assert_uint_eq(closed, 1);
    ck_assert(!runner_link_is_open(&runner_link));
    end();
}
END_TEST

/* Puts events until the socket takes no more: some of it is sent, the rest waits. */
static void fill(struct runner_link *runner_link)
{
    static uint8_t body[100000];
    struct event_frame event = {.tag = 7, .event.body = bytes_of(body, sizeof body)};
    while (runner_link_put(runner_link, &event))
        continue;
}

START_TEST(the_end_of_a_link_is_seen_whatever_errno_says)
{
    struct runner_link runner_link;
    runner_link_begin(&runner_link);
    errno_before = _i == 0 ? EAGAIN : EINTR;
    shutdown(ends[1], SHUT_RDWR);
    loop_run_once(&loop, 100);
    ck_assert_uint_eq(closed, 1);
    end();
}
END_TEST

START_TEST(a_send_that_fails_for_good_loses_the_link)
{
    struct runner_link runner_link;
    runner_link_begin(&runner_link);
    ck_assert(runner_link_put(&runner_link, &(struct event_frame){.tag = 7}));
    send_fault = (struct fault){1, ECONNRESET};
    runner_link_flush(&runner_link);
    ck_assert_uint_eq(closed, 1);
    ck_assert(!runner_link_is_open(&runner_link));
    end();
}
END_TEST

START_TEST(a_full_socket_that_cannot_be_watched_loses_the_link)
{
    struct runner_link runner_link;
    runner_link_begin(&runner_link);
    fill(&runner_link);
    epoll_fault = (struct fault){1, ENOMEM};
    runner_link_flush(&runner_link);
    ck_assert_uint_eq(closed, 1);
    ck_assert(!runner_link_is_open(&runner_link));
    end();
}
END_TEST

START_TEST(an_interrupted_send_is_made_again)
{
    struct runner_link runner_link;
    runner_link_begin(&runner_link);
    ck_assert(runner_link_put(&runner_link, &(struct event_frame){.tag = 7}));
    send_fault = (struct fault){2, EINTR};
    runner_link_flush(&runner_link);
    ck_assert_int_gt(peer_got(), 0);
    ck_assert_uint_eq(closed, 0);
    recv_fault = (struct fault){2, EINTR};
    struct buffer answer;
    buffer_init(&answer, 4096);
    ck_assert(frame_put_answer(&answer, &(struct answer_frame){.tag = 7}));
    ck_assert_int_eq(send(ends[1], answer.data, answer.length, 0), (ssize_t)answer.length);
    loop_run_once(&loop, 100);
    ck_assert_uint_eq(answered, 1);
    ck_assert_uint_eq(closed, 0);
    buffer_finish(&answer);
    runner_link_finish(&runner_link);
    end();
}
END_TEST

START_TEST(what_has_left_makes_room_for_more)
{
    struct runner_link runner_link;
    runner_link_begin(&runner_link);
    fill(&runner_link);
    size_t full = runner_link.out.length;
    runner_link_flush(&runner_link);
    while (runner_link.sent <= full / 2) {
        ck_assert_int_gt(peer_got(), 0);
        runner_link_flush(&runner_link);
    }
    ck_assert(runner_link_is_open(&runner_link) && runner_link.sent < full);
    fill(&runner_link); /* at least what has left, but for one */
    ck_assert_uint_gt(runner_link.out.length - runner_link.sent, full - 100100);
    runner_link_finish(&runner_link);
    end();
}
END_TEST

START_TEST(a_link_may_be_any_descriptor)
{
    struct runner_link runner_link;
    begin();
    ck_assert_int_eq(dup2(ends[0], 0), 0);
    close(ends[0]);
    runner_link_init(&runner_link, &loop, 1024);
    ck_assert(runner_link_open(&runner_link, 0));
    runner_link_finish(&runner_link);
    ck_assert_int_eq(fcntl(0, F_GETFD), -1);
    ck_assert(open("/dev/null", O_RDONLY) == 0);
    end();
}
END_TEST

/* Half an event had left, and half an answer had come. */
START_TEST(a_new_link_begins_with_a_whole_frame)
{
    struct runner_link runner_link;
    struct event_frame event;
    struct buffer answer;
    struct bytes payload;
    enum frame_type type;
    size_t length;
    int others[2];
    static uint8_t data[4096];
    runner_link_begin(&runner_link);
    buffer_init(&answer, 4096);
    ck_assert(frame_put_answer(&answer, &(struct answer_frame){.tag = 7}));
    fill(&runner_link);
    runner_link_flush(&runner_link);
    ck_assert_uint_gt(runner_link.sent, 0);
    ck_assert_int_eq(send(ends[1], answer.data, 9, 0), 9);
    loop_run_once(&loop, 100);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, others), 0);
    ck_assert(runner_link_open(&runner_link, others[0]));
    ck_assert_uint_eq(closed, 1);
    ck_assert(runner_link_put(&runner_link, &(struct event_frame){.tag = 8}));
    runner_link_flush(&runner_link);
    ck_assert_uint_eq(runner_link.sent + runner_link.out.length, 0);
    ssize_t got = recv(others[1], data, sizeof data, 0);
    ck_assert_int_gt(got, 0);
    ck_assert_int_eq(frame_peek(bytes_of(data, (size_t)got), &type, &payload, &length), 1);
    ck_assert_uint_eq(length, (size_t)got);
    ck_assert(type == FRAME_EVENT && frame_get_event(payload, &event));
    ck_assert_uint_eq(event.tag, 8);
    ck_assert_int_eq(send(others[1], answer.data, answer.length, 0), (ssize_t)answer.length);
    loop_run_once(&loop, 100);
    ck_assert_uint_eq(answered, 1);
    ck_assert_uint_eq(closed, 1);
    buffer_finish(&answer);
    runner_link_finish(&runner_link);
    ck_assert_uint_eq(runner_link.sent, 0);
    close(others[1]);
    end();
}
END_TEST

START_TEST(a_link_that_cannot_be_watched_is_closed)
{
    struct runner_link runner_link;
    begin();
    runner_link_init(&runner_link, &loop, 1024);
    runner_link.closed = on_close;
    epoll_fault = (struct fault){1, ENOMEM};
    ck_assert(!runner_link_open(&runner_link, ends[0]));
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert(!runner_link_is_open(&runner_link));
    ck_assert_int_eq(peer_got(), 0);
    end();
}
END_TEST

START_TEST(an_answer_for_which_there_is_no_memory_is_sent_a_moment_later)
{
    begin();
    struct listener_link *link = listener_link_create(&loop, ends[0], 0);
    send_fault = (struct fault){3, passing[_i]};
    listener_link_answer(link, &(struct answer_frame){.tag = 7});
    listener_link_flush(link);
    ck_assert(!listener_link_is_over(link));
    ck_assert_int_eq(peer_got(), -1);
    ck_assert_int_gt(peer_waits(), 0);
    ck_assert(!listener_link_is_over(link) && !listener_link_has_work(link));
    listener_link_destroy(link);
    end();
}
END_TEST

START_TEST(a_link_that_cannot_go_on_is_over_and_says_why)
{
    begin();
    epoll_fault = (struct fault){_i == 0, ENOMEM};
    struct listener_link *link = listener_link_create(&loop, ends[0], 0);
    if (_i == 1)
        link->in.limit = 0; /* as without memory */
    if (_i == 2)
        recv_fault = (struct fault){1, ENOMEM};
    ck_assert_int_eq(send(ends[1], "x", 1, 0), 1);
    for (int i = 0; i < ROUNDS && !listener_link_is_over(link); i++)
        loop_run_once(&loop, 20);
    ck_assert(listener_link_is_over(link) && listener_link_has_work(link));
    ck_assert(link->fault != NULL || _i == 2);
    listener_link_destroy(link);
    ck_assert_int_eq(peer_waits(), 0);
    end();
}
END_TEST

/* ---- the runner's end ---- */

static struct listener_link *shared_link;

/* Runs the loop until the link has taken in what the peer has sent. */
static void feed(const struct buffer *frames)
{
    size_t sent = 0, before = shared_link->in.length;
    for (int i = 0; i < ROUNDS && shared_link->in.length < before + frames->length; i++) {
        ssize_t now = sent < frames->length
                          ? send(ends[1], frames->data + sent, frames->length - sent, MSG_DONTWAIT)
                          : 0;
        sent += now > 0 ? (size_t)now : 0;
        loop_run_once(&loop, 20);
    }
    ck_assert_uint_eq(shared_link->in.length, before + frames->length);
}

static void channel_begin(struct buffer *frames, int events)
{
    begin();
    shared_link = listener_link_create(&loop, ends[0], 3);
    ck_assert_uint_eq(shared_link->slot, 3);
    buffer_init(frames, 1 << 20);
    for (int i = 1; i <= events; i++)
        ck_assert(frame_put_event(frames, &(struct event_frame){.tag = (uint64_t)i}));
}

static void channel_end(struct buffer *frames)
{
    buffer_finish(frames);
    listener_link_destroy(shared_link);
    end();
}

static void expect_tags(uint64_t first, uint64_t last)
{
    struct event_frame event;
    for (uint64_t tag = first; tag <= last; tag++) {
        ck_assert(listener_link_take(shared_link, &event));
        ck_assert_uint_eq(event.tag, tag);
    }
}

/* A turn may be under way for long: what it was given stands where it stood. */
START_TEST(nothing_is_read_while_frames_are_borrowed)
{
    struct buffer frames;
    channel_begin(&frames, 3);
    feed(&frames);
    expect_tags(1, 2);
    size_t length = shared_link->in.length;
    ck_assert_int_gt(send(ends[1], frames.data, frames.length, 0), 0);
    for (int i = 0; i < 3; i++)
        loop_run_once(&loop, 0);
    ck_assert_uint_eq(shared_link->in.length, length);
    listener_link_settle(shared_link); /* they are over */
    for (int i = 0; i < ROUNDS && shared_link->in.length <= frames.length; i++)
        loop_run_once(&loop, 20);
    expect_tags(3, 3);
    expect_tags(1, 3);
    channel_end(&frames);
}
END_TEST

START_TEST(frames_that_are_put_off_come_again_and_those_that_are_over_do_not)
{
    struct buffer frames;
    struct event_frame event;
    channel_begin(&frames, 3);
    frames.length--; /* the last one is not whole */
    feed(&frames);
    ck_assert(listener_link_has_work(shared_link));
    expect_tags(1, 2);
    ck_assert(!listener_link_take(shared_link, &event) && !shared_link->fault);
    listener_link_settle(shared_link);
    ck_assert(!listener_link_has_work(shared_link) && !listener_link_is_over(shared_link));
    frames.data += frames.length; /* the byte that is missing */
    size_t length = frames.length;
    frames.length = 1;
    feed(&frames);
    frames.data -= length;
    expect_tags(3, 3);
    listener_link_settle(shared_link);
    ck_assert_uint_eq(shared_link->in.length, 0);
    channel_end(&frames);
}
END_TEST

START_TEST(what_a_listener_sent_before_it_left_still_counts)
{
    struct buffer frames;
    channel_begin(&frames, 2);
    feed(&frames);
    shutdown(ends[1], SHUT_RDWR);
    for (int i = 0; i < ROUNDS && !shared_link->ended; i++)
        loop_run_once(&loop, 20);
    ck_assert(shared_link->ended && !listener_link_is_over(shared_link));
    ck_assert_int_lt(shared_link->watch.fd, 0); /* or its end would be told again and again */
    ck_assert(listener_link_has_work(shared_link));
    expect_tags(1, 2);
    listener_link_answer(shared_link, &(struct answer_frame){.tag = 1}); /* to nobody */
    ck_assert_uint_eq(shared_link->out.length, 0);
    listener_link_settle(shared_link);
    ck_assert(listener_link_is_over(shared_link) && listener_link_has_work(shared_link) &&
              !shared_link->fault);
    channel_end(&frames);
}
END_TEST

START_TEST(what_is_no_event_ends_the_channel)
{
    struct buffer frames;
    struct event_frame event;
    channel_begin(&frames, 1);
    if (_i == 0)
        ck_assert(buffer_append_text(&frames, "no frame of ours, but as long as one"));
    else if (_i == 2) {
        size_t at = frames.length + sizeof(uint32_t); /* an event that calls itself an answer */
        ck_assert(frame_put_event(&frames, &(struct event_frame){.tag = 9}));
        memcpy(frames.data + at, &(uint32_t){FRAME_ANSWER}, sizeof(uint32_t));
    } else if (_i == 1)
        ck_assert(frame_put_answer(&frames, &(struct answer_frame){.tag = 1}));
    else
        ck_assert(buffer_append(&frames, (uint32_t[]){1, FRAME_EVENT, 0}, 9));
    ck_assert(frame_put_event(&frames, &(struct event_frame){.tag = 2}));
    feed(&frames);
    expect_tags(1, 1);
    ck_assert(!listener_link_take(shared_link, &event));
    ck_assert_str_eq(shared_link->fault, "an invalid frame");
    ck_assert(!listener_link_take(shared_link, &event)); /* nothing after it */
    listener_link_settle(shared_link);
    ck_assert(listener_link_is_over(shared_link) && listener_link_has_work(shared_link));
    channel_end(&frames);
}
END_TEST

START_TEST(reading_stops_while_enough_waits)
{
    enum { ENOUGH = 8 << 20, MOST = ENOUGH + (5 << 20) };
    static uint8_t piece[1 << 20];
    struct buffer frames;
    struct event_frame event = {.tag = 1, .event.body = bytes_of(piece, 900000)};
    channel_begin(&frames, 0);
    ck_assert(frame_put_event(&frames, &event));
    size_t sent = 0;
    for (int idle = 0; idle < 3;) {
        ssize_t now = send(ends[1], frames.data + sent % frames.length,
                           frames.length - sent % frames.length, MSG_DONTWAIT);
        idle = now > 0 ? 0 : idle + 1;
        sent += now > 0 ? (size_t)now : 0;
        loop_run_once(&loop, 0);
    }
    ck_assert_uint_gt(shared_link->in.length, ENOUGH);
    ck_assert_uint_lt(shared_link->in.length, MOST);
    size_t before = shared_link->in.length;
    while (listener_link_take(shared_link, &event))
        continue;
    ck_assert_ptr_null(shared_link->fault);
    size_t taken = shared_link->taken;
    ck_assert_uint_eq(taken % frames.length, 0);
    listener_link_settle(shared_link);
    ck_assert_uint_ge(shared_link->in.length, before - taken);
    ck_assert_uint_lt(shared_link->in.length, frames.length);
    size_t left = shared_link->in.length;
    loop_run_once(&loop, 100); /* and goes on */
    ck_assert(sent == before || shared_link->in.length > left);
    channel_end(&frames);
}
END_TEST

START_TEST(a_single_frame_may_be_longer_than_enough)
{
    enum { LONG = 12 << 20 };
    struct buffer frames;
    struct event_frame event = {.tag = 1, .event.body = bytes_of(calloc(1, LONG), LONG)};
    channel_begin(&frames, 0);
    frames.limit = FRAME_MAX;
    ck_assert(frame_put_event(&frames, &event));
    feed(&frames);
    free((void *)event.event.body.data);
    ck_assert(listener_link_take(shared_link, &event));
    ck_assert_uint_eq(event.event.body.length, LONG);
    listener_link_settle(shared_link);
    ck_assert_uint_lt(shared_link->in.capacity, LONG); /* it is given back */
    channel_end(&frames);
}
END_TEST

START_TEST(answers_that_are_not_read_are_kept_and_then_too_many)
{
    struct buffer frames;
    struct answer_frame answer = {.tag = 7};
    size_t put = 0, got = 0;
    channel_begin(&frames, 0);
    while (!shared_link->fault) {
        listener_link_answer(shared_link, &answer);
        if (++put % 1000 == 0)
            listener_link_flush(shared_link);
        if (put == 20000)
            break;
    }
    ck_assert_ptr_null(shared_link->fault);
    send_fault = (struct fault){2, EINTR};
    listener_link_flush(shared_link);
    ck_assert_int_eq(send_fault.times, 0);
    ck_assert(shared_link->out.length > 0 && (shared_link->watched & EPOLLOUT));
    for (int i = 0; i < 10000 && shared_link->out.length + 1 > 1; i++) {
        for (ssize_t now; (now = peer_got()) > 0;)
            got += (size_t)now;
        loop_run_once(&loop, 0);
    }
    for (ssize_t now; (now = peer_got()) > 0;)
        got += (size_t)now;
    ck_assert_uint_eq(got, put * (8 + sizeof answer));
    ck_assert(!(shared_link->watched & EPOLLOUT) && !listener_link_is_over(shared_link));
    for (size_t i = 0; !shared_link->fault && i < (16 << 20); i += sizeof answer)
        listener_link_answer(shared_link, &answer);
    ck_assert_ptr_nonnull(shared_link->fault);
    ck_assert(listener_link_is_over(shared_link));
    channel_end(&frames);
}
END_TEST

START_TEST(an_answer_that_cannot_be_sent_ends_the_channel)
{
    struct buffer frames;
    channel_begin(&frames, 0);
    listener_link_answer(shared_link, &(struct answer_frame){.tag = 7});
    send_fault = (struct fault){1, ECONNRESET};
    listener_link_flush(shared_link);
    ck_assert(shared_link->ended && listener_link_is_over(shared_link));
    channel_end(&frames);
}
END_TEST

START_TEST(a_control_message_waits_for_memory_and_no_error_is_taken_for_the_end)
{
    struct control_message message;
    int pair[2], fd;
    ck_assert(control_pair(pair, NULL));
    sendmsg_fault = (struct fault){2, passing[_i]};
    ck_assert(control_send(pair[0], CONTROL_DRAIN, 5, -1));
    recvmsg_fault = (struct fault){1, passing[_i]};
    ck_assert_int_eq(control_receive(pair[1], &message, &fd), 0);
    ck_assert_int_eq(control_receive(pair[1], &message, &fd), 1);
    ck_assert_uint_eq(message.value, 5);
    sendmsg_fault = (struct fault){1000, passing[_i]};
    ck_assert(!control_send(pair[0], CONTROL_DRAIN, 6, -1));
    ck_assert(control_error_passes(errno));
    sendmsg_fault.times = 0;
    close(pair[0]);
    ck_assert(!control_send(pair[1], CONTROL_ALIVE, 0, -1));
    ck_assert(!control_error_passes(errno));
    close(pair[1]);
}
END_TEST

START_TEST(the_end_of_a_control_channel_is_seen_whatever_errno_says)
{
    struct control_message message;
    int pair[2], fd;
    ck_assert(control_pair(pair, NULL));
    errno_before = _i == 0 ? EAGAIN : EINTR;
    close(pair[0]);
    ck_assert_int_eq(control_receive(pair[1], &message, &fd), -1);
    close(pair[1]);
}
END_TEST

START_TEST(a_message_arrives_without_its_descriptor_where_none_is_free)
{
    struct control_message message;
    struct rlimit limit, none;
    int pair[2], fd, free_fd = dup(0);
    ck_assert(control_pair(pair, NULL));
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    close(free_fd);
    none.rlim_cur = (rlim_t)free_fd;
    ck_assert(control_send(pair[0], CONTROL_LINK, 9, pair[0]));
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    ck_assert_int_eq(control_receive(pair[1], &message, &fd), 1);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(fd, -1);
    ck_assert_uint_eq(message.value, 9);
    close(pair[0]);
    close(pair[1]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("links");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, an_event_for_which_there_is_no_memory_is_sent_a_moment_later, 0,
                        PASSING);
    tcase_add_loop_test(all, a_link_that_cannot_be_read_is_lost_at_both_ends, 0, 2);
    tcase_add_loop_test(all, the_end_of_a_link_is_seen_whatever_errno_says, 0, 2);
    tcase_add_test(all, a_send_that_fails_for_good_loses_the_link);
    tcase_add_test(all, a_full_socket_that_cannot_be_watched_loses_the_link);
    tcase_add_test(all, an_interrupted_send_is_made_again);
    tcase_add_test(all, what_has_left_makes_room_for_more);
    tcase_add_test(all, a_link_may_be_any_descriptor);
    tcase_add_test(all, a_new_link_begins_with_a_whole_frame);
    tcase_add_test(all, a_link_that_cannot_be_watched_is_closed);
    tcase_add_loop_test(all, an_answer_for_which_there_is_no_memory_is_sent_a_moment_later, 0,
                        PASSING);
    tcase_add_loop_test(all, a_link_that_cannot_go_on_is_over_and_says_why, 0, 3);
    tcase_add_test(all, nothing_is_read_while_frames_are_borrowed);
    tcase_add_test(all, frames_that_are_put_off_come_again_and_those_that_are_over_do_not);
    tcase_add_test(all, what_a_listener_sent_before_it_left_still_counts);
    tcase_add_loop_test(all, what_is_no_event_ends_the_channel, 0, 4);
    tcase_add_test(all, reading_stops_while_enough_waits);
    tcase_add_test(all, a_single_frame_may_be_longer_than_enough);
    tcase_add_test(all, answers_that_are_not_read_are_kept_and_then_too_many);
    tcase_add_test(all, an_answer_that_cannot_be_sent_ends_the_channel);
    tcase_add_loop_test(all, a_control_message_waits_for_memory_and_no_error_is_taken_for_the_end,
                        0, PASSING);
    tcase_add_loop_test(all, the_end_of_a_control_channel_is_seen_whatever_errno_says, 0, 2);
    tcase_add_test(all, a_message_arrives_without_its_descriptor_where_none_is_free);
    suite_add_tcase(suite, all);
    return suite;
}
