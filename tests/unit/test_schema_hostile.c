/* Schemas and values made to cost much: each comes to a verdict or an error, on a stack of 256 KiB
 * and without much memory. Not timed: what bounds the work are counted steps, so a verdict that
 * comes at all comes soon (bench/schema prints the times). */
#include "base/json_text.h"
#include "handlers/content/payload.h"
#include "handlers/schema/value.h"
#include "tests/unit/allocations.h"
#include "tests/unit/schema_hostile.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

/* Sanitizers want several times the stack. */
static size_t stack(void)
{
    return allocations_counted() ? 256 * 1024 : 2 * 1024 * 1024;
}

/* Only the engine is held to it: json-c's release of a value 10,000 deep takes more. */
static size_t judge_on_small_stack(struct json_object *document, struct json_object *value,
                                   struct arena *arena, struct hostile_result *result)
{
    struct rlimit limit, smaller;
    ck_assert_int_eq(getrlimit(RLIMIT_STACK, &limit), 0);
    smaller = limit;
    smaller.rlim_cur = stack();
    ck_assert_int_eq(setrlimit(RLIMIT_STACK, &smaller), 0);
    allocations_reset();
    size_t before = allocations_now().bytes;
    hostile_judge(document, value, arena, result);
    ck_assert_int_eq(setrlimit(RLIMIT_STACK, &limit), 0);
    return allocations_now().peak - before;
}

START_TEST(hostile_cases_end)
{
    const struct hostile_case *item = &hostile_cases[_i];
    struct hostile_result result;
    struct json_object *document, *value;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    ck_assert(hostile_make(item, &document, &value));
    size_t peak = judge_on_small_stack(document, value, &arena, &result);
    ck_assert_msg(result.outcome & item->outcomes, "%s: outcome %d: %s %s", item->name,
                  result.outcome, result.reason, result.fault);
    ck_assert_int_eq(result.outcome == HOSTILE_ABANDONED, *result.reason != '\0');
    ck_assert_int_eq(result.outcome == HOSTILE_FAULT, result.fault[0] != '\0');
    if (result.outcome == HOSTILE_INVALID && result.explained == SCHEMA_INVALID)
        ck_assert_uint_gt(result.failures.count, 0);
    ck_assert_msg(peak < 160 * 1024 * 1024, "%s: %zu bytes", item->name, peak);
    payload_release(document);
    payload_release(value);
    arena_finish(&arena);
}
END_TEST

/* Bodies are kept from the engine by the guard. */
START_TEST(the_guard_is_before_the_engine)
{
    struct buffer text;
    struct json_object *value;
    struct json_fault fault;
    buffer_init(&text, 1 << 20);
    for (int i = 0; i < 10000; i++)
        buffer_append_text(&text, "[");
    for (int i = 0; i < 10000; i++)
        buffer_append_text(&text, "]");
    ck_assert(!payload_parse(buffer_bytes(&text), &json_limits_default, &value, &fault));
    ck_assert_str_eq(fault.reason, "nested too deeply");
    buffer_finish(&text);
}
END_TEST

static void append_deep(struct buffer *text, int levels)
{
    for (int i = 0; i < levels; i++)
        ck_assert(buffer_append_text(text, i % 2 ? "[" : "{\"a\":"));
    ck_assert(buffer_append_text(text, "1"));
    for (int i = levels; i-- > 0;)
        ck_assert(buffer_append_text(text, i % 2 ? "]" : "}"));
}

/* The guard, the tree and its release, and what else reads a body, at the depth that a route may
 * take at most (json.depth). */
START_TEST(the_deepest_body_needs_little_stack)
{
    const struct json_limits limits = {.depth = JSON_DEPTH_MAX, .nodes = 10000, .number_length = 9};
    struct rlimit limit, smaller;
    struct buffer text, copy;
    struct json_object *value;
    struct json_fault fault;
    buffer_init(&text, 1 << 20);
    buffer_init(&copy, 1 << 20);
    append_deep(&text, JSON_DEPTH_MAX);
    ck_assert_int_eq(getrlimit(RLIMIT_STACK, &limit), 0);
    smaller = limit;
    smaller.rlim_cur = stack();
    ck_assert_int_eq(setrlimit(RLIMIT_STACK, &smaller), 0);
    ck_assert(payload_parse(buffer_bytes(&text), &limits, &value, &fault));
    ck_assert(json_append_compact(&copy, buffer_bytes(&text)));
    ck_assert(bytes_equal(buffer_bytes(&copy), buffer_bytes(&text)));
    ck_assert_uint_gt(payload_locate(buffer_bytes(&text), "/a/0/a/0/a"), 0);
    payload_release(value);
    ck_assert_int_eq(setrlimit(RLIMIT_STACK, &limit), 0);
    append_deep(&copy, JSON_DEPTH_MAX + 1);
    buffer_consume(&copy, text.length);
    ck_assert(!payload_parse(buffer_bytes(&copy), &limits, &value, &fault));
    ck_assert_str_eq(fault.limit, "depth");
    buffer_finish(&text);
    buffer_finish(&copy);
}
END_TEST

static enum schema_verdict judge(const struct schema_limits *limits, const char *schema_text,
                                 const char *value_text)
{
    struct schema_options options = {.assert_formats = true};
    struct json_object *document, *value;
    struct json_fault json_fault;
    ck_assert(
        payload_parse(bytes_of_text(schema_text), &json_limits_default, &document, &json_fault));
    ck_assert(payload_parse(bytes_of_text(value_text), &json_limits_default, &value, &json_fault));
    struct schema_library *library = schema_library_create(&options);
    struct schema *schema = schema_compile(library, "limits", document);
    ck_assert_msg(schema, "%s", schema ? "" : schema_faults(library)->sentence);
    struct schema_evaluator *evaluator = schema_evaluator_create(limits);
    enum schema_verdict verdict = schema_evaluate(evaluator, schema, value);
    schema_evaluator_destroy(evaluator);
    schema_destroy(schema);
    schema_library_destroy(library);
    payload_release(document);
    payload_release(value);
    return verdict;
}

static const struct {
    const char *schema, *valid, *invalid;
} budget_rows[] = {
    {"{\"items\":{\"type\":\"string\"}}", "[\"a\",\"b\",\"c\",\"d\"]", "[\"a\",\"b\",\"c\",1]"},
    {"{\"uniqueItems\":true}", "[[1,2],[1,3],[1,4],1,2,3,4,5,6,7]",
     "[[1,2],[1,3],[1,2.0],1,2,3,4,5,6,7]"},
    {"{\"enum\":[1,2,3,4,5,6,7,8,9,10,{\"a\":[1,100]}]}", "{\"a\":[1.0,1e2]}", "{\"a\":[1.0,1e3]}"},
    {"{\"enum\":[100,[1.50],{\"b\":null,\"a\":1e-400}]}", "{\"a\":0.1e-399,\"b\":null}",
     "{\"a\":1e-399,\"b\":null}"},
    {"{\"patternProperties\":{\"^a\":{\"minimum\":1},\"b$\":{\"maximum\":1}}}", "{\"ab\":1}",
     "{\"ab\":2}"},
    {"{\"anyOf\":[{\"prefixItems\":[true]},{\"contains\":{\"const\":2}}],\"unevaluatedItems\":"
     "false}",
     "[1,2]", "[1,3]"},
    {"{\"properties\":{\"z\":{\"type\":\"integer\"},\"y\":true},\"required\":[\"z\"]}",
     "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"z\":1}",
     "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"z\":\"\"}"},
    {"{\"type\":\"integer\",\"multipleOf\":1e-20}", "1e30", "1.5"},
};

/* Whatever the limit on steps, the verdict is the right one or there is none. */
START_TEST(a_budget_changes_no_verdict)
{
    struct schema_limits limits = schema_limits_default;
    const char *schema = budget_rows[_i].schema;
    ck_assert_int_eq(judge(&limits, schema, budget_rows[_i].valid), SCHEMA_VALID);
    ck_assert_int_eq(judge(&limits, schema, budget_rows[_i].invalid), SCHEMA_INVALID);
    for (limits.steps = 0; limits.steps < 60; limits.steps++) {
        ck_assert_int_ne(judge(&limits, schema, budget_rows[_i].valid), SCHEMA_INVALID);
        ck_assert_int_ne(judge(&limits, schema, budget_rows[_i].invalid), SCHEMA_VALID);
    }
}
END_TEST

/* Every way of writing a number is the same value in a list that is long enough to be hashed. */
START_TEST(equal_numbers_are_found_by_hash)
{
    static const char *const same[][3] = {
        {"1", "1.0", "10e-1"},
        {"-100", "-1e2", "-100.000"},
        {"0", "-0.0", "0e99"},
        {"18446744073709551615", "18446744073709551615.0", "1844674407370955161.5e1"},
        {"18446744073709551616", "1.8446744073709551616e19", "184467440737095516160e-1"},
        {"1e400", "10e399", "0.1e401"},
        {"1.5e-400", "15e-401", "0.15e-399"},
        {"123456789012345678901234567890.5", "1234567890123456789012345678905e-1",
         "0.1234567890123456789012345678905e30"},
    };
    char schema[400];
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 3; j++) {
            snprintf(schema, sizeof schema, "{\"enum\":[\"a\",[],{},true,2,3,4,5,6,7,8,9,%s]}",
                     same[i][j]);
            for (int k = 0; k < 3; k++)
                ck_assert_int_eq(judge(&schema_limits_default, schema, same[i][k]), SCHEMA_VALID);
            ck_assert_int_eq(judge(&schema_limits_default, schema, same[(i + 1) % 8][j]),
                             SCHEMA_INVALID);
        }
}
END_TEST

static int case_count(void)
{
    int count = 0;
    while (hostile_cases[count].name)
        count++;
    return count;
}

Suite *test_suite(void)
{
    Suite *suite = suite_create("schema_hostile");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 500); /* nothing here is timed, and the machine may be busy */
    tcase_add_loop_test(all, hostile_cases_end, 0, case_count());
    tcase_add_test(all, the_guard_is_before_the_engine);
    tcase_add_test(all, the_deepest_body_needs_little_stack);
    tcase_add_loop_test(all, a_budget_changes_no_verdict, 0,
                        sizeof budget_rows / sizeof *budget_rows);
    tcase_add_test(all, equal_numbers_are_found_by_hash);
    suite_add_tcase(suite, all);
    return suite;
}
