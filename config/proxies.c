/* What is between senders and the server: the proxies that are trusted, and the path by which they
 * ask whether the server accepts events. A proxy on the same machine is common; without
 * `trusted_proxies` every limit per client then sees a single client, and the loader warns of this
 * where it can detect it. */
#include "config/proxies.h"

#include "config/address.h"
#include "config/load_private.h"
#include "config/route_path.h"
#include "config/scalar.h"

/* ---- rows ---- */

/* 0.0.0.0/0, as mapped IPv6, or ::/0. */
static bool is_everybody(const struct prefix *prefix)
{
    return prefix->bits == 0 || (prefix->bits == 96 && prefix->address[10] == 0xff);
}

static bool read_trusted(struct load *load, const struct node *node, const struct row *row,
                         struct trusted_proxies *trusted)
{
    if (node->kind == NODE_SCALAR && strcmp(node->text, "unix") == 0) {
        trusted->local = true;
        return true;
    }
    struct prefix *prefix = &trusted->networks.items[trusted->networks.count];
    if (!load_prefix(load, node, row, prefix))
        return false;
    trusted->networks.count++;
    if (is_everybody(prefix))
        load_warning(load, node,
                     "\"%s\" in \"trusted_proxies\" matches every client: any client could then "
                     "claim any address",
                     node->text);
    return true;
}

bool load_trusted_proxies(struct load *load, const struct node *node, const struct row *row,
                          void *field)
{
    struct trusted_proxies trusted = {.at = load_position(load, node)};
    bool ok = true;
    if (node->kind != NODE_SEQUENCE)
        return load_mismatch(load, node, row, "a list of addresses, networks and unix");
    trusted.networks.items =
        arena_alloc_array(load->arena, node->count + 1, sizeof *trusted.networks.items);
    if (!trusted.networks.items)
        return load_no_memory(load);
    for (const struct node *item = node->first; item; item = item->next)
        ok = read_trusted(load, item, row, &trusted) && ok;
    if (ok)
        *(struct trusted_proxies *)field = trusted;
    return ok;
}

bool load_health(struct load *load, const struct node *node, const struct row *row, void *field)
{
    struct error err;
    const char *path = load_text(load, node, row);
    if (!path)
        return false;
    if (strcmp(path, "off") == 0) {
        *(const char **)field = NULL;
        return true;
    }
    if (path[0] != '/')
        return load_mismatch(load, node, row, "a path such as /healthz, or off");
    if (!route_path_check(path, &err))
        return load_problem(load, node, "%s", err.text);
    if (route_path_fixed(path) != SIZE_MAX)
        return load_problem(load, node, "\"%s\" must be a single path, without {name} and *",
                            row->name);
    *(const char **)field = path;
    return true;
}

/* ---- rules within `server` ---- */

static bool check_proxy_protocol(struct load *load, const struct server_settings *server,
                                 const struct listen_settings *listen)
{
    const struct trusted_proxies *trusted = &server->trusted_proxies;
    struct listen_address address;
    struct error err;
    if (listen->proxy_protocol == PROXY_PROTOCOL_OFF ||
        !listen_address_parse(listen->address, &address, &err))
        return true;
    struct node node = load_place(load, &listen->at);
    if (address.kind == LISTEN_UNIX && !trusted->local)
        return load_problem(load, &node,
                            "\"proxy_protocol\" on %s accepts only trusted proxies: add unix to "
                            "server.trusted_proxies",
                            listen->address);
    bool is_nobody =
        trusted->networks.count == 0 && (address.kind == LISTEN_TCP || !trusted->local);
    if (address.kind != LISTEN_UNIX && is_nobody)
        return load_problem(load, &node,
                            "\"proxy_protocol\" on %s accepts only trusted proxies: list their "
                            "addresses in server.trusted_proxies",
                            listen->address);
    return true;
}

/* A key that says how proxies are believed says nothing where none is. */
static bool check_key_has_proxies(struct load *load, const struct node *node, const char *key,
                                  const struct trusted_proxies *trusted)
{
    const struct node *value = tree_find(node, key);
    if (!value || trusted->local || trusted->networks.count)
        return true;
    return load_problem(load, value->key,
                        "\"%s\" needs \"trusted_proxies\": no other client is trusted", key);
}

bool load_check_proxies(struct load *load, const struct node *node, struct server_settings *server)
{
    const struct listen_settings *listen = server->listen.items;
    const struct node *health = tree_find(node, "health");
    bool ok = check_key_has_proxies(load, node, "forwarded", &server->trusted_proxies);
    if (server->forwarded_host)
        ok = check_key_has_proxies(load, node, "forwarded_host", &server->trusted_proxies) && ok;
    if (server->forwarded_host && server->forwarded == FORWARDED_OFF)
        ok = load_problem(load, tree_find(node, "forwarded_host"),
                          "\"forwarded_host: true\" needs a header: \"forwarded\" is off");
    for (size_t i = 0; i < server->listen.count; i++)
        ok = check_proxy_protocol(load, server, &listen[i]) && ok;
    if (health)
        server->health_at = load_position(load, health);
    return ok;
}

/* ---- rules with routes ---- */

void load_check_health(struct load *load)
{
    const struct settings *settings = load->settings;
    const char *health = settings->server.health;
    for (size_t i = 0; health && i < settings->route_count; i++) {
        const struct route *route = &settings->routes[i];
        if (!route->path || strcmp(route->path, health) != 0)
            continue;
        struct node node = load_place(load, &route->at);
        load_problem(load, &node,
                     "the path %s is taken by server.health (%s:%u), which answers before any "
                     "route",
                     health, settings->server.health_at.file, settings->server.health_at.line);
    }
}

/* The first key of the route that goes by the client; NULL: none does. */
static const char *key_by_client(const struct load *load, const struct route *route)
{
    const struct route_part *const *parts = load->registry->route_parts;
    const char *key = NULL;
    for (size_t i = 0; parts && parts[i] && !key; i++)
        if (parts[i]->key_by_client)
            key = parts[i]->key_by_client(route->parts[i]);
    return key;
}

/* Whether only this machine can connect, so that a sender elsewhere comes through a proxy. */
static bool is_behind(const struct listen_settings *listen)
{
    struct listen_address address;
    struct error err;
    return listen->address && listen_address_parse(listen->address, &address, &err) &&
           (address.kind == LISTEN_UNIX || (address.kind == LISTEN_TCP && address.loopback));
}

void load_check_clients(struct load *load)
{
    const struct settings *settings = load->settings;
    const struct server_settings *server = &settings->server;
    const struct listen_settings *listen = server->listen.items;
    const char *key = NULL;
    size_t route = 0;
    if (server->trusted_proxies.at.file) /* an empty list says that there is none */
        return;
    for (; route < settings->route_count && !key; route++)
        key = key_by_client(load, &settings->routes[route]);
    for (size_t i = 0; key && i < server->listen.count; i++) {
        if (!is_behind(&listen[i]))
            continue;
        struct node node = load_place(load, &listen[i].at);
        load_warning(load, &node,
                     "only this machine can reach %s; behind a proxy every sender has the proxy's "
                     "address, and \"%s\" of the route \"%s\" uses that address: list the proxy in "
                     "server.trusted_proxies, or write \"trusted_proxies: []\" if there is none",
                     listen[i].address, key, settings->routes[route - 1].name);
    }
}
