/* Requests that libmicrohttpd cannot continue, without knowing it. Before 0.9.77 it keeps a request
 * for ever if the buffer is full of data that it cannot deliver (an endless extension of a chunk,
 * parameters of a query that it has no memory for): it reads no more, keeps the request in its
 * lists, and claims that there is more to do at once. A few hundred such requests take a core, and
 * after a TLS handshake, which is parked, they are not even in its epoll set.
 *
 * So if its claim does not end, all requests under way are suspects. After each run a suspect that
 * has nothing to read is parked, as it can only wait; a suspect that has data is stuck if none of
 * it is read for some runs. A stuck request is answered and cut. */
#include "server/http/private.h"

#include <sys/ioctl.h>

enum { STRIKES_MOST = 8 };

/* Bytes that have come and that libmicrohttpd has not taken: of the socket, and of a TLS session's
 * buffer. */
static size_t unread_bytes(const struct connection *connection)
{
    int waiting = 0;
    if (ioctl(connection->fd, FIONREAD, &waiting) != 0 || waiting < 0)
        waiting = 0;
    return (size_t)waiting + tls_session_pending(&connection->tls);
}

static bool is_under_way(const struct connection *connection)
{
    return connection->stage == STAGE_HEAD || connection->stage == STAGE_BODY;
}

void endpoint_suspect_all(struct http_endpoint *endpoint)
{
    struct connection *connection;
    endpoint->busy_runs = 0;
    TAILQ_FOREACH(connection, &endpoint->http->connections, all) {
        if (connection->endpoint != endpoint || connection->is_parked || !is_under_way(connection))
            continue;
        connection->is_suspect = true;
        connection->strikes = 0;
        connection->progress_seen = connection->progress;
        connection->unread_seen = SIZE_MAX;
        connection_mark_dirty(connection);
    }
}

bool suspect_is_settled(struct connection *connection)
{
    if (!is_under_way(connection) || connection->progress != connection->progress_seen) {
        connection->is_suspect = false;
        return true;
    }
    size_t unread = unread_bytes(connection);
    connection->strikes = unread == connection->unread_seen ? connection->strikes + 1 : 0;
    connection->unread_seen = unread;
    if (unread == 0 && !connection->has_ended)
        return true; /* to be parked */
    if (connection->strikes <= STRIKES_MOST)
        return false;
    if (!connection->has_ended)
        http_reply_stuck(connection);
    connection_cut(connection);
    return true;
}
