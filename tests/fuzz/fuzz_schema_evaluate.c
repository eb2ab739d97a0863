/* A schema and a value: the verdict is the same within tight limits or there is none, the reasons
 * agree with it, and `not` around the schema turns it round. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/schema_fixture.h"

static const struct schema_limits tight = {
    .steps = 300, .depth = 20, .stack = 1 << 20, .scratch = 1024, .pattern_ms = 1};

/* {"not": {"$ref": "fuzz"}} */
static enum schema_verdict turned_round(struct schema_evaluator *evaluator,
                                        struct schema_library *library, struct json_object *value)
{
    struct json_object *around = json_object_new_object(), *inner = json_object_new_object();
    json_object_object_add(inner, "$ref", json_object_new_string("fuzz"));
    json_object_object_add(around, "not", inner);
    struct schema *schema = fixture_compile(library, "around", around);
    enum schema_verdict verdict = SCHEMA_ABANDONED;
    if (schema)
        verdict = schema_evaluate(evaluator, schema, value);
    schema_destroy(schema);
    json_object_put(around);
    return verdict;
}

static void judge(struct schema_evaluator *const *evaluators, struct schema_library *library,
                  const struct schema *schema, struct json_object *value)
{
    enum schema_verdict verdict = fixture_evaluate(evaluators[0], schema, value);
    enum schema_verdict narrow = fixture_evaluate(evaluators[1], schema, value);
    assert(narrow == verdict || narrow == SCHEMA_ABANDONED);
    enum schema_verdict turned = turned_round(evaluators[0], library, value);
    assert(turned == SCHEMA_ABANDONED || verdict == SCHEMA_ABANDONED || turned != verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct schema_evaluator *evaluators[2];
    struct schema_input input;
    if (!evaluators[0]) {
        evaluators[0] = schema_evaluator_create(&fixture_limits);
        evaluators[1] = schema_evaluator_create(&tight);
    }
    if (!schema_input_read(&input, data, size))
        return 0;
    input.resolved = 4; /* the value is no document to refer to */
    struct schema_library *library = schema_input_library(&input);
    struct schema *schema = fixture_compile(library, "fuzz", input.schema);
    if (schema)
        judge(evaluators, library, schema, input.other);
    schema_destroy(schema);
    schema_library_destroy(library);
    schema_input_release(&input);
    return 0;
}
