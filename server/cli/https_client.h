/* One HTTP/1.1 request over TCP or TLS and its answer, for `tenterhook send`. */
#ifndef TENTERHOOK_SERVER_CLI_HTTPS_CLIENT_H
#define TENTERHOOK_SERVER_CLI_HTTPS_CLIENT_H

#include "base/buffer.h"
#include "base/error.h"

/* `http://` or `https://` taken apart; texts are NUL-terminated in the arena. */
struct client_url {
    bool tls;
    const char *host, *port; /* an IPv6 host without its brackets */
    const char *authority;   /* as in the URL, for Host */
    const char *target;      /* path and query, at least "/" */
};

struct arena;
bool client_url_parse(const char *text, struct arena *arena, struct client_url *url,
                      struct error *err);

/* Sends `request` byte for byte (it should say Connection: close) and reads the answer to its end,
 * or `answer`'s limit. `from` is the address of our own that it comes from; NULL: the system's
 * choice. `ca_file` is the PEM of who is believed; NULL: the system's. */
bool client_exchange(const struct client_url *url, const char *from, const char *ca_file,
                     struct bytes request, struct buffer *answer, struct error *err);

#endif
