/* From the listening sockets to connections. All listeners of all generations accept from the same
 * sockets; the fastest gets the connection, the others find nothing and sleep on.
 *
 * A full listener leaves new connections to listeners that are not full. If all are full, it closes
 * the connection that has been unused for longest, after it has accepted the new one: a look into
 * the kernel's queue first would close one for a client that another listener is about to accept.
 * If all connections are in use it stops accepting, and new ones wait in the queue. */
#include "server/http/private.h"

#include "server/ipc/log_events.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPTS_A_ROUND = 16 };
/* How long to leave it when the system has no descriptor or memory left. */
#define ACCEPT_PAUSE_NS (100 * NS_PER_MS)
/* How long a full listener looks away, so that others that are not full take who waits; and for how
 * long it does so if they take nobody, because they hang. Between two newcomers is more than GAP.
 */
#define LEAVE_NS (20 * NS_PER_MS)
#define LEAVE_MOST_NS (500 * NS_PER_MS)
#define LEAVE_GAP_NS (250 * NS_PER_MS)

static struct client_address client_of(const struct sockaddr_storage *address)
{
    struct client_address client = {.local = true};
    if (address->ss_family == AF_INET6) {
        memcpy(client.address, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
        client.local = false;
    } else if (address->ss_family == AF_INET) {
        memset(client.address + 10, 0xff, 2);
        memcpy(client.address + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
        client.local = false;
    }
    return client;
}

static void accept_failed(struct http *http, int reason)
{
    int64_t held_back;
    if (log_gate_pass(&http->gate, &held_back))
        log_write(LOG_ACCEPT_FAILED, log_text("reason", strerror(reason)),
                  log_number("held_back", held_back));
    if (loop_timer_set(http->loop, &http->accept_timer, clock_monotonic_ns() + ACCEPT_PAUSE_NS))
        http_accept_update(http);
}

/* The server's flight of a handshake is several small writes: Nagle's algorithm would hold back all
 * but the first for a round trip. libmicrohttpd does this too late, at the first answer. */
static void disable_nagle(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* False: nothing more to accept for now. */
static bool accept_one(struct http_endpoint *endpoint)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof address;
    int fd = accept4(endpoint->socket->fd, (struct sockaddr *)&address, &length,
                     SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        const struct process *process = endpoint->http->process;
        struct client_address client = client_of(&address);
        atomic_fetch_add_explicit(&process->shared->slots[process->slot].accepted, 1,
                                  memory_order_relaxed);
        if (!client.local)
            disable_nagle(fd);
        if (endpoint->socket->proxy_protocol && !http_proxy_admits(endpoint, &client))
            close(fd);
        else if (!connection_create(endpoint, fd, &client))
            accept_failed(endpoint->http, ENOMEM);
        else if (endpoint->http->count > endpoint->http->limit)
            connection_give_up_one(endpoint->http);
        return true;
    }
    /* another listener was faster, or the client has left already; errors of its network are
     * passed on by accept(2) and are no reason to pause */
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        accept_failed(endpoint->http, errno);
    return errno == EINTR || errno == ECONNABORTED;
}

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

static void accept_ready(struct loop_watch *watch, uint32_t events)
{
    struct http_endpoint *endpoint = watch->owner;
    struct http *http = endpoint->http;
    (void)events;
    for (int i = 0; i < ACCEPTS_A_ROUND && watch->fd >= 0; i++) {
        http->is_full = !has_place(http);
        if (http->is_full || (http->count == http->limit && leave_to_others(http))) {
            http_accept_update(http);
            return;
        }
        if (!accept_one(endpoint))
            return;
    }
}

void http_accept_place_free(struct http *http)
{
    bool is_awaited =
        http->is_full ? has_place(http) : http->leave_timer.slot && http->count < http->limit;
    if (!is_awaited)
        return;
    http->is_full = false;
    loop_timer_remove(http->loop, &http->leave_timer);
    http_accept_update(http);
}

void http_accept_last(struct http *http)
{
    for (size_t i = 0; i < http->endpoint_count; i++) {
        struct http_endpoint *endpoint = &http->endpoints[i];
        loop_watch_remove(http->loop, &endpoint->listen_watch);
        while (http->is_accepting && http->count < http->limit && accept_one(endpoint))
            continue;
        close(endpoint->socket->fd);
    }
    http->is_accepting = false;
    http_accept_tell(http);
}

static void accept_pause_over(struct loop_timer *timer)
{
    http_accept_update(timer->owner);
}

void http_accept_init(struct http *http)
{
    loop_timer_init(&http->accept_timer, accept_pause_over, http);
    loop_timer_init(&http->leave_timer, accept_pause_over, http);
}

void http_accept_tell(struct http *http)
{
    struct shared_slot *slot = &http->process->shared->slots[http->process->slot];
    bool is_open = http->is_accepting && http->accept_timer.slot == 0;
    atomic_store_explicit(&slot->connections, http->count, memory_order_relaxed);
    atomic_store_explicit(&slot->places, is_open ? http->limit : 0, memory_order_relaxed);
}

void http_accept_update(struct http *http)
{
    bool wanted = http->is_accepting && !http->is_full && http->accept_timer.slot == 0 &&
                  http->leave_timer.slot == 0;
    int failed = 0;
    http_accept_tell(http);
    for (size_t i = 0; i < http->endpoint_count; i++) {
        struct http_endpoint *endpoint = &http->endpoints[i];
        endpoint->listen_watch.ready = accept_ready;
        if (!wanted)
            loop_watch_remove(http->loop, &endpoint->listen_watch);
        else if (endpoint->listen_watch.fd < 0 &&
                 !loop_watch_set(http->loop, &endpoint->listen_watch, endpoint->socket->fd,
                                 EPOLLIN))
            failed = errno;
    }
    if (failed)
        accept_failed(http, failed); /* which tries again after a pause */
}
