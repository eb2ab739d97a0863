/* The keys of `coalesce`. An event waits for the quiet window; each newer event of its key takes
 * its place and begins the window anew, but not past `max_wait` after the first of the burst. */
#include "handlers/admission/coalesce.h"

#include "config/load.h"
#include "handlers/admission/event_key.h"

#define DAY_MS INT64_C(86400000)

static const struct row coalesce_rows[] = {
    {.name = "window",
     .type = ROW_DURATION,
     .offset = offsetof(struct coalesce_settings, window_ms),
     .flags = ROW_REQUIRED,
     .min = 1,
     .max = DAY_MS,
     .sentence = "The time without a newer event after which the last event of a burst runs."},
    {.name = "max_wait",
     .type = ROW_DURATION,
     .offset = offsetof(struct coalesce_settings, max_wait_ms),
     .min = 1,
     .max = DAY_MS,
     .sentence = "The longest time from the first event of a burst until one runs, however many "
                 "more come; without it, ten times `window`."},
    {.name = "per",
     .example = "payload.repository.id",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct coalesce_settings, per),
     .read = event_key_read,
     .syntax = "a value such as `payload.repository.id`",
     .json_schema = "{\"type\": \"string\"}",
     .sentence = "Events that have the same value are one burst, and so are those that lack the "
                 "value. Without `per`, all events of the route are."},
};

static bool finish_coalesce(struct load *load, const struct node *node, void *settings)
{
    struct coalesce_settings *coalesce = settings;
    const struct node *max_wait = tree_find(node, "max_wait");
    if (coalesce->max_wait_ms == 0)
        coalesce->max_wait_ms = 10 * coalesce->window_ms;
    return coalesce->max_wait_ms >= coalesce->window_ms ||
           load_problem(load, max_wait, "\"max_wait\" is shorter than \"window\"");
}

static const struct row_section coalesce_section = {
    .name = "coalesce",
    .sentence = "How a burst of events becomes its last one.",
    .rows = coalesce_rows,
    .row_count = ROW_COUNT(coalesce_rows),
    .size = sizeof(struct coalesce_settings),
    .finish = finish_coalesce};

static const struct row route_rows[] = {
    {.name = "coalesce",
     .type = ROW_SECTION,
     .offset = 0,
     .section = &coalesce_section,
     .sentence = "A burst of events becomes its last event; those before it are kept as "
                 "`superseded`, with its id."},
};
static const struct row_section route_keys = {.name = "coalesce",
                                              .sentence = "Bursts of events.",
                                              .rows = route_rows,
                                              .row_count = ROW_COUNT(route_rows),
                                              .size = sizeof(struct coalesce_settings)};
const struct route_part coalesce_route_part = {.keys = &route_keys, .after = "auth"};
