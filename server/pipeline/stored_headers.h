/* Chooses the headers that are stored with an event. */
#ifndef TENTERHOOK_SERVER_PIPELINE_STORED_HEADERS_H
#define TENTERHOOK_SERVER_PIPELINE_STORED_HEADERS_H

#include "base/bytes.h"
#include "handlers/request.h"

/* The names of headers that were judged before; for one thread. NULL without memory; free() ends
 * it. */
struct stored_names *stored_names_create(void);

/* A JSON object of lower-case names and their values (joined with ", " where a name comes more than
 * once), in the request's arena. Stored are: Content-Type, User-Agent, Webhook-*, CE-*
 * (CloudEvents) and X-*, except credentials: Authorization, cookies, headers that the route's
 * authenticators own, and every name that contains a word for a credential (token, secret,
 * signature, password, key, auth, hmac). Forwarding headers of proxies are not stored either. A
 * header that a reference of the route names is stored in any case; the loader lets none name
 * credentials of the route. Content-Encoding is stored where the body is kept in its coding.
 * False: the arena is full. */
bool stored_headers(struct stored_names *names, struct request *request, struct bytes *json);

/* Whether the name (in lower case) contains a word for a credential. */
bool stored_headers_is_secret(struct bytes lower);

#endif
