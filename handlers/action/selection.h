/* Which actions of its route an event has: the keys `when`, `events` and `else` of an action, and
 * the list `choose`. */
#ifndef TENTERHOOK_HANDLERS_ACTION_SELECTION_H
#define TENTERHOOK_HANDLERS_ACTION_SELECTION_H

#include "handlers/admission/condition.h"
#include "handlers/verdict.h"

#include <assert.h>

struct selection_settings {
    struct text_list patterns; /* of the event's type; empty: all */
    struct condition *when;    /* NULL: any event */
    bool is_else;              /* in `choose`, last: what nothing before it has taken */
};

/* Keys of each action, whatever its kind (registry.action_parts). */
extern const struct row_section selection_keys;

/* A set of places in route.actions: a bit each. */
static inline uint64_t selection_of_all(const struct route *route)
{
    _Static_assert(ROUTE_ACTIONS_MAX == 64, "a bit for each action");
    assert(route->action_count <= ROUTE_ACTIONS_MAX);
    return route->action_count ? UINT64_MAX >> (ROUTE_ACTIONS_MAX - route->action_count) : 0;
}

const struct selection_settings *selection_settings_of(const struct settings *settings,
                                                       const struct action_settings *action);

/* Whether a condition of an action needs an evaluator of schemas. */
bool selection_needs_schema(const struct settings *settings, const struct route *route);

/* When all of a route is read: rules between the keys above and their place. */
bool selection_check_route(struct load *load, const struct node *node, const struct node *defaults,
                           const struct route *route);

/* Chooses the actions of an event into `*chosen`. REPLY_IGNORED if there is none, with the reason
 * in `arena`; REPLY_UNPROCESSABLE if a condition cannot be judged, REPLY_MEMORY_FULL. */
struct verdict selection_choose(const struct settings *settings, const struct route *route,
                                struct value_context *values, struct arena *arena,
                                uint64_t *chosen);

#endif
