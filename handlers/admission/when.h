/* Which events a route wants: the key `when`. */
#ifndef TENTERHOOK_HANDLERS_ADMISSION_WHEN_H
#define TENTERHOOK_HANDLERS_ADMISSION_WHEN_H

#include "handlers/admission/condition.h"
#include "handlers/verdict.h"

struct when_settings {
    bool is_set; /* there is a condition */
    struct condition condition;
    /* Lower-case names of the headers that references of the route name: they are stored, whatever
     * the list of stored headers says. Filled in when all of the route is read. */
    struct text_list headers;
};

extern const struct route_part when_route_part;

static inline const struct when_settings *when_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_WHEN];
}

/* Goes on, or REPLY_IGNORED with the condition that said no and the value that it saw,
 * REPLY_UNPROCESSABLE for what cannot be decided within the limits, REPLY_MEMORY_FULL. */
struct verdict when_check(const struct when_settings *settings, struct value_context *context,
                          struct arena *arena);

/* The answer where that cannot be decided; `reason` is for the log. */
struct verdict when_exceeded(const char *reason);

/* The answer to an event that is not wanted, by `when`, by `events` or by all actions. */
struct verdict when_ignore(const char *reason, const char *message);

#endif
