/* Which types of event a route takes. */
#ifndef TENTERHOOK_HANDLERS_ADMISSION_EVENTS_H
#define TENTERHOOK_HANDLERS_ADMISSION_EVENTS_H

#include "handlers/request.h"

struct arena;

/* The key `events` of a route. */
struct events_settings {
    struct text_list patterns; /* empty: all */
};

extern const struct route_part events_route_part;

static inline const struct events_settings *events_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_EVENTS];
}

/* Whether `text` is what `pattern` says, where a star stands for any bytes, also none. */
bool pattern_matches_text(struct bytes pattern, struct bytes text);

/* Whether a list of patterns takes a type: an empty list takes all. */
bool events_take(const struct text_list *patterns, struct bytes type);

/* Why a list does not take a type, for the log; in the arena or constant. */
const char *events_reason(struct bytes type, struct arena *arena);

#endif
