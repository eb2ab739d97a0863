/* The window is at least as long as a message of the provider may be old, so that what still passes
 * the signature is known when it comes again. */
#include "handlers/admission/dedupe.h"

#include "config/load.h"
#include "handlers/admission/event_key.h"

#define DAYS(count) ((int64_t)(count)*86400000)

static const char *const off_choice[] = {"off", NULL};
static const char *const dead_choices[] = {"rerun", "keep", NULL}; /* enum dedupe_dead */

enum { KEY_MAX = 1024 };

static const struct row window_rows[] = {
    {.name = "window",
     .type = ROW_DURATION,
     .offset = offsetof(struct dedupe_settings, window_ms),
     .default_text = "3d",
     .min = 1000,
     .max = DAYS(90),
     .sentence = "How long a message id is remembered. Without it, 3d, or the maximum age of the "
                 "provider's messages if that is longer."},
    {.name = "dead",
     .type = ROW_CHOICE,
     .offset = offsetof(struct dedupe_settings, dead),
     .choices = dead_choices,
     .default_text = "rerun",
     .sentence = "The effect of a repeated message on an event that failed: `rerun` runs its dead "
                 "deliveries again (at most ten times), `keep` leaves the event as it is (200, as "
                 "for every duplicate)."},
    {.name = "key",
     .example = "payload.id",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct dedupe_settings, key),
     .read = event_key_read,
     .syntax = "a value such as `payload.id` or `header.x-delivery`",
     .json_schema = "{\"type\": \"string\"}",
     .sentence = "The value by which a repeated message is recognized; without it, the id that "
                 "the provider defines or `delivery` names. An event without the value is never "
                 "a duplicate."},
};
static const struct row_section window_section = {
    .name = "dedupe",
    .sentence = "How repeated messages are recognized and answered.",
    .rows = window_rows,
    .row_count = ROW_COUNT(window_rows),
    .size = sizeof(struct dedupe_settings)};

static bool read_dedupe(struct load *load, const struct node *node, const struct row *row,
                        void *field)
{
    struct dedupe_settings *dedupe = field;
    if (node->kind == NODE_MAPPING)
        return load_section(load, node, row->section, dedupe);
    if (node->kind != NODE_SCALAR || strcmp(node->text, "off") != 0)
        return load_mismatch(load, node, row,
                             "{window: DURATION, dead: rerun or keep, key: VALUE} or off");
    dedupe->off = true;
    return true;
}

static const struct row dedupe_rows[] = {
    {.name = "dedupe",
     .type = ROW_CUSTOM,
     .offset = 0,
     .read = read_dedupe,
     .default_text = "{window: 3d, dead: rerun}",
     .section = &window_section,
     .choices = off_choice,
     .syntax = "`{window: DURATION, dead: rerun or keep, key: VALUE}` or `off`",
     .sentence = "A message that was accepted before is answered 200 with the id of the first "
                 "event, or 202 if the first event failed and runs again."},
};

/* What is still taken has to be known when it comes again, unless the file says otherwise. */
static bool widen_window(struct load *load, const struct node *node, const struct node *defaults,
                         const struct route *route, void *field)
{
    struct dedupe_settings *settings = field;
    const struct node *dedupe = tree_find_either(node, defaults, "dedupe");
    (void)load;
    if (settings->off || (dedupe && tree_find(dedupe, "window")))
        return true;
    for (size_t i = 0; i < route->authenticator_count; i++) {
        const struct handler *handler = &route->authenticators[i];
        int64_t wanted =
            handler->kind->replayable_ms ? handler->kind->replayable_ms(handler->settings) : 0;
        if (wanted > settings->window_ms)
            settings->window_ms = wanted;
    }
    return true;
}

static const struct row_section dedupe_keys = {.name = "dedupe",
                                               .sentence = "Repeated messages.",
                                               .rows = dedupe_rows,
                                               .row_count = ROW_COUNT(dedupe_rows),
                                               .size = sizeof(struct dedupe_settings)};
const struct route_part dedupe_route_part = {
    .keys = &dedupe_keys, .after = "auth", .finish_route = widen_window};

struct verdict dedupe_take_key(const struct dedupe_settings *settings,
                               struct value_context *context, struct request *request)
{
    struct value value;
    request->dedupe_key = bytes_of(NULL, 0);
    if (!value_resolve(context, &settings->key, &value))
        return value_refusal(context);
    if (value.repeated)
        return verdict_refuse(REPLY_UNPROCESSABLE, "the key of dedupe is given more than once");
    if (value.kind != VALUE_STRING && value.kind != VALUE_NUMBER && value.kind != VALUE_BOOLEAN)
        return GO_ON;
    if (value.text.length > KEY_MAX)
        return verdict_refuse(REPLY_UNPROCESSABLE, "the key of dedupe is longer than 1,024 bytes");
    char *copy = arena_copy_bytes(request->arena, value.text);
    if (!copy)
        return verdict_refuse(REPLY_MEMORY_FULL, "no room for the key of dedupe");
    request->dedupe_key = bytes_of(copy, value.text.length);
    return GO_ON;
}
