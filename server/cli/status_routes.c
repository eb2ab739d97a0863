/* A route may be told of three times: by the file that runs, by the journal's deliveries, and
 * because it is paused. Each telling is added behind the others, and the last of them makes one of
 * those that have the same name. */
#include "config/loader.h"
#include "handlers/content/payload.h"
#include "handlers/schema/value.h"
#include "server/cli/control.h"
#include "server/cli/status_facts.h"
#include "server/cli/verbs.h"
#include "server/process/route_limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list ---- */

static int compare_routes(const void *one, const void *other)
{
    const struct status_route *a = one, *b = other;
    return strcmp(a->name, b->name);
}

static struct status_route *find_route(struct status_facts *facts, const char *name)
{
    char key[512];
    snprintf(key, sizeof key, "%s", name);
    const struct status_route wanted = {.name = key};
    if (facts->route_count == 0)
        return NULL;
    return bsearch(&wanted, facts->routes, facts->route_count, sizeof *facts->routes,
                   compare_routes);
}

/* What the second of them says becomes the first one's. */
static void join(struct status_route *route, struct status_route *same)
{
    for (int s = 0; s < STATUS_STATES; s++)
        route->by_state[s] += same->by_state[s];
    if (same->paused_ms) {
        route->paused_ms = same->paused_ms;
        route->paused_why = same->paused_why;
    }
    if (same->limits) {
        route->limits = same->limits;
        route->limits_text = same->limits_text;
    }
    free(same->name);
}

static void join_queues(struct status_facts *facts)
{
    struct json_object *queues = control_part(facts->runner, "queues");
    for (size_t i = 0; queues && i < value_item_count(queues); i++) {
        struct json_object *queue = value_item(queues, i);
        struct status_route *route = find_route(facts, control_text(queue, "route"));
        if (route)
            route->queue = queue;
    }
}

void status_sort_routes(struct status_facts *facts)
{
    size_t kept = 0;
    if (facts->route_count == 0)
        return;
    qsort(facts->routes, facts->route_count, sizeof *facts->routes, compare_routes);
    for (size_t i = 1; i < facts->route_count; i++) {
        if (strcmp(facts->routes[i].name, facts->routes[kept].name) == 0)
            join(&facts->routes[kept], &facts->routes[i]);
        else
            facts->routes[++kept] = facts->routes[i];
    }
    facts->route_count = kept + 1;
    join_queues(facts);
}

/* ---- what the file says ---- */

void status_take_limits(struct status_facts *facts, struct json_object *line, struct bytes text)
{
    struct json_object *limits = control_part(line, "limits");
    struct status_route *route = status_add_route(facts, control_text(line, "route"));
    if (!route)
        return;
    route->limits = value_keep(limits);
    route->limits_text = strndup((const char *)text.data, text.length);
    facts->no_memory |= !route->limits_text;
}

static void take_lines(struct status_facts *facts, struct bytes rest)
{
    while (rest.length > 0) {
        struct bytes text = bytes_split(&rest, '\n');
        struct json_object *line;
        struct json_fault fault;
        if (!payload_parse(text, &json_limits_default, &line, &fault))
            continue;
        if (control_part(line, "limits"))
            status_take_limits(facts, line, text);
        value_release(line);
    }
}

/* A file that has mistakes says nothing: `check` is for those. */
void status_read_limits(struct status_facts *facts, const char *config)
{
    struct problem_list problems;
    struct buffer lines;
    problem_list_init(&problems);
    buffer_init(&lines, SIZE_MAX / 2);
    struct settings *settings = settings_load_secretless(config, &program_registry, &problems);
    facts->file_is_known = settings && route_limits_put(&lines, settings);
    if (facts->file_is_known)
        take_lines(facts, buffer_bytes(&lines));
    settings_destroy(settings);
    buffer_finish(&lines);
    problem_list_finish(&problems);
}

/* ---- actions that are gone ---- */

static bool has_action(struct json_object *limits, struct bytes name)
{
    struct json_object *actions = control_part(limits, "actions");
    for (size_t i = 0; actions && i < value_item_count(actions); i++)
        if (bytes_equal_text(name, control_text(value_item(actions, i), "name")))
            return true;
    return false;
}

static void note_action(void *context, int64_t number, struct bytes route, struct bytes action)
{
    struct status_facts *facts = context;
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)route.length, route.data);
    const struct status_route *known = find_route(facts, name);
    if (known && known->limits && has_action(known->limits, action))
        return;
    struct status_orphan *more =
        realloc(facts->orphans, (facts->orphan_count + 1) * sizeof *facts->orphans);
    facts->no_memory |= !more;
    if (!more)
        return;
    facts->orphans = more;
    struct status_orphan *orphan = &more[facts->orphan_count++];
    *orphan = (struct status_orphan){.number = number};
    snprintf(orphan->name, sizeof orphan->name, "%s/%.*s", name, (int)action.length, action.data);
}

/* Most of what the file no longer has is over long since. */
bool status_read_orphans(struct status_facts *facts, struct journal_status *status)
{
    size_t kept = 0;
    if (!facts->file_is_known)
        return true;
    if (!journal_status_actions(status, note_action, facts))
        return false;
    for (size_t i = 0; i < facts->orphan_count; i++) {
        struct status_orphan orphan = facts->orphans[i];
        if (!journal_status_orphans(status, orphan.number, &orphan.pending, &orphan.dead))
            return false;
        if (orphan.pending > 0 || orphan.dead > 0)
            facts->orphans[kept++] = orphan;
    }
    facts->orphan_count = kept;
    return true;
}
