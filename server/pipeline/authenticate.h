/* Who sent a request: the stages that prove it, of the head and of the body, and what is asked
 * about it outside the walk. */
#ifndef TENTERHOOK_SERVER_PIPELINE_AUTHENTICATE_H
#define TENTERHOOK_SERVER_PIPELINE_AUTHENTICATE_H

#include "server/pipeline/exchange.h"

/* All heads: goes on, refuses, or the answer to a challenge that needs no body. */
struct verdict authenticate_head(struct exchange *exchange);

/* The complete body, in request.body. One in a content coding is not unfolded for it, unless its
 * sender has signed it unfolded. A challenge is left in exchange->challenge. */
struct verdict authenticate_body(struct exchange *exchange);

/* Unfolds a body that is still in its content coding, and has it read. */
struct verdict authenticate_unfolded(struct exchange *exchange);

/* ---- outside the walk ---- */

/* After a head that has passed: whether the caller is authenticated already, without the body.
 * Never on a route without authentication. */
bool pipeline_is_authenticated(const struct exchange *exchange);

/* A piece of the raw body, as it arrives. */
void pipeline_feed(struct exchange *exchange, struct bytes piece);

/* Under which name keys are kept that the route's sender delivers; NULL: it delivers none. */
const char *pipeline_provisioned_name(const struct route *route);

/* Ends what the authenticators have begun. */
void authenticate_release(struct exchange *exchange);

#endif
