/* Reading stops while whole frames wait for the journal and more than READ_ENOUGH bytes of them are
 * here; the socket's buffer then fills and the listener waits. A listener that does not read its
 * answers is cut off: it is ours, and it hangs.
 *
 * An error ends the link: the listener sees the end and gets another link within a second
 * (CONTROL_UNLINKED), while half a message could never be repaired. There is one exception: if
 * the system has no memory for an answer, the link waits, because the event is in the journal
 * already. */
#include "server/ipc/listener_link.h"

#include "base/clock.h"
#include "server/ipc/control.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_PIECE = 256 * 1024,
    READ_ENOUGH = 8 * 1024 * 1024, /* beyond one frame */
    READ_ONCE = 4 * 1024 * 1024,   /* a call, so that others get their turn */
    KEEP_CAPACITY = 1024 * 1024,   /* of an empty buffer */
    ANSWERS_MAX = 4 * 1024 * 1024,
};
#define AGAIN_NS (10 * NS_PER_MS)

static bool has_frame(const struct listener_link *channel)
{
    enum frame_type type;
    struct bytes payload;
    size_t length;
    return frame_peek(bytes_from(buffer_bytes(&channel->in), channel->taken), &type, &payload,
                      &length) != 0;
}

static void listener_link_watch(struct listener_link *channel)
{
    bool enough = channel->in.length > READ_ENOUGH && has_frame(channel);
    bool writes = channel->out.length > 0 && channel->again.slot == 0;
    uint32_t wanted = (enough ? 0 : EPOLLIN) | (writes ? EPOLLOUT : 0);
    if (channel->ended || channel->fault) {
        /* the hang-up would be reported for ever */
        loop_watch_remove(channel->loop, &channel->watch);
    } else if (wanted != channel->watched || channel->watch.fd < 0) {
        if (!loop_watch_set(channel->loop, &channel->watch, channel->fd, wanted))
            channel->fault = "it cannot be watched";
        channel->watched = wanted;
    }
}

/* One read; false when there is nothing more to read now. */
static bool read_piece(struct listener_link *channel)
{
    struct buffer *in = &channel->in;
    if (!buffer_reserve(in, READ_PIECE)) {
        channel->fault = "no memory for what it sends";
        return false;
    }
    ssize_t got = recv(channel->fd, in->data + in->length, in->capacity - in->length, MSG_DONTWAIT);
    if (got > 0)
        in->length += (size_t)got;
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        channel->ended = true;
    return got > 0;
}

static void listener_link_ready(struct loop_watch *watch, uint32_t events)
{
    struct listener_link *channel = watch->owner;
    size_t before = channel->in.length;
    if (events & EPOLLOUT)
        listener_link_flush(channel);
    if (events & ~(uint32_t)EPOLLOUT && channel->taken > 0) {
        /* what was taken is borrowed, and more would move it; a hang-up would be reported for ever
         */
        loop_watch_remove(channel->loop, &channel->watch);
        return;
    }
    if (events & ~(uint32_t)EPOLLOUT)
        while (channel->in.length - before < READ_ONCE && read_piece(channel))
            ;
    listener_link_watch(channel);
}

static void flush_again(struct loop_timer *timer)
{
    listener_link_flush(timer->owner);
}

struct listener_link *listener_link_create(struct loop *loop, int fd, unsigned slot)
{
    struct listener_link *channel = calloc(1, sizeof *channel);
    if (!channel)
        return NULL;
    channel->loop = loop;
    channel->fd = fd;
    channel->slot = slot;
    buffer_init(&channel->in, (size_t)FRAME_MAX + READ_ENOUGH + READ_ONCE);
    buffer_init(&channel->out, ANSWERS_MAX);
    loop_watch_init(&channel->watch, listener_link_ready, channel);
    loop_timer_init(&channel->again, flush_again, channel);
    listener_link_watch(channel);
    return channel;
}

void listener_link_destroy(struct listener_link *channel)
{
    loop_watch_remove(channel->loop, &channel->watch);
    loop_timer_remove(channel->loop, &channel->again);
    close(channel->fd);
    buffer_finish(&channel->in);
    buffer_finish(&channel->out);
    free(channel);
}

bool listener_link_take(struct listener_link *channel, struct event_frame *event)
{
    enum frame_type type;
    struct bytes payload;
    size_t length;
    int found = frame_peek(bytes_from(buffer_bytes(&channel->in), channel->taken), &type, &payload,
                           &length);
    if (found == 0 || channel->fault)
        return false;
    if (found < 0 || type != FRAME_EVENT || !frame_get_event(payload, event)) {
        channel->fault = "an invalid frame";
        return false;
    }
    channel->taken += length;
    assert(channel->taken <= channel->in.length);
    return true;
}

void listener_link_settle(struct listener_link *channel)
{
    assert(channel->taken <= channel->in.length);
    buffer_consume(&channel->in, channel->taken);
    channel->taken = 0;
    if (channel->in.length == 0 && channel->in.capacity > KEEP_CAPACITY)
        buffer_finish(&channel->in);
    listener_link_watch(channel);
}

bool listener_link_has_work(const struct listener_link *channel)
{
    return channel->ended || channel->fault || has_frame(channel);
}

bool listener_link_is_over(const struct listener_link *channel)
{
    return channel->taken == 0 && (channel->fault || (channel->ended && !has_frame(channel)));
}

void listener_link_answer(struct listener_link *channel, const struct answer_frame *answer)
{
    if (!channel->ended && !frame_put_answer(&channel->out, answer))
        channel->fault =
            "no space for answers: the listener does not read them, or there is no memory";
}

void listener_link_flush(struct listener_link *channel)
{
    while (channel->out.length > 0 && !channel->ended) {
        ssize_t sent =
            send(channel->fd, channel->out.data, channel->out.length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0)
            buffer_consume(&channel->out, (size_t)sent);
        else if (errno == EAGAIN)
            break;
        else if (control_error_passes(errno) &&
                 loop_timer_set(channel->loop, &channel->again, clock_monotonic_ns() + AGAIN_NS))
            break;
        else if (errno != EINTR)
            channel->ended = true;
    }
    listener_link_watch(channel);
}
