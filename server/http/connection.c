/* A connection from accept to close: its stage and the deadline of the stage.
 *
 * Each connection is watched for its whole life with one edge-triggered registration in our own
 * epoll set, beside libmicrohttpd's registration in its set. It shows, at no system call for a
 * request, the first byte of a connection and of a later request, the client's next flight of a
 * handshake, and a client that goes away while its request waits for the runner.
 *
 * No edge is reported if the data was read before anyone asked for events. EPOLLOUT, which is
 * always true and has no edges of its own, makes epoll report that too. */
#include "server/http/private.h"

#include "server/ipc/log_events.h"
#include "server/pipeline/guard.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int64_t ms(int64_t milliseconds)
{
    return milliseconds * NS_PER_MS;
}

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

void connection_progressed(struct connection *connection)
{
    connection->progress++;
    connection->endpoint->http->progress++;
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
        http_accept_place_free(http);
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

/* ---- end ---- */

/* libmicrohttpd closes what was cut with its next run. */
#define CUT_NS NS_PER_S

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
    http_accept_tell(http);
    buffer_finish(&connection->target);
    free(connection);
    http_accept_place_free(http);
}

/* For a descriptor that is ours alone. */
void connection_close(struct connection *connection)
{
    int fd = connection->fd;
    connection_destroy(connection);
    close(fd);
}

void connection_cut(struct connection *connection)
{
    if (!connection->mhd) {
        connection_close(connection);
        return;
    }
    shutdown(connection->fd, SHUT_RDWR);
    connection->is_suspect = false;
    connection_set_stage(connection, STAGE_CUT, clock_monotonic_ns() + CUT_NS);
    connection->endpoint->run_wanted = true;
    if (connection->is_parked)
        connection_resume(connection);
    library_show_end(connection);
}

/* After CUT_NS libmicrohttpd should long have closed it. */
static void cut_is_due(struct connection *connection)
{
    connection_set_stage(connection, STAGE_CUT, clock_monotonic_ns() + CUT_NS);
    library_insist(connection);
}

void connection_give_up_one(struct http *http)
{
    int64_t held_back;
    assert(!TAILQ_EMPTY(&http->evictable));
    if (log_gate_pass(&http->gate, &held_back))
        log_write(LOG_CONNECTIONS_FULL, log_number("connections", http->count),
                  log_number("held_back", held_back));
    connection_cut(TAILQ_FIRST(&http->evictable));
}

/* ---- events ---- */

static bool stage_reads(enum connection_stage stage)
{
    return stage == STAGE_FRESH || stage == STAGE_IDLE || stage == STAGE_HEAD ||
           stage == STAGE_BODY;
}

/* A method begins with a letter, a record of TLS with a small number. */
static bool speaks_plain_http(const struct connection *connection)
{
    uint8_t byte = 0;
    return connection->endpoint->tls &&
           recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1 &&
           ((byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z'));
}

static void fresh_is_ready(struct connection *connection)
{
    if (connection->awaits_proxy && !connection_take_proxy(connection))
        return;
    switch (connection_peek(connection)) {
    case PEEK_NOTHING:
        return;
    case PEEK_DATA:
        if (speaks_plain_http(connection)) {
            http_reply_plain(connection);
            connection_linger_fresh(connection);
        } else {
            connection_hand_over(connection);
        }
        return;
    case PEEK_END: /* a port scan, a health check */
        connection_close(connection);
    }
}

static void head_has_begun(struct connection *connection)
{
    connection->began_ns = clock_monotonic_ns();
    connection_set_stage(connection, STAGE_HEAD,
                         connection->began_ns + ms(limits_of(connection)->header_timeout_ms));
}

/* Between two requests libmicrohttpd moves what it has read to the beginning of its buffer, and
 * zeroes the rest. */
static bool is_in_buffer(const struct connection *connection)
{
    return *connection->buffer_at != 0;
}

/* Bytes have come, and may have been read since: of the request before, or of the next one. */
static void idle_is_ready(struct connection *connection, uint32_t events)
{
    if (is_in_buffer(connection) ||
        (events != EPOLLOUT && connection_peek(connection) == PEEK_DATA))
        head_has_begun(connection);
}

/* Bytes of the next head may have come with the request before or while it was answered, and
 * libmicrohttpd may have taken them before anybody could tell of them: with this run, where they
 * were in its buffer or GnuTLS's, else with the next one. */
void connection_await_next(struct connection *connection)
{
    int64_t now = clock_monotonic_ns();
    connection_set_stage(connection, STAGE_IDLE, now + ms(limits_of(connection)->idle_timeout_ms));
    connection->looks = 2;
    connection_mark_dirty(connection);
}

bool connection_look_for_next(struct connection *connection)
{
    if (connection->stage != STAGE_IDLE)
        connection->looks = 0;
    if (connection->looks == 0)
        return true;
    connection->looks--;
    if (is_in_buffer(connection)) {
        connection->looks = 0;
        head_has_begun(connection);
    }
    return connection->looks == 0;
}

static void connection_ready(struct loop_watch *watch, uint32_t events)
{
    struct connection *connection = watch->owner;
    bool is_gone = events & (EPOLLERR | EPOLLHUP);
    if (events == EPOLLOUT && connection->stage != STAGE_IDLE)
        return;
    connection->has_ended |= (events & EPOLLRDHUP) != 0;
    if (connection->has_ended && stage_reads(connection->stage)) {
        connection_mark_dirty(connection);
        connection->endpoint->run_wanted = true;
    }
    switch (connection->stage) {
    case STAGE_FRESH:
        fresh_is_ready(connection);
        return;
    case STAGE_HANDSHAKE:
        if (connection->is_parked)
            connection_resume(connection);
        return;
    case STAGE_IDLE:
        idle_is_ready(connection, events);
        return;
    case STAGE_HEAD:
    case STAGE_BODY:
        if (connection->is_parked)
            connection_resume(connection);
        return;
    case STAGE_QUEUED:
        if (is_gone) {
            request_forget_answer(connection->request);
            connection_cut(connection);
        }
        return;
    case STAGE_LINGER:
        connection_read_rest(connection);
        return;
    default: /* libmicrohttpd sees it itself */
        return;
    }
}

/* ---- deadlines ---- */

/* A listener that looks at a deadline so late stood still itself. */
#define LATE_NS (100 * NS_PER_MS)
#define MOMENT_NS NS_PER_S

/* Whether it is perhaps not late, and only we are: libmicrohttpd, which runs after the timers, has
 * not read yet what came in time, and the runner may have stood still with us. */
static bool may_be_in_time(const struct connection *connection)
{
    switch (connection->stage) {
    case STAGE_HANDSHAKE:
    case STAGE_HEAD:
    case STAGE_BODY:
        return connection_peek(connection) == PEEK_DATA;
    case STAGE_QUEUED:
    case STAGE_REPLY:
        return true;
    default: /* what these wait for has been looked at already, or is nothing of value */
        return false;
    }
}

/* Each stage gets a moment more, once. */
static bool connection_gets_moment(struct connection *connection)
{
    int64_t now = clock_monotonic_ns();
    if (connection->had_moment || now - connection->timer.due_ns < LATE_NS ||
        !may_be_in_time(connection))
        return false;
    connection->had_moment = true;
    connection->endpoint->run_wanted = true;
    connection_set_stage(connection, connection->stage, now + MOMENT_NS);
    return true;
}

static void body_is_due(struct connection *connection)
{
    const struct http_request *request = connection->request;
    int64_t due_ns = body_deadline_ns(
        request->body_began_ns, ms(limits_of(connection)->body_timeout_ms), request->received);
    if (due_ns > clock_monotonic_ns()) {
        connection_set_stage(connection, STAGE_BODY, due_ns);
        return;
    }
    http_reply_timeout(connection);
    connection_cut(connection);
}

static void connection_is_due(struct loop_timer *timer)
{
    struct connection *connection = timer->owner;
    if (connection_gets_moment(connection))
        return;
    switch (connection->stage) {
    case STAGE_HEAD:
        http_reply_timeout(connection);
        connection_cut(connection);
        return;
    case STAGE_BODY:
        body_is_due(connection);
        return;
    case STAGE_QUEUED:
        request_give_up(connection->request, REPLY_JOURNAL, "the runner did not answer in time");
        return;
    case STAGE_CUT:
        cut_is_due(connection);
        return;
    case STAGE_IDLE:
        /* a request that has just come is not answered with a reset */
        if (connection_peek(connection) == PEEK_DATA)
            head_has_begun(connection);
        else
            connection_cut(connection);
        return;
    default:
        if (connection->awaits_proxy)
            http_proxy_late(connection);
        connection_cut(connection);
    }
}

/* ---- beginning ---- */

bool connection_create(struct http_endpoint *endpoint, int fd, const struct client_address *client)
{
    struct http *http = endpoint->http;
    struct connection *connection = calloc(1, sizeof *connection);
    int64_t now = clock_monotonic_ns();
    if (!connection || !http_make_room_for_fd(http, fd)) {
        free(connection);
        close(fd);
        return false;
    }
    *connection = (struct connection){.endpoint = endpoint,
                                      .fd = fd,
                                      .client = *client,
                                      .began_ns = now,
                                      .awaits_proxy = endpoint->socket->proxy_protocol};
    buffer_init(&connection->target, GUARD_TARGET_MAX + 1);
    loop_watch_init(&connection->watch, connection_ready, connection);
    loop_timer_init(&connection->timer, connection_is_due, connection);
    TAILQ_INSERT_TAIL(&http->connections, connection, all);
    http->count++;
    if (http->crowd < http->count)
        http->crowd = http->count;
    http_accept_tell(http);
    update_evictable(connection);
    if (!loop_timer_set(http->loop, &connection->timer,
                        now + ms(http->process->settings->server.header_timeout_ms)) ||
        !loop_watch_set(http->loop, &connection->watch, fd,
                        EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)) {
        connection_close(connection);
        return false;
    }
    return true;
}
