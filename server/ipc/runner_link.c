/* Frames gather during one round of the loop and leave in one write: with many senders that is one
 * system call for many events, and the runner finds a batch for its transaction.
 *
 * Whatever goes wrong loses the link, is logged, and ends in another link within a second: the
 * listener tells the supervisor that it has none (CONTROL_UNLINKED). Only where the system has no
 * memory for what is sent it is sent again a moment later: nothing has been lost then. */
#include "server/ipc/runner_link.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/ipc/control.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IN_LIMIT = 64 * 1024, KEPT_CAPACITY = 1024 * 1024 };
#define AGAIN_NS (10 * NS_PER_MS)

static void uplink_ready(struct loop_watch *watch, uint32_t events);

static void flush_again(struct loop_timer *timer)
{
    uplink_flush(timer->owner);
}

void uplink_init(struct uplink *uplink, struct loop *loop, size_t limit)
{
    *uplink = (struct uplink){.loop = loop};
    loop_watch_init(&uplink->watch, uplink_ready, uplink);
    loop_timer_init(&uplink->again, flush_again, uplink);
    buffer_init(&uplink->out, limit);
    buffer_init(&uplink->in, IN_LIMIT);
}

void uplink_finish(struct uplink *uplink)
{
    int fd = uplink->watch.fd;
    loop_watch_remove(uplink->loop, &uplink->watch);
    loop_timer_remove(uplink->loop, &uplink->again);
    if (fd >= 0)
        close(fd);
    uplink->sent = 0;
    buffer_finish(&uplink->out);
    buffer_finish(&uplink->in);
}

static void uplink_lose(struct uplink *uplink, const char *reason)
{
    log_write(LOG_WARNING, "channel_lost", log_text("reason", reason));
    uplink_finish(uplink);
    uplink->closed(uplink->owner);
}

bool uplink_open(struct uplink *uplink, int fd)
{
    if (uplink_is_open(uplink))
        uplink_lose(uplink, "there is a newer one");
    if (loop_watch_set(uplink->loop, &uplink->watch, fd, EPOLLIN))
        return true;
    int failure = errno;
    close(fd);
    errno = failure;
    return false;
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

/* After a send that has failed: until there is room, a moment, or no longer. */
static void uplink_wait(struct uplink *uplink, int error)
{
    if (error == EAGAIN) {
        if (!loop_watch_set(uplink->loop, &uplink->watch, uplink->watch.fd, EPOLLIN | EPOLLOUT))
            uplink_lose(uplink, strerror(errno));
    } else if (!control_error_passes(error) ||
               !loop_timer_set(uplink->loop, &uplink->again, clock_monotonic_ns() + AGAIN_NS)) {
        uplink_lose(uplink, strerror(error));
    }
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
        uplink_wait(uplink, errno);
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

/* Takes what has come; why the link is to be lost, or NULL. */
static const char *uplink_receive(struct uplink *uplink)
{
    /* an answer is much smaller than the buffer, which therefore never fills */
    if (!buffer_reserve(&uplink->in, IN_LIMIT / 2))
        return "no memory, or an answer that is too long";
    ssize_t got;
    do {
        got =
            recv(uplink->watch.fd, uplink->in.data + uplink->in.length, IN_LIMIT / 2, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == EAGAIN ? NULL : strerror(errno);
    if (got == 0)
        return "the runner has closed it";
    uplink->in.length += (size_t)got;
    return uplink_take_answers(uplink) ? NULL : "an answer that is not ours";
}

static void uplink_ready(struct loop_watch *watch, uint32_t events)
{
    struct uplink *uplink = watch->owner;
    const char *lost = NULL;
    if (events & EPOLLOUT) {
        loop_watch_set(uplink->loop, watch, watch->fd, EPOLLIN); /* else it is called once more */
        uplink_flush(uplink);
    }
    if ((events & ~(uint32_t)EPOLLOUT) && uplink_is_open(uplink))
        lost = uplink_receive(uplink);
    if (lost)
        uplink_lose(uplink, lost);
}
