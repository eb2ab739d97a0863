/* The key `respond` in a route file. Its two forms, a fixed answer and the output of an action,
 * share the rows: which of them belong to which form is a rule of the section. */
#include "server/pipeline/respond.h"

#include "config/load.h"
#include "handlers/action/action.h"
#include "handlers/auth/reference_check.h"
#include "server/ipc/frame.h"

#include <stdlib.h>
#include <strings.h>

enum {
    EXIT_STATUS_MAX = 255,
    STATUS_FAILED = 500,
    SIZE_DEFAULT = 64 << 10,
    DEADLINE_DEFAULT_MS = 2500,
    STREAM_DEADLINE_DEFAULT_MS = 600 * 1000,
    HEARTBEAT_DEFAULT_MS = 15 * 1000,
};

/* ---- status ---- */

static bool is_status_of_output(int64_t status)
{
    return (status >= 200 && status < 300) || (status >= 400 && status < 600);
}

static bool read_number(const struct node *node, int64_t most, int64_t *number)
{
    char *end;
    if (node->kind != NODE_SCALAR || node->length == 0 || node->length > 3 ||
        node->text[strspn(node->text, "0123456789")] != '\0')
        return false;
    *number = strtol(node->text, &end, 10);
    return *number <= most;
}

static bool read_status_of_output(struct load *load, const struct node *node,
                                  struct respond_settings *respond)
{
    int64_t exit_status = 0, status;
    bool is_other = strcmp(node->key->text, "other") == 0;
    if (!is_other && !read_number(node->key, EXIT_STATUS_MAX, &exit_status))
        return load_problem(load, node->key,
                            "\"status\" has exit statuses from 0 to 255 and \"other\", not \"%s\"",
                            node->key->text);
    if (node->quoted || !read_number(node, 599, &status) || !is_status_of_output(status))
        return load_problem(load, node,
                            "an exit status must become a status from 200 to 299 or "
                            "from 400 to 599");
    if (is_other)
        respond->other_status = (unsigned)status;
    else
        respond->statuses[respond->status_count++] =
            (struct respond_status){(int)exit_status, (unsigned)status};
    return true;
}

static bool read_statuses(struct load *load, const struct node *node,
                          struct respond_settings *respond)
{
    bool ok = true;
    respond->statuses =
        arena_alloc_array(load_arena(load), node->count + 1, sizeof *respond->statuses);
    if (!respond->statuses)
        return load_no_memory(load);
    for (const struct node *item = node->first; item; item = item->next)
        ok = read_status_of_output(load, item, respond) && ok;
    return ok;
}

/* A status, or with `output` one for each exit status. */
static bool read_status(struct load *load, const struct node *node, const struct row *row,
                        void *field)
{
    struct respond_settings *respond = field;
    if (node->kind == NODE_MAPPING)
        return read_statuses(load, node, respond);
    if (node->quoted || !read_number(node, 999, &respond->answer.status))
        return load_mismatch(load, node, row, "a status such as 200, or {0: 200, other: 500}");
    if (respond->answer.status < 200 || respond->answer.status > 299)
        return load_problem(load, node, "\"status\" must be between 200 and 299, not \"%s\"",
                            node->text);
    return true;
}

/* ---- late, failed ---- */

#define TEMPLATE(field) offsetof(struct answer_template, field)
#define ANSWER(field) offsetof(struct respond_settings, answer.field)

#define HEADERS_ROW(place)                                                                         \
    {                                                                                              \
        .name = "headers", .example = "{X-Event: \"{{event.type}}\"}", .type = ROW_CUSTOM,         \
        .offset = place, .read = answer_template_read_headers,                                     \
        .syntax = "a mapping of names to values, with `{{…}}`",                                    \
        .json_schema = ANSWER_HEADERS_SCHEMA,                                                      \
        .sentence = "Further headers of the answer, but those that the server writes itself."      \
    }
#define BODY_ROW(place)                                                                            \
    {                                                                                              \
        .name = "body", .example = "taken", .type = ROW_CUSTOM, .offset = place,                   \
        .read = answer_template_read_body, .syntax = "a string, with `{{…}}`",                     \
        .json_schema = ANSWER_TEXT_SCHEMA,                                                         \
        .sentence = "The body, `\"\"` for an empty one; without it, JSON with the id of the "      \
                    "event. A value that is missing and has no default refuses the event with "    \
                    "422."                                                                         \
    }

static bool finish_late(struct load *load, const struct node *node, void *settings)
{
    return answer_template_finish(load, node, settings, false);
}

static const struct row late_rows[] = {
    {.name = "status",
     .type = ROW_INTEGER,
     .offset = TEMPLATE(status),
     .min = 200,
     .max = 299,
     .sentence = "The status; without it 202."},
    ANSWER_TYPE_ROW(TEMPLATE(type), "`body`"),
    HEADERS_ROW(TEMPLATE(headers)),
    BODY_ROW(TEMPLATE(body)),
};

static const struct row_section late_section = {
    .name = "late",
    .sentence = "The answer to an event whose action has not given its output by the deadline.",
    .rows = late_rows,
    .row_count = ROW_COUNT(late_rows),
    .size = sizeof(struct answer_template),
    .finish = finish_late};

static bool finish_failed(struct load *load, const struct node *node, void *settings)
{
    const struct answer_template *failed = settings;
    const struct node *status = tree_find(node, "status");
    if (status && !is_status_of_output(failed->status))
        return load_problem(load, status,
                            "\"status\" of \"failed\" is one from 200 to 299 or from 400 to 599");
    return answer_template_finish(load, node, settings, false);
}

static const struct row failed_rows[] = {
    {.name = "status",
     .type = ROW_INTEGER,
     .offset = TEMPLATE(status),
     .min = 200,
     .max = 599,
     .sentence = "The status, from 200 to 299 or from 400 to 599; without it that of `other`."},
    ANSWER_TYPE_ROW(TEMPLATE(type), "`body`"),
    HEADERS_ROW(TEMPLATE(headers)),
    BODY_ROW(TEMPLATE(body)),
};

static const struct row_section failed_section = {
    .name = "failed",
    .sentence = "The answer instead of the output of a command that has failed.",
    .rows = failed_rows,
    .row_count = ROW_COUNT(failed_rows),
    .size = sizeof(struct answer_template),
    .finish = finish_failed};

static bool read_failed(struct load *load, const struct node *node, const struct row *row,
                        void *field)
{
    struct respond_settings *respond = field;
    respond->has_failed = true;
    if (node->kind != NODE_MAPPING)
        return load_mismatch(load, node, row, "{status: …, type: …, headers: …, body: …}");
    return load_section(load, node, row->section, &respond->failed);
}

/* ---- the key ---- */

static const struct row answer_rows[] = {
    {.name = "status",
     .type = ROW_CUSTOM,
     .offset = 0,
     .read = read_status,
     .syntax = "200 to 299, or with `output` `{0: 200, 3: 422, other: 500}`",
     .json_schema = "{\"type\": [\"integer\", \"object\"], \"minimum\": 200, \"maximum\": 299, "
                    "\"additionalProperties\": {\"type\": \"integer\", \"minimum\": 200, "
                    "\"maximum\": 599}}",
     .sentence = "The status; without it 202, or 200 if no action runs. With `output`, the status "
                 "for each exit status of the command; without it `{0: 200, other: 500}`. `other` "
                 "is also the status if the command is killed, runs longer than its `timeout`, or "
                 "cannot be started."},
    ANSWER_TYPE_ROW(ANSWER(type), "`body` or `output`"),
    HEADERS_ROW(ANSWER(headers)),
    BODY_ROW(ANSWER(body)),
    {.name = "output",
     .example = "deploy",
     .type = ROW_TEXT,
     .offset = offsetof(struct respond_settings, output),
     .min = 1,
     .max = 64,
     .sentence = "The action of this route, a command or a shell script, whose standard output is "
                 "the answer. The event is stored before the action runs, as always."},
    {.name = "deadline",
     .type = ROW_DURATION,
     .offset = offsetof(struct respond_settings, deadline_ms),
     .min = 1,
     .max = 3600 * INT64_C(1000),
     .sentence = "With `output`: the time from the head of the request until the answer `late` is "
                 "given instead; the action goes on. Without it 2500ms, with `stream` 10m."},
    {.name = "late",
     .example = "{status: 202, body: it goes on}",
     .type = ROW_SECTION,
     .offset = offsetof(struct respond_settings, late),
     .section = &late_section,
     .sentence =
         "With `output`: the answer if there is no output in time, if it is longer than `size`, if "
         "so many senders wait that a quarter of `server.commands` is waited for, or if the server "
         "leaves. A repeated message, for which nothing runs, is answered with the output that is "
         "stored, or with this one. Without it, 202 with the event's id, or the answer that the "
         "provider requires."},
    {.name = "failed",
     .example = "{status: 500, body: it failed}",
     .type = ROW_CUSTOM,
     .offset = 0,
     .read = read_failed,
     .section = &failed_section,
     .syntax = "`{status: …, type: …, headers: …, body: …}`",
     .sentence = "With `output`: the answer instead of the output where the command exits with "
                 "another status than 0 that `status` does not list, is killed, runs longer than "
                 "its `timeout`, or cannot be started."},
    {.name = "size",
     .type = ROW_SIZE,
     .offset = offsetof(struct respond_settings, size),
     .min = 1,
     .max = FRAME_OUTPUT_MAX,
     .sentence = "With `output`: the longest output that is an answer, at most `output` of the "
                 "action; without it 64KiB, or `output` of the action if that is less."},
    {.name = "stream",
     .type = ROW_BOOL,
     .offset = offsetof(struct respond_settings, streams),
     .default_text = "false",
     .sentence = "With `output`: whether the output is sent as it comes, with status 200 and the "
                 "exit status in the trailer `Tenterhook-Exit-Status`; what would be the answer "
                 "`late` is then the last line, the body of `late` if it has one. A client that "
                 "speaks HTTP/1.0 gets all of it at the end."},
    {.name = "exit_line",
     .type = ROW_BOOL,
     .offset = offsetof(struct respond_settings, exit_line),
     .default_text = "false",
     .sentence = "With `stream`: whether the last line is `exit status 3`, or says why there is "
                 "none, for clients that cannot read trailers."},
    {.name = "heartbeat",
     .type = ROW_DURATION,
     .offset = offsetof(struct respond_settings, heartbeat_ms),
     .max = 600 * INT64_C(1000),
     .sentence = "With `stream`: after so long without output an empty line is sent, with the type "
                 "`text/event-stream` a comment (`:`), so that no proxy takes the connection for "
                 "dead; never within a line. `0s` for none; without it 15s where `type` is one of "
                 "text, otherwise none."},
};

/* The first of the keys that is there. */
static const struct node *find_any(const struct node *node, const char *const *keys)
{
    const struct node *found = NULL;
    for (; *keys && !found; keys++)
        found = tree_find(node, *keys);
    return found;
}

/* Keys that a stream has alone, and that it cannot have. */
static bool check_stream(struct load *load, const struct node *node, bool streams)
{
    static const char *const stream_keys[] = {"exit_line", "heartbeat", NULL},
                             *const whole_keys[] = {"status", "failed", NULL},
                             *const late_keys[] = {"status", "type", "headers", NULL};
    const struct node *found = find_any(node, streams ? whole_keys : stream_keys);
    const struct node *late = tree_find(node, "late");
    if (found && !streams)
        return load_problem(load, found->key,
                            "\"%s\" belongs to \"stream: true\", which is missing",
                            found->key->text);
    if (found)
        return load_problem(
            load, found->key,
            "\"%s\" and \"stream\" exclude each other: a stream has begun with status "
            "200 before the command ends",
            found->key->text);
    if (streams && late && (found = find_any(late, late_keys)))
        return load_problem(load, found->key,
                            "with \"stream\", \"late\" is the last line and has nothing but a "
                            "\"body\"");
    return true;
}

/* Keys that only one of the two forms has. */
static bool check_form(struct load *load, const struct node *node, bool streams)
{
    static const char *const output_keys[] = {"deadline", "late",      "failed",    "size",
                                              "stream",   "exit_line", "heartbeat", NULL};
    const struct node *body = tree_find(node, "body"), *status = tree_find(node, "status");
    if (tree_find(node, "output")) {
        if (!check_stream(load, node, streams))
            return false;
        if (body)
            return load_problem(load, body->key, "\"body\" and \"output\" exclude each other");
        return !status || status->kind == NODE_MAPPING ||
               load_problem(load, status,
                            "with \"output\", \"status\" is a mapping of exit statuses such as "
                            "{0: 200, other: 500}");
    }
    const struct node *found = find_any(node, output_keys);
    if (found)
        return load_problem(load, found->key, "\"%s\" belongs to \"output\", which is missing",
                            found->key->text);
    return !status || status->kind != NODE_MAPPING ||
           load_problem(load, status, "exit statuses belong to \"output\", which is missing");
}

static bool finish_answer(struct load *load, const struct node *node, void *settings)
{
    struct respond_settings *respond = settings;
    if (!check_form(load, node, respond->streams) ||
        !answer_template_finish(load, node, &respond->answer, respond->output != NULL))
        return false;
    if (!tree_find(node, "deadline"))
        respond->deadline_ms = respond->streams ? STREAM_DEADLINE_DEFAULT_MS : DEADLINE_DEFAULT_MS;
    if (respond->streams && !tree_find(node, "heartbeat"))
        respond->heartbeat_ms =
            strncasecmp(respond->answer.type, "text/", 5) == 0 ? HEARTBEAT_DEFAULT_MS : 0;
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
    struct respond_settings *respond = field;
    respond->other_status = STATUS_FAILED;
    if (node->kind == NODE_MAPPING)
        return load_section(load, node, row->section, field);
    return (node->kind == NODE_SCALAR && strcmp(node->text, row->choices[0]) == 0) ||
           load_mismatch(load, node, row,
                         "{status: …, type: …, headers: …, body: …}, {output: …} or accepted");
}

static const char *const respond_choices[] = {"accepted", NULL};

static const struct row respond_rows[] = {
    {.name = "respond",
     .example = "{status: 200, body: thanks}",
     .type = ROW_CUSTOM,
     .offset = 0,
     .read = read_respond,
     .default_text = "accepted",
     .section = &answer_section,
     .choices = respond_choices,
     .syntax = "`{status: …, type: …, headers: …, body: …}`, `{output: ACTION, …}` or `accepted`",
     .sentence = "The answer to an accepted event, also to a duplicate or an ignored one: "
                 "`accepted` is 202 with the event's id, or the answer that the provider requires. "
                 "With `output`, it is the standard output of an action."},
};

static const struct row_section respond_keys = {.name = "respond",
                                                .sentence = "How events are answered.",
                                                .rows = respond_rows,
                                                .row_count = ROW_COUNT(respond_rows),
                                                .size = sizeof(struct respond_settings)};

/* ---- the action ---- */

static bool find_action(struct load *load, const struct node *at, const struct route *route,
                        struct respond_settings *respond)
{
    const char *names[ROUTE_ACTIONS_MAX + 1] = {NULL};
    for (size_t i = 0; i < route->action_count && i < ROUTE_ACTIONS_MAX; i++) {
        names[i] = route->actions[i].name;
        if (strcmp(names[i], respond->output) != 0)
            continue;
        respond->action = i;
        return true;
    }
    const char *nearest = nearest_name(respond->output, names);
    if (nearest)
        return load_problem(load, at, "the route has no action \"%s\"; did you mean \"%s\"?",
                            respond->output, nearest);
    return load_problem(load, at, "the route has no action \"%s\"", respond->output);
}

/* What is kept of the output is what a copy is answered with, so it has to be all of it. */
static bool check_action(struct load *load, const struct node *node, const struct route *route,
                         struct respond_settings *respond)
{
    const struct action_settings *action = &route->actions[respond->action];
    const struct action_kind *kind = action_kind_of(&action->handler);
    const struct node *output = tree_find(node, "output"), *size = tree_find(node, "size");
    int64_t kept = kind->output_kept ? kind->output_kept(action->handler.settings) : 0;
    if (!kind->output_kept)
        return load_problem(load, output, "the action \"%s\" is a %s, which has no output",
                            action->name, kind->kind.name);
    if (kept == 0)
        return load_problem(load, output,
                            "the action \"%s\" has \"output: 0\": nothing of its output is kept",
                            action->name);
    if (size && respond->size > kept)
        return load_problem(load, size,
                            "\"size\" is larger than \"output\" of the action \"%s\", which says "
                            "how much is kept",
                            action->name);
    if (!size)
        respond->size = kept < SIZE_DEFAULT ? kept : SIZE_DEFAULT;
    return true;
}

/* ---- values ---- */

/* What an answer cannot know: it is not one of an action. */
static bool check_known(void *context, const struct reference *reference)
{
    struct reference_check *check = context;
    struct node place = reference_place(check->load, reference);
    if (reference->root == REFERENCE_EVENT_ATTEMPT || reference->root == REFERENCE_ACTION_NAME)
        check->ok =
            load_problem(check->load, &place, "an answer does not have %s", reference->text);
    return true;
}

static bool finish_route(struct load *load, const struct node *node, const struct node *defaults,
                         const struct route *route, void *settings)
{
    struct respond_settings *respond = settings;
    struct reference_check check = {load, route, true}, known = check;
    const struct reference_visitor visitors[] = {reference_checker(&check), {check_known, &known}};
    const struct node *at = tree_find_either(node, defaults, "respond");
    for (size_t i = 0; i < sizeof visitors / sizeof *visitors; i++) {
        answer_template_visit(&respond->answer, &visitors[i]);
        answer_template_visit(&respond->late, &visitors[i]);
        answer_template_visit(&respond->failed, &visitors[i]);
    }
    if (!check.ok || !known.ok)
        return false;
    return !respond->output || (find_action(load, tree_find(at, "output"), route, respond) &&
                                check_action(load, at, route, respond));
}

const struct route_part respond_route_part = {
    .keys = &respond_keys, .after = "max_body", .finish_route = finish_route};
