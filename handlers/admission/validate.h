/* The JSON Schema of a route: which one an event has to conform to, and why it does not. */
#ifndef TENTERHOOK_HANDLERS_ADMISSION_VALIDATE_H
#define TENTERHOOK_HANDLERS_ADMISSION_VALIDATE_H

#include "config/load.h"
#include "handlers/request.h"
#include "handlers/schema/schema.h"
#include "handlers/value/value_context.h"
#include "handlers/verdict.h"

/* The keys `schema`, `draft`, `formats` and `schema_action` of a route. */
extern const struct route_part validate_route_part;

struct validate_settings {
    int draft, formats, action; /* choices */
    const struct node *node;    /* of `schema`; while loading only */
    enum validate_by { VALIDATE_ALL, VALIDATE_BY_EVENT_TYPE, VALIDATE_BY_VALUE } by;
    struct reference value;           /* VALIDATE_BY_VALUE */
    struct validate_branch *branches; /* unless VALIDATE_ALL, in the order of the file */
    size_t branch_count;
    const struct schema *schema; /* the only one, or that of `default`; NULL: none */
    bool is_set;                 /* the route has a schema */
};

static inline const struct validate_settings *validate_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_VALIDATE];
}

struct validate_branch {
    struct bytes pattern; /* of the value; a star stands for anything */
    const struct schema *schema;
};

/* `context` is of `request`. Judges request->payload if request->json is set, else request->body,
 * which is read first. Goes on, or REPLY_UNPROCESSABLE or, where the route says so,
 * REPLY_QUARANTINED, each with `details` (a JSON list of failures) and a reason that names members,
 * never values. REPLY_BAD_CONTENT if it is not JSON. Texts live in the request's arena. */
struct verdict validate_check(const struct validate_settings *settings,
                              struct schema_evaluator *evaluator, struct value_context *context,
                              struct request *request);

/* One failure as a JSON object: instanceLocation, keywordLocation, keyword, message. */
bool validate_append_failure(struct buffer *out, const struct schema_failure *failure);

#endif
