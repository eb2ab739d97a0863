/* Whether a body is what the route takes: by its media type, and by its own bytes. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_H
#define TENTERHOOK_HANDLERS_CONTENT_H

#include "handlers/request.h"
#include "handlers/verdict.h"

/* REPLY_MEDIA_TYPE or REPLY_BAD_CONTENT, or go on. Looks at request->route, headers and body. */
struct verdict content_check(struct request *request);

/* Whether `type` is application/json or something+json, in UTF-8 as far as it says. */
bool content_type_is_json(struct bytes type);

#endif
