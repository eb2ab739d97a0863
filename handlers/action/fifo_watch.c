/* One inotify descriptor for all FIFOs, because a user has only 128 of them. It lives as long as
 * there is a watch. */
#include "handlers/action/fifo_watch.h"

#include "base/clock.h"

#include <limits.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

static struct {
    struct loop *loop;
    struct fifo_watch *first;
    struct loop_watch ready;
    struct loop_timer pause;
    int fd; /* valid while there is a loop */
} hub;

static void fifo_watch_note(struct fifo_watch *watch, uint32_t mask)
{
    if (mask & IN_ACCESS)
        watch->reading = true;
    if (mask & IN_CLOSE) {
        watch->left += watch->reading;
        watch->left_unread += !watch->reading;
        watch->reading = false;
        watch->unsure = (mask & IN_CLOSE_WRITE) != 0;
    }
    if (mask & IN_Q_OVERFLOW) { /* anything may have happened */
        watch->left += 2;
        watch->left_unread++;
        watch->unsure = true;
    }
    watch->changed(watch);
}

static void hub_deliver(const struct inotify_event *event)
{
    /* A queue that ran over concerns all. */
    for (struct fifo_watch *watch = hub.first; watch; watch = watch->next)
        if (watch->id == event->wd || (event->mask & IN_Q_OVERFLOW))
            fifo_watch_note(watch, event->mask);
}

void fifo_watch_collect(void)
{
    _Alignas(struct inotify_event) char events[64 * sizeof(struct inotify_event)];
    ssize_t length;
    if (!hub.loop)
        return;
    while ((length = read(hub.fd, events, sizeof events)) > 0) {
        for (ssize_t at = 0; at < length;) {
            const struct inotify_event *event = (const struct inotify_event *)(events + at);
            hub_deliver(event);
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
}

static void hub_ready(struct loop_watch *watch, uint32_t events)
{
    (void)watch;
    (void)events;
    fifo_watch_collect();
}

static void hub_pause_over(struct loop_timer *timer)
{
    (void)timer;
    loop_watch_set(hub.loop, &hub.ready, hub.fd, EPOLLIN);
}

static bool hub_open(struct loop *loop)
{
    if (hub.loop)
        return hub.loop == loop;
    hub.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (hub.fd < 0)
        return false;
    loop_watch_init(&hub.ready, hub_ready, NULL);
    loop_timer_init(&hub.pause, hub_pause_over, NULL);
    if (!loop_watch_set(loop, &hub.ready, hub.fd, EPOLLIN)) {
        close(hub.fd);
        return false;
    }
    hub.loop = loop;
    return true;
}

static void hub_close_if_unused(void)
{
    if (!hub.loop || hub.first)
        return;
    loop_watch_remove(hub.loop, &hub.ready);
    loop_timer_remove(hub.loop, &hub.pause);
    close(hub.fd);
    hub.loop = NULL;
}

void fifo_watch_init(struct fifo_watch *watch, void (*changed)(struct fifo_watch *), void *owner)
{
    *watch = (struct fifo_watch){.id = -1, .changed = changed, .owner = owner};
}

bool fifo_watch_add(struct loop *loop, struct fifo_watch *watch, int fd)
{
    char path[32];
    if (fifo_watch_is_active(watch))
        return true;
    if (!hub_open(loop))
        return false;
    /* Not through its own path, which may lead to another FIFO by now: that one would be silent. */
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    watch->id = inotify_add_watch(hub.fd, path, IN_ACCESS | IN_OPEN | IN_CLOSE | IN_ATTRIB);
    if (watch->id >= 0) {
        watch->next = hub.first;
        hub.first = watch;
    }
    hub_close_if_unused();
    return watch->id >= 0;
}

void fifo_watch_remove(struct fifo_watch *watch)
{
    if (!fifo_watch_is_active(watch))
        return;
    inotify_rm_watch(hub.fd, watch->id);
    watch->id = -1;
    for (struct fifo_watch **link = &hub.first; *link; link = &(*link)->next) {
        if (*link == watch) {
            *link = watch->next;
            break;
        }
    }
    hub_close_if_unused();
}

void fifo_watch_forget(struct fifo_watch *watch, bool reading)
{
    watch->reading = reading;
    watch->left = watch->left_unread = 0;
    watch->unsure = false;
}

void fifo_watch_pause(void)
{
    if (!hub.loop || hub.pause.slot != 0)
        return;
    if (loop_timer_set(hub.loop, &hub.pause, clock_monotonic_ns() + NS_PER_MS))
        loop_watch_remove(hub.loop, &hub.ready);
}
