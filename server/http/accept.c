/* From the listening sockets to connections. All listeners of all generations accept from the same
 * sockets; the fastest gets the connection, the others find nothing and sleep on. Whether this one
 * may accept is decided in places.c. */
#include "server/http/private.h"

#include "server/ipc/log_events.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPTS_A_ROUND = 16 };

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

/* The server's flight of a handshake is several small writes: Nagle's algorithm would hold back all
 * but the first for a round trip. libmicrohttpd does this too late, at the first answer. */
static void disable_nagle(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Cuts the connection that has been unused for longest, of those that can be given up; there is
 * one.
 */
static void give_up_one(struct http *http)
{
    int64_t held_back;
    if (log_gate_pass(&http->gate, &held_back))
        log_write(LOG_CONNECTIONS_FULL, log_number("connections", http->count),
                  log_number("held_back", held_back));
    assert(!TAILQ_EMPTY(&http->evictable));
    connection_cut(TAILQ_FIRST(&http->evictable));
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
        else if (!connection_begin(endpoint, fd, &client))
            places_pause(endpoint->http, ENOMEM);
        else if (endpoint->http->count > endpoint->http->limit)
            give_up_one(endpoint->http);
        return true;
    }
    /* another listener was faster, or the client has left already; errors of its network are
     * passed on by accept(2) and are no reason to pause */
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        places_pause(endpoint->http, errno);
    return errno == EINTR || errno == ECONNABORTED;
}

void http_accept_ready(struct loop_watch *watch, uint32_t events)
{
    struct http_endpoint *endpoint = watch->owner;
    (void)events;
    for (int i = 0; i < ACCEPTS_A_ROUND && watch->fd >= 0; i++)
        if (!places_may_accept(endpoint->http) || !accept_one(endpoint))
            return;
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
    places_tell(http);
}
