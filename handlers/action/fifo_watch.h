/* Who reads a FIFO, as inotify tells it: the order of reads and closings, which no system call on
 * the write end shows. One inotify descriptor for the process, shared by all watches. Without
 * inotify, or where we may not read the FIFO, `active` stays false and nothing is known. */
#ifndef TENTERHOOK_HANDLERS_ACTION_FIFO_WATCH_H
#define TENTERHOOK_HANDLERS_ACTION_FIFO_WATCH_H

#include "base/loop.h"

/* Embedded in its owner, who keeps it alive until fifo_watch_remove. */
struct fifo_watch {
    struct fifo_watch *next;
    int id; /* of inotify; -1: not active */
    /* Since the last fifo_watch_forget: */
    unsigned left;        /* readers that have read something and have closed */
    unsigned left_unread; /* those that have closed and had read nothing */
    bool reading;         /* the one after them has read something */
    bool unsure; /* the last to close may have been a writer, and the reader is still there */
    void (*changed)(struct fifo_watch *watch); /* called while events are collected */
    void *owner;
};

void fifo_watch_init(struct fifo_watch *watch, void (*changed)(struct fifo_watch *), void *owner);

/* Begins to watch the FIFO that is open as `fd`; false: not active. */
bool fifo_watch_add(struct loop *loop, struct fifo_watch *watch, int fd);
void fifo_watch_remove(struct fifo_watch *watch);

static inline bool fifo_watch_is_active(const struct fifo_watch *watch)
{
    return watch->id >= 0;
}

static inline bool fifo_watch_saw_closing(const struct fifo_watch *watch)
{
    return watch->left + watch->left_unread > 0;
}

/* Takes in, for all watches, what has happened up to now. */
void fifo_watch_collect(void);

/* Begins to count anew; `reading` says whether a reader has a part of what is being counted. */
void fifo_watch_forget(struct fifo_watch *watch, bool reading);

/* Nobody is called for the next millisecond: for a reader that takes a line byte by byte, each of
 * which is an event. */
void fifo_watch_pause(void);

#endif
