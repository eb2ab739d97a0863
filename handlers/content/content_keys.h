/* The keys of a route that say what a body may be. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_CONTENT_KEYS_H
#define TENTERHOOK_HANDLERS_CONTENT_CONTENT_KEYS_H

#include "handlers/request.h"

enum content_kind {
    CONTENT_PROVIDER, /* what the route's provider sends; without one, JSON */
    CONTENT_JSON,
    CONTENT_FORM,
    CONTENT_JSON_OR_FORM,
    CONTENT_RAW,
    CONTENT_AUTO,
    CONTENT_MULTIPART,
    CONTENT_XML,
    CONTENT_CLOUDEVENTS
};

enum json_surrogates { JSON_SURROGATES_ACCEPT, JSON_SURROGATES_REFUSE };
enum json_repeated { JSON_REPEATED_REFUSE, JSON_REPEATED_LAST };
enum json_bom { JSON_BOM_REFUSE, JSON_BOM_ACCEPT };

/* What JSON in a body may be. */
struct json_settings {
    int64_t depth, values;         /* values 0: by max_body */
    int surrogates, bom, repeated; /* enum json_surrogates, enum json_bom, enum json_repeated */
};

/* What multipart/form-data may be: a number, and bytes of one of each. */
struct multipart_settings {
    int64_t parts, file, field, name;
};

/* The keys `content`, `json`, `json_field` and `multipart` of a route. */
struct content_settings {
    int kind; /* enum content_kind */
    struct json_settings json;
    struct multipart_settings multipart;
    const char *json_field; /* NULL: not said */
};

extern const struct route_part content_route_part;

static inline const struct content_settings *content_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_CONTENT];
}

/* What limits that follow the size of bodies go by: max_body of the request's route, or the size of
 * a body that has unfolded to more; 0 without a route. */
static inline size_t content_body_max(const struct request *request)
{
    size_t most = request->route ? (size_t)request->route->max_body : 0;
    return request->route && request->body.length > most ? request->body.length : most;
}

#endif
