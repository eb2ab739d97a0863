/* A request is watched for by edges, because it is only looked at (MSG_PEEK) until somebody knows
 * which process it is for. Half a close by the client is no end: it is how `nc` says that it has
 * sent all. Whatever ends the connection sets the timer to now, so that `over` comes from the loop;
 * it is always set, because a timer that is set can be moved without memory. */
#include "server/ipc/operator_link.h"

#include "base/clock.h"
#include "base/json_text.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_NS (5 * NS_PER_S)
/* A client that has taken nothing for so long. */
#define STUCK_NS (10 * NS_PER_S)
#define NEVER_NS (INT64_MAX / 2)
enum { DRAIN_READS = 8 };

static void link_close_soon(struct operator_link *link)
{
    loop_watch_remove(link->loop, &link->watch);
    loop_timer_set(link->loop, &link->timer, clock_monotonic_ns());
}

static void timer_fired(struct loop_timer *timer)
{
    struct operator_link *link = timer->owner;
    link->over(link);
}

static void link_ready(struct loop_watch *watch, uint32_t events)
{
    struct operator_link *link = watch->owner;
    bool is_gone = events & (EPOLLHUP | EPOLLERR);
    if (events & EPOLLIN && link->is_reading) {
        link->readable(link);
        is_gone &= link->is_reading; /* in the middle of its request */
    } else if (!is_gone) {
        operator_link_flush(link);
    }
    if (is_gone)
        link_close_soon(link);
}

bool operator_link_init(struct operator_link *link, struct loop *loop, int fd,
                        void (*readable)(struct operator_link *link),
                        void (*over)(struct operator_link *link), void *owner)
{
    *link = (struct operator_link){.fd = fd,
                                   .loop = loop,
                                   .is_reading = readable != NULL,
                                   .readable = readable,
                                   .over = over,
                                   .owner = owner};
    buffer_init(&link->out, OPERATOR_OUT_MAX);
    loop_watch_init(&link->watch, link_ready, link);
    loop_timer_init(&link->timer, timer_fired, link);
    int64_t due_ns = readable ? clock_monotonic_ns() + REQUEST_NS : NEVER_NS;
    if (loop_timer_set(loop, &link->timer, due_ns) &&
        loop_watch_set(loop, &link->watch, fd, readable ? EPOLLIN | EPOLLET : 0))
        return true;
    operator_link_finish(link);
    return false;
}

/* What the client has sent and nobody has read would end its reading with an error. */
static void drain(int fd)
{
    uint8_t scrap[8192];
    for (int i = 0; i < DRAIN_READS; i++)
        if (recv(fd, scrap, sizeof scrap, MSG_DONTWAIT) <= 0)
            return;
}

void operator_link_finish(struct operator_link *link)
{
    loop_timer_remove(link->loop, &link->timer);
    loop_watch_remove(link->loop, &link->watch);
    buffer_finish(&link->out);
    if (link->fd < 0)
        return;
    drain(link->fd);
    close(link->fd);
    link->fd = -1;
}

void operator_link_answer(struct operator_link *link)
{
    link->is_reading = false;
    loop_timer_set(link->loop, &link->timer, NEVER_NS);
    if (!loop_watch_set(link->loop, &link->watch, link->fd, 0))
        link_close_soon(link);
}

/* How many bytes the client has taken; -1: it is gone. */
static ssize_t link_send(struct operator_link *link)
{
    ssize_t sent;
    do {
        sent = send(link->fd, link->out.data, link->out.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM ? 0 : -1;
    return sent;
}

void operator_link_flush(struct operator_link *link)
{
    ssize_t sent = link->out.length > 0 ? link_send(link) : 0;
    if (sent > 0)
        buffer_consume(&link->out, (size_t)sent);
    bool is_empty = link->out.length == 0;
    if (sent < 0 || (is_empty && link->is_ended) ||
        !loop_watch_set(link->loop, &link->watch, link->fd, is_empty ? 0 : EPOLLOUT)) {
        link_close_soon(link);
        return;
    }
    if (is_empty)
        loop_timer_set(link->loop, &link->timer, NEVER_NS);
    else if (sent > 0 || link->timer.due_ns == NEVER_NS)
        loop_timer_set(link->loop, &link->timer, clock_monotonic_ns() + STUCK_NS);
}

void operator_link_done(struct operator_link *link, const char *members)
{
    link->is_ended = true;
    buffer_printf(&link->out, "{\"end\":\"done\"%s}\n", members);
    operator_link_flush(link);
}

void operator_link_fail(struct operator_link *link, const char *reason)
{
    struct buffer *out = &link->out;
    link->is_ended = true;
    (void)(buffer_append_text(out, "{\"end\":\"failed\",\"reason\":") &&
           json_append_string(out, bytes_of_text(reason)) && buffer_append_text(out, "}\n"));
    operator_link_flush(link);
}

int operator_link_give(struct operator_link *link)
{
    int fd = link->fd;
    link_close_soon(link);
    link->fd = -1;
    return fd;
}

void operator_turn_away(int fd, const char *reason)
{
    char line[128];
    int length = snprintf(line, sizeof line, "{\"end\":\"failed\",\"reason\":\"%s\"}\n", reason);
    (void)send(fd, line, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
    drain(fd);
    close(fd);
}
