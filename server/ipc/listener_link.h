/* The runner's end of the channel to one listener: frames in, answers out, never blocking. */
#ifndef TENTERHOOK_SERVER_IPC_LISTENER_LINK_H
#define TENTERHOOK_SERVER_IPC_LISTENER_LINK_H

#include "base/loop.h"
#include "server/ipc/frame.h"

struct channel {
    struct channel *next; /* for the owner's list */
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

/* Watches `fd`, which is the channel's from now on. NULL without memory. */
struct channel *channel_create(struct loop *loop, int fd, unsigned slot);
void channel_destroy(struct channel *channel);

/* The next whole event that has arrived; its spans last until the channel is settled. False: none,
 * or what arrived is broken. */
bool channel_take(struct channel *channel, struct wire_event *event);
/* What was taken is over; or it is to be taken again in a later turn. */
void channel_settle(struct channel *channel, bool over);
/* Whether a turn has something to do here: a whole frame, or the end. */
bool channel_has_work(const struct channel *channel);
/* Nothing will come any more, and all that came was taken. */
bool channel_is_over(const struct channel *channel);

void channel_answer(struct channel *channel, const struct wire_answer *answer);
/* Sends what can be sent. */
void channel_flush(struct channel *channel);

#endif
