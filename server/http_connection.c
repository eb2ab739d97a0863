/* A connection from accept to close: its stage, the deadline of the stage, and whether
 * libmicrohttpd may work on it.
 *
 * Each connection is watched for its whole life with one edge-triggered registration in our own
 * epoll set, beside the one that libmicrohttpd has in its. That is how we know of the first byte of
 * a connection and of a later request, of the client's next flight of a handshake, and of a client
 * that goes away while its request waits for the runner, at no system call a request.
 *
 * Parking. During a handshake libmicrohttpd 0.9.75 keeps a connection in its list of ready ones
 * also while it waits for the client: half a ClientHello would burn a core. A request that waits
 * for the runner would do the same. So after each run every connection that can only wait is
 * suspended (door_settle) and resumed when there is something to do. A queued request is suspended
 * here and not in the handler, because only a connection that libmicrohttpd has left as "blocked"
 * is not read from when it resumes: a client that has closed its sending half still gets its
 * answer. */
#include "server/http_parts.h"

#include "server/guard.h"

#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_NS (2 * NS_PER_S)
enum { LINGER_MOST = 1024 * 1024 /* bytes thrown away for one answer */ };

static int64_t ms(int64_t milliseconds)
{
    return milliseconds * NS_PER_MS;
}

static const struct server_settings *limits_of(const struct connection *connection)
{
    return &connection->door->http->process->settings->server;
}

/* ---- what the socket holds ---- */

enum peeked { PEEK_NOTHING, PEEK_DATA, PEEK_END };

static enum peeked connection_peek(const struct connection *connection)
{
    char byte;
    ssize_t got;
    do {
        got = recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got > 0)
        return PEEK_DATA;
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? PEEK_NOTHING : PEEK_END;
}

/* ---- lists ---- */

static bool stage_is_spare(enum stage stage)
{
    return stage == STAGE_FRESH || stage == STAGE_HANDSHAKE || stage == STAGE_IDLE ||
           stage == STAGE_LINGER;
}

static void update_spare(struct connection *connection)
{
    struct http *http = connection->door->http;
    bool is_spare = stage_is_spare(connection->stage);
    if (connection->is_spare)
        TAILQ_REMOVE(&http->spare, connection, spare);
    if (is_spare)
        TAILQ_INSERT_TAIL(&http->spare, connection, spare);
    connection->is_spare = is_spare;
}

void connection_unsettle(struct connection *connection)
{
    if (connection->is_unsettled)
        return;
    connection->is_unsettled = true;
    TAILQ_INSERT_TAIL(&connection->door->unsettled, connection, unsettled);
}

static void connection_settled(struct connection *connection)
{
    if (!connection->is_unsettled)
        return;
    connection->is_unsettled = false;
    TAILQ_REMOVE(&connection->door->unsettled, connection, unsettled);
}

void connection_set_stage(struct connection *connection, enum stage stage, int64_t due_ns)
{
    bool moved = connection->stage != stage;
    connection->stage = stage;
    if (moved)
        update_spare(connection);
    if (!loop_timer_set(connection->door->http->loop, &connection->timer, due_ns))
        shutdown(connection->fd, SHUT_RDWR); /* no memory for its deadline: it has to end now */
}

/* ---- end ---- */

static void connection_destroy(struct connection *connection)
{
    struct http *http = connection->door->http;
    loop_watch_remove(http->loop, &connection->watch);
    loop_timer_remove(http->loop, &connection->timer);
    connection_settled(connection);
    if (connection->is_spare)
        TAILQ_REMOVE(&http->spare, connection, spare);
    TAILQ_REMOVE(&http->connections, connection, all);
    http->count--;
    atomic_store_explicit(&http->process->shared->slots[http->process->slot].connections,
                          http->count, memory_order_relaxed);
    buffer_finish(&connection->target);
    free(connection);
    if (http->is_full && http->count < http->limit) {
        http->is_full = false;
        http_accept_update(http);
    }
}

/* For a descriptor that is ours alone. */
static void connection_close(struct connection *connection)
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
    connection->stage = STAGE_CUT;
    update_spare(connection);
    loop_timer_remove(connection->door->http->loop, &connection->timer);
    connection->door->run_wanted = true;
    if (connection->is_parked)
        connection_resume(connection);
}

bool connection_give_up_one(struct http *http)
{
    struct connection *connection = TAILQ_FIRST(&http->spare);
    int64_t held_back;
    if (!connection)
        return false;
    if (log_gate_pass(&http->gate, &held_back))
        log_write(LOG_WARNING, "connections_full", log_number("connections", http->count),
                  log_number("held_back", held_back));
    bool is_ours = !connection->mhd;
    connection_cut(connection);
    return is_ours; /* else its place is free only after the next run */
}

/* ---- lingering ---- */

/* Bytes that nobody has read make close(2) send a reset, and a reset takes the answer away from a
 * client that is still sending. */
static bool connection_should_linger(const struct connection *connection)
{
    int unread = 0;
    if (!connection->must_linger || connection->stage == STAGE_CUT)
        return false;
    ioctl(connection->fd, FIONREAD, &unread);
    return unread > 0 || connection_peek(connection) != PEEK_END;
}

static void linger_read(struct connection *connection)
{
    char bytes[16 * 1024];
    ssize_t got;
    while ((got = recv(connection->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        connection->lingered += (size_t)got;
        if (connection->lingered > LINGER_MOST)
            break;
    }
    if (got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
        connection_close(connection);
}

/* libmicrohttpd is about to close the descriptor: we go on with a copy of it. */
static bool connection_linger(struct connection *connection)
{
    struct http *http = connection->door->http;
    int fd = fcntl(connection->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return false;
    loop_watch_remove(http->loop, &connection->watch);
    connection->fd = fd;
    shutdown(fd, SHUT_WR);
    connection_set_stage(connection, STAGE_LINGER, clock_monotonic_ns() + LINGER_NS);
    return loop_watch_set(http->loop, &connection->watch, fd, EPOLLIN | EPOLLRDHUP | EPOLLET);
}

/* ---- with libmicrohttpd ---- */

struct connection *connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info->socket_context;
}

static struct connection *find_by_fd(struct http *http, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    return http->by_fd[info->connect_fd];
}

static void connection_adopted(struct connection *connection, struct MHD_Connection *mhd)
{
    connection->mhd = mhd;
    if (!connection->door->tls) {
        connection_set_stage(connection, STAGE_HEAD, connection->timer.due_ns);
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    tls_session_begin(&connection->tls, info->tls_session, connection->door->tls);
    connection_set_stage(connection, STAGE_HANDSHAKE, connection->timer.due_ns);
    connection_unsettle(connection);
}

static void connection_released(struct connection *connection)
{
    connection->door->http->by_fd[connection->fd] = NULL;
    connection->mhd = NULL;
    connection->is_parked = false;
    connection_settled(connection);
    if (connection->stage == STAGE_HEAD) /* answered by libmicrohttpd, or left by the client */
        connection->must_linger = true;
    if (!connection_should_linger(connection) || !connection_linger(connection))
        connection_destroy(connection);
}

void connection_notify(void *cls, struct MHD_Connection *mhd, void **context,
                       enum MHD_ConnectionNotificationCode code)
{
    struct http *http = cls;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        struct connection *connection = find_by_fd(http, mhd);
        *context = connection;
        connection_adopted(connection, mhd);
    } else {
        http->progress++;
        connection_released(*context);
    }
}

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

/* The first byte is there. libmicrohttpd gets a made-up address: it has no use for the real one. */
static void connection_hand_over(struct connection *connection)
{
    struct http_door *door = connection->door;
    struct http *http = door->http;
    struct sockaddr_in nobody = {.sin_family = AF_INET};
    int fd = connection->fd;
    http->by_fd[fd] = connection;
    door->run_wanted = true;
    if (MHD_add_connection(door->daemon, fd, (struct sockaddr *)&nobody, sizeof nobody) == MHD_YES)
        return;
    /* it has closed the descriptor, and may have told us already */
    if (http->by_fd[fd] == connection) {
        http->by_fd[fd] = NULL;
        connection_destroy(connection);
    }
}

void connection_resume(struct connection *connection)
{
    assert(connection->is_parked);
    connection->is_parked = false;
    connection->door->run_wanted = true;
    MHD_resume_connection(connection->mhd);
    if (connection->stage == STAGE_HANDSHAKE)
        connection_unsettle(connection);
}

static void connection_park(struct connection *connection)
{
    connection->is_parked = true;
    MHD_suspend_connection(connection->mhd);
}

/* One whose peer has data waiting makes progress in the next run and is looked at again then. */
static bool handshake_waits(struct connection *connection)
{
    return connection_peek(connection) == PEEK_NOTHING &&
           !tls_session_wants_write(&connection->tls);
}

/* Nothing is sent between the client's Finished and its request, so the kernel would delay the
 * acknowledgement of the first, and a client that has not turned off Nagle's algorithm would hold
 * the second back until it comes: 40 ms. */
static void acknowledge_at_once(const struct connection *connection)
{
    int on = 1;
    if (!connection->client.local)
        setsockopt(connection->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

static void handshake_is_over(struct connection *connection)
{
    acknowledge_at_once(connection);
    connection_set_stage(connection, STAGE_HEAD, connection->timer.due_ns);
}

/* An end that comes together with data is missed by libmicrohttpd: it has read all there was and
 * gets no new event. Closing our receiving half makes one. False: it has not read all yet. */
static bool end_is_told(struct connection *connection)
{
    if (connection->stage != STAGE_HEAD && connection->stage != STAGE_BODY)
        return true;
    if (connection_peek(connection) == PEEK_DATA)
        return false;
    shutdown(connection->fd, SHUT_RD);
    return true;
}

void door_settle(struct http_door *door)
{
    struct connection *connection, *next;
    for (connection = TAILQ_FIRST(&door->unsettled); connection; connection = next) {
        next = TAILQ_NEXT(connection, unsettled);
        if (connection->stage == STAGE_HANDSHAKE && connection->tls.established)
            handshake_is_over(connection);
        if (connection->stage == STAGE_HANDSHAKE && !handshake_waits(connection))
            continue;
        if (connection->has_ended && !end_is_told(connection))
            continue;
        connection_settled(connection);
        if (connection->stage == STAGE_HANDSHAKE || connection->stage == STAGE_QUEUED)
            connection_park(connection);
    }
}

/* ---- events ---- */

static bool stage_reads(enum stage stage)
{
    return stage == STAGE_FRESH || stage == STAGE_IDLE || stage == STAGE_HEAD ||
           stage == STAGE_BODY;
}

static void fresh_is_ready(struct connection *connection)
{
    switch (connection_peek(connection)) {
    case PEEK_NOTHING:
        return;
    case PEEK_DATA:
        connection_hand_over(connection);
        return;
    case PEEK_END: /* a port scan, a health check */
        connection_close(connection);
    }
}

/* The event may be an old one, of bytes that have been read since. */
static void idle_is_ready(struct connection *connection)
{
    if (connection_peek(connection) != PEEK_DATA)
        return;
    connection->began_ns = clock_monotonic_ns();
    connection_set_stage(connection, STAGE_HEAD,
                         connection->began_ns + ms(limits_of(connection)->header_timeout_ms));
}

static void connection_ready(struct loop_watch *watch, uint32_t events)
{
    struct connection *connection = watch->owner;
    bool is_gone = events & (EPOLLERR | EPOLLHUP);
    connection->has_ended |= (events & EPOLLRDHUP) != 0;
    if (connection->has_ended && stage_reads(connection->stage)) {
        connection_unsettle(connection);
        connection->door->run_wanted = true;
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
        idle_is_ready(connection);
        return;
    case STAGE_QUEUED:
        if (is_gone) {
            request_forget_answer(connection->request);
            connection_cut(connection);
        }
        return;
    case STAGE_LINGER:
        linger_read(connection);
        return;
    default: /* libmicrohttpd sees it itself */
        return;
    }
}

/* ---- deadlines ---- */

static void body_is_due(struct connection *connection)
{
    const struct http_request *request = connection->request;
    int64_t due_ns =
        body_deadline_ns(request->body_began_ns, ms(limits_of(connection)->body_timeout_ms),
                         request->received);
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
    case STAGE_IDLE:
        /* a request that has just come is not answered with a reset */
        if (connection_peek(connection) == PEEK_DATA)
            idle_is_ready(connection);
        else
            connection_cut(connection);
        return;
    default:
        connection_cut(connection);
    }
}

/* ---- beginning ---- */

bool connection_create(struct http_door *door, int fd, const struct client_address *client)
{
    struct http *http = door->http;
    struct connection *connection = calloc(1, sizeof *connection);
    int64_t now = clock_monotonic_ns();
    if (!connection || !make_room_for_fd(http, fd)) {
        free(connection);
        close(fd);
        return false;
    }
    *connection = (struct connection){.door = door, .fd = fd, .client = *client, .began_ns = now};
    buffer_init(&connection->target, GUARD_TARGET_MAX + 1);
    loop_watch_init(&connection->watch, connection_ready, connection);
    loop_timer_init(&connection->timer, connection_is_due, connection);
    TAILQ_INSERT_TAIL(&http->connections, connection, all);
    http->count++;
    atomic_store_explicit(&http->process->shared->slots[http->process->slot].connections,
                          http->count, memory_order_relaxed);
    update_spare(connection);
    if (!loop_timer_set(http->loop, &connection->timer,
                        now + ms(http->process->settings->server.header_timeout_ms)) ||
        !loop_watch_set(http->loop, &connection->watch, fd, EPOLLIN | EPOLLRDHUP | EPOLLET)) {
        connection_close(connection);
        return false;
    }
    return true;
}
