/* A listener's end of its channel to the runner: events go out, answers come back, nothing blocks.
 * The owner keeps the struct; the link keeps the descriptor while it has one. */
#ifndef TENTERHOOK_SERVER_IPC_RUNNER_LINK_H
#define TENTERHOOK_SERVER_IPC_RUNNER_LINK_H

#include "base/loop.h"
#include "server/ipc/frame.h"

struct uplink {
    struct loop *loop;
    struct loop_watch watch; /* fd -1: nobody at the other end */
    struct buffer out, in;
    size_t sent;             /* of `out` */
    struct loop_timer again; /* sends once more what the system had no memory for */
    /* An answer has come. */
    void (*answered)(void *owner, const struct wire_answer *answer);
    /* The other side is gone, which has been logged: nothing that was put in will be answered. */
    void (*closed)(void *owner);
    void *owner;
};

/* Without a descriptor yet. At most `limit` bytes wait to be sent. */
void uplink_init(struct uplink *uplink, struct loop *loop, size_t limit);
/* Closes without a word to the owner. */
void uplink_finish(struct uplink *uplink);

/* Takes `fd` over; false with errno where this fails, and it is closed. Whatever there was is
 * closed first, and `closed` is called for it. */
bool uplink_open(struct uplink *uplink, int fd);

static inline bool uplink_is_open(const struct uplink *uplink)
{
    return uplink->watch.fd >= 0;
}

/* Puts an event in the queue; it leaves with the next flush. False where it is full or there is no
 * other side. */
bool uplink_put(struct uplink *uplink, const struct wire_event *event);

/* Writes what there is, as far as it goes; the rest when there is room. Call once a round. */
void uplink_flush(struct uplink *uplink);

#endif
