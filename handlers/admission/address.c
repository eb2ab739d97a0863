/* Prefixes are compared as mapped IPv6 throughout, so that an IPv4 rule holds for a client however
 * its socket spells the address. */
#include "handlers/admission/address.h"

#include "config/load.h"

/* ---- allow, deny ---- */

static bool read_prefixes(struct load *load, const struct node *node, const struct row *row,
                          void *field)
{
    struct prefix_list list = {0};
    bool ok = true;
    if (node->kind != NODE_SEQUENCE)
        return load_mismatch(load, node, row, "a list of addresses and networks");
    list.items = arena_alloc_array(load_arena(load), node->count + 1, sizeof *list.items);
    if (!list.items)
        return load_no_memory(load);
    for (const struct node *item = node->first; item; item = item->next)
        ok = load_prefix(load, item, row, &list.items[list.count++]) && ok;
    if (ok)
        *(struct prefix_list *)field = list;
    return ok;
}

#define PREFIXES_SYNTAX "a list of addresses and networks"
#define PREFIXES_SCHEMA "{\"type\": \"array\", \"items\": {\"type\": \"string\"}}"

static const struct row address_rows[] = {
    {.name = "allow",
     .example = "[192.0.2.0/24]",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct address_settings, allow),
     .read = read_prefixes,
     .default_text = "[]",
     .syntax = PREFIXES_SYNTAX,
     .json_schema = PREFIXES_SCHEMA,
     .sentence = "If the list is not empty, clients must be in one of its entries."},
    {.name = "deny",
     .example = "[192.0.2.7]",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct address_settings, deny),
     .read = read_prefixes,
     .default_text = "[]",
     .syntax = PREFIXES_SYNTAX,
     .json_schema = PREFIXES_SCHEMA,
     .sentence = "Clients in one of these are refused, even if `allow` lists them."},
};

static const char *key_by_client(const void *settings)
{
    const struct address_settings *addresses = settings;
    return addresses->allow.count ? "allow" : addresses->deny.count ? "deny" : NULL;
}

static const struct row_section address_keys = {.name = "addresses",
                                                .sentence = "The clients that may send requests.",
                                                .rows = address_rows,
                                                .row_count = ROW_COUNT(address_rows),
                                                .size = sizeof(struct address_settings)};
const struct route_part address_route_part = {
    .keys = &address_keys, .after = "auth", .key_by_client = key_by_client};

/* ---- the check ---- */

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
    const struct address_settings *settings = address_settings_of(route);
    if (!client->local && prefix_list_holds(&settings->deny, client->address))
        return verdict_refuse(REPLY_FORBIDDEN, "the address is denied");
    if (settings->allow.count > 0 &&
        (client->local || !prefix_list_holds(&settings->allow, client->address)))
        return verdict_refuse(REPLY_FORBIDDEN, "the address is not allowed");
    return GO_ON;
}
