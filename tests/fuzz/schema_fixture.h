/* What the targets about schemas share: an input is a byte of options, a schema, and behind a NUL
 * further JSON; one evaluator with small limits for all of them. */
#ifndef TENTERHOOK_TESTS_SCHEMA_FIXTURE_H
#define TENTERHOOK_TESTS_SCHEMA_FIXTURE_H

#include "handlers/content/payload.h"
#include "handlers/schema/library.h"
#include "handlers/schema/value.h"

#include <assert.h>

static const struct json_limits fixture_json = {.depth = 64, .nodes = 5000, .number_length = 400};
static const struct schema_limits fixture_limits = {
    .steps = 50000, .depth = 400, .stack = 1 << 20, .scratch = 256 * 1024, .pattern_ms = 20};

struct schema_input {
    struct schema_options options;
    bool unchecked; /* against the meta-schema: as documents of mixed dialects are */
    struct json_object *schema, *other; /* `other` may be missing: NULL, as JSON null */
    unsigned resolved;
};

static inline struct json_object *fixture_resolve(void *context, const char *uri, struct error *err)
{
    struct schema_input *input = context;
    (void)uri;
    if (input->resolved++ < 4 && input->other)
        return value_keep(input->other);
    error_set(err, "there is no more");
    return NULL;
}

/* False if the input is none; then there is nothing to release. */
static inline bool schema_input_read(struct schema_input *input, const uint8_t *data, size_t size)
{
    struct json_fault fault;
    if (size < 2)
        return false;
    *input = (struct schema_input){.unchecked = data[0] & 16};
    input->options = (struct schema_options){.draft = (enum schema_draft)((data[0] & 7) % 6),
                                             .assert_formats = data[0] & 8,
                                             .resolve = fixture_resolve,
                                             .context = input};
    struct bytes rest = bytes_of(data + 1, size - 1);
    struct bytes text = bytes_split(&rest, '\0');
    if (!payload_parse(text, &fixture_json, &input->schema, &fault))
        return false;
    if (!rest.data || payload_parse(rest, &fixture_json, &input->other, &fault))
        return true;
    payload_release(input->schema);
    return false;
}

static inline void schema_input_release(struct schema_input *input)
{
    payload_release(input->schema);
    payload_release(input->other);
}

static inline struct schema_library *schema_input_library(struct schema_input *input)
{
    struct schema_library *library = schema_library_create(&input->options);
    assert(library);
    library->trusted = input->unchecked;
    return library;
}

/* Compiles; faults say what and where. */
static inline struct schema *fixture_compile(struct schema_library *library, const char *uri,
                                             struct json_object *document)
{
    struct schema *schema = schema_compile(library, uri, document);
    const struct schema_fault *fault = schema_faults(library);
    assert((schema != NULL) == (fault == NULL));
    for (; fault; fault = fault->next) {
        assert(fault->sentence[0]);
        assert(!fault->pointer[0] || fault->pointer[0] == '/');
    }
    return schema;
}

/* The verdict, whose reasons have to agree with it. */
static inline enum schema_verdict fixture_evaluate(struct schema_evaluator *evaluator,
                                                   const struct schema *schema,
                                                   struct json_object *value)
{
    struct schema_failures failures;
    struct arena arena;
    struct buffer basic;
    struct json_fault fault;
    enum schema_verdict verdict = schema_evaluate(evaluator, schema, value);
    assert((verdict == SCHEMA_ABANDONED) == (*schema_abandon_reason(evaluator) != '\0'));
    arena_init(&arena, 1 << 20);
    buffer_init(&basic, 1 << 20);
    enum schema_verdict again = schema_explain(evaluator, schema, value, &arena, &failures);
    assert(again == verdict || again == SCHEMA_ABANDONED);
    assert(failures.count <= SCHEMA_FAILURES_MAX);
    assert(again != SCHEMA_INVALID || failures.count > 0);
    assert(again != SCHEMA_VALID || failures.count == 0);
    assert(schema_write_basic(&basic, again, &failures));
    assert(json_check(buffer_bytes(&basic), &fixture_json, NULL, &fault));
    buffer_finish(&basic);
    arena_finish(&arena);
    return verdict;
}

#endif
