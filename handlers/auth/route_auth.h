/* What the authenticators of one route say together; a route may name several. */
#ifndef TENTERHOOK_HANDLERS_AUTH_ROUTE_AUTH_H
#define TENTERHOOK_HANDLERS_AUTH_ROUTE_AUTH_H

#include "handlers/auth/authenticator.h"
#include "handlers/content/content.h"
#include "handlers/content/query.h"

/* Whether the header or the query parameter of that name holds credentials of the route. */
bool route_owns_header(const struct route *route, struct bytes name);
bool route_owns_query(const struct route *route, struct bytes name);

/* Sets request->parameters, those of the query (query_fields) without the ones that hold
 * credentials, so that they may be stored and shown, and request->segments (path_fields). False:
 * the arena is full, or there is no memory. */
bool route_read_target(struct request *request);

/* Whether only the sender can have written the body. */
bool route_signs_body(const struct route *route);

/* What a body must be: what the route says, or what its sender sends. */
struct content_wanted route_content(const struct route *route);

/* What an event of the route's sender is about; NULL: nothing is known. */
const struct template *route_title(const struct route *route);

/* What is known of the sender's events, from the first authenticator that knows something. */
struct event_source route_event_source(const struct route *route);

#endif
