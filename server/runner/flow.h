/* How fast and how much: the keys `start_rate`, `pause_after` and `queue` of a route, and
 * `start_rate` of an action. The runner obeys them (gate.h, backlog.h). */
#ifndef TENTERHOOK_SERVER_RUNNER_FLOW_H
#define TENTERHOOK_SERVER_RUNNER_FLOW_H

#include "handlers/request.h"

struct start_rate {
    int64_t count, period_ms; /* count 0: starts are not held back */
};

struct queue_limit {
    int64_t max, bytes; /* pending deliveries, and their bodies; 0: any number */
};

struct pause_after {
    int64_t deaths; /* in a row; 0: the route is never paused by itself */
};

struct flow_settings {
    struct start_rate start_rate;
    struct pause_after pause_after;
    struct queue_limit queue;
};

extern const struct route_part flow_route_part;
/* Beside the kind of an action. */
extern const struct row_section flow_action_keys;

static inline const struct flow_settings *flow_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_FLOW];
}

/* NULL: the registry does not bring it. */
const struct start_rate *flow_action_rate(const struct settings *settings,
                                          const struct action_settings *action);

#endif
