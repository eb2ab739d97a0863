/* Who has read what of a FIFO: the position, which does not say who, and the events, which do not
 * say what, put together. */
#ifndef TENTERHOOK_HANDLERS_ACTION_FIFO_READERS_H
#define TENTERHOOK_HANDLERS_ACTION_FIFO_READERS_H

#include "handlers/action/fifo_watch.h"

/* Positions count the bytes that went into the FIFO since it was opened or emptied. */
struct fifo_readers {
    uint64_t read;    /* so much had been read, at least, before the last event that is known */
    uint64_t reach;   /* so much had been read, at most, when the last of them was collected */
    int64_t moved_ns; /* when it was seen that something had been read; monotonic */
    bool present;     /* somebody has it open for reading. False: all that they did is known */
    struct fifo_watch events;
};

/* Looks at the FIFO, of which we have written so much. */
void fifo_readers_look(struct fifo_readers *readers, int fd, uint64_t written);

/* The FIFO has been emptied, and the count begins anew. What is known is forgotten, but for whether
 * a reader is `present`. */
void fifo_readers_restart(struct fifo_readers *readers);

enum fifo_share {
    READ_BY_ONE,
    READ_BY_SEVERAL,    /* it may be so; or inotify has dropped events */
    READ_BY_ONE_OR_TWO, /* one has left; whether the one that is there has read is not known yet */
};

/* How many readers have read what was read since the events were last forgotten. `apart`: of that,
 * only the last byte is in question, which was written apart. */
enum fifo_share fifo_readers_share(const struct fifo_readers *readers, bool apart);

#endif
