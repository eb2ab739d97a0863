/* What the sender of an accepted event gets, if the route says it: the key `respond`. */
#ifndef TENTERHOOK_SERVER_PIPELINE_RESPOND_H
#define TENTERHOOK_SERVER_PIPELINE_RESPOND_H

#include "handlers/request.h"
#include "handlers/verdict.h"

/* In the place of 202 and the event's id. */
struct respond_settings {
    int64_t status;   /* 0: as it would be otherwise */
    const char *type; /* NULL: as it would be otherwise */
    const char *body; /* NULL: as it would be otherwise; "": none */
};

extern const struct route_part respond_route_part;

static inline const struct respond_settings *respond_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_RESPOND];
}

/* The verdict of an event that is accepted, ignored or a duplicate, as the route says it. */
struct verdict respond_as_route_says(const struct route *route, struct verdict verdict);

#endif
