/* The runner's end of the link to one listener: frames in, answers out, never blocking. */
#ifndef TENTERHOOK_SERVER_IPC_LISTENER_LINK_H
#define TENTERHOOK_SERVER_IPC_LISTENER_LINK_H

#include "base/loop.h"
#include "server/ipc/frame.h"

struct listener_link {
    struct listener_link *next; /* for the owner's list */
    struct loop *loop;
    int fd;
    unsigned slot; /* of the listener */
    struct loop_watch watch;
    uint32_t watched; /* EPOLL* bits */
    struct buffer in, out;
    size_t taken;            /* bytes at the front of `in` whose frames were taken in this turn */
    bool ended;              /* the listener has closed it; what it sent before still counts */
    const char *fault;       /* NULL, or why it is to be closed */
    struct loop_timer again; /* sends once more what the system had no memory for */
};

/* Watches `fd`, which is the link's from now on. NULL without memory. */
struct listener_link *listener_link_create(struct loop *loop, int fd, unsigned slot);
void listener_link_destroy(struct listener_link *link);

/* The next whole event that has arrived; its spans last until the link is settled. False: none,
 * or something else comes first, or what arrived is broken. */
bool listener_link_take(struct listener_link *link, struct event_frame *event);
/* The same of a question about an event, which borrows nothing. */
bool listener_link_take_track(struct listener_link *link, struct track_frame *track);
/* What was taken is over. Until then nothing is read. */
void listener_link_settle(struct listener_link *link);
/* Whether a turn has something to do here: a whole frame, or the end. */
bool listener_link_has_work(const struct listener_link *link);
/* Nothing will come any more, and all that came was taken. */
bool listener_link_is_over(const struct listener_link *link);

void listener_link_answer(struct listener_link *link, const struct answer_frame *answer);
/* An output for which there is no room is said to be none: the sender is not kept waiting. */
void listener_link_output(struct listener_link *link, const struct output_frame *output);
/* Output of a command that goes on, in as many frames as it takes. False where too much is on the
 * way already, or without memory: then the stream of this tag has a gap, and is to be ended. */
bool listener_link_piece(struct listener_link *link, uint64_t tag, struct bytes output);
/* A state for which there is no room is said to be unread. */
void listener_link_state(struct listener_link *link, const struct state_frame *state);
/* Sends what can be sent. */
void listener_link_flush(struct listener_link *link);

#endif
