/* The PROXY header in front of a connection, TLS or not. It is examined in the socket's buffer and
 * then read to the exact byte, so that libmicrohttpd and GnuTLS see what follows as if it had come
 * first. An incomplete header waits in the socket for the next event; its deadline is that of a
 * fresh connection. */
#include "server/http/private.h"

#include "server/http/proxy_header.h"
#include "server/ipc/log_events.h"
#include "server/pipeline/proxies.h"

#include <errno.h>
#include <sys/socket.h>

/* This helps to set up a proxy; strangers can cause it too. */
static void log_refused(struct http *http, const struct client_address *peer, const char *reason)
{
    char text[CLIENT_TEXT_SIZE];
    int64_t held_back;
    if (!log_gate_pass(&http->gate, &held_back))
        return;
    client_format(peer, text);
    log_write(LOG_PROXY_REFUSED, log_text("peer", text), log_text("reason", reason),
              log_number("held_back", held_back));
}

bool http_proxy_admits(struct http_endpoint *endpoint, const struct client_address *peer)
{
    const struct settings *settings = endpoint->http->process->settings;
    if (proxies_trust(&settings->server.trusted_proxies, peer))
        return true;
    log_refused(endpoint->http, peer, "only trusted_proxies may connect to this address");
    return false;
}

void http_proxy_late(const struct connection *connection)
{
    log_refused(connection->endpoint->http, &connection->client,
                "the PROXY header did not come in time");
}

/* A connection that ends before a byte is a port scan, or a check of the proxy's. */
static void end_without_header(struct connection *connection, size_t length)
{
    if (length > 0)
        log_refused(connection->endpoint->http, &connection->client,
                    "the PROXY header is incomplete");
    connection_close(connection);
}

static bool take_off(const struct connection *connection, size_t length)
{
    uint8_t taken[PROXY_HEADER_MAX];
    ssize_t got;
    do {
        got = recv(connection->fd, taken, length, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)length; /* they were all there when we looked */
}

bool connection_take_proxy(struct connection *connection)
{
    uint8_t bytes[PROXY_HEADER_MAX];
    struct proxy_header header;
    const char *reason = "";
    ssize_t got;
    do {
        got = recv(connection->fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return false;
    size_t length = got > 0 ? (size_t)got : 0;
    enum proxy_parse parsed = proxy_header_parse(bytes_of(bytes, length), &header, &reason);
    if (got <= 0 || (parsed == PROXY_PARTIAL && connection->has_ended)) {
        end_without_header(connection, length);
        return false;
    }
    if (parsed == PROXY_PARTIAL)
        return false;
    if (parsed == PROXY_BAD || !take_off(connection, header.length)) {
        log_refused(connection->endpoint->http, &connection->client, reason);
        connection_close(connection);
        return false;
    }
    connection->awaits_proxy = false;
    connection->is_own = header.is_own;
    if (!header.is_own)
        connection->client = header.client;
    return true;
}
