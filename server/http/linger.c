/* After the answer. If bytes are unread, close(2) sends a reset, and a reset destroys the answer
 * for a client that is still sending: so its bytes are read and dropped for a while. */
#include "server/http/private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_NS (2 * NS_PER_S)
enum { LINGER_MOST = 1024 * 1024 /* bytes thrown away for one answer */ };

bool connection_should_linger(const struct connection *connection)
{
    return connection->must_linger && connection->stage != STAGE_CUT &&
           connection_peek(connection) != PEEK_END;
}

void connection_read_rest(struct connection *connection)
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

bool connection_linger(struct connection *connection)
{
    struct http *http = connection->endpoint->http;
    int fd = fcntl(connection->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return false;
    loop_watch_remove(http->loop, &connection->watch);
    connection->fd = fd;
    shutdown(fd, SHUT_WR);
    connection_set_stage(connection, STAGE_LINGER, clock_monotonic_ns() + LINGER_NS);
    if (loop_watch_set(http->loop, &connection->watch, fd, EPOLLIN | EPOLLRDHUP | EPOLLET))
        return true;
    close(fd);
    return false;
}

void connection_linger_fresh(struct connection *connection)
{
    shutdown(connection->fd, SHUT_WR);
    connection_set_stage(connection, STAGE_LINGER, clock_monotonic_ns() + LINGER_NS);
    connection_read_rest(connection);
}
