/* Why a value does not conform: an evaluation with a collector, and its failures in the standard
 * output. */
#include "base/json_text.h"
#include "handlers/schema/eval.h"

/* Of the whole value, if there is room. */
static void add_whole(struct schema_failures *failures, const char *sentence)
{
    if (failures->count < SCHEMA_FAILURES_MAX)
        failures->items[failures->count++] = (struct schema_failure){
            "", "", "", "", sentence ? sentence : "does not conform to the schema"};
}

enum schema_verdict schema_explain(struct schema_evaluator *ev, const struct schema *schema,
                                   struct json_object *value, struct arena *arena,
                                   struct schema_failures *failures)
{
    struct collector collector = {.arena = arena, .failures = failures};
    failures->count = 0;
    enum schema_verdict verdict = eval_run(ev, schema, value, &collector);
    if (verdict == SCHEMA_ABANDONED)
        add_whole(failures,
                  arena_format(arena, "could not be checked to the end: %s", ev->abandoned));
    else if (verdict == SCHEMA_INVALID && failures->count == 0)
        add_whole(failures, NULL);
    return verdict;
}

static bool put_text(struct buffer *out, const char *before, const char *text)
{
    return buffer_append_text(out, before) && json_escape(out, bytes_of_text(text)) &&
           buffer_append_text(out, "\"");
}

/* A document without a URI has no absolute locations. */
static bool put_failure(struct buffer *out, const struct schema_failure *failure)
{
    return put_text(out, "{\"valid\":false,\"keywordLocation\":\"", failure->schema) &&
           (!*failure->absolute || *failure->absolute == '#' ||
            put_text(out, ",\"absoluteKeywordLocation\":\"", failure->absolute)) &&
           put_text(out, ",\"instanceLocation\":\"", failure->instance) &&
           put_text(out, ",\"error\":\"", failure->sentence) && buffer_append_text(out, "}");
}

bool schema_write_basic(struct buffer *out, enum schema_verdict verdict,
                        const struct schema_failures *failures)
{
    if (verdict == SCHEMA_VALID)
        return buffer_append_text(out, "{\"valid\":true}");
    if (!buffer_append_text(out, "{\"valid\":false,\"errors\":["))
        return false;
    for (size_t i = 0; i < failures->count; i++)
        if ((i && !buffer_append_text(out, ",")) || !put_failure(out, &failures->items[i]))
            return false;
    return buffer_append_text(out, "]}");
}
