/* Who reads a FIFO, as inotify tells it: the order of reads and closings, which no system call on
 * the write end shows. One inotify descriptor for the process, shared by all watches. Without
 * inotify, or where we may not read the FIFO, `active` stays false and nothing is known. */
#ifndef TENTERHOOK_HANDLERS_FIFO_WATCH_H
#define TENTERHOOK_HANDLERS_FIFO_WATCH_H

#include "base/loop.h"

/* Embedded in its owner, who keeps it alive until fifo_watch_remove. */
struct fifo_watch {
    struct fifo_watch *next;
    int id; /* of inotify; -1: not active */
    /* Since the last fifo_watch_forget: */
    unsigned sessions; /* how many readers, one after the other, have read something */
    bool reading;      /* the last of them has not closed since */
    bool closed;       /* somebody has closed it */
    void (*changed)(struct fifo_watch *watch); /* called while events are collected */
    void *owner;
};

void fifo_watch_init(struct fifo_watch *watch, void (*changed)(struct fifo_watch *), void *owner);

/* Begins to watch the FIFO at `path`; false: not active. */
bool fifo_watch_add(struct loop *loop, struct fifo_watch *watch, const char *path);
void fifo_watch_remove(struct fifo_watch *watch);

static inline bool fifo_watch_is_active(const struct fifo_watch *watch)
{
    return watch->id >= 0;
}

/* Takes in, for all watches, what has happened up to now. */
void fifo_watch_collect(void);

/* Begins to count anew; `reading` says whether a reader has a part of what is being counted. */
void fifo_watch_forget(struct fifo_watch *watch, bool reading);

/* Nobody is called for the next millisecond: for a reader that takes a line byte by byte, each of
 * which is an event. */
void fifo_watch_pause(void);

#endif
