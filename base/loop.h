/* The event loop of each process: descriptors and timers, one thread, no locks.
 * Watches and timers are embedded in their owner, who keeps them alive until they are removed. */
#ifndef TENTERHOOK_BASE_LOOP_H
#define TENTERHOOK_BASE_LOOP_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

enum { LOOP_BATCH = 64 };

struct loop_watch {
    int fd;          /* -1: not watched */
    uint32_t events; /* that it is watched for */
    /* `events` are the EPOLL* bits that are ready. May remove this or any other watch. */
    void (*ready)(struct loop_watch *watch, uint32_t events);
    void *owner;
};

struct loop_timer {
    int64_t due_ns;                          /* monotonic */
    size_t slot;                             /* place in the heap + 1; 0: not set */
    void (*fired)(struct loop_timer *timer); /* already removed when called; may be set again */
    void *owner;
};

struct loop {
    int epoll;
    struct loop_timer **heap; /* earliest first */
    size_t timers, capacity;
    struct epoll_event batch[LOOP_BATCH];
    int batch_count;
};

bool loop_init(struct loop *loop, struct error *err);
void loop_finish(struct loop *loop);

/* Fills in a watch that is not watched yet. */
void loop_watch_init(struct loop_watch *watch, void (*ready)(struct loop_watch *, uint32_t),
                     void *owner);

/* Watches `fd` for `events` (EPOLLIN, EPOLLOUT, EPOLLET …), or changes what it is watched for.
 * The descriptor stays the caller's. */
bool loop_watch_set(struct loop *loop, struct loop_watch *watch, int fd, uint32_t events);

/* Stops watching; nothing more is delivered, not even from the batch under way. Call before the
 * descriptor is closed. Harmless if it is not watched. */
void loop_watch_remove(struct loop *loop, struct loop_watch *watch);

void loop_timer_init(struct loop_timer *timer, void (*fired)(struct loop_timer *), void *owner);

/* Sets or moves the timer; false without memory. */
bool loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t due_ns);
void loop_timer_remove(struct loop *loop, struct loop_timer *timer);

/* Waits for at most `wait_ms` (-1: until something happens), delivers what is ready, then the
 * timers that were due when that was looked at. */
void loop_run_once(struct loop *loop, int wait_ms);

#endif
