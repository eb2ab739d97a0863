/* A route: its own keys and those that handlers bring. */
#ifndef TENTERHOOK_CONFIG_ROUTE_H
#define TENTERHOOK_CONFIG_ROUTE_H

#include "config/load_context.h"

extern const struct row_section route_section;

/* A route with its actions; defaults may be NULL. True if it has a name or a path, so that it can
 * be compared with others even if something else in it is wrong (then the run fails anyway). */
bool load_route(struct load *load, const struct node *node, const struct node *defaults,
                struct route *route);
void load_check_defaults(struct load *load, const struct node *defaults);

#endif
