/* Where a route finds the type of an event and the sender's id of its delivery, if its provider
 * does not know: the keys `event` and `delivery`, for routes with `auth:` above all. */
#ifndef TENTERHOOK_HANDLERS_ADMISSION_EVENT_NAMES_H
#define TENTERHOOK_HANDLERS_ADMISSION_EVENT_NAMES_H

#include "config/load.h"
#include "handlers/value/reference_load.h"
#include "handlers/verdict.h"

/* Of each list the first value that is there. */
struct event_names {
    struct reference_list event, message_id;
    struct reference_list source; /* whose own the message ids are; empty: one sender's */
};

extern const struct route_part event_names_route_part;

static inline const struct event_names *event_names_of(const struct route *route)
{
    return route->parts[ROUTE_PART_EVENT_NAMES];
}

/* Gives the lists that the route file leaves empty the attributes of a CloudEvent, unless a
 * provider knows the names of its events or of its messages. False without memory. */
bool event_names_of_cloudevents(struct event_names *names, struct arena *arena, bool events_known,
                                bool messages_known);

/* Fills in the type and the id of request and context where the provider has not, and the key for
 * duplicates where the id is signed (`body_is_signed`: only the sender can have written the body)
 * or has a source. After the body has passed content_check. A value above 256 bytes counts as
 * missing. Goes on, or REPLY_UNPROCESSABLE for a value that is there twice. */
struct verdict event_names_take(const struct event_names *names, bool body_is_signed,
                                struct value_context *context, struct request *request);

#endif
