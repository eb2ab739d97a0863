/* Rules between the parts of the file: those that no single row can know. */
#include "config/rules.h"

#include "base/units.h"
#include "config/load_private.h"
#include "config/proxies.h"
#include "config/route_path.h"

static const char *common_method(const struct route *a, const struct route *b)
{
    for (size_t i = 0; i < a->methods.count; i++)
        for (size_t j = 0; j < b->methods.count; j++)
            if (strcmp(a->methods.items[i], b->methods.items[j]) == 0)
                return a->methods.items[i];
    return NULL;
}

/* What is compared of a route with those before it that have the same hash. */
struct compared {
    const struct route *route;
    uint32_t name_hash;
    struct route_path_shape shape;
    struct compared *next[2]; /* in the bucket of each rule, in the order of the file */
};

static uint32_t hash_name(const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    return hash;
}

static bool same_name(const struct compared *a, const struct compared *b)
{
    return a->route->name && b->route->name && a->name_hash == b->name_hash &&
           strcmp(a->route->name, b->route->name) == 0;
}

static bool same_paths(const struct compared *a, const struct compared *b)
{
    return a->route->path && b->route->path && route_path_may_conflict(&a->shape, &b->shape) &&
           common_method(a->route, b->route) &&
           route_path_conflicts(a->route->path, b->route->path);
}

static void report_name(struct load *load, const struct route *first, const struct route *second)
{
    struct node node = load_place(load, &second->at);
    load_problem(load, &node, "the name \"%s\" is taken by the route in %s:%u", second->name,
                 first->at.file, first->at.line);
}

static void report_paths(struct load *load, const struct route *first, const struct route *second)
{
    struct node node = load_place(load, &second->at);
    const char *method = common_method(first, second);
    if (strcmp(first->path, second->path) == 0)
        load_problem(load, &node, "%s %s is taken by the route in %s:%u", method, second->path,
                     first->at.file, first->at.line);
    else
        load_problem(load, &node,
                     "%s %s and %s of the route in %s:%u match some of the same requests, and "
                     "neither is more specific",
                     method, second->path, first->path, first->at.file, first->at.line);
}

static uint32_t name_key(const struct compared *item)
{
    return item->name_hash;
}

static uint32_t path_key(const struct compared *item)
{
    return item->shape.group;
}

static const struct {
    uint32_t (*key)(const struct compared *item); /* those that are the same have the same */
    bool (*same)(const struct compared *a, const struct compared *b);
    void (*report)(struct load *load, const struct route *first, const struct route *second);
} route_rules[] = {{name_key, same_name, report_name}, {path_key, same_paths, report_paths}};

enum { RULES = sizeof route_rules / sizeof *route_rules };

struct buckets {
    struct compared **first[RULES];
    size_t count;
};

/* A route against those before it, until the first that it collides with: the next ones collide
 * with that one too, or come up when it has been repaired. */
static void check_route(struct load *load, struct buckets *buckets, struct compared *item)
{
    for (size_t rule = 0; rule < RULES; rule++) {
        size_t bucket = route_rules[rule].key(item) % buckets->count;
        struct compared **place = &buckets->first[rule][bucket];
        while (*place && !route_rules[rule].same(*place, item))
            place = &(*place)->next[rule];
        if (*place)
            route_rules[rule].report(load, (*place)->route, item->route);
        while (*place)
            place = &(*place)->next[rule];
        *place = item;
    }
}

static void check_routes(struct load *load)
{
    const struct settings *settings = load->settings;
    struct buckets buckets = {.count = settings->route_count * 2 + 1};
    struct compared *items =
        arena_alloc_array(&load->scratch, settings->route_count + 1, sizeof *items);
    bool room = items;
    for (size_t rule = 0; rule < RULES; rule++) {
        buckets.first[rule] =
            arena_alloc_array(&load->scratch, buckets.count, sizeof *buckets.first[rule]);
        room &= buckets.first[rule] != NULL;
    }
    if (!room) {
        load_no_memory(load);
        return;
    }
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct route *route = &settings->routes[i];
        items[i] = (struct compared){.route = route,
                                     .name_hash = hash_name(route->name ? route->name : ""),
                                     .shape = route_path_shape(route->path ? route->path : "")};
        check_route(load, &buckets, &items[i]);
    }
}

static void check_memory(struct load *load)
{
    const struct settings *settings = load->settings;
    char body[32], memory[32];
    for (size_t i = 0; settings->server.body_memory && i < settings->route_count; i++) {
        const struct route *route = &settings->routes[i];
        if (route->max_body <= settings->server.body_memory)
            continue;
        struct node node = load_place(load, &route->at);
        units_format_size(route->max_body, body);
        units_format_size(settings->server.body_memory, memory);
        load_problem(load, &node,
                     "\"max_body\" of this route, %s, is more than server.body_memory (%s): the "
                     "server could not accept a body of that size",
                     body, memory);
    }
}

void load_check_rules(struct load *load)
{
    check_routes(load);
    check_memory(load);
    load_check_health(load);
    load_check_clients(load);
}
