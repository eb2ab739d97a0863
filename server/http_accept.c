/* From the listening sockets to connections. All listeners of all generations accept from the same
 * sockets; who comes first has the connection, the others find nothing and sleep on.
 *
 * A listener that is full gives up the connection that has been unused for longest; if all are in
 * use it stops looking, and new ones wait in the kernel's queue (or go to another listener). */
#include "server/http_parts.h"

#include "base/log.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPTS_A_ROUND = 16 };
/* How long to leave it when the system has no descriptor or memory left. */
#define ACCEPT_PAUSE_NS (100 * NS_PER_MS)

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
        log_write(LOG_ERROR, "accept_failed", log_text("reason", strerror(reason)),
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
static bool accept_one(struct http_door *door)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof address;
    int fd = accept4(door->socket->fd, (struct sockaddr *)&address, &length,
                     SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        struct client_address client = client_of(&address);
        if (!client.local)
            disable_nagle(fd);
        if (!connection_create(door, fd, &client))
            accept_failed(door->http, ENOMEM);
        return true;
    }
    /* another listener was faster, or the client has left already; errors of its network are
     * passed on by accept(2) and are no reason to pause */
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        accept_failed(door->http, errno);
    return errno == EINTR || errno == ECONNABORTED;
}

static void accept_ready(struct loop_watch *watch, uint32_t events)
{
    struct http_door *door = watch->owner;
    struct http *http = door->http;
    (void)events;
    for (int i = 0; i < ACCEPTS_A_ROUND && watch->fd >= 0; i++) {
        if (http->count >= http->limit && !connection_give_up_one(http)) {
            http->is_full = true;
            http_accept_update(http);
            return;
        }
        if (!accept_one(door))
            return;
    }
}

void http_accept_last(struct http *http)
{
    for (size_t i = 0; i < http->door_count; i++) {
        struct http_door *door = &http->doors[i];
        loop_watch_remove(http->loop, &door->listen_watch);
        while (http->is_accepting && http->count < http->limit && accept_one(door))
            continue;
        close(door->socket->fd);
    }
    http->is_accepting = false;
}

static void accept_pause_over(struct loop_timer *timer)
{
    http_accept_update(timer->owner);
}

void http_accept_init(struct http *http)
{
    loop_timer_init(&http->accept_timer, accept_pause_over, http);
}

void http_accept_update(struct http *http)
{
    bool wanted = http->is_accepting && !http->is_full && http->accept_timer.slot == 0;
    for (size_t i = 0; i < http->door_count; i++) {
        struct http_door *door = &http->doors[i];
        door->listen_watch.ready = accept_ready;
        if (!wanted)
            loop_watch_remove(http->loop, &door->listen_watch);
        else if (door->listen_watch.fd < 0)
            loop_watch_set(http->loop, &door->listen_watch, door->socket->fd, EPOLLIN);
    }
}
