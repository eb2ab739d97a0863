/* What counts as the same event sent again: the key `dedupe` of a route. Whether one came before is
 * the runner's to find out (server/runner/dedupe.h). */
#ifndef TENTERHOOK_HANDLERS_ADMISSION_DEDUPE_H
#define TENTERHOOK_HANDLERS_ADMISSION_DEDUPE_H

#include "handlers/request.h"

enum dedupe_dead { DEDUPE_DEAD_RERUN, DEDUPE_DEAD_KEEP };

struct dedupe_settings {
    bool off;
    int64_t window_ms;
    int dead; /* enum dedupe_dead: what a copy does to an event that has failed */
};

extern const struct route_part dedupe_route_part;

static inline const struct dedupe_settings *dedupe_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_DEDUPE];
}

#endif
