/* Whether a body is what the route takes: by its media type, and by its own bytes. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_CONTENT_H
#define TENTERHOOK_HANDLERS_CONTENT_CONTENT_H

#include "handlers/content/json.h"
#include "handlers/request.h"
#include "handlers/verdict.h"

/* Holds headers and body against `kind` (enum content_kind): goes on, or REPLY_MEDIA_TYPE or
 * REPLY_BAD_CONTENT. */
struct verdict content_check(struct request *request, int kind);

/* Holds request->body against the guard: sets request->json and goes on, or refuses with
 * REPLY_BAD_CONTENT. The answer names the byte, and the limit that is passed or the name that is
 * repeated. */
struct verdict content_read_json(struct request *request);

/* What a JSON body may be by the keys of the request's route; json_limits_default without a route.
 */
struct json_limits content_json_limits(const struct request *request);

/* Whether `type` is application/json or something+json, in UTF-8 as far as it says. */
bool content_type_is_json(struct bytes type);

#endif
