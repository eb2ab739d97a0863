/* Which addresses may call a route. */
#ifndef TENTERHOOK_HANDLERS_ADMISSION_ADDRESS_H
#define TENTERHOOK_HANDLERS_ADMISSION_ADDRESS_H

#include "handlers/request.h"
#include "handlers/verdict.h"

/* The keys `allow` and `deny` of a route. */
struct address_settings {
    struct prefix_list allow, deny;
};

extern const struct route_part address_route_part;

static inline const struct address_settings *address_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_ADDRESS];
}

/* Whether `address` lies in one of the prefixes. */
bool prefix_list_holds(const struct prefix_list *list, const uint8_t address[16]);

/* `deny` wins; a list of `allow` that is not empty must hold the client. A client on a unix socket
 * has no address: no list holds it, so it passes `deny` and fails `allow`. */
struct verdict address_check(const struct route *route, const struct client_address *client);

#endif
