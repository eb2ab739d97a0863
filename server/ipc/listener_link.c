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
    /* On the way to a listener: pieces of streams leave room for outputs, and both for answers.
     * Eight streams of the longest size may come at once while the listener does something else. */
    PIECES_MAX = 8 * FRAME_OUTPUT_MAX,
    OUTPUTS_MAX = PIECES_MAX + 2 * FRAME_OUTPUT_MAX,
    ANSWERS_MAX = OUTPUTS_MAX + 2 * 1024 * 1024,
};
#define AGAIN_NS (10 * NS_PER_MS)

static const char no_space[] =
    "no space for answers: the listener does not read them, or there is no memory";

static const char invalid_frame[] = "an invalid frame";

static bool has_frame(const struct listener_link *link)
{
    enum frame_type type;
    struct bytes payload;
    size_t length;
    return frame_peek(bytes_from(buffer_bytes(&link->in), link->taken), &type, &payload, &length) !=
           0;
}

static void listener_link_watch(struct listener_link *link)
{
    bool enough = link->in.length > READ_ENOUGH && has_frame(link);
    bool writes = link->out.length > 0 && link->again.slot == 0;
    uint32_t wanted = (enough ? 0 : EPOLLIN) | (writes ? EPOLLOUT : 0);
    if (link->ended || link->fault) {
        /* the hang-up would be reported for ever */
        loop_watch_remove(link->loop, &link->watch);
    } else if (wanted != link->watched || link->watch.fd < 0) {
        if (!loop_watch_set(link->loop, &link->watch, link->fd, wanted))
            link->fault = "it cannot be watched";
        link->watched = wanted;
    }
}

/* One read; false when there is nothing more to read now. */
static bool read_piece(struct listener_link *link)
{
    struct buffer *in = &link->in;
    if (!buffer_reserve(in, READ_PIECE)) {
        link->fault = "no memory for what it sends";
        return false;
    }
    ssize_t got = recv(link->fd, in->data + in->length, in->capacity - in->length, MSG_DONTWAIT);
    if (got > 0)
        in->length += (size_t)got;
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        link->ended = true;
    return got > 0;
}

static void listener_link_ready(struct loop_watch *watch, uint32_t events)
{
    struct listener_link *link = watch->owner;
    size_t before = link->in.length;
    if (events & EPOLLOUT)
        listener_link_flush(link);
    if (events & ~(uint32_t)EPOLLOUT && link->taken > 0) {
        /* what was taken is borrowed, and more would move it; a hang-up would be reported for ever
         */
        loop_watch_remove(link->loop, &link->watch);
        return;
    }
    if (events & ~(uint32_t)EPOLLOUT)
        while (link->in.length - before < READ_ONCE && read_piece(link))
            ;
    listener_link_watch(link);
}

static void flush_again(struct loop_timer *timer)
{
    listener_link_flush(timer->owner);
}

struct listener_link *listener_link_create(struct loop *loop, int fd, unsigned slot)
{
    struct listener_link *link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    link->loop = loop;
    link->fd = fd;
    link->slot = slot;
    buffer_init(&link->in, (size_t)FRAME_MAX + READ_ENOUGH + READ_ONCE);
    buffer_init(&link->out, ANSWERS_MAX);
    loop_watch_init(&link->watch, listener_link_ready, link);
    loop_timer_init(&link->again, flush_again, link);
    listener_link_watch(link);
    return link;
}

void listener_link_destroy(struct listener_link *link)
{
    loop_watch_remove(link->loop, &link->watch);
    loop_timer_remove(link->loop, &link->again);
    close(link->fd);
    buffer_finish(&link->in);
    buffer_finish(&link->out);
    free(link);
}

/* The next whole frame, of `length` bytes, if it is of that type. */
static bool peek_frame(struct listener_link *link, enum frame_type wanted, struct bytes *payload,
                       size_t *length)
{
    enum frame_type type;
    int found =
        frame_peek(bytes_from(buffer_bytes(&link->in), link->taken), &type, payload, length);
    if (found == 0 || link->fault)
        return false;
    if (found < 0 || (type != FRAME_EVENT && type != FRAME_TRACK))
        link->fault = invalid_frame;
    return !link->fault && type == wanted;
}

/* `is_good`: the frame is what its type says. */
static bool take_frame(struct listener_link *link, bool is_good, size_t length)
{
    if (!is_good)
        link->fault = invalid_frame;
    else
        link->taken += length;
    assert(link->taken <= link->in.length);
    return is_good;
}

bool listener_link_take(struct listener_link *link, struct event_frame *event)
{
    struct bytes payload;
    size_t length;
    return peek_frame(link, FRAME_EVENT, &payload, &length) &&
           take_frame(link, frame_get_event(payload, event), length);
}

bool listener_link_take_track(struct listener_link *link, struct track_frame *track)
{
    struct bytes payload;
    size_t length;
    return peek_frame(link, FRAME_TRACK, &payload, &length) &&
           take_frame(link, frame_get_track(payload, track), length);
}

void listener_link_settle(struct listener_link *link)
{
    assert(link->taken <= link->in.length);
    buffer_consume(&link->in, link->taken);
    link->taken = 0;
    if (link->in.length == 0 && link->in.capacity > KEEP_CAPACITY)
        buffer_finish(&link->in);
    listener_link_watch(link);
}

bool listener_link_has_work(const struct listener_link *link)
{
    return link->ended || link->fault || has_frame(link);
}

bool listener_link_is_over(const struct listener_link *link)
{
    return link->taken == 0 && (link->fault || (link->ended && !has_frame(link)));
}

void listener_link_answer(struct listener_link *link, const struct answer_frame *answer)
{
    if (!link->ended && !frame_put_answer(&link->out, answer))
        link->fault = no_space;
}

void listener_link_output(struct listener_link *link, const struct output_frame *output)
{
    const struct output_frame none = {.tag = output->tag, .end = OUTPUT_NO_ROOM, .exit_status = -1};
    bool fits = link->out.length + output->output.length <= OUTPUTS_MAX;
    if (!link->ended && !(fits && frame_put_output(&link->out, output)) &&
        !frame_put_output(&link->out, &none))
        link->fault = no_space;
}

bool listener_link_piece(struct listener_link *link, uint64_t tag, struct bytes output)
{
    bool fits = link->ended || link->out.length + output.length <= PIECES_MAX;
    while (fits && output.length > 0) {
        size_t length = output.length < FRAME_PIECE_MAX ? output.length : FRAME_PIECE_MAX;
        const struct piece_frame piece = {.tag = tag, .output = bytes_of(output.data, length)};
        fits = link->ended || frame_put_piece(&link->out, &piece);
        output = bytes_from(output, length);
    }
    return fits;
}

void listener_link_state(struct listener_link *link, const struct state_frame *state)
{
    const struct state_frame unread = {.tag = state->tag, .state = STATE_UNREAD};
    bool fits = link->out.length + state->text.length <= OUTPUTS_MAX;
    if (!link->ended && !(fits && frame_put_state(&link->out, state)) &&
        !frame_put_state(&link->out, &unread))
        link->fault = no_space;
}

void listener_link_flush(struct listener_link *link)
{
    while (link->out.length > 0 && !link->ended) {
        ssize_t sent =
            send(link->fd, link->out.data, link->out.length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0)
            buffer_consume(&link->out, (size_t)sent);
        else if (errno == EAGAIN)
            break;
        else if (control_error_passes(errno) &&
                 loop_timer_set(link->loop, &link->again, clock_monotonic_ns() + AGAIN_NS))
            break;
        else if (errno != EINTR)
            link->ended = true;
    }
    if (link->out.length == 0 && link->out.capacity > KEEP_CAPACITY)
        buffer_finish(&link->out);
    listener_link_watch(link);
}
