/* The only special character of a pattern is the star. A star is tried against as little as
 * possible, and only the last one is ever tried again, which is enough: the time is bounded by the
 * product of both lengths. */
#include "handlers/admission/events.h"

#include "handlers/admission/condition.h"

static const struct row events_rows[] = {
    {.name = "events",
     .example = "[push, \"pull_request.*\"]",
     .type = ROW_TEXTS,
     .offset = offsetof(struct events_settings, patterns),
     .flags = ROW_ONE_OK,
     .default_text = "[]",
     .sentence = "Names or patterns of the events that the route accepts; without it, all. Other "
                 "events are answered `mismatch`."},
};

static const struct row_section events_keys = {.name = "events",
                                               .sentence = "The types of events that are accepted.",
                                               .rows = events_rows,
                                               .row_count = ROW_COUNT(events_rows),
                                               .size = sizeof(struct events_settings)};
const struct route_part events_route_part = {.keys = &events_keys, .after = "max_body"};

bool pattern_matches_text(struct bytes pattern, struct bytes text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;
    while (t < text.length) {
        if (p < pattern.length && pattern.data[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.length && pattern.data[p] == text.data[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.length && pattern.data[p] == '*')
        p++;
    return p == pattern.length;
}

bool events_take(const struct text_list *patterns, struct bytes type)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (pattern_matches_text(bytes_of_text(patterns->items[i]), type))
            return true;
    return patterns->count == 0;
}

const char *events_reason(struct bytes type, struct arena *arena)
{
    struct value value = {.kind = VALUE_STRING, .text = type};
    const char *shown = type.length ? value_shown(arena, &value) : NULL;
    const char *text =
        shown ? arena_format(arena, "\"events\" leaves out events of the type %s", shown) : NULL;
    return text ? text : "\"events\" leaves out events without a type";
}
