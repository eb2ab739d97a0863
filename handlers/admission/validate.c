/* Schemas are compiled when the configuration is loaded, so a wrong one stops the start or the
 * reload and never a request. An event for which `by:` has no schema does not conform: a new type
 * of event must not walk past the check. */
#include "handlers/admission/validate.h"

#include "base/buffer.h"
#include "base/encoding.h"
#include "base/json_text.h"
#include "handlers/admission/events.h"
#include "handlers/admission/schema_load.h"
#include "handlers/content/content.h"
#include "handlers/content/json.h"
#include "handlers/content/json_body.h"
#include "handlers/content/payload.h"
#include "handlers/value/reference_load.h"

#include <stdio.h>

enum { DETAILS_MAX = 24 * 1024, REASON_MAX = 500, PLACE_MAX = 150, BRANCHES_MAX = 10000 };
enum { CUT_MAX = 1300 }; /* three such texts, escaped to six times their length, fit in details */

/* ---- loading ---- */

/* What is read later, when all of the route is known. */
static bool keep_node(struct load *load, const struct node *node, const struct row *row,
                      void *field)
{
    bool boolean = node->kind == NODE_SCALAR && !tree_is_null(node);
    if (!boolean && node->kind != NODE_MAPPING)
        return load_mismatch(load, node, row, "a file, a schema, or {by: …}");
    *(const struct node **)field = node;
    return true;
}

static struct schema_manner manner_of(const struct validate_settings *settings)
{
    return (struct schema_manner){.draft = (enum schema_draft)settings->draft,
                                  .assert_formats = settings->formats != 0};
}

static bool read_by(struct load *load, struct validate_settings *settings, const struct node *node)
{
    if (!reference_load(load, node, "\"by\"", &settings->value))
        return false;
    enum reference_root root = settings->value.root;
    settings->by = root == REFERENCE_EVENT_TYPE ? VALIDATE_BY_EVENT_TYPE : VALIDATE_BY_VALUE;
    if (root == REFERENCE_EVENT_ID || root == REFERENCE_EVENT_ATTEMPT ||
        root == REFERENCE_ACTION_NAME)
        return load_problem(load, node, "\"by\" cannot be %s: it is not known yet",
                            settings->value.text);
    return true;
}

static bool read_branch(struct load *load, struct validate_settings *settings,
                        const struct node *value)
{
    const char *pattern = value->key->text;
    if (value->kind == NODE_SEQUENCE || tree_is_null(value))
        return load_problem(load, value, "the schema of \"%s\" must be a file or a mapping",
                            pattern);
    const struct schema *schema =
        load_is_offline(load) ? NULL : schema_load(load, value, manner_of(settings));
    if (strcmp(pattern, "default") == 0) {
        settings->schema = schema;
    } else {
        const char *copy = arena_copy_text(load_arena(load), pattern);
        if (!copy)
            return load_problem(load, value, "no memory for the schemas");
        settings->branches[settings->branch_count++] =
            (struct validate_branch){bytes_of_text(copy), schema};
    }
    return schema || load_is_offline(load);
}

/* {by: event.type, push: a.json, default: b.json} */
static bool read_choice(struct load *load, struct validate_settings *settings,
                        const struct node *node, const struct node *by)
{
    bool ok = read_by(load, settings, by);
    if (node->count < 2)
        return load_problem(load, node,
                            "\"by\" needs the schemas to choose from in the same mapping");
    if (node->count > BRANCHES_MAX)
        return load_problem(load, node, "at most %d schemas to choose from", BRANCHES_MAX);
    settings->branches =
        arena_alloc_array(load_arena(load), node->count, sizeof *settings->branches);
    if (!settings->branches)
        return load_problem(load, node, "no memory for the schemas");
    for (const struct node *value = node->first; value; value = value->next)
        if (value != by)
            ok = read_branch(load, settings, value) && ok;
    return ok;
}

static bool finish_route(struct load *load, const struct node *route, void *field)
{
    struct validate_settings *settings = field;
    const struct node *node = settings->node;
    (void)route;
    settings->node = NULL; /* it goes with the run */
    settings->is_set = node != NULL;
    settings->draft += SCHEMA_DRAFT_4;
    if (!node)
        return true;
    const struct node *by = node->kind == NODE_MAPPING ? tree_find(node, "by") : NULL;
    if (by)
        return read_choice(load, settings, node, by);
    if (!load_is_offline(load))
        settings->schema = schema_load(load, node, manner_of(settings));
    return settings->schema || load_is_offline(load);
}

/* ---- the rows ---- */

/* In the order of enum schema_draft. */
static const char *const draft_choices[] = {"04", "06", "07", "2019-09", "2020-12", NULL};
static const char *const format_choices[] = {"annotate", "assert", NULL};
static const char *const action_choices[] = {"reject", "quarantine", NULL};
enum { ACTION_REJECT, ACTION_QUARANTINE };

static const struct row route_rows[] = {
    {.name = "schema",
     .example = "order.schema.json",
     .type = ROW_CUSTOM,
     .offset = offsetof(struct validate_settings, node),
     .read = keep_node,
     .syntax = "a file (JSON or YAML), a schema written here, or `{by: event.type, NAME: schema, "
               "default: schema}`",
     .json_schema = "{\"type\": [\"string\", \"object\", \"boolean\"]}",
     .sentence =
         "The JSON Schema to which a body must conform; with `by`, one schema for each "
         "value of `event.type`, `header.NAME`, `query.NAME`, `payload.PATH` or another value."},
    {.name = "draft",
     .type = ROW_CHOICE,
     .offset = offsetof(struct validate_settings, draft),
     .choices = draft_choices,
     .default_text = "2020-12",
     .sentence = "The draft of JSON Schema of a schema without `$schema`."},
    {.name = "formats",
     .type = ROW_CHOICE,
     .offset = offsetof(struct validate_settings, formats),
     .choices = format_choices,
     .default_text = "annotate",
     .sentence = "Whether `format` in a schema is only an annotation, or a value must match it."},
    {.name = "schema_action",
     .type = ROW_CHOICE,
     .offset = offsetof(struct validate_settings, action),
     .choices = action_choices,
     .default_text = "reject",
     .sentence = "The treatment of an event that does not conform: `reject` answers 422; "
                 "`quarantine` answers 202 and stores the event as dead with the reasons, so that "
                 "it can be replayed when the schema is corrected."},
};
static const struct row_section validate_keys = {.name = "schema",
                                                 .sentence = "The schema of a body.",
                                                 .rows = route_rows,
                                                 .row_count = ROW_COUNT(route_rows),
                                                 .size = sizeof(struct validate_settings),
                                                 .finish = finish_route};
const struct route_part validate_route_part = {.keys = &validate_keys};

/* ---- which schema ---- */

static bool is_scalar(const struct value *value)
{
    return value->kind == VALUE_STRING || value->kind == VALUE_NUMBER ||
           value->kind == VALUE_BOOLEAN;
}

/* False where value_refusal says why. */
static bool choose(const struct validate_settings *settings, struct value_context *context,
                   const struct schema **schema)
{
    struct value value;
    *schema = settings->schema;
    if (settings->by == VALIDATE_ALL)
        return true;
    if (!value_resolve(context, &settings->value, &value))
        return false;
    for (size_t i = 0; is_scalar(&value) && i < settings->branch_count; i++) {
        if (!pattern_matches_text(settings->branches[i].pattern, value.text))
            continue;
        *schema = settings->branches[i].schema;
        break;
    }
    return true;
}

/* ---- answers ---- */

static bool append_member(struct buffer *out, const char *before, const char *text)
{
    return buffer_append_text(out, before) && json_escape(out, bytes_of_text(text));
}

bool validate_append_failure(struct buffer *out, const struct schema_failure *failure)
{
    return append_member(out, "{\"instanceLocation\":\"", failure->instance) &&
           append_member(out, "\",\"keywordLocation\":\"", failure->schema) &&
           append_member(out, "\",\"keyword\":\"", failure->keyword) &&
           append_member(out, "\",\"message\":\"", failure->sentence) &&
           buffer_append_text(out, "\"}");
}

static bool append_reason(struct buffer *out, const struct schema_failure *failure)
{
    return buffer_append_text(out, *failure->instance ? failure->instance : "the body") &&
           buffer_append_text(out, " ") && buffer_append_text(out, failure->sentence);
}

/* As many as there is room for; what does not fit whole is left out. */
static void append_all(struct buffer *out, const struct schema_failures *failures,
                       const char *separator,
                       bool (*append)(struct buffer *, const struct schema_failure *))
{
    for (size_t i = 0; i < failures->count; i++) {
        size_t before = out->length;
        if ((i == 0 || buffer_append_text(out, separator)) && append(out, &failures->items[i]))
            continue;
        out->length = before;
        return;
    }
}

static const char *shorten(struct arena *arena, const char *text, int most)
{
    char *cut = arena_format(arena, "%.*s", most, text);
    if (!cut || strlen(cut) == strlen(text))
        return cut;
    utf8_drop_halves(cut);
    return arena_format(arena, "%s…", cut);
}

/* For a first failure that is too long for all of the room: a refusal always has a reason. */
static bool append_cut(struct buffer *out, struct arena *arena,
                       const struct schema_failure *failure)
{
    struct schema_failure cut = {.instance = shorten(arena, failure->instance, CUT_MAX),
                                 .schema = shorten(arena, failure->schema, CUT_MAX),
                                 .keyword = failure->keyword,
                                 .sentence = shorten(arena, failure->sentence, CUT_MAX)};
    return cut.instance && cut.schema && cut.sentence && validate_append_failure(out, &cut);
}

/* Where there is no memory for more. */
static const char details_least[] =
    "[{\"instanceLocation\":\"\",\"keywordLocation\":\"\",\"keyword\":\"\","
    "\"message\":\"does not conform; there is no memory to say where\"}]";

static struct bytes write_details(struct arena *arena, const struct schema_failures *failures)
{
    struct buffer out;
    buffer_init(&out, DETAILS_MAX);
    buffer_append_text(&out, "[");
    append_all(&out, failures, ",", validate_append_failure);
    bool some =
        out.length > 1 || (failures->count > 0 && append_cut(&out, arena, &failures->items[0]));
    out.limit = DETAILS_MAX + 1;
    char *copy =
        some && buffer_append_text(&out, "]") ? arena_copy_bytes(arena, buffer_bytes(&out)) : NULL;
    struct bytes details = copy ? bytes_of(copy, out.length) : bytes_of_text(details_least);
    buffer_finish(&out);
    return details;
}

/* For a first failure that is too long for a line. */
static const char *short_reason(struct arena *arena, const struct schema_failure *failure)
{
    const char *place = shorten(arena, failure->instance, PLACE_MAX);
    const char *sentence = shorten(arena, failure->sentence, REASON_MAX - PLACE_MAX - 10);
    if (!place || !sentence)
        return NULL;
    return arena_format(arena, "%s %s", *place ? place : "the body", sentence);
}

static const char *write_reason(struct arena *arena, const struct schema_failures *failures)
{
    struct buffer out;
    buffer_init(&out, REASON_MAX);
    append_all(&out, failures, "; ", append_reason);
    const char *copy = out.length        ? arena_copy_bytes(arena, buffer_bytes(&out))
                       : failures->count ? short_reason(arena, &failures->items[0])
                                         : NULL;
    buffer_finish(&out);
    return copy ? copy : "the body does not conform to the schema";
}

static struct verdict refuse(const struct validate_settings *settings, struct request *request,
                             const struct schema_failures *failures)
{
    bool quarantined = settings->action == ACTION_QUARANTINE;
    return (struct verdict){.reply = quarantined ? REPLY_QUARANTINED : REPLY_UNPROCESSABLE,
                            .reason = write_reason(request->arena, failures),
                            .details = write_details(request->arena, failures)};
}

/* One sentence about the whole body. */
static struct verdict refuse_whole(const struct validate_settings *settings,
                                   struct request *request, const char *sentence)
{
    const struct schema_failures failures = {
        .items =
            {{.instance = "", .keyword = "", .schema = "", .absolute = "", .sentence = sentence}},
        .count = 1};
    return refuse(settings, request, &failures);
}

static struct verdict refuse_abandoned(const struct validate_settings *settings,
                                       struct schema_evaluator *evaluator, struct request *request)
{
    const char *sentence =
        arena_format(request->arena, "could not be checked: %s", schema_abandon_reason(evaluator));
    return refuse_whole(settings, request, sentence ? sentence : "could not be checked");
}

static struct verdict judge(const struct validate_settings *settings,
                            struct schema_evaluator *evaluator, const struct schema *schema,
                            struct json_object *value, struct request *request)
{
    struct schema_failures failures = {.count = 0};
    switch (schema_evaluate(evaluator, schema, value)) {
    case SCHEMA_VALID:
        return GO_ON;
    case SCHEMA_ABANDONED:
        return refuse_abandoned(settings, evaluator, request);
    case SCHEMA_INVALID:
        break;
    }
    schema_explain(evaluator, schema, value, request->arena, &failures);
    return refuse(settings, request, &failures);
}

struct verdict validate_check(const struct validate_settings *settings,
                              struct schema_evaluator *evaluator, struct value_context *context,
                              struct request *request)
{
    struct json_fault fault;
    struct json_object *value;
    if (!settings->is_set)
        return GO_ON;
    struct verdict read =
        request->json   ? GO_ON
        : request->form ? verdict_refuse(REPLY_BAD_CONTENT, "a form, and the schema is for JSON")
                        : json_body_read(request, request->body);
    if (read.reply != REPLY_NONE)
        return read;
    const struct schema *schema;
    if (!choose(settings, context, &schema))
        return value_refusal(context);
    if (!schema)
        return refuse_whole(settings, request, "is an event for which there is no schema");
    if (!payload_fits(request->json, request->payload.length, content_body_max(request)))
        return refuse_whole(settings, request,
                            "could not be checked: its values would take more memory than the "
                            "route may use (16 times max_body)");
    if (!payload_build(request->payload, request->json, &value, &fault))
        return verdict_refuse(REPLY_MEMORY_FULL, "no memory for the body's tree");
    struct verdict verdict = judge(settings, evaluator, schema, value, request);
    payload_release(value);
    return verdict;
}
