/* Where a route finds the type of an event and the sender's id of its delivery, if its provider
 * does not know: the keys `event` and `delivery`, for routes with `auth:` above all. */
#ifndef TENTERHOOK_HANDLERS_EVENT_NAMES_H
#define TENTERHOOK_HANDLERS_EVENT_NAMES_H

#include "config/load.h"
#include "handlers/value.h"
#include "handlers/verdict.h"

/* Of each list the first value that is there. Only values of the head and of the body. */
struct event_names {
    struct value_list event, delivery;
};

/* The keys of a route; its part is struct event_names. */
extern const struct row_section event_names_route_section;

/* Fills in request->event_type and ->delivery where the provider has not, and the key for
 * duplicates where the id is signed and what the provider takes is only the text. After the body
 * has passed content_check. A value above 256 bytes counts as missing. Goes on, or
 * REPLY_UNPROCESSABLE for a value that is there twice. */
struct verdict event_names_take(const struct event_names *names, struct request *request);

/* When all of a route is read: whether its keys about events can work with who sends them. Reports
 * what would ignore all events, or let a credential be kept, and warns of names of events that the
 * sender does not have. `defaults` may be NULL. For the registry's check_route. */
bool event_names_check(struct load *load, const struct node *node, const struct node *defaults,
                       const struct route *route);

#endif
