/* Who sends a request that came through proxies: the header in which trusted ones say it. */
#ifndef TENTERHOOK_SERVER_PIPELINE_PROXIES_H
#define TENTERHOOK_SERVER_PIPELINE_PROXIES_H

#include "handlers/request.h"
#include "handlers/verdict.h"

/* Whether the word of who connects from there is believed. */
bool proxies_trust(const struct trusted_proxies *trusted, const struct client_address *client);

/* After the guard. request->client is who connected, and becomes the client that the trusted
 * proxies name; with `forwarded_host` the header Host and `secure` become the sender's too.
 *
 * The header is walked from its right end, where the nearest proxy has added what it knows, to the
 * first address that is not trusted: that is the client, and what stands left of it is its own
 * tale. Where the walk ends earlier, because nothing is left or a proxy does not name an address
 * ("unknown", a made-up name, a unix socket), the client is the last trusted one, and
 * request->is_unnamed. What a trusted proxy says and cannot be read is refused with 400. */
struct verdict proxies_find_client(const struct server_settings *server, struct request *request);

#endif
