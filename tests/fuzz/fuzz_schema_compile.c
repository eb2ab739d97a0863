/* Compiling anything: what compiles does so again, and judges values the same both times; what does
 * not says where and why. The JSON behind the schema is the document that references lead to. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/schema_fixture.h"

static void judge(struct schema_evaluator *evaluator, struct schema_input *input,
                  const struct schema *schema)
{
    input->resolved = 0;
    struct schema_library *library = schema_input_library(input);
    struct schema *again = fixture_compile(library, "again", input->schema);
    assert(again);
    assert(schema_size(again) > 0);
    struct json_object *values[] = {NULL, input->schema, input->other};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        enum schema_verdict verdict = fixture_evaluate(evaluator, schema, values[i]);
        enum schema_verdict other = schema_evaluate(evaluator, again, values[i]);
        assert(verdict == other || verdict == SCHEMA_ABANDONED || other == SCHEMA_ABANDONED);
    }
    schema_destroy(again);
    schema_library_destroy(library);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct schema_evaluator *evaluator;
    struct schema_input input;
    if (!evaluator)
        evaluator = schema_evaluator_create(&fixture_limits);
    if (!schema_input_read(&input, data, size))
        return 0;
    struct schema_library *library = schema_input_library(&input);
    struct schema *schema = fixture_compile(library, "fuzz", input.schema);
    schema_library_destroy(library); /* the schema owns all it needs */
    if (schema)
        judge(evaluator, &input, schema);
    schema_destroy(schema);
    schema_input_release(&input);
    return 0;
}
