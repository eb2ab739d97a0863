/* The PROXY protocol, versions 1 and 2: the header that a proxy writes in front of a connection.
 * Source: haproxy.org/download/2.8/doc/proxy-protocol.txt. */
#ifndef TENTERHOOK_SERVER_HTTP_PROXY_HEADER_H
#define TENTERHOOK_SERVER_HTTP_PROXY_HEADER_H

#include "handlers/request.h"

/* A header of version 1 has at most 107 bytes; one of version 2 that has more of extensions than
 * this is refused. */
enum { PROXY_HEADER_MAX = 4096 };

struct proxy_header {
    size_t length; /* of the header; what follows is the connection's */
    bool is_own;   /* the proxy's own connection (LOCAL), or it does not say whose (UNKNOWN, a unix
                      socket): `client` is not set */
    struct client_address client;
};

enum proxy_parse { PROXY_WHOLE, PROXY_PARTIAL, PROXY_BAD };

/* Looks at the first bytes of a connection. PROXY_BAD as soon as they cannot be a header any more,
 * with `*reason` (a constant). */
enum proxy_parse proxy_header_parse(struct bytes arrived, struct proxy_header *header,
                                    const char **reason);

#endif
