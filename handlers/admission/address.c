/* Prefixes are compared as mapped IPv6 throughout, so that an IPv4 rule holds for a client however
 * its socket spells the address. */
#include "handlers/admission/address.h"

static bool prefix_holds(const struct prefix *prefix, const uint8_t address[16])
{
    unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;
    if (memcmp(prefix->address, address, whole) != 0)
        return false;
    uint8_t mask = (uint8_t)(0xff00 >> rest);
    return rest == 0 || ((prefix->address[whole] ^ address[whole]) & mask) == 0;
}

bool prefix_list_holds(const struct prefix_list *list, const uint8_t address[16])
{
    for (size_t i = 0; i < list->count; i++)
        if (prefix_holds(&list->items[i], address))
            return true;
    return false;
}

struct verdict address_check(const struct route *route, const struct client_address *client)
{
    if (!client->local && prefix_list_holds(&route->deny, client->address))
        return verdict_refuse(REPLY_FORBIDDEN, "the address is denied");
    if (route->allow.count > 0 &&
        (client->local || !prefix_list_holds(&route->allow, client->address)))
        return verdict_refuse(REPLY_FORBIDDEN, "the address is not allowed");
    return verdict_go_on();
}
