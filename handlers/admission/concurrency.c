/* A limit belongs to a route or to an action. The route's limit counts the deliveries of all its
 * actions together, except for those that have a limit of their own. */
#include "handlers/admission/concurrency.h"

#include "config/load.h"
#include "handlers/admission/event_key.h"

static const char *const full_choices[] = {"wait", "cancel_running", NULL}; /* concurrency_full */

enum { LIMIT_MAX = 10000 };

static const struct row limit_rows[] = {
    {.name = "max",
     .type = ROW_INTEGER,
     .offset = offsetof(struct concurrency_settings, max),
     .flags = ROW_REQUIRED,
     .min = 1,
     .max = LIMIT_MAX,
     .sentence = "The number of deliveries that run at once. With 1 they also keep their order: a "
                 "delivery that waits to be tried again holds up those behind it."},
    {.name = "per",
     .example = "payload.repository.id",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct concurrency_settings, per),
     .read = event_key_read,
     .syntax = "a value such as `payload.repository.id`",
     .json_schema = "{\"type\": \"string\"}",
     .sentence = "The value by which deliveries are counted: `max` holds for each of its values "
                 "alone, and events without it are counted together. Without `per`, `max` "
                 "holds for all deliveries together."},
    {.name = "when_full",
     .type = ROW_CHOICE,
     .offset = offsetof(struct concurrency_settings, when_full),
     .choices = full_choices,
     .default_text = "wait",
     .sentence = "The effect of a newer event: `wait` lets it wait for its turn; `cancel_running` "
                 "(with `max: 1`) ends the running command and drops what waits, so that the "
                 "newest event runs soon and always to its end."},
};

static bool finish_limit(struct load *load, const struct node *node, void *settings)
{
    const struct concurrency_settings *limit = settings;
    const struct node *full = tree_find(node, "when_full");
    if (limit->when_full != CONCURRENCY_CANCEL_RUNNING || limit->max == 1)
        return true;
    return load_problem(load, full ? full : node,
                        "\"when_full: cancel_running\" needs \"max: 1\": with more it is not said "
                        "which of those that run a newer event ends");
}

static const struct row_section limit_section = {
    .name = "concurrency",
    .sentence = "How many deliveries run at once, and in which order.",
    .rows = limit_rows,
    .row_count = ROW_COUNT(limit_rows),
    .size = sizeof(struct concurrency_settings),
    .finish = finish_limit};

static const struct row route_rows[] = {
    {.name = "concurrency",
     .type = ROW_SECTION,
     .offset = 0,
     .section = &limit_section,
     .sentence = "The limit of the deliveries of the route that run at once, of all its actions "
                 "together; without it, as many as `server.commands` allows."},
};
static const struct row_section route_keys = {.name = "concurrency",
                                              .sentence = "Deliveries that run at once.",
                                              .rows = route_rows,
                                              .row_count = ROW_COUNT(route_rows),
                                              .size = sizeof(struct concurrency_settings)};
const struct route_part concurrency_route_part = {.keys = &route_keys, .after = "auth"};

static const struct row action_rows[] = {
    {.name = "concurrency",
     .type = ROW_SECTION,
     .offset = 0,
     .section = &limit_section,
     .sentence = "A limit of the action's own; its deliveries are not counted in the route's."},
};
const struct row_section concurrency_action_keys = {.name = "concurrency of an action",
                                                    .sentence = "Deliveries that run at once.",
                                                    .rows = action_rows,
                                                    .row_count = ROW_COUNT(action_rows),
                                                    .size = sizeof(struct concurrency_settings)};

const struct concurrency_settings *concurrency_of_action(const struct settings *settings,
                                                         const struct action_settings *action)
{
    const struct concurrency_settings *own =
        action->parts ? action_part(settings, action, &concurrency_action_keys) : NULL;
    return own && own->max > 0 ? own : NULL;
}

const struct concurrency_settings *concurrency_in_force(const struct settings *settings,
                                                        const struct route *route,
                                                        const struct action_settings *action)
{
    const struct concurrency_settings *own = concurrency_of_action(settings, action);
    const struct concurrency_settings *common =
        route->parts ? concurrency_settings_of(route) : NULL;
    return own ? own : common && common->max > 0 ? common : NULL;
}
