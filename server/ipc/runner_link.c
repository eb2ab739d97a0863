/* Frames gather during one round of the loop and leave in one write: with many senders this is one
 * system call for many events, and the runner finds a batch for its transaction.
 *
 * Every error loses the link, is logged, and leads to another link within a second: the listener
 * tells the supervisor that it has none (CONTROL_UNLINKED). Only if the system has no memory for
 * the data, it is sent again a moment later: nothing has been lost then. */
#include "server/ipc/runner_link.h"

#include "base/clock.h"
#include "server/ipc/control.h"
#include "server/ipc/log_events.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    IN_PIECE = 32 * 1024,
    IN_LIMIT = FRAME_OUTPUT_MAX + 2 * IN_PIECE, /* the longest frame, and one more read */
    KEPT_CAPACITY = 1024 * 1024,
    KEPT_INPUT = 4 * IN_PIECE,
};
#define AGAIN_NS (10 * NS_PER_MS)

static void runner_link_ready(struct loop_watch *watch, uint32_t events);

static void flush_again(struct loop_timer *timer)
{
    runner_link_flush(timer->owner);
}

void runner_link_init(struct runner_link *runner_link, struct loop *loop, size_t limit)
{
    *runner_link = (struct runner_link){.loop = loop};
    loop_watch_init(&runner_link->watch, runner_link_ready, runner_link);
    loop_timer_init(&runner_link->again, flush_again, runner_link);
    buffer_init(&runner_link->out, limit);
    buffer_init(&runner_link->in, IN_LIMIT);
}

void runner_link_finish(struct runner_link *runner_link)
{
    int fd = runner_link->watch.fd;
    loop_watch_remove(runner_link->loop, &runner_link->watch);
    loop_timer_remove(runner_link->loop, &runner_link->again);
    if (fd >= 0)
        close(fd);
    runner_link->sent = 0;
    buffer_finish(&runner_link->out);
    buffer_finish(&runner_link->in);
}

static void runner_link_lose(struct runner_link *runner_link, const char *reason)
{
    log_write(LOG_CHANNEL_LOST, log_text("reason", reason));
    runner_link_finish(runner_link);
    runner_link->closed(runner_link->owner);
}

bool runner_link_open(struct runner_link *runner_link, int fd)
{
    assert(fd >= 0);
    if (runner_link_is_open(runner_link))
        runner_link_lose(runner_link, "a newer link replaces it");
    if (loop_watch_set(runner_link->loop, &runner_link->watch, fd, EPOLLIN))
        return true;
    int failure = errno;
    close(fd);
    errno = failure;
    return false;
}

/* What is sent already counts against the limit until it is moved out of the way. */
static void make_room(struct runner_link *runner_link)
{
    if (runner_link->sent <= runner_link->out.length / 2)
        return;
    buffer_consume(&runner_link->out, runner_link->sent);
    runner_link->sent = 0;
}

bool runner_link_put(struct runner_link *runner_link, const struct event_frame *event)
{
    make_room(runner_link);
    return runner_link_is_open(runner_link) && frame_put_event(&runner_link->out, event);
}

bool runner_link_put_track(struct runner_link *runner_link, const struct track_frame *track)
{
    make_room(runner_link);
    return runner_link_is_open(runner_link) && frame_put_track(&runner_link->out, track);
}

static void out_is_empty(struct runner_link *runner_link)
{
    runner_link->sent = runner_link->out.length = 0;
    if (runner_link->out.capacity > KEPT_CAPACITY)
        buffer_finish(&runner_link->out);
}

/* After a send that has failed: until there is room, a moment, or no longer. */
static void runner_link_wait(struct runner_link *runner_link, int error)
{
    if (error == EAGAIN) {
        if (!loop_watch_set(runner_link->loop, &runner_link->watch, runner_link->watch.fd,
                            EPOLLIN | EPOLLOUT))
            runner_link_lose(runner_link, strerror(errno));
    } else if (!control_error_passes(error) ||
               !loop_timer_set(runner_link->loop, &runner_link->again,
                               clock_monotonic_ns() + AGAIN_NS)) {
        runner_link_lose(runner_link, strerror(error));
    }
}

void runner_link_flush(struct runner_link *runner_link)
{
    while (runner_link_is_open(runner_link) && runner_link->sent < runner_link->out.length) {
        ssize_t sent =
            send(runner_link->watch.fd, runner_link->out.data + runner_link->sent,
                 runner_link->out.length - runner_link->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0) {
            runner_link->sent += (size_t)sent;
            continue;
        }
        if (errno == EINTR)
            continue;
        runner_link_wait(runner_link, errno);
        return;
    }
    assert(runner_link->sent == runner_link->out.length);
    out_is_empty(runner_link);
}

static bool runner_link_take_frame(struct runner_link *runner_link, enum frame_type type,
                                   struct bytes payload)
{
    struct answer_frame answer;
    struct output_frame output;
    struct piece_frame piece;
    struct state_frame state;
    if (type == FRAME_ANSWER && frame_get_answer(payload, &answer))
        runner_link->answered(runner_link->owner, &answer);
    else if (type == FRAME_OUTPUT && frame_get_output(payload, &output))
        runner_link->output(runner_link->owner, &output);
    else if (type == FRAME_PIECE && frame_get_piece(payload, &piece))
        runner_link->piece(runner_link->owner, &piece);
    else if (type == FRAME_STATE && frame_get_state(payload, &state))
        runner_link->state(runner_link->owner, &state);
    else
        return false;
    return true;
}

/* Takes every whole frame off the front of the input; false if one is invalid. */
static bool runner_link_take_answers(struct runner_link *runner_link)
{
    struct bytes rest = buffer_bytes(&runner_link->in);
    struct bytes payload;
    enum frame_type type;
    size_t length;
    int got;
    while ((got = frame_peek(rest, &type, &payload, &length)) > 0) {
        if (!runner_link_take_frame(runner_link, type, payload))
            return false;
        rest = bytes_from(rest, length);
    }
    buffer_consume(&runner_link->in, runner_link->in.length - rest.length);
    if (rest.length == 0 && runner_link->in.capacity > KEPT_INPUT)
        buffer_finish(&runner_link->in);
    return got == 0;
}

/* Takes what has come; why the link is to be lost, or NULL. */
static const char *runner_link_receive(struct runner_link *runner_link)
{
    /* only what is no frame of ours is longer than the limit */
    if (!buffer_reserve(&runner_link->in, IN_PIECE))
        return "no memory, or an answer that is too long";
    ssize_t got;
    do {
        got = recv(runner_link->watch.fd, runner_link->in.data + runner_link->in.length, IN_PIECE,
                   MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == EAGAIN ? NULL : strerror(errno);
    if (got == 0)
        return "the runner has closed it";
    runner_link->in.length += (size_t)got;
    return runner_link_take_answers(runner_link) ? NULL : "an invalid answer";
}

static void runner_link_ready(struct loop_watch *watch, uint32_t events)
{
    struct runner_link *runner_link = watch->owner;
    const char *lost = NULL;
    if (events & EPOLLOUT) {
        loop_watch_set(runner_link->loop, watch, watch->fd,
                       EPOLLIN); /* else it is called once more */
        runner_link_flush(runner_link);
    }
    if ((events & ~(uint32_t)EPOLLOUT) && runner_link_is_open(runner_link))
        lost = runner_link_receive(runner_link);
    if (lost)
        runner_link_lose(runner_link, lost);
}
