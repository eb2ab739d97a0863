/* A connection inside libmicrohttpd: handed over when its first byte is there, parked while it can
 * only wait, cut, and taken back.
 *
 * Parking. During a handshake libmicrohttpd 0.9.75 keeps a connection in its list of ready ones
 * also while it waits for the client: half a ClientHello would burn a core. A request that waits
 * for the runner would do the same. So after each run every connection that can only wait is
 * suspended (stages.c: endpoint_settle) and resumed when there is something to do. A queued request
 * is suspended there and not in the handler, because only a connection that libmicrohttpd has left
 * as "blocked" is not read from when it resumes: a client that has closed its sending half still
 * gets its answer.
 *
 * Cutting. A connection is ended by shutting its socket down, which libmicrohttpd sees where it
 * reads, writes or waits for the socket. It may do neither: before 0.9.77 a parked connection whose
 * buffer is full when it resumes is in no list of those that look at sockets. So it is put into the
 * epoll set, as the library does it, and the end of the socket closes it in any state. */
#include "server/http/private.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* ---- in and out ---- */

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

void connection_take_back(struct connection *connection)
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
}

/* ---- parking ---- */

void connection_park(struct connection *connection)
{
    connection->is_parked = true;
    MHD_suspend_connection(connection->mhd);
}

void connection_resume(struct connection *connection)
{
    assert(connection->is_parked);
    connection->is_parked = false;
    connection->endpoint->run_wanted = true;
    MHD_resume_connection(connection->mhd);
    if (connection->stage == STAGE_HANDSHAKE || connection->is_suspect)
        connection_mark_dirty(connection);
}

/* ---- cutting ---- */

/* libmicrohttpd closes what was cut with its next run. */
#define CUT_NS NS_PER_S

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
static void show_end(struct connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLET,
                                .data.ptr = connection->mhd};
    if (library_is_lax() &&
        epoll_ctl(connection->endpoint->run_watch.fd, EPOLL_CTL_ADD, connection->fd, &event) == 0)
        connection->is_in_epoll = true; /* else it is there already, and sees the end */
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
    show_end(connection);
}

/* The library's own timeout, the shortest it has, ends a connection in every state but a parked
 * one. */
void connection_cut_again(struct connection *connection)
{
    connection_set_stage(connection, STAGE_CUT, clock_monotonic_ns() + CUT_NS);
    MHD_set_connection_option(connection->mhd, MHD_CONNECTION_OPTION_TIMEOUT, 1U);
    connection->endpoint->run_wanted = true;
}
