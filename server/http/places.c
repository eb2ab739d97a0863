/* How many connections this listener has, how many it may have, and so whether it accepts.
 *
 * A full listener leaves new connections to listeners that are not full, which see its count in the
 * shared region. If all are full, it closes the connection that has been unused for longest, after
 * it has accepted the new one (accept.c): a look into the kernel's queue first would close one for
 * a client that another listener is about to accept. If all connections are in use it stops
 * accepting, and new ones wait in the queue. */
#include "server/http/private.h"

#include "server/ipc/log_events.h"

#include <errno.h>

/* How long to leave it when the system has no descriptor or memory left. */
#define ACCEPT_PAUSE_NS (100 * NS_PER_MS)
/* How long a full listener looks away, so that others that are not full take who waits; and for how
 * long it does so if they take nobody, because they hang. Between two newcomers is more than GAP.
 */
#define LEAVE_NS (20 * NS_PER_MS)
#define LEAVE_MOST_NS (500 * NS_PER_MS)
#define LEAVE_GAP_NS (250 * NS_PER_MS)

static bool has_place(const struct http *http)
{
    /* one more than the limit is one that was cut and has not gone yet */
    return http->count < http->limit ||
           (http->count == http->limit && !TAILQ_EMPTY(&http->evictable));
}

/* Whether another listener is to accept the clients that wait now. */
static bool leave_to_others(struct http *http)
{
    const struct process *process = http->process;
    int64_t now = clock_monotonic_ns();
    if (!shared_has_place_elsewhere(process->shared, process->slot))
        return false;
    uint32_t accepted = shared_accepted_elsewhere(process->shared, process->slot);
    if (accepted != http->left_accepted || now - http->left_last_ns > LEAVE_GAP_NS) {
        http->left_accepted = accepted;
        http->left_since_ns = now;
    }
    http->left_last_ns = now;
    return now - http->left_since_ns < LEAVE_MOST_NS &&
           loop_timer_set(http->loop, &http->leave_timer, now + LEAVE_NS);
}

bool places_may_accept(struct http *http)
{
    http->is_full = !has_place(http);
    if (!http->is_full && !(http->count == http->limit && leave_to_others(http)))
        return true;
    places_update(http);
    return false;
}

void places_freed(struct http *http)
{
    bool is_awaited =
        http->is_full ? has_place(http) : http->leave_timer.slot && http->count < http->limit;
    if (!is_awaited)
        return;
    http->is_full = false;
    loop_timer_remove(http->loop, &http->leave_timer);
    places_update(http);
}

void places_tell(struct http *http)
{
    struct shared_slot *slot = &http->process->shared->slots[http->process->slot];
    bool is_open = http->is_accepting && http->accept_timer.slot == 0;
    atomic_store_explicit(&slot->connections, http->count, memory_order_relaxed);
    atomic_store_explicit(&slot->places, is_open ? http->limit : 0, memory_order_relaxed);
}

void places_pause(struct http *http, int reason)
{
    int64_t held_back;
    if (log_gate_pass(&http->gate, &held_back))
        log_write(LOG_ACCEPT_FAILED, log_text("reason", strerror(reason)),
                  log_number("held_back", held_back));
    if (loop_timer_set(http->loop, &http->accept_timer, clock_monotonic_ns() + ACCEPT_PAUSE_NS))
        places_update(http);
}

void places_update(struct http *http)
{
    bool wanted = http->is_accepting && !http->is_full && http->accept_timer.slot == 0 &&
                  http->leave_timer.slot == 0;
    int failed = 0;
    places_tell(http);
    for (size_t i = 0; i < http->endpoint_count; i++) {
        struct http_endpoint *endpoint = &http->endpoints[i];
        if (!wanted)
            loop_watch_remove(http->loop, &endpoint->listen_watch);
        else if (endpoint->listen_watch.fd < 0 &&
                 !loop_watch_set(http->loop, &endpoint->listen_watch, endpoint->socket->fd,
                                 EPOLLIN))
            failed = errno;
    }
    if (failed)
        places_pause(http, failed); /* which tries again after a while */
}

static void pause_is_over(struct loop_timer *timer)
{
    places_update(timer->owner);
}

void places_init(struct http *http)
{
    loop_timer_init(&http->accept_timer, pause_is_over, http);
    loop_timer_init(&http->leave_timer, pause_is_over, http);
}
