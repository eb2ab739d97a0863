/* An event that is not wanted is no error: it is answered as one that was taken, so that its sender
 * does not send it again, unless the route says otherwise. What the condition was and what it saw
 * is for the log; the sender learns that the event is ignored. */
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
    {.name = "mismatch",
     .type = ROW_INTEGER,
     .offset = offsetof(struct when_settings, mismatch),
     .min = 200,
     .max = 499,
     .sentence = "The status for an event that `events` or `when` leaves out; without it 200, or "
                 "what the provider expects."},
};

/* A 1xx, 3xx or 401 means something to HTTP that this answer is not. */
static bool finish_when(struct load *load, const struct node *node, void *settings)
{
    const struct when_settings *when = settings;
    const struct node *mismatch = tree_find(node, "mismatch");
    bool redirects = when->mismatch >= 300 && when->mismatch < 400;
    if (!redirects && when->mismatch != 401 && when->mismatch != 407)
        return true;
    return load_problem(load, mismatch ? mismatch : node,
                        "\"mismatch\" is a status from 200 to 299 or from 400 to 499, but 401 and "
                        "407");
}

static const struct row_section when_keys = {.name = "when",
                                             .sentence = "The events that a route wants.",
                                             .rows = when_rows,
                                             .row_count = ROW_COUNT(when_rows),
                                             .size = sizeof(struct when_settings),
                                             .finish = finish_when};
const struct route_part when_route_part = {.keys = &when_keys, .after = "max_body"};

struct verdict when_ignore(const struct when_settings *settings, const char *reason,
                           const char *message)
{
    return (struct verdict){.reply = REPLY_IGNORED,
                            .status = (unsigned)settings->mismatch,
                            .reason = reason,
                            .message = message};
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
        return verdict_refuse(REPLY_UNPROCESSABLE, reason.text);
    case CONDITION_NO_MEMORY:
        return verdict_refuse(REPLY_MEMORY_FULL, "no memory for the conditions");
    case CONDITION_FAILS:
        break;
    }
    return when_ignore(settings, reason.text, "the conditions of the route leave this event out");
}
