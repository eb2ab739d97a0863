/* What the condition was and what it saw is for the log; the sender learns that the event is
 * ignored, and answered as `mismatch` says (server/pipeline/mismatch.c). */
#include "handlers/admission/when.h"

static bool read_when(struct load *load, const struct node *node, const struct row *row,
                      void *field)
{
    struct when_settings *settings = field;
    (void)row;
    settings->is_set = true;
    return condition_load(load, node, false, &settings->condition);
}

static const struct row when_rows[] = {
    {.name = "when",
     .example = "[{value: payload.ref, equals: refs/heads/main}]",
     .type = ROW_CUSTOM,
     .offset = 0,
     .read = read_when,
     .flags = ROW_ONE_OK,
     .min = 1,
     .max = CONDITION_ENTRIES_MAX,
     .section = &condition_section,
     .syntax = "a list of conditions",
     .sentence = "The conditions that an event must meet, all of them, such as `{value: "
                 "payload.ref, equals: refs/heads/main}`. Other events are answered `mismatch`."},
};

static const struct row_section when_keys = {.name = "when",
                                             .sentence = "The events that a route wants.",
                                             .rows = when_rows,
                                             .row_count = ROW_COUNT(when_rows),
                                             .size = sizeof(struct when_settings)};
const struct route_part when_route_part = {.keys = &when_keys, .after = "max_body"};

struct verdict when_ignore(const char *reason, const char *message)
{
    return (struct verdict){.reply = REPLY_IGNORED, .reason = reason, .message = message};
}

struct verdict when_exceeded(const char *reason)
{
    return (struct verdict){.reply = REPLY_UNPROCESSABLE,
                            .reason = reason,
                            .message = "to judge the conditions costs more than a request may"};
}

struct verdict when_check(const struct when_settings *settings, struct value_context *context,
                          struct arena *arena)
{
    struct condition_reason reason;
    if (!settings->is_set)
        return GO_ON;
    switch (condition_holds(&settings->condition, context, arena, &reason)) {
    case CONDITION_HOLDS:
        return GO_ON;
    case CONDITION_LIMIT:
        return when_exceeded(reason.text);
    case CONDITION_NO_MEMORY:
        return verdict_refuse(REPLY_MEMORY_FULL, "no memory for the conditions");
    case CONDITION_FAILS:
        break;
    }
    return when_ignore(reason.text, "the conditions of the route leave this event out");
}
