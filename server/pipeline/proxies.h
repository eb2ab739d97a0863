/* Finds the client of a request that came through proxies, from the header in which trusted proxies
 * name it. */
#ifndef TENTERHOOK_SERVER_PIPELINE_PROXIES_H
#define TENTERHOOK_SERVER_PIPELINE_PROXIES_H

#include "handlers/request.h"
#include "handlers/verdict.h"

/* Whether a peer with that address is believed. */
bool proxies_trust(const struct trusted_proxies *trusted, const struct client_address *client);

/* After the guard. request->client is the peer, and becomes the client that the trusted proxies
 * name; with `forwarded_host` the header Host and `secure` become the sender's too.
 *
 * The header is read from its right end, where the nearest proxy has added its peer, to the first
 * address that is not trusted: that is the client, and it may have made up everything left of it.
 * If the walk ends earlier, because nothing is left or a proxy does not name an address ("unknown",
 * a made-up name, a unix socket), the client is the last trusted one, and request->is_unnamed is
 * set. An entry of a trusted proxy that cannot be read is refused with 400. */
struct verdict proxies_find_client(const struct server_settings *server, struct request *request);

#endif
