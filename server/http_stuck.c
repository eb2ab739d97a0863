/* Requests that libmicrohttpd cannot go on with, and does not know that it cannot. Before 0.9.77 it
 * keeps a request for ever whose buffer is full of what it cannot hand out (the extension of a
 * chunk that does not end, parameters of a query that it has no room to note): it reads no more of
 * it, takes it out of no list, and claims that there is more to do at once. A few hundred of those
 * take a core, and after a TLS handshake, which is parked, its epoll set does not have them either.
 *
 * So where its claim does not end, all requests under way are suspects. After each run one that has
 * nothing to read is parked, as it can only wait, and one that has is stuck if nothing is taken of
 * it for some runs. What is stuck is answered and cut. */
#include "server/http_parts.h"

#include <sys/ioctl.h>

enum { STRIKES_MOST = 8 };

size_t connection_unread(const struct connection *connection)
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

void door_suspect_all(struct http_door *door)
{
    struct connection *connection;
    door->busy_runs = 0;
    TAILQ_FOREACH(connection, &door->http->connections, all) {
        if (connection->door != door || connection->is_parked || !is_under_way(connection))
            continue;
        connection->is_suspect = true;
        connection->strikes = 0;
        connection->progress_seen = connection->progress;
        connection->unread_seen = SIZE_MAX;
        connection_unsettle(connection);
    }
}

bool suspect_is_settled(struct connection *connection)
{
    if (!is_under_way(connection) || connection->progress != connection->progress_seen) {
        connection->is_suspect = false;
        return true;
    }
    size_t unread = connection_unread(connection);
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
