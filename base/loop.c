/* epoll and a binary heap of timers. An owner may remove any watch from inside a callback, so a
 * removal also clears the watch from the batch that is being delivered.
 *
 * A timer is often a deadline for what a descriptor brings, and a process can be stopped, or get no
 * processor, for longer than the deadline. So a timer fires only if it was due at a poll of which
 * everything has been delivered: what came in time is seen before its lateness is judged. */
#include "base/loop.h"

#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { POLLS_A_ROUND = 16 };

bool loop_init(struct loop *loop, struct error *err)
{
    *loop = (struct loop){.epoll = epoll_create1(EPOLL_CLOEXEC)};
    if (loop->epoll < 0)
        return error_set_errno(err, errno, "cannot make an epoll descriptor");
    return true;
}

void loop_finish(struct loop *loop)
{
    if (loop->epoll >= 0)
        close(loop->epoll);
    free(loop->heap);
    *loop = (struct loop){.epoll = -1};
}

void loop_watch_init(struct loop_watch *watch, void (*ready)(struct loop_watch *, uint32_t),
                     void *owner)
{
    *watch = (struct loop_watch){.fd = -1, .ready = ready, .owner = owner};
}

bool loop_watch_set(struct loop *loop, struct loop_watch *watch, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    assert(watch->fd == -1 || watch->fd == fd);
    /* saying it again changes nothing, but for edges, which begin anew */
    if (watch->fd == fd && watch->events == events && !(events & EPOLLET))
        return true;
    if (epoll_ctl(loop->epoll, watch->fd == -1 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0)
        return false;
    watch->fd = fd;
    watch->events = events;
    return true;
}

void loop_watch_remove(struct loop *loop, struct loop_watch *watch)
{
    if (watch->fd == -1)
        return;
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->fd = -1;
    for (int i = 0; i < loop->batch_count; i++)
        if (loop->batch[i].data.ptr == watch)
            loop->batch[i].data.ptr = NULL;
}

void loop_timer_init(struct loop_timer *timer, void (*fired)(struct loop_timer *), void *owner)
{
    *timer = (struct loop_timer){.fired = fired, .owner = owner};
}

static void heap_put(struct loop *loop, size_t index, struct loop_timer *timer)
{
    loop->heap[index] = timer;
    timer->slot = index + 1;
}

static void heap_rise(struct loop *loop, size_t index)
{
    struct loop_timer *timer = loop->heap[index];
    while (index > 0 && loop->heap[(index - 1) / 2]->due_ns > timer->due_ns) {
        heap_put(loop, index, loop->heap[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    heap_put(loop, index, timer);
}

static void heap_sink(struct loop *loop, size_t index)
{
    struct loop_timer *timer = loop->heap[index];
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= loop->timers)
            break;
        if (child + 1 < loop->timers && loop->heap[child + 1]->due_ns < loop->heap[child]->due_ns)
            child++;
        if (loop->heap[child]->due_ns >= timer->due_ns)
            break;
        heap_put(loop, index, loop->heap[child]);
        index = child;
    }
    heap_put(loop, index, timer);
}

bool loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t due_ns)
{
    loop_timer_remove(loop, timer);
    if (loop->timers == loop->capacity) {
        size_t capacity = loop->capacity ? loop->capacity * 2 : 16;
        struct loop_timer **heap = realloc(loop->heap, capacity * sizeof *heap);
        if (!heap)
            return false;
        loop->heap = heap;
        loop->capacity = capacity;
    }
    timer->due_ns = due_ns;
    loop->heap[loop->timers++] = timer;
    heap_rise(loop, loop->timers - 1);
    return true;
}

void loop_timer_remove(struct loop *loop, struct loop_timer *timer)
{
    if (timer->slot == 0)
        return;
    size_t index = timer->slot - 1;
    timer->slot = 0;
    struct loop_timer *last = loop->heap[--loop->timers];
    if (last == timer)
        return;
    heap_put(loop, index, last);
    heap_rise(loop, index);
    heap_sink(loop, last->slot - 1);
}

static int loop_wait_ms(const struct loop *loop, int wait_ms)
{
    if (loop->timers == 0)
        return wait_ms;
    int64_t left_ns = loop->heap[0]->due_ns - clock_monotonic_ns();
    int64_t left_ms = left_ns <= 0 ? 0 : (left_ns + NS_PER_MS - 1) / NS_PER_MS;
    return wait_ms >= 0 && wait_ms < left_ms ? wait_ms : (left_ms > 60000 ? 60000 : (int)left_ms);
}

static void loop_fire_timers(struct loop *loop, int64_t polled_ns)
{
    while (loop->timers > 0 && loop->heap[0]->due_ns <= polled_ns) {
        struct loop_timer *timer = loop->heap[0];
        loop_timer_remove(loop, timer);
        timer->fired(timer);
    }
}

/* Delivers what is ready within `wait_ms`, and sets when that was looked at. False: there may be
 * more that is ready now. */
static bool loop_poll(struct loop *loop, int wait_ms, int64_t *polled_ns)
{
    int ready = epoll_wait(loop->epoll, loop->batch, LOOP_BATCH, wait_ms);
    *polled_ns = clock_monotonic_ns();
    loop->batch_count = ready < 0 ? 0 : ready;
    for (int i = 0; i < loop->batch_count; i++) {
        struct loop_watch *watch = loop->batch[i].data.ptr;
        if (watch)
            watch->ready(watch, loop->batch[i].events);
    }
    loop->batch_count = 0;
    /* a wait that was interrupted (EINTR) has not looked */
    return ready >= 0 && ready < LOOP_BATCH;
}

void loop_run_once(struct loop *loop, int wait_ms)
{
    int64_t polled_ns;
    bool all = loop_poll(loop, loop_wait_ms(loop, wait_ms), &polled_ns);
    /* bounded: descriptors that are always ready must not hold up the timers for ever */
    for (int polls = 1; !all && polls < POLLS_A_ROUND; polls++)
        all = loop_poll(loop, 0, &polled_ns);
    loop_fire_timers(loop, polled_ns);
}
