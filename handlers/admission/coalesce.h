/* A burst of events becomes its last one: the key `coalesce` of a route. The journal folds
 * (server/journal/fold.c). */
#ifndef TENTERHOOK_HANDLERS_ADMISSION_COALESCE_H
#define TENTERHOOK_HANDLERS_ADMISSION_COALESCE_H

#include "handlers/request.h"
#include "handlers/value/reference.h"

struct coalesce_settings {
    int64_t window_ms;    /* 0: events are not folded */
    int64_t max_wait_ms;  /* since the first event of the burst */
    struct reference per; /* its text NULL: all events of the route belong together */
};

extern const struct route_part coalesce_route_part;

static inline const struct coalesce_settings *coalesce_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_COALESCE];
}

#endif
