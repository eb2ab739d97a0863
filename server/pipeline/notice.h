/* When somebody is told of failures, and of silence: the keys `expect` and `tell_every`. */
#ifndef TENTERHOOK_SERVER_PIPELINE_NOTICE_H
#define TENTERHOOK_SERVER_PIPELINE_NOTICE_H

#include "handlers/request.h"

struct notice_settings {
    int64_t expect_ms;     /* no event for so long is told; 0: off */
    int64_t tell_every_ms; /* `on_failure` runs once in that time at most */
};

extern const struct route_part notice_route_part;

static inline const struct notice_settings *notice_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_NOTICE];
}

/* How long a route has to refuse everything before that is told, in milliseconds. */
int64_t notice_refusal_ms(const struct route *route);

/* Whether anybody wants to hear that events of the route fail to come. */
static inline bool notice_is_wanted(const struct route *route)
{
    return route->has_on_failure || notice_settings_of(route)->expect_ms > 0;
}

#endif
