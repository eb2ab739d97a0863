/* What is known of a server and its journal, and how people write sizes and spans of time. */
#include "server/cli/status_facts.h"

#include "handlers/schema/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the facts ---- */

struct status_route *status_add_route(struct status_facts *facts, const char *name)
{
    if (facts->route_count == facts->route_capacity) {
        size_t capacity = facts->route_capacity ? facts->route_capacity * 2 : 64;
        struct status_route *more = realloc(facts->routes, capacity * sizeof *more);
        facts->no_memory |= !more;
        if (!more)
            return NULL;
        facts->routes = more;
        facts->route_capacity = capacity;
    }
    char *copy = strdup(name);
    facts->no_memory |= !copy;
    if (!copy)
        return NULL;
    struct status_route *route = &facts->routes[facts->route_count++];
    *route = (struct status_route){.name = copy};
    return route;
}

void status_facts_finish(struct status_facts *facts)
{
    for (size_t i = 0; i < facts->route_count; i++) {
        struct status_route *route = &facts->routes[i];
        free(route->name);
        free(route->paused_why);
        free(route->limits_text);
        if (route->limits)
            value_release(route->limits);
    }
    free(facts->routes);
    free(facts->orphans);
    free(facts->server_text);
    free(facts->runner_text);
    if (facts->server)
        value_release(facts->server);
    if (facts->runner)
        value_release(facts->runner);
}

/* ---- words ---- */

void status_format_span(int64_t ms, char text[32])
{
    static const struct {
        int64_t seconds, below;
        const char *word;
    } units[] = {
        {1, 100, "s"}, {60, 6000, "min"}, {3600, 48 * 3600, "h"}, {86400, INT64_MAX, "days"}};
    int64_t seconds = ms > 0 ? ms / 1000 : 0;
    size_t i = 0;
    while (seconds >= units[i].below)
        i++;
    snprintf(text, 32, "%lld %s", (long long)(seconds / units[i].seconds), units[i].word);
}

void status_format_bytes(int64_t bytes, char text[32])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double number = (double)bytes;
    size_t i = 0;
    for (; number >= 1024 && i < 5; i++)
        number /= 1024;
    snprintf(text, 32, i > 0 && number < 100 ? "%.1f %s" : "%.0f %s", number, units[i]);
}
