/* A system that is short of something for a moment: what listeners, runner and supervisor say to
 * each other arrives all the same, or its sender learns that it has not, and both ends see that the
 * link is gone. The calls fail here because they stand before the C library's. */
#include "base/clock.h"
#include "server/ipc/control.h"
#include "server/ipc/listener_link.h"
#include "server/ipc/runner_link.h"
#include "tests/unit/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How often each call fails from now on, and with what. */
static struct fault {
    int times, error;
} send_fault, recv_fault, sendmsg_fault, recvmsg_fault, epoll_fault;

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
    return fails(&recv_fault) ? -1 : syscall(SYS_recvfrom, fd, data, length, flags, NULL, NULL);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    return fails(&sendmsg_fault) ? -1 : syscall(SYS_sendmsg, fd, message, flags);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    return fails(&recvmsg_fault) ? -1 : syscall(SYS_recvmsg, fd, message, flags);
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
    struct listener_link *channel = listener_link_create(&loop, ends[0], 0);
    send_fault = (struct fault){3, passing[_i]};
    listener_link_answer(channel, &(struct answer_frame){.tag = 7});
    listener_link_flush(channel);
    ck_assert(!listener_link_is_over(channel));
    ck_assert_int_gt(peer_waits(), 0);
    ck_assert(!listener_link_is_over(channel) && !listener_link_has_work(channel));
    listener_link_destroy(channel);
    end();
}
END_TEST

START_TEST(a_channel_that_cannot_go_on_is_over_and_says_why)
{
    begin();
    epoll_fault = (struct fault){_i == 0, ENOMEM};
    struct listener_link *channel = listener_link_create(&loop, ends[0], 0);
    if (_i == 1)
        channel->in.limit = 0; /* as without memory */
    if (_i == 2)
        recv_fault = (struct fault){1, ENOMEM};
    ck_assert_int_eq(send(ends[1], "x", 1, 0), 1);
    for (int i = 0; i < ROUNDS && !listener_link_is_over(channel); i++)
        loop_run_once(&loop, 20);
    ck_assert(listener_link_is_over(channel) && listener_link_has_work(channel));
    ck_assert(channel->fault != NULL || _i == 2);
    listener_link_destroy(channel);
    ck_assert_int_eq(peer_waits(), 0);
    end();
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
    tcase_add_test(all, a_link_that_cannot_be_watched_is_closed);
    tcase_add_loop_test(all, an_answer_for_which_there_is_no_memory_is_sent_a_moment_later, 0,
                        PASSING);
    tcase_add_loop_test(all, a_channel_that_cannot_go_on_is_over_and_says_why, 0, 3);
    tcase_add_loop_test(all, a_control_message_waits_for_memory_and_no_error_is_taken_for_the_end,
                        0, PASSING);
    tcase_add_test(all, a_message_arrives_without_its_descriptor_where_none_is_free);
    suite_add_tcase(suite, all);
    return suite;
}
