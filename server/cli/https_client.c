/* A client of one request a connection, on blocking sockets with a timeout. Why not a library:
 * docs/decisions/send-over-gnutls.md. */
#include "server/cli/https_client.h"

#include "base/arena.h"
#include "base/clock.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { TIMEOUT_S = 30 };

/* ---- the URL ---- */

static bool split_authority(struct bytes authority, struct arena *arena, struct client_url *url,
                            struct error *err)
{
    struct bytes host = authority, port = {0};
    const uint8_t *close = authority.length && authority.data[0] == '['
                               ? memchr(authority.data, ']', authority.length)
                               : NULL;
    if (close) {
        host = bytes_of(authority.data + 1, (size_t)(close - authority.data) - 1);
        struct bytes behind = bytes_from(authority, host.length + 2);
        port = behind.length && behind.data[0] == ':' ? bytes_from(behind, 1) : port;
    } else {
        port = authority;
        host = bytes_split(&port, ':');
    }
    if (host.length == 0)
        return error_set(err, "the URL has no host");
    url->host = arena_copy_bytes(arena, host);
    url->port = port.length ? arena_copy_bytes(arena, port) : url->tls ? "443" : "80";
    return (url->host && url->port) || error_set(err, "out of memory");
}

bool client_url_parse(const char *text, struct arena *arena, struct client_url *url,
                      struct error *err)
{
    static const char plain[] = "http://", secure[] = "https://";
    *url = (struct client_url){.tls = strncmp(text, secure, sizeof secure - 1) == 0};
    if (!url->tls && strncmp(text, plain, sizeof plain - 1) != 0)
        return error_set(err, "the URL begins with neither http:// nor https://");
    const char *rest = text + (url->tls ? sizeof secure : sizeof plain) - 1;
    size_t length = strcspn(rest, "/?#"), target = strcspn(rest + length, "#");
    struct bytes authority = bytes_of(rest, length);
    const uint8_t *user = memrchr(authority.data, '@', authority.length);
    if (user)
        authority = bytes_from(authority, (size_t)(user - authority.data) + 1);
    url->authority = arena_copy_bytes(arena, authority);
    url->target =
        arena_format(arena, "%s%.*s", rest[length] == '/' ? "" : "/", (int)target, rest + length);
    for (const char *c = text; *c; c++) {
        if (*c <= 0x20 || *c == 0x7F)
            return error_set(err, "the URL has a space or a control character");
    }
    return url->authority && url->target ? split_authority(authority, arena, url, err)
                                         : error_set(err, "out of memory");
}

/* ---- the connection ---- */

/* The address of our own that a connection comes from; any port. */
static bool bind_source(int fd, const char *from, int family)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_family = family}, *own;
    if (getaddrinfo(from, NULL, &hints, &own) != 0) {
        errno = EADDRNOTAVAIL;
        return false;
    }
    bool bound = bind(fd, own->ai_addr, own->ai_addrlen) == 0;
    freeaddrinfo(own);
    return bound;
}

static int dial_one(const struct addrinfo *address, const char *from)
{
    struct timeval timeout = {.tv_sec = TIMEOUT_S};
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    if ((!from || bind_source(fd, from, address->ai_family)) &&
        connect(fd, address->ai_addr, address->ai_addrlen) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static int dial(const struct client_url *url, const char *from, struct error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    int code = getaddrinfo(url->host, url->port, &hints, &list), fd = -1;
    if (code != 0) {
        error_set(err, "%s: %s", url->host, gai_strerror(code));
        return -1;
    }
    for (const struct addrinfo *address = list; address && fd < 0; address = address->ai_next)
        fd = dial_one(address, from);
    if (fd < 0)
        error_set_errno(err, errno, "%s port %s%s%s", url->host, url->port, from ? " from " : "",
                        from ? from : "");
    freeaddrinfo(list);
    return fd;
}

/* ---- plain ---- */

static bool exchange_plain(int fd, struct bytes request, struct buffer *answer, struct error *err)
{
    char piece[16384];
    ssize_t got;
    while (request.length) {
        ssize_t sent = send(fd, request.data, request.length, MSG_NOSIGNAL);
        if (sent < 0)
            break; /* the server may have answered and closed before it read all */
        request = bytes_from(request, (size_t)sent);
    }
    while ((got = recv(fd, piece, sizeof piece, 0)) > 0) {
        if (!buffer_append(answer, piece, (size_t)got))
            return error_set(err, "the answer is too long");
    }
    return answer->length > 0 || error_set_errno(err, got < 0 ? errno : ECONNRESET, "no answer");
}

/* ---- TLS ---- */

struct tls_client {
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
};

static bool tls_trust(struct tls_client *client, const char *ca_file, struct error *err)
{
    int code = ca_file ? gnutls_certificate_set_x509_trust_file(client->credentials, ca_file,
                                                                GNUTLS_X509_FMT_PEM)
                       : gnutls_certificate_set_x509_system_trust(client->credentials);
    if (code < 0)
        return error_set(err, "%s: %s", ca_file ? ca_file : "the system's certificates",
                         gnutls_strerror(code));
    return code > 0 ||
           error_set(err, "%s holds no certificate", ca_file ? ca_file : "the system's store");
}

static bool is_address(const char *host)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST}, *list;
    if (getaddrinfo(host, NULL, &hints, &list) != 0)
        return false;
    freeaddrinfo(list);
    return true;
}

/* Why the server's certificate is refused. */
static bool refuse_certificate(gnutls_session_t session, const char *host, struct error *err)
{
    unsigned status = gnutls_session_get_verify_cert_status(session);
    unsigned dates = GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED;
    if (status & (GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNER_NOT_CA))
        return error_set(err, "the certificate of %s is not trusted; --ca names who signed it",
                         host);
    if (status & dates)
        return error_set(err, "the certificate of %s is not valid today", host);
    if (status & GNUTLS_CERT_UNEXPECTED_OWNER)
        return error_set(err, "the certificate is trusted, but not made out to %s", host);
    return error_set(err, "the certificate of %s is not trusted", host);
}

static bool tls_shake_hands(struct tls_client *client, const struct client_url *url, int fd,
                            struct error *err)
{
    gnutls_session_t session = client->session;
    if (!is_address(url->host))
        gnutls_server_name_set(session, GNUTLS_NAME_DNS, url->host, strlen(url->host));
    gnutls_session_set_verify_cert(session, url->host, 0);
    gnutls_set_default_priority(session);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, client->credentials);
    gnutls_transport_set_int(session, fd);
    gnutls_handshake_set_timeout(session, TIMEOUT_S * 1000);
    int code;
    do
        code = gnutls_handshake(session);
    while (code < 0 && !gnutls_error_is_fatal(code));
    if (code == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
        return refuse_certificate(session, url->host, err);
    return code >= 0 || error_set(err, "TLS: %s", gnutls_strerror(code));
}

static bool tls_talk(gnutls_session_t session, struct bytes request, struct buffer *answer,
                     struct error *err)
{
    char piece[16384];
    ssize_t got;
    while (request.length) {
        ssize_t sent = gnutls_record_send(session, request.data, request.length);
        if (sent < 0)
            break;
        request = bytes_from(request, (size_t)sent);
    }
    /* "Again" is a timeout of the socket, but also a session ticket that came in between. */
    int64_t deadline = clock_monotonic_ns() + TIMEOUT_S * NS_PER_S;
    while ((got = gnutls_record_recv(session, piece, sizeof piece)) > 0 || got == GNUTLS_E_AGAIN ||
           got == GNUTLS_E_INTERRUPTED) {
        if (clock_monotonic_ns() > deadline)
            return error_set(err, "no answer within %d seconds", TIMEOUT_S);
        if (got > 0 && !buffer_append(answer, piece, (size_t)got))
            return error_set(err, "the answer is too long");
    }
    return answer->length > 0 || error_set(err, "no answer: %s", gnutls_strerror((int)got));
}

static bool exchange_tls(const struct client_url *url, const char *ca_file, int fd,
                         struct bytes request, struct buffer *answer, struct error *err)
{
    struct tls_client client = {0};
    bool done = gnutls_certificate_allocate_credentials(&client.credentials) >= 0 &&
                gnutls_init(&client.session, GNUTLS_CLIENT) >= 0;
    done = done ? tls_trust(&client, ca_file, err) && tls_shake_hands(&client, url, fd, err) &&
                      tls_talk(client.session, request, answer, err)
                : error_set(err, "out of memory");
    if (client.session)
        gnutls_deinit(client.session);
    if (client.credentials)
        gnutls_certificate_free_credentials(client.credentials);
    return done;
}

bool client_exchange(const struct client_url *url, const char *from, const char *ca_file,
                     struct bytes request, struct buffer *answer, struct error *err)
{
    int fd = dial(url, from, err);
    if (fd < 0)
        return false;
    bool done = url->tls ? exchange_tls(url, ca_file, fd, request, answer, err)
                         : exchange_plain(fd, request, answer, err);
    close(fd);
    return done;
}
