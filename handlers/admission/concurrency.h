/* How many deliveries of a route or an action run at once, and what becomes of those that find no
 * room: the key `concurrency`. The runner obeys it (server/runner/key_queue.h). */
#ifndef TENTERHOOK_HANDLERS_ADMISSION_CONCURRENCY_H
#define TENTERHOOK_HANDLERS_ADMISSION_CONCURRENCY_H

#include "handlers/request.h"
#include "handlers/value/value_context.h"
#include "handlers/verdict.h"

enum concurrency_full { CONCURRENCY_WAIT, CONCURRENCY_CANCEL_RUNNING };

struct concurrency_settings {
    int64_t max;          /* 0: `concurrency` is not said, and nothing is limited */
    struct reference per; /* its text NULL: all deliveries are counted together */
    int when_full;        /* enum concurrency_full */
};

extern const struct route_part concurrency_route_part;
/* The same key of an action, which then is not counted in its route's. */
extern const struct row_section concurrency_action_keys;

static inline const struct concurrency_settings *concurrency_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_CONCURRENCY];
}

/* The action's own limit; NULL: it has none. */
const struct concurrency_settings *concurrency_of_action(const struct settings *settings,
                                                         const struct action_settings *action);
/* The limit in which the action is counted: its own, or its route's; NULL: none. */
const struct concurrency_settings *concurrency_in_force(const struct settings *settings,
                                                        const struct route *route,
                                                        const struct action_settings *action);

/* A limit of one at a time keeps the order of its deliveries, also while one waits for a retry. */
static inline bool concurrency_is_strict(const struct concurrency_settings *limit)
{
    return limit->max == 1;
}

#endif
