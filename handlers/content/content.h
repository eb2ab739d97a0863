/* Whether a body is what the route takes: by its media type, and by its own bytes. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_CONTENT_H
#define TENTERHOOK_HANDLERS_CONTENT_CONTENT_H

#include "handlers/content/json.h"
#include "handlers/request.h"
#include "handlers/verdict.h"

enum content_kind {
    CONTENT_PROVIDER, /* what the route's provider sends; without one, JSON */
    CONTENT_JSON,
    CONTENT_FORM,
    CONTENT_JSON_OR_FORM,
    CONTENT_RAW,
    CONTENT_AUTO
};

enum json_surrogates { JSON_SURROGATES_ACCEPT, JSON_SURROGATES_REFUSE };
enum json_repeated { JSON_REPEATED_REFUSE, JSON_REPEATED_LAST };

/* What JSON in a body may be. */
struct json_settings {
    int64_t depth, values;    /* values 0: by max_body */
    int surrogates, repeated; /* enum json_surrogates, enum json_repeated */
};

/* The keys `content` and `json` of a route. */
struct content_settings {
    int kind; /* enum content_kind */
    struct json_settings json;
};

extern const struct route_part content_route_part;

static inline const struct content_settings *content_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_CONTENT];
}

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
/* Whether it is application/x-www-form-urlencoded. */
bool content_type_is_form(struct bytes type);

#endif
