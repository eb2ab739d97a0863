/* Frames gather during one round of the loop and leave in one write: with many senders that is one
 * system call for many events, and the runner finds a batch for its transaction. */
#include "server/uplink.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IN_LIMIT = 64 * 1024, KEPT_CAPACITY = 1024 * 1024 };

static void uplink_ready(struct loop_watch *watch, uint32_t events);

void uplink_init(struct uplink *uplink, struct loop *loop, size_t limit)
{
    *uplink = (struct uplink){.loop = loop};
    loop_watch_init(&uplink->watch, uplink_ready, uplink);
    buffer_init(&uplink->out, limit);
    buffer_init(&uplink->in, IN_LIMIT);
}

void uplink_finish(struct uplink *uplink)
{
    int fd = uplink->watch.fd;
    loop_watch_remove(uplink->loop, &uplink->watch);
    if (fd >= 0)
        close(fd);
    uplink->sent = 0;
    buffer_finish(&uplink->out);
    buffer_finish(&uplink->in);
}

static void uplink_lose(struct uplink *uplink)
{
    uplink_finish(uplink);
    uplink->closed(uplink->owner);
}

bool uplink_open(struct uplink *uplink, int fd)
{
    if (uplink_is_open(uplink))
        uplink_lose(uplink);
    return loop_watch_set(uplink->loop, &uplink->watch, fd, EPOLLIN);
}

bool uplink_put(struct uplink *uplink, const struct wire_event *event)
{
    if (!uplink_is_open(uplink))
        return false;
    /* what is sent already counts against the limit until it is moved out of the way */
    if (uplink->sent > uplink->out.length / 2) {
        buffer_consume(&uplink->out, uplink->sent);
        uplink->sent = 0;
    }
    return wire_put_event(&uplink->out, event);
}

static void out_is_empty(struct uplink *uplink)
{
    uplink->sent = uplink->out.length = 0;
    if (uplink->out.capacity > KEPT_CAPACITY)
        buffer_finish(&uplink->out);
}

void uplink_flush(struct uplink *uplink)
{
    while (uplink_is_open(uplink) && uplink->sent < uplink->out.length) {
        ssize_t sent = send(uplink->watch.fd, uplink->out.data + uplink->sent,
                            uplink->out.length - uplink->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0) {
            uplink->sent += (size_t)sent;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            uplink_lose(uplink);
        else
            loop_watch_set(uplink->loop, &uplink->watch, uplink->watch.fd, EPOLLIN | EPOLLOUT);
        return;
    }
    out_is_empty(uplink);
}

/* Takes every whole answer off the front of what has arrived; false if it is none of ours. */
static bool uplink_take_answers(struct uplink *uplink)
{
    struct bytes rest = buffer_bytes(&uplink->in);
    struct bytes payload;
    struct wire_answer answer;
    enum wire_type type;
    size_t length;
    int got;
    while ((got = wire_peek(rest, &type, &payload, &length)) > 0) {
        if (type != WIRE_ANSWER || !wire_get_answer(payload, &answer))
            return false;
        uplink->answered(uplink->owner, &answer);
        rest = bytes_from(rest, length);
    }
    buffer_consume(&uplink->in, uplink->in.length - rest.length);
    return got == 0;
}

/* 1: something came; 0: nothing more for now; -1: the other side is gone or not what it should be.
 */
static int uplink_receive(struct uplink *uplink)
{
    if (!buffer_reserve(&uplink->in, IN_LIMIT / 2))
        return -1; /* an answer is a hundred bytes: this is none */
    ssize_t got;
    do {
        got =
            recv(uplink->watch.fd, uplink->in.data + uplink->in.length, IN_LIMIT / 2, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    uplink->in.length += (size_t)got;
    return got > 0 && uplink_take_answers(uplink) ? 1 : -1;
}

static void uplink_ready(struct loop_watch *watch, uint32_t events)
{
    struct uplink *uplink = watch->owner;
    if (events & EPOLLOUT) {
        loop_watch_set(uplink->loop, watch, watch->fd, EPOLLIN);
        uplink_flush(uplink);
    }
    if ((events & ~(uint32_t)EPOLLOUT) && uplink_is_open(uplink) && uplink_receive(uplink) < 0)
        uplink_lose(uplink);
}
