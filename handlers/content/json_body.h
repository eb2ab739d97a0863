/* JSON in a body: whether the guard lets it pass by the keys of its route, with words for the
 * sender where it does not. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_JSON_BODY_H
#define TENTERHOOK_HANDLERS_CONTENT_JSON_BODY_H

#include "handlers/content/json.h"
#include "handlers/request.h"
#include "handlers/verdict.h"

/* Holds `text`, a body or a part of it, against the guard: sets request->json and payload and goes
 * on, or refuses with REPLY_BAD_CONTENT. The answer names the byte, and the limit that is passed or
 * the name that is repeated. */
struct verdict json_body_read(struct request *request, struct bytes text);

/* What a JSON body may be by the keys of the request's route; json_limits_default without a route.
 */
struct json_limits json_body_limits(const struct request *request);

/* The body without the byte order mark that the route accepts before JSON. */
struct bytes json_body_text(const struct request *request);

/* A text without its byte order mark, if it has one. */
struct bytes json_body_unmarked(struct bytes text);

#endif
