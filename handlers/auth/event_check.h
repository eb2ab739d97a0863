/* Whether the keys of a route about events can work with who sends them. */
#ifndef TENTERHOOK_HANDLERS_AUTH_EVENT_CHECK_H
#define TENTERHOOK_HANDLERS_AUTH_EVENT_CHECK_H

#include "config/load.h"

/* Called when all of a route is read, as the registry's check_route. Reports filters that would
 * ignore all events and values that hold credentials, and warns of names of events that the sender
 * does not have. `defaults` may be NULL. False after an error. */
bool event_check_route(struct load *load, const struct node *node, const struct node *defaults,
                       const struct route *route);

#endif
