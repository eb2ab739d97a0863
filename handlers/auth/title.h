/* What an event is about, in a line for people: the key `title` of a route, or what the preset of
 * its sender knows. */
#ifndef TENTERHOOK_HANDLERS_AUTH_TITLE_H
#define TENTERHOOK_HANDLERS_AUTH_TITLE_H

#include "handlers/value/template.h"

enum { TITLE_MAX = 200 /* bytes */ };

struct title_settings {
    bool is_set; /* an empty one: events of the route have no title */
    struct template text;
};

extern const struct route_part title_route_part;

static inline const struct title_settings *title_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_TITLE];
}

/* Into `arena`: at most TITLE_MAX bytes of characters that can be shown, on one line. A value that
 * is missing is left out, and never a reason to refuse the event. Empty: nothing is known, or there
 * is no memory. */
struct bytes title_make(const struct route *route, struct value_context *context,
                        struct arena *arena);

#endif
