/* The `respond` key of a route, which takes precedence over the reply that the provider requires
 * (pipeline.c reads this one first). */
#include "server/pipeline/respond.h"

#include "config/load.h"

enum { RESPOND_BODY_MAX = 64 << 10 };

static const struct row answer_rows[] = {
    {.name = "status",
     .type = ROW_INTEGER,
     .offset = offsetof(struct respond_settings, status),
     .min = 200,
     .max = 299,
     .sentence = "The status; without it 202, or 200 if no action runs."},
    {.name = "type",
     .type = ROW_TEXT,
     .offset = offsetof(struct respond_settings, type),
     .min = 1,
     .max = 200,
     .sentence = "The media type of `body`; without it `text/plain; charset=utf-8`."},
    {.name = "body",
     .type = ROW_TEXT,
     .offset = offsetof(struct respond_settings, body),
     .max = RESPOND_BODY_MAX,
     .sentence = "The body, `\"\"` for an empty one; without it, JSON with the id of the event."},
};

/* Statuses that cannot have a body get none; all others go with any. */
static bool finish_answer(struct load *load, const struct node *node, void *settings)
{
    struct respond_settings *respond = settings;
    const struct node *body = tree_find(node, "body"), *type = tree_find(node, "type");
    bool bodiless = respond->status == 204 || respond->status == 205;
    if (bodiless && body && respond->body[0])
        return load_problem(load, body, "an answer with status %d has no body",
                            (int)respond->status);
    if (type && (!body || !respond->body[0]))
        return load_problem(load, type, "\"type\" is the media type of \"body\", which is %s",
                            body ? "empty" : "missing");
    for (const char *c = type ? respond->type : ""; *c; c++)
        if (*c < ' ' || *c > '~')
            return load_problem(load, type, "\"type\" must be a media type such as text/plain");
    if (bodiless)
        respond->body = "";
    else if (body && respond->body[0] && !type)
        respond->type = "text/plain; charset=utf-8";
    return true;
}

static const struct row_section answer_section = {.name = "respond",
                                                  .sentence = "The answer to an accepted event.",
                                                  .rows = answer_rows,
                                                  .row_count = ROW_COUNT(answer_rows),
                                                  .size = sizeof(struct respond_settings),
                                                  .finish = finish_answer};

static bool read_respond(struct load *load, const struct node *node, const struct row *row,
                         void *field)
{
    if (node->kind == NODE_MAPPING)
        return load_section(load, node, row->section, field);
    return (node->kind == NODE_SCALAR && strcmp(node->text, row->choices[0]) == 0) ||
           load_mismatch(load, node, row, "{status: …, type: …, body: …} or accepted");
}

static const char *const respond_choices[] = {"accepted", NULL};

static const struct row respond_rows[] = {
    {.name = "respond",
     .type = ROW_CUSTOM,
     .offset = 0,
     .read = read_respond,
     .default_text = "accepted",
     .section = &answer_section,
     .choices = respond_choices,
     .syntax = "`{status: …, type: …, body: …}` or `accepted`",
     .sentence = "The answer to an accepted event, also to a duplicate or an ignored one: "
                 "`accepted` is 202 with the event's id, or the answer that the provider requires. "
                 "For senders that take only a certain 2xx for success."},
};

static const struct row_section respond_keys = {.name = "respond",
                                                .sentence = "How events are answered.",
                                                .rows = respond_rows,
                                                .row_count = ROW_COUNT(respond_rows),
                                                .size = sizeof(struct respond_settings)};
const struct route_part respond_route_part = {.keys = &respond_keys, .after = "max_body"};

struct verdict respond_as_route_says(const struct route *route, struct verdict verdict)
{
    const struct respond_settings *respond = respond_settings_of(route);
    if (respond->status)
        verdict.status = (unsigned)respond->status;
    if (respond->body) {
        verdict.content_type = respond->type;
        verdict.body = bytes_of_text(respond->body);
        verdict.empty_body = verdict.body.length == 0;
    }
    return verdict;
}
