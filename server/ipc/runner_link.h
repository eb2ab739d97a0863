/* A listener's end of its link to the runner: events go out, answers come back, nothing blocks. The
 * owner keeps the struct; the link keeps the descriptor while it has one. */
#ifndef TENTERHOOK_SERVER_IPC_RUNNER_LINK_H
#define TENTERHOOK_SERVER_IPC_RUNNER_LINK_H

#include "base/loop.h"
#include "server/ipc/frame.h"

struct runner_link {
    struct loop *loop;
    struct loop_watch watch; /* fd -1: not connected */
    struct buffer out, in;
    size_t sent;             /* of `out` */
    struct loop_timer again; /* sends once more what the system had no memory for */
    /* An answer has come. */
    void (*answered)(void *owner, const struct answer_frame *answer);
    /* So has the output that an answer has announced; its span lasts until the call returns. */
    void (*output)(void *owner, const struct output_frame *output);
    /* So has a piece of that output, before the rest; its span lasts until the call returns. */
    void (*piece)(void *owner, const struct piece_frame *piece);
    /* What has become of an event that was asked about; its span lasts as long. */
    void (*state)(void *owner, const struct state_frame *state);
    /* The other side is gone, which has been logged: nothing that was put in will be answered. */
    void (*closed)(void *owner);
    void *owner;
};

/* Without a descriptor yet. At most `limit` bytes wait to be sent. */
void runner_link_init(struct runner_link *runner_link, struct loop *loop, size_t limit);
/* Closes without calling the owner. */
void runner_link_finish(struct runner_link *runner_link);

/* Takes `fd` over; on failure false with errno, and `fd` is closed. A link that is open is closed
 * first, and `closed` is called for it. */
bool runner_link_open(struct runner_link *runner_link, int fd);

static inline bool runner_link_is_open(const struct runner_link *runner_link)
{
    return runner_link->watch.fd >= 0;
}

/* Puts an event in the queue; it leaves with the next flush. False where it is full or there is no
 * other side. */
bool runner_link_put(struct runner_link *runner_link, const struct event_frame *event);
/* The same of a question about an event. */
bool runner_link_put_track(struct runner_link *runner_link, const struct track_frame *track);

/* Writes what there is, as far as it goes; the rest when there is room. Call once a round. */
void runner_link_flush(struct runner_link *runner_link);

#endif
