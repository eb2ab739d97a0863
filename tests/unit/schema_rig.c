#include "tests/unit/schema_rig.h"

#include "handlers/content/payload.h"

#include <check.h>
#include <stdlib.h>

static const struct json_limits limits = {.depth = 200, .nodes = 100000, .number_length = 4096};

struct json_object *rig_parse(const char *text)
{
    struct json_object *value;
    struct json_fault fault;
    bool good = payload_parse(bytes_of_text(text), &limits, &value, &fault);
    ck_assert_msg(good, "%s at %zu: %s", good ? "" : fault.reason, good ? 0 : fault.offset, text);
    return value;
}

static struct json_object *resolve(void *context, const char *uri, struct error *err)
{
    const struct rig *rig = context;
    const struct rig_document *document = rig->documents;
    while (document && document->uri && strcmp(document->uri, uri) != 0)
        document++;
    if (document && document->uri)
        return rig_parse(document->text);
    error_set(err, "it is not here");
    return NULL;
}

void rig_init(struct rig *rig)
{
    rig->options.resolve = resolve;
    rig->options.context = rig;
    rig->library = schema_library_create(&rig->options);
    rig->evaluator = schema_evaluator_create(rig->limits ? rig->limits : &schema_limits_default);
    ck_assert(rig->library && rig->evaluator);
}

void rig_finish(struct rig *rig)
{
    schema_library_destroy(rig->library);
    schema_evaluator_destroy(rig->evaluator);
}

struct schema *rig_compile(struct rig *rig, const char *uri, const char *text)
{
    struct json_object *document = rig_parse(text);
    struct schema *schema = schema_compile(rig->library, uri, document);
    payload_release(document);
    ck_assert_int_eq(schema == NULL, schema_faults(rig->library) != NULL);
    return schema;
}

enum schema_verdict rig_judge(enum schema_draft draft, bool formats, const char *schema_text,
                              const char *value_text)
{
    struct rig rig = {.options = {.draft = draft, .assert_formats = formats}};
    rig_init(&rig);
    struct schema *schema = rig_compile(&rig, "s", schema_text);
    ck_assert_msg(schema, "%s: %s", schema_text,
                  schema ? "" : schema_faults(rig.library)->sentence);
    struct json_object *value = rig_parse(value_text);
    enum schema_verdict verdict = schema_evaluate(rig.evaluator, schema, value);
    payload_release(value);
    schema_destroy(schema);
    rig_finish(&rig);
    return verdict;
}

void rig_write_faults(const struct rig *rig, struct buffer *out)
{
    for (const struct schema_fault *fault = schema_faults(rig->library); fault; fault = fault->next)
        ck_assert(
            buffer_printf(out, "%s#%s: %s\n", fault->document, fault->pointer, fault->sentence));
}

void rig_explain(struct rig *rig, const struct schema *schema, const char *value_text,
                 struct buffer *out)
{
    struct schema_failures failures;
    struct arena arena;
    struct json_object *value = rig_parse(value_text);
    arena_init(&arena, 1 << 20);
    enum schema_verdict verdict = schema_explain(rig->evaluator, schema, value, &arena, &failures);
    ck_assert_int_eq(verdict == SCHEMA_VALID, failures.count == 0);
    if (verdict == SCHEMA_VALID)
        ck_assert(buffer_append_text(out, "valid\n"));
    for (size_t i = 0; i < failures.count; i++) {
        const struct schema_failure *failure = &failures.items[i];
        ck_assert(buffer_printf(out, "%s %s %s: %s\n", failure->instance, failure->keyword,
                                failure->schema, failure->sentence));
    }
    arena_finish(&arena);
    payload_release(value);
}

void rig_expect(struct buffer *out, const char *what, const char *expected)
{
    ck_assert_msg(bytes_equal_text(buffer_bytes(out), expected), "%s\ngave\n%.*swanted\n%s", what,
                  (int)out->length, out->length ? (const char *)out->data : "", expected);
    buffer_consume(out, out->length);
}

Suite *rig_suite(const char *name, TCase *all)
{
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, all);
    return suite;
}
