/* Whether a body is what the route takes: by its media type, and by its own bytes. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_H
#define TENTERHOOK_HANDLERS_CONTENT_H

#include "handlers/request.h"
#include "handlers/verdict.h"

/* REPLY_MEDIA_TYPE or REPLY_BAD_CONTENT, or go on. Looks at request->route, headers and body. */
struct verdict content_check(struct request *request);

/* REPLY_BAD_CONTENT for a body that is not JSON as the route takes it. The answer says where, and
 * which limit is passed or which name is there twice. */
struct verdict content_refuse_json(struct request *request, const struct json_fault *fault);

/* What a body of the route has to be (enum content_kind): as it says, or as its sender sends. */
int content_of_route(const struct route *route);

/* Whether `type` is application/json or something+json, in UTF-8 as far as it says. */
bool content_type_is_json(struct bytes type);

#endif
