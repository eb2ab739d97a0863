/* An event that is not wanted is no error: without `mismatch` it is answered as one that was taken,
 * so that its sender does not send it again. The answer holds no values, because the event need
 * not have what the route asks of an event that it takes. */
#include "server/pipeline/mismatch.h"

#include "config/load.h"

enum { STATUS_IGNORED = 200 };

#define MISMATCH(field) offsetof(struct mismatch_settings, answer.field)

static const struct row answer_rows[] = {
    {.name = "status",
     .type = ROW_INTEGER,
     .offset = MISMATCH(status),
     .min = 200,
     .max = 499,
     .sentence = "The status, from 200 to 299 or from 400 to 499, but neither 401 nor 407; without "
                 "it 200."},
    ANSWER_TYPE_ROW(MISMATCH(type), "`body`"),
    {.name = "headers",
     .example = "{X-Reason: not wanted}",
     .type = ROW_CUSTOM,
     .offset = MISMATCH(headers),
     .read = answer_template_read_headers,
     .syntax = "a mapping of names to values",
     .json_schema = ANSWER_HEADERS_SCHEMA,
     .sentence = "Further headers of the answer, but those that the server writes itself."},
    {.name = "body",
     .example = "not wanted",
     .type = ROW_CUSTOM,
     .offset = MISMATCH(body),
     .read = answer_template_read_body,
     .syntax = "a string, or `{literal: …}` for one with `{{` in it",
     .json_schema = ANSWER_TEXT_SCHEMA,
     .sentence = "The body, `\"\"` for an empty one; without it, JSON that says that the event is "
                 "ignored."},
};

/* A 1xx, 3xx, 401 or 407 means something to HTTP that this answer is not. */
static bool check_status(struct load *load, const struct node *node, int64_t status)
{
    const struct node *key = tree_find(node, "status");
    bool redirects = status >= 300 && status < 400;
    if (!redirects && status != 401 && status != 407)
        return true;
    return load_problem(load, key ? key : node,
                        "\"mismatch\" is a status from 200 to 299 or from 400 to 499, but 401 and "
                        "407");
}

static bool finish_answer(struct load *load, const struct node *node, void *settings)
{
    struct answer_template *answer = &((struct mismatch_settings *)settings)->answer;
    if (!check_status(load, node, answer->status) ||
        !answer_template_finish(load, node, answer, false))
        return false;
    if (answer->status == 0)
        answer->status = STATUS_IGNORED;
    return answer->plain.is_made ||
           load_problem(load, node,
                        "\"mismatch\" has no values of the event; write {literal: TEXT} for text "
                        "with {{");
}

static const struct row_section answer_section = {
    .name = "mismatch",
    .sentence = "The answer to an event that the route does not want.",
    .rows = answer_rows,
    .row_count = ROW_COUNT(answer_rows),
    .size = sizeof(struct mismatch_settings),
    .finish = finish_answer};

/* A status alone is the mapping with nothing else in it. */
static bool read_mismatch(struct load *load, const struct node *node, const struct row *row,
                          void *field)
{
    if (node->kind == NODE_MAPPING)
        return load_section(load, node, row->section, field);
    if (node->kind != NODE_SCALAR || node->quoted || tree_is_null(node))
        return load_mismatch(load, node, row,
                             "a status such as 404, or {status: …, type: …, headers: …, body: …}");
    struct row status = answer_rows[0];
    status.name = row->name;
    return load_row(load, node, &status, field) && finish_answer(load, node, field);
}

static const struct row mismatch_rows[] = {
    {.name = "mismatch",
     .example = "{status: 200, body: not wanted}",
     .type = ROW_CUSTOM,
     .offset = 0,
     .read = read_mismatch,
     .section = &answer_section,
     .syntax = "a status, 200 to 499, or `{status: …, type: …, headers: …, body: …}`",
     .json_schema = "{\"type\": \"integer\", \"minimum\": 200, \"maximum\": 499}",
     .sentence =
         "The answer to an event that `events`, `when` or the choice of actions leaves out; "
         "without it 200, or what `respond` says or the provider expects."},
};

static const struct row_section mismatch_keys = {.name = "mismatch",
                                                 .sentence =
                                                     "How an event is answered that is not wanted.",
                                                 .rows = mismatch_rows,
                                                 .row_count = ROW_COUNT(mismatch_rows),
                                                 .size = sizeof(struct mismatch_settings)};
const struct route_part mismatch_route_part = {.keys = &mismatch_keys, .after = "max_body"};
