/* What leads a connection from one stage to the next: its socket is ready, its deadline has passed,
 * libmicrohttpd has taken or closed it, or a run of libmicrohttpd is over.
 *
 * Each connection is watched for its whole life with one edge-triggered registration in our own
 * epoll set, beside libmicrohttpd's registration in its set. It shows, at no system call for a
 * request, the first byte of a connection and of a later request, the client's next flight of a
 * handshake, and a client that goes away while its request waits for the runner.
 *
 * No edge is reported if the data was read before anyone asked for events. EPOLLOUT, which is
 * always true and has no edges of its own, makes epoll report that too. */
#include "server/http/private.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static const struct server_settings *limits_of(const struct connection *connection)
{
    return &connection->endpoint->http->process->settings->server;
}

/* ---- the socket is ready ---- */

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
        connection_begin_head(connection);
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
    case STAGE_STREAM:
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

/* ---- the deadline has passed ---- */

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
    case STAGE_QUEUED: /* an answer that has a deadline of its own waits no longer */
        return !connection->request->awaits_output;
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
    int64_t due_ns =
        body_deadline_ns(request->body_began_ns, limits_of(connection)->body_timeout_ms * NS_PER_MS,
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
    case STAGE_STREAM:
        request_run_out(connection->request);
        return;
    case STAGE_CUT:
        connection_cut_again(connection);
        return;
    case STAGE_IDLE:
        /* a request that has just come is not answered with a reset */
        if (connection_peek(connection) == PEEK_DATA)
            connection_begin_head(connection);
        else
            connection_cut(connection);
        return;
    default:
        if (connection->awaits_proxy)
            http_proxy_late(connection);
        connection_cut(connection);
    }
}

/* ---- the first stage ---- */

bool connection_begin(struct http_endpoint *endpoint, int fd, const struct client_address *client)
{
    struct loop *loop = endpoint->http->loop;
    struct connection *connection = connection_create(endpoint, fd, client);
    if (!connection)
        return false;
    loop_watch_init(&connection->watch, connection_ready, connection);
    loop_timer_init(&connection->timer, connection_is_due, connection);
    if (!loop_timer_set(loop, &connection->timer,
                        connection->began_ns +
                            limits_of(connection)->header_timeout_ms * NS_PER_MS) ||
        !loop_watch_set(loop, &connection->watch, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)) {
        connection_close(connection);
        return false;
    }
    return true;
}

/* ---- libmicrohttpd has taken or closed it ---- */

static void connection_adopted(struct connection *connection, struct MHD_Connection *mhd)
{
    connection->mhd = mhd;
    if (!connection->endpoint->tls) {
        connection_set_stage(connection, STAGE_HEAD, connection->timer.due_ns);
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    tls_session_begin(&connection->tls, info->tls_session, connection->endpoint->tls,
                      &connection->endpoint->http->tls_at_work);
    connection_set_stage(connection, STAGE_HANDSHAKE, connection->timer.due_ns);
    connection_mark_dirty(connection);
}

static void connection_released(struct connection *connection)
{
    connection_take_back(connection);
    if (connection->request) /* closed without a word about the request, for want of memory */
        request_destroy(connection->request);
    http_reply_unseen(connection);
    if (connection->stage == STAGE_HEAD) /* answered by libmicrohttpd, or left by the client */
        connection->must_linger = true;
    if (!connection_should_linger(connection) || !connection_linger(connection))
        connection_destroy(connection);
}

static struct connection *find_by_fd(struct http *http, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    return http->by_fd[info->connect_fd];
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

/* ---- a run of libmicrohttpd is over ---- */

/* One whose peer has data waiting makes progress in the next run and is looked at again then. */
static bool handshake_waits(struct connection *connection)
{
    return connection_peek(connection) == PEEK_NOTHING &&
           !tls_session_wants_write(&connection->tls);
}

/* Between its flight of the handshake and the first answer the server has nothing to send, so the
 * kernel would delay its acknowledgements, and a client that has not turned off Nagle's algorithm
 * would hold back its Finished or its request until they come: 40 ms each. The kernel forgets this
 * with the next bytes that we send. */
static void acknowledge_at_once(const struct connection *connection)
{
    int on = 1;
    if (!connection->client.local)
        setsockopt(connection->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

/* After a run: whether the next request has begun. False: to be looked at again after the next run.
 */
static bool look_for_next(struct connection *connection)
{
    if (connection->stage != STAGE_IDLE)
        connection->looks = 0;
    if (connection->looks == 0)
        return true;
    connection->looks--;
    if (is_in_buffer(connection)) {
        connection->looks = 0;
        connection_begin_head(connection);
    }
    return connection->looks == 0;
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

void endpoint_settle(struct http_endpoint *endpoint)
{
    struct connection *connection, *next;
    for (connection = TAILQ_FIRST(&endpoint->dirty); connection; connection = next) {
        next = TAILQ_NEXT(connection, dirty);
        if (connection->stage == STAGE_HANDSHAKE && connection->tls.established)
            handshake_is_over(connection);
        if (connection->stage == STAGE_HANDSHAKE && !handshake_waits(connection))
            continue;
        bool is_told = !connection->has_ended || end_is_told(connection);
        if (connection->is_suspect && !suspect_is_settled(connection))
            continue;
        if (!is_told && connection->stage != STAGE_CUT)
            continue;
        if (!look_for_next(connection))
            continue;
        connection_clean(connection);
        if (connection->stage == STAGE_HANDSHAKE)
            acknowledge_at_once(connection);
        if (connection->stage == STAGE_HANDSHAKE || connection->stage == STAGE_QUEUED ||
            connection->is_suspect || stream_is_dry(connection))
            connection_park(connection);
    }
}
