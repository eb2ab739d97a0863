/* A connection inside libmicrohttpd: handed over when its first byte is there, told of at its end,
 * and kept from burning time in between.
 *
 * Parking. During a handshake libmicrohttpd 0.9.75 keeps a connection in its list of ready ones
 * also while it waits for the client: half a ClientHello would burn a core. A request that waits
 * for the runner would do the same. So after each run every connection that can only wait is
 * suspended (endpoint_settle) and resumed when there is something to do. A queued request is
 * suspended here and not in the handler, because only a connection that libmicrohttpd has left as
 * "blocked" is not read from when it resumes: a client that has closed its sending half still gets
 * its answer.
 *
 * Cutting. A connection is ended by shutting its socket down, which libmicrohttpd sees where it
 * reads, writes or waits for the socket. It may do neither: before 0.9.77 a parked connection whose
 * buffer is full when it resumes is in no list of those that look at sockets. So it is put into the
 * epoll set, as the library does it, and the end of the socket closes it in any state. */
#include "server/http/private.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* ---- in and out ---- */

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
    struct http *http = connection->endpoint->http;
    http->by_fd[connection->fd] = NULL;
    connection->mhd = NULL;
    if (http->tls_at_work == &connection->tls)
        http->tls_at_work = NULL;
    connection->is_parked = false;
    if (connection->is_in_epoll)
        epoll_ctl(connection->endpoint->run_watch.fd, EPOLL_CTL_DEL, connection->fd, NULL);
    connection->is_in_epoll = false;
    connection_clean(connection);
    if (connection->request) /* closed without a word about the request, for want of memory */
        request_destroy(connection->request);
    http_reply_unseen(connection);
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

bool http_make_room_for_fd(struct http *http, int fd)
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
void connection_hand_over(struct connection *connection)
{
    struct http_endpoint *endpoint = connection->endpoint;
    struct http *http = endpoint->http;
    struct sockaddr_in nobody = {.sin_family = AF_INET};
    int fd = connection->fd;
    http->by_fd[fd] = connection;
    endpoint->run_wanted = true;
    if (MHD_add_connection(endpoint->daemon, fd, (struct sockaddr *)&nobody, sizeof nobody) ==
        MHD_YES)
        return;
    /* it has closed the descriptor, and may have told us already */
    if (http->by_fd[fd] == connection) {
        http->by_fd[fd] = NULL;
        connection_destroy(connection);
    }
}

/* ---- parking ---- */

void connection_resume(struct connection *connection)
{
    assert(connection->is_parked);
    connection->is_parked = false;
    connection->endpoint->run_wanted = true;
    MHD_resume_connection(connection->mhd);
    if (connection->stage == STAGE_HANDSHAKE || connection->is_suspect)
        connection_mark_dirty(connection);
}

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

static void connection_park(struct connection *connection)
{
    if (connection->stage == STAGE_HANDSHAKE)
        acknowledge_at_once(connection);
    connection->is_parked = true;
    MHD_suspend_connection(connection->mhd);
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
        if (!connection_look_for_next(connection))
            continue;
        connection_clean(connection);
        if (connection->stage == STAGE_HANDSHAKE || connection->stage == STAGE_QUEUED ||
            connection->is_suspect)
            connection_park(connection);
    }
}

/* ---- cutting ---- */

bool library_is_lax(void)
{
    static int lax = -1;
    unsigned major = 0, minor = 0, patch = 0;
    if (lax < 0)
        lax = sscanf(MHD_get_version(), "%u.%u.%u", &major, &minor, &patch) == 3 && major == 0 &&
              (minor < 9 || (minor == 9 && patch < 77));
    return lax;
}

/* What stands in the event is what these versions put there; later ones need no help. */
void library_show_end(struct connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLET,
                                .data.ptr = connection->mhd};
    if (library_is_lax() &&
        epoll_ctl(connection->endpoint->run_watch.fd, EPOLL_CTL_ADD, connection->fd, &event) == 0)
        connection->is_in_epoll = true; /* else it is there already, and sees the end */
}

/* The library's own timeout, the shortest it has, ends a connection in every state but a parked
 * one. */
void library_insist(struct connection *connection)
{
    MHD_set_connection_option(connection->mhd, MHD_CONNECTION_OPTION_TIMEOUT, 1U);
    connection->endpoint->run_wanted = true;
}
