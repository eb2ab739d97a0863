/* Each key can be `off`, so that a route can do without what `defaults` says. A route whose command
 * names its working directory is warned of here too, as long as nothing keeps two events apart. */
#include "server/runner/flow.h"

#include "base/units.h"
#include "config/load.h"

#include <string.h>

enum { RATE_MAX = 1000000 };
/* The key that keeps commands apart, of a route or an action. */
#define CONCURRENCY "concurrency"
#define GIB(count) ((int64_t)(count) << 30)

static const char *const off_choice[] = {"off", NULL};

static bool is_off(const struct node *node)
{
    return node->kind == NODE_SCALAR && strcmp(node->text, "off") == 0;
}

/* ---- start_rate ---- */

static bool read_start_rate(struct load *load, const struct node *node, const struct row *row,
                            void *field)
{
    struct start_rate *rate = field;
    if (is_off(node))
        return true;
    if (node->kind != NODE_SCALAR ||
        !units_parse_rate(bytes_of(node->text, node->length), &rate->count, &rate->period_ms))
        return load_mismatch(load, node, row, "a rate such as 10/s, 10/m or 100/h, or off");
    return rate->count <= RATE_MAX ||
           load_problem(load, node, "\"start_rate\" may be at most %d per unit of time", RATE_MAX);
}

#define START_RATE_ROW(place, text)                                                                \
    {                                                                                              \
        .name = "start_rate", .type = ROW_CUSTOM, .offset = (place), .read = read_start_rate,      \
        .default_text = "off", .choices = off_choice,                                              \
        .syntax = "a rate (`10/s`, `10/m`, `100/h`) or `off`",                                     \
        .json_schema = "{\"type\": \"string\", \"pattern\": \"^([0-9]+/(s|m|h|d)|off)$\"}",        \
        .sentence = text                                                                           \
    }

static const struct row action_rows[] = {
    START_RATE_ROW(0, "How fast deliveries of this action start, beside `start_rate` of the route; "
                      "what is over waits in the journal."),
};

const struct row_section flow_action_keys = {.name = "an action",
                                             .sentence = "How fast deliveries of an action start.",
                                             .rows = action_rows,
                                             .row_count = ROW_COUNT(action_rows),
                                             .size = sizeof(struct start_rate)};

const struct start_rate *flow_action_rate(const struct settings *settings,
                                          const struct action_settings *action)
{
    return action->parts ? action_part(settings, action, &flow_action_keys) : NULL;
}

/* ---- pause_after and queue ---- */

static bool read_section_or_off(struct load *load, const struct node *node, const struct row *row,
                                void *field)
{
    if (node->kind == NODE_MAPPING)
        return load_section(load, node, row->section, field);
    return is_off(node) || load_mismatch(load, node, row, row->syntax);
}

static const struct row pause_rows[] = {
    {.name = "deaths",
     .type = ROW_INTEGER,
     .offset = offsetof(struct pause_after, deaths),
     .flags = ROW_REQUIRED,
     .min = 1,
     .max = 1000000,
     .sentence = "The number of deliveries of the route that die one after the other, none of them "
                 "done in between."},
};
static const struct row_section pause_section = {.name = "pause_after",
                                                 .sentence = "When a route is paused by itself.",
                                                 .rows = pause_rows,
                                                 .row_count = ROW_COUNT(pause_rows),
                                                 .size = sizeof(struct pause_after)};

static const struct row queue_rows[] = {
    {.name = "max",
     .type = ROW_INTEGER,
     .offset = offsetof(struct queue_limit, max),
     .min = 1,
     .max = 1000000000,
     .sentence = "The most deliveries of the route that may wait."},
    {.name = "bytes",
     .type = ROW_SIZE,
     .offset = offsetof(struct queue_limit, bytes),
     .min = 1,
     .max = GIB(1024),
     .sentence = "The most bytes that their bodies may have together; the body of an event with "
                 "two deliveries that wait counts twice."},
};
static const struct row_section queue_section = {.name = "queue",
                                                 .sentence =
                                                     "The limit of what waits; an event that would "
                                                     "exceed it is answered 503.",
                                                 .rows = queue_rows,
                                                 .row_count = ROW_COUNT(queue_rows),
                                                 .size = sizeof(struct queue_limit)};

/* ---- the route ---- */

static const struct row flow_rows[] = {
    START_RATE_ROW(offsetof(struct flow_settings, start_rate),
                   "How fast deliveries of the route start, spread evenly; what is over waits in "
                   "the journal."),
    {.name = "pause_after",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct flow_settings, pause_after),
     .read = read_section_or_off,
     .default_text = "off",
     .section = &pause_section,
     .choices = off_choice,
     .syntax = "{deaths: NUMBER} or off",
     .sentence = "Pauses the route when so many of its deliveries in a row have died: its events "
                 "are stored and wait until `tenterhook resume`."},
    {.name = "queue",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct flow_settings, queue),
     .read = read_section_or_off,
     .default_text = "off",
     .section = &queue_section,
     .choices = off_choice,
     .syntax = "{max: NUMBER, bytes: SIZE} or off",
     .sentence = "The limit of what waits of the route, beside `journal.queue` of all routes; an "
                 "event that would exceed it is answered 503 with Retry-After, and not stored."},
};

/* Commands of two events run at the same time, which two deploys into one checkout do not survive.
 * A directory with values of the event in it is the event's own, and nobody works in /. */
static void warn_of_shared_directory(struct load *load, const struct node *entry)
{
    const struct node *cwd = tree_find(entry, "cwd");
    if (!cwd || cwd->kind != NODE_SCALAR || strstr(cwd->text, "{{") ||
        strcmp(cwd->text, "/") == 0 || tree_find(entry, "worker") || tree_find(entry, CONCURRENCY))
        return;
    load_warning(load, cwd,
                 "commands of several events may run in %s at the same time; "
                 "\"concurrency: {max: 1}\" runs one after the other",
                 cwd->text);
}

static bool finish_route(struct load *load, const struct node *node, const struct node *defaults,
                         const struct route *route, void *settings)
{
    static const char *const lists[] = {"actions", "choose"};
    (void)route;
    (void)settings;
    if (tree_find_either(node, defaults, CONCURRENCY))
        return true;
    for (int i = 0; i < 2; i++) {
        const struct node *list = tree_find_either(node, defaults, lists[i]);
        for (const struct node *entry = list ? list->first : NULL; entry; entry = entry->next)
            warn_of_shared_directory(load, entry);
    }
    return true;
}

static const struct row_section flow_keys = {.name = "flow",
                                             .sentence =
                                                 "How fast deliveries start, and how many wait.",
                                             .rows = flow_rows,
                                             .row_count = ROW_COUNT(flow_rows),
                                             .size = sizeof(struct flow_settings)};
const struct route_part flow_route_part = {
    .keys = &flow_keys, .after = "max_body", .finish_route = finish_route};
