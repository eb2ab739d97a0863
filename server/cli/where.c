/* The values are those that an action of the event would see (handlers/value/stored.h), as far as
 * they do not depend on the route file: the segments of the path are those of the time at which the
 * event came, and a body that is a form is read as one. */
#include "server/cli/where.h"

#include "base/clock.h"
#include "config/loader.h"
#include "handlers/admission/condition.h"
#include "handlers/content/content.h"
#include "handlers/value/stored.h"
#include "server/cli/verbs.h"
#include "server/terminal/terminal.h"

#include <errno.h>
#include <stdlib.h>

enum { EVENT_MEMORY = 256 << 20 };

struct where {
    struct settings *settings; /* owns what the condition is made of */
    struct condition condition;
    size_t unjudged;
};

/* ---- the condition ---- */

static bool read_condition(struct load *load, const struct node *node, void *context)
{
    struct where *where = context;
    bool good = condition_load(load, node, false, &where->condition);
    if (good && condition_needs_schema(&where->condition))
        return load_problem(load, node, "a schema cannot be asked for here");
    return good;
}

struct where *where_load(const char *text)
{
    struct problem_list problems;
    struct where *where = calloc(1, sizeof *where);
    problem_list_init(&problems);
    if (where)
        where->settings = settings_load_value("--where", bytes_of_text(text), &program_registry,
                                              &problems, read_condition, where);
    else
        print_failure("no memory");
    problem_list_print(&problems, stderr);
    problem_list_finish(&problems);
    if (where && where->settings)
        return where;
    free(where);
    return NULL;
}

void where_destroy(struct where *where)
{
    if (!where)
        return;
    settings_destroy(where->settings);
    free(where);
}

size_t where_unjudged(const struct where *where)
{
    return where->unjudged;
}

/* ---- the values of an event ---- */

/* What is made of an event to judge it. */
struct judged {
    struct arena arena;
    struct event_copy copy;
    struct form parts;
    bool has_parts;
    struct stored_values stored;
    struct value_context values;
    char received[CLOCK_TEXT_SIZE];
};

static struct bytes known(struct bytes text)
{
    return text.length ? text : bytes_of(NULL, 0);
}

/* False without memory. */
static bool read_content(struct judged *judged)
{
    const struct event *event = &judged->copy.event;
    struct stored_values *stored = &judged->stored;
    struct bytes payload;
    stored->payload = known(event->payload);
    if (event->payload.length > 0 || event->body.length == 0)
        return true;
    if (content_type_is_multipart(event->content_type)) {
        judged->has_parts = content_read_form(event->content_type, event->body, &judged->parts);
        if (!judged->has_parts)
            return errno != ENOMEM;
        stored->parts = &judged->parts;
        if (content_form_payload(&judged->parts, event->json_field, &payload))
            stored->payload = payload;
        return true;
    }
    uint8_t *room = arena_alloc(&judged->arena, event->body.length);
    if (!room)
        return false;
    if (content_stored_payload(event->body, event->body_is_json, event->json_field, room, &payload))
        stored->payload = payload;
    if (event->json_field.length > 0 || content_type_is_form(event->content_type))
        stored->form_text = event->body_is_json ? bytes_of(NULL, 0) : event->body;
    return true;
}

static bool read_values(struct judged *judged)
{
    const struct event *event = &judged->copy.event;
    clock_format_unix_ms(event->received_ms, judged->received);
    judged->stored = (struct stored_values){.headers = known(event->headers),
                                            .query = known(event->query),
                                            .params = known(event->params),
                                            .id = event->id,
                                            .type = known(event->type),
                                            .delivery = known(event->message_id),
                                            .received = bytes_of_text(judged->received),
                                            .attempt = bytes_of_text("1"),
                                            .client = known(event->client),
                                            .method = known(event->method),
                                            .path = known(event->path),
                                            .host = known(event->host),
                                            .route = event->route};
    if (!read_content(judged))
        return false;
    value_context_of_stored(&judged->values, &judged->stored);
    return true;
}

static enum where_outcome judge(struct where *where, struct judged *judged)
{
    static const enum where_outcome outcomes[] = {[CONDITION_HOLDS] = WHERE_HOLDS,
                                                  [CONDITION_FAILS] = WHERE_FAILS,
                                                  [CONDITION_LIMIT] = WHERE_FAILS,
                                                  [CONDITION_NO_MEMORY] = WHERE_UNREAD};
    enum condition_outcome outcome =
        condition_holds(&where->condition, &judged->values, &judged->arena, NULL);
    where->unjudged += outcome == CONDITION_LIMIT;
    return outcomes[outcome];
}

enum where_outcome where_holds(struct where *where, struct journal_reader *reader,
                               const struct event_copy *row)
{
    struct judged judged = {.copy = *row};
    enum where_outcome outcome = WHERE_UNREAD;
    arena_init(&judged.arena, EVENT_MEMORY);
    if (event_copy_body(reader, row->seq, &judged.arena, &judged.copy) && read_values(&judged)) {
        outcome = judge(where, &judged);
        value_context_finish(&judged.values);
    }
    if (judged.has_parts)
        form_finish(&judged.parts);
    arena_finish(&judged.arena);
    return outcome;
}
