/* A connection from accept to close: its stage with the deadline of the stage, and the lists that
 * it is in. stages.c has what leads from one stage to the next. */
#include "server/http/private.h"

#include "server/pipeline/guard.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct server_settings *limits_of(const struct connection *connection)
{
    return &connection->endpoint->http->process->settings->server;
}

/* ---- what the socket holds ---- */

enum peeked connection_peek(const struct connection *connection)
{
    uint8_t byte;
    ssize_t got;
    do {
        got = recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got > 0)
        return PEEK_DATA;
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? PEEK_NOTHING : PEEK_END;
}

/* ---- lists ---- */

static bool stage_is_evictable(enum connection_stage stage)
{
    return stage == STAGE_FRESH || stage == STAGE_HANDSHAKE || stage == STAGE_IDLE ||
           stage == STAGE_LINGER;
}

static void update_evictable(struct connection *connection)
{
    struct http *http = connection->endpoint->http;
    bool is_evictable = stage_is_evictable(connection->stage);
    if (connection->is_evictable)
        TAILQ_REMOVE(&http->evictable, connection, evictable);
    if (is_evictable)
        TAILQ_INSERT_TAIL(&http->evictable, connection, evictable);
    connection->is_evictable = is_evictable;
    if (is_evictable)
        places_freed(http);
}

void connection_mark_dirty(struct connection *connection)
{
    if (connection->is_dirty)
        return;
    connection->is_dirty = true;
    TAILQ_INSERT_TAIL(&connection->endpoint->dirty, connection, dirty);
}

void connection_clean(struct connection *connection)
{
    if (!connection->is_dirty)
        return;
    connection->is_dirty = false;
    TAILQ_REMOVE(&connection->endpoint->dirty, connection, dirty);
}

/* ---- stages ---- */

void connection_set_stage(struct connection *connection, enum connection_stage stage,
                          int64_t due_ns)
{
    bool moved = connection->stage != stage;
    connection->stage = stage;
    if (moved) {
        connection->had_moment = false;
        update_evictable(connection);
    }
    if (!loop_timer_set(connection->endpoint->http->loop, &connection->timer, due_ns))
        shutdown(connection->fd, SHUT_RDWR); /* no memory for its deadline: it has to end now */
}

void connection_begin_head(struct connection *connection)
{
    connection->began_ns = clock_monotonic_ns();
    connection_set_stage(connection, STAGE_HEAD,
                         connection->began_ns +
                             limits_of(connection)->header_timeout_ms * NS_PER_MS);
}

/* Bytes of the next head may have come with the request before or while it was answered, and
 * libmicrohttpd may have taken them before anybody could tell of them: with this run, where they
 * were in its buffer or GnuTLS's, else with the next one. */
void connection_await_next(struct connection *connection)
{
    int64_t now = clock_monotonic_ns();
    connection_set_stage(connection, STAGE_IDLE,
                         now + limits_of(connection)->idle_timeout_ms * NS_PER_MS);
    connection->looks = 2;
    connection_mark_dirty(connection);
}

/* ---- life ---- */

/* libmicrohttpd names a new connection by its descriptor. The room for it is made here, where it
 * may fail. */
static bool make_room_for_fd(struct http *http, int fd)
{
    size_t wanted = (size_t)fd + 1;
    if (wanted <= http->by_fd_size)
        return true;
    wanted = wanted < 64 ? 64 : wanted * 2;
    struct connection **by_fd = realloc(http->by_fd, wanted * sizeof *by_fd);
    if (!by_fd)
        return false;
    memset(by_fd + http->by_fd_size, 0, (wanted - http->by_fd_size) * sizeof *by_fd);
    http->by_fd = by_fd;
    http->by_fd_size = wanted;
    return true;
}

struct connection *connection_create(struct http_endpoint *endpoint, int fd,
                                     const struct client_address *client)
{
    struct http *http = endpoint->http;
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection || !make_room_for_fd(http, fd)) {
        free(connection);
        close(fd);
        return NULL;
    }
    *connection = (struct connection){.endpoint = endpoint,
                                      .fd = fd,
                                      .client = *client,
                                      .began_ns = clock_monotonic_ns(),
                                      .awaits_proxy = endpoint->socket->proxy_protocol};
    buffer_init(&connection->target, GUARD_TARGET_MAX + 1);
    TAILQ_INSERT_TAIL(&http->connections, connection, all);
    http->count++;
    if (http->crowd < http->count)
        http->crowd = http->count;
    places_tell(http);
    update_evictable(connection);
    return connection;
}

void connection_destroy(struct connection *connection)
{
    struct http *http = connection->endpoint->http;
    loop_watch_remove(http->loop, &connection->watch);
    loop_timer_remove(http->loop, &connection->timer);
    connection_clean(connection);
    if (connection->is_evictable)
        TAILQ_REMOVE(&http->evictable, connection, evictable);
    TAILQ_REMOVE(&http->connections, connection, all);
    assert(http->count > 0);
    http->count--;
    places_tell(http);
    buffer_finish(&connection->target);
    free(connection);
    places_freed(http);
}

/* For a descriptor that is ours alone. */
void connection_close(struct connection *connection)
{
    int fd = connection->fd;
    connection_destroy(connection);
    close(fd);
}
