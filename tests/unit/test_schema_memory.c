/* The engine's memory: an evaluation allocates nothing, whatever it does, and a compiled schema of
 * GitHub's size is small. Counted over all libraries, with the allocator replaced (allocations.c).
 */
#include "handlers/content/payload.h"
#include "handlers/schema/schema.h"
#include "tests/unit/allocations.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

static const struct json_limits limits = {.depth = 64, .nodes = 1000000, .number_length = 1024};

static struct json_object *parse(struct bytes text)
{
    struct json_object *value;
    struct json_fault fault;
    bool good = payload_parse(text, &limits, &value, &fault);
    ck_assert_msg(good, "%.*s", (int)(text.length < 80 ? text.length : 80), text.data);
    return value;
}

static struct schema *compile(struct json_object *document, enum schema_draft draft)
{
    struct schema_options options = {.draft = draft, .assert_formats = true};
    struct schema_library *library = schema_library_create(&options);
    struct schema *schema = schema_compile(library, "memory", document);
    ck_assert_msg(schema, "%s", schema ? "" : schema_faults(library)->sentence);
    schema_library_destroy(library);
    return schema;
}

/* A schema, a value that conforms and one that does not. */
struct row {
    const char *schema, *valid, *invalid;
};

#define LONG_LIST "[0,1,2,3,4,5,6,7,8,9,10,11,12,[13],{\"a\":14},15.5,1e400,\"x\",null,true"

static const struct row rows[] = {
    {"{\"type\":[\"integer\",\"null\"]}", "1.0", "1.5"},
    {"{\"type\":\"integer\"}", "123456789012345678901234567890", "1e-30"},
    {"{\"properties\":{\"a\":{\"const\":{\"b\":[1,2.0]}}},\"required\":[\"a\"]}",
     "{\"a\":{\"b\":[1.0,2]}}", "{\"a\":{\"b\":[1,3]}}"},
    {"{\"enum\":[1,2,3,4,5,6,7,8,9,10,[1],{\"a\":1},\"x\",1e400]}", "{\"a\":1.0}", "{\"a\":2}"},
    {"{\"enum\":[\"a\",\"b\"]}", "\"b\"", "\"c\""},
    {"{\"minimum\":1e400,\"multipleOf\":1e-400}", "12e400", "1"},
    {"{\"multipleOf\":0.0075,\"exclusiveMaximum\":1e30}", "0.0150", "0.00751"},
    {"{\"multipleOf\":12345678901234567890123}", "24691357802469135780246", "1.5"},
    {"{\"minLength\":2,\"maxLength\":3}", "\"\xc3\xa9\xc3\xa9\"",
     "\"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\""},
    {"{\"pattern\":\"^[a-z]+(-[0-9]{2,})*$\"}", "\"ab-12-345\"", "\"ab-1\""},
    {"{\"pattern\":\"(\\\\w+) \\\\1\"}", "\"one two two\"", "\"one two three\""},
    {"{\"pattern\":\"^(a+)+$\"}", "\"aaaa\"", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\""},
    {"{\"pattern\":\"\\\\p{L}\"}",
     "\"1234567890 1234567890 1234567890 1234567890 1234567890 \xc3\xa9\"",
     "\"1234567890 1234567890 1234567890 1234567890 1234567890 1234567890 !\""},
    {"{\"patternProperties\":{\"^x-\":{\"type\":\"string\"},\"[0-9]$\":true},"
     "\"additionalProperties\":false}",
     "{\"x-a\":\"\",\"b1\":1}", "{\"x-a\":\"\",\"b\":1}"},
    {"{\"propertyNames\":{\"pattern\":\"^[a-z]+$\",\"maxLength\":3,\"enum\":[\"abc\",\"b\",1]}}",
     "{\"abc\":1}", "{\"ab\":1}"},
    {"{\"uniqueItems\":true}", LONG_LIST "]", LONG_LIST ",{\"a\":14.0}]"},
    {"{\"uniqueItems\":true}", "[1,{\"a\":1},{\"a\":2}]", "[1,{\"a\":1},1.0]"},
    {"{\"contains\":{\"type\":\"string\"},\"minContains\":2,\"maxContains\":3}", "[\"a\",1,\"b\"]",
     "[\"a\",1]"},
    {"{\"prefixItems\":[true,{\"type\":\"string\"}],\"items\":false,\"minItems\":2}", "[1,\"a\"]",
     "[1,\"a\",2]"},
    {"{\"dependentRequired\":{\"a\":[\"b\"]},\"dependentSchemas\":{\"b\":{\"minProperties\":3}}}",
     "{\"a\":1,\"b\":2,\"c\":3}", "{\"a\":1,\"b\":2}"},
    {"{\"if\":{\"type\":\"integer\"},\"then\":{\"minimum\":3},\"else\":{\"type\":\"string\"}}",
     "\"a\"", "2"},
    {"{\"not\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"array\"}]}}", "1", "[]"},
    {"{\"oneOf\":[{\"properties\":{\"k\":{\"const\":\"a\"}},\"required\":[\"k\",\"a\"]},"
     "{\"properties\":{\"k\":{\"const\":\"b\"}},\"required\":[\"k\"]},{\"properties\":{\"k\":{"
     "\"const\":\"c\"}}}]}",
     "{\"k\":\"b\"}", "{\"k\":\"a\"}"},
    {"{\"anyOf\":[{\"properties\":{\"a\":true}},{\"patternProperties\":{\"^b\":true}}],"
     "\"unevaluatedProperties\":false}",
     "{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}"},
    {"{\"anyOf\":[{\"prefixItems\":[true]},{\"contains\":{\"const\":2}}],\"unevaluatedItems\":{"
     "\"type\":\"null\"}}",
     "[1,2,null]", "[1,2,3]"},
    {"{\"$id\":\"http://x/"
     "a\",\"$ref\":\"b\",\"$defs\":{\"b\":{\"$id\":\"b\",\"$dynamicAnchor\":\"n\","
     "\"items\":{\"$dynamicRef\":\"#n\"},\"maxItems\":2}}}",
     "[[],[[]]]", "[[],[[],[],[]]]"},
    {"{\"format\":\"date-time\"}", "\"2024-02-29T23:59:60Z\"", "\"2023-02-29T00:00:00Z\""},
    {"{\"format\":\"duration\"}", "\"P1Y2M3DT4H\"", "\"P1S\""},
    {"{\"format\":\"email\"}", "\"a.b@example.org\"", "\"a b@example.org\""},
    {"{\"format\":\"hostname\"}", "\"a.example\"", "\"-a.example\""},
    {"{\"format\":\"idn-email\"}", "\"\xc3\xa9@example.org\"", "\"\xc3\xa9@-\""},
    {"{\"format\":\"idn-hostname\"}", "\"example.org\"", "\"example..org\""},
    {"{\"format\":\"ipv4\"}", "\"127.0.0.1\"", "\"127.0.0.256\""},
    {"{\"format\":\"ipv6\"}", "\"1::127.0.0.1\"", "\"1::2::3\""},
    {"{\"format\":\"uri\"}", "\"http://a:1/%41?b#c\"", "\"//a\""},
    {"{\"format\":\"iri-reference\"}", "\"//\xc3\xa9/\"", "\"//\xc3\xa9 \""},
    {"{\"format\":\"uri-template\"}", "\"/{a,b:3}/{+c*}\"", "\"/{a\""},
    {"{\"format\":\"uuid\"}", "\"00000000-0000-4000-8000-000000000000\"", "\"00000000\""},
    {"{\"format\":\"json-pointer\"}", "\"/a~0/b\"", "\"/a~2\""},
    {"{\"format\":\"relative-json-pointer\"}", "\"1#\"", "\"01#\""},
    {"{\"format\":\"regex\"}", "\"(?<a>x)\\\\k<a>[^\\\\s]\"", "\"(\""},
    {"{\"$ref\":\"https://json-schema.org/draft/2020-12/schema\"}",
     "{\"items\":{\"type\":\"object\"}}", "{\"items\":{\"type\":\"thing\"}}"},
};

/* The allocations of three evaluations, the first of them included. */
static size_t count_evaluations(struct schema_evaluator *evaluator, const struct schema *schema,
                                const char *text, enum schema_verdict *verdict)
{
    struct json_object *value = parse(bytes_of_text(text));
    allocations_reset();
    for (int i = 0; i < 3; i++)
        *verdict = schema_evaluate(evaluator, schema, value);
    size_t count = allocations_now().count;
    payload_release(value);
    return count;
}

static void check_row(const struct row *row)
{
    struct schema_evaluator *evaluator = schema_evaluator_create(&schema_limits_default);
    struct json_object *document = parse(bytes_of_text(row->schema));
    struct schema *schema = compile(document, SCHEMA_DRAFT_DEFAULT);
    enum schema_verdict verdict;
    payload_release(document);
    size_t count = count_evaluations(evaluator, schema, row->valid, &verdict);
    ck_assert_msg(verdict == SCHEMA_VALID, "%s: %s", row->schema, row->valid);
    ck_assert_msg(count == 0, "%s: %zu allocations for %s", row->schema, count, row->valid);
    count = count_evaluations(evaluator, schema, row->invalid, &verdict);
    ck_assert_msg(verdict != SCHEMA_VALID, "%s: %s", row->schema, row->invalid);
    ck_assert_msg(count == 0, "%s: %zu allocations for %s", row->schema, count, row->invalid);
    schema_destroy(schema);
    schema_evaluator_destroy(evaluator);
}

START_TEST(evaluations_allocate_nothing)
{
    check_row(&rows[_i]);
}
END_TEST

/* Where memory may not become executable there is no JIT: the interpreter's vector is ours. */
START_TEST(patterns_without_jit_allocate_nothing)
{
#ifdef PR_SET_MDWE
    if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0)
        return;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strstr(rows[i].schema, "pattern"))
            check_row(&rows[i]);
#endif
}
END_TEST

/* libidn2 knows the tables of Unicode and allocates: outside of ASCII, and in "xn--" labels. The
 * test is here so that it is known if that changes. */
START_TEST(only_libidn2_allocates)
{
    struct schema_evaluator *evaluator = schema_evaluator_create(&schema_limits_default);
    struct json_object *document = parse(bytes_of_text("{\"format\":\"idn-hostname\"}"));
    struct schema *schema = compile(document, SCHEMA_DRAFT_DEFAULT);
    enum schema_verdict verdict;
    size_t count = count_evaluations(evaluator, schema,
                                     "\"b\xc3\xbc"
                                     "cher.example\"",
                                     &verdict);
    ck_assert_int_eq(verdict, SCHEMA_VALID);
    ck_assert(count > 0 || !allocations_counted());
    payload_release(document);
    schema_destroy(schema);
    schema_evaluator_destroy(evaluator);
}
END_TEST

/* ---- GitHub's file, or one of its size ---- */

static bool read_file(const char *folder, struct buffer *text)
{
    char path[4096], chunk[65536];
    const char *root = getenv("SOURCE_ROOT");
    snprintf(path, sizeof path, "%s/%s/node_modules/@octokit/webhooks-schemas/schema.json",
             root ? root : ".", folder);
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    for (size_t size; (size = fread(chunk, 1, sizeof chunk, file)) > 0;)
        buffer_append(text, chunk, size);
    fclose(file);
    return true;
}

/* 340 definitions of objects with 24 members, a union over 60 of them. */
static void generate(struct buffer *text)
{
    buffer_append_text(
        text, "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"definitions\":{");
    for (int i = 0; i < 340; i++) {
        buffer_printf(text,
                      "%s\"definition_%d\":{\"type\":\"object\",\"additionalProperties\":false,"
                      "\"required\":[\"kind\",\"member_1_of_%d\"],\"properties\":{\"kind\":"
                      "{\"type\":\"string\",\"enum\":[\"kind %d\",\"another %d\"]}",
                      i ? "," : "", i, i, i, i);
        for (int m = 0; m < 24; m++)
            buffer_printf(
                text, ",\"member_%d_of_%d\":{%s\"description\":\"What this member is for.\"}", m, i,
                m % 4 == 0   ? "\"type\":\"string\",\"format\":\"uri\","
                : m % 4 == 1 ? "\"type\":\"integer\",\"minimum\":1,"
                : m % 4 == 2
                    ? "\"oneOf\":[{\"type\":\"null\"},{\"$ref\":\"#/definitions/definition_7\"}],"
                    : "\"type\":[\"string\",\"null\"],");
        buffer_append_text(text, "}}");
    }
    buffer_append_text(text, "},\"oneOf\":[");
    for (int i = 0; i < 60; i++)
        buffer_printf(text, "%s{\"$ref\":\"#/definitions/definition_%d\"}", i ? "," : "", i * 5);
    buffer_append_text(text, "]}");
}

static void check_size(const struct buffer *text)
{
    schema_evaluator_destroy(schema_evaluator_create(&schema_limits_default)); /* GnuTLS wakes up */
    allocations_reset();
    size_t before = allocations_now().bytes;
    struct json_object *document = parse(buffer_bytes(text));
    struct schema *schema = compile(document, SCHEMA_DRAFT_7);
    payload_release(document);
    size_t held = allocations_now().bytes - before;
    printf("a schema of %zu bytes, compiled: %zu bytes held, at most %zu on the way\n",
           text->length, held, allocations_now().peak - before);
    ck_assert_uint_ge(held, allocations_counted() ? schema_size(schema) : 0);
    ck_assert_uint_lt(held, 2 * 1024 * 1024);
    ck_assert_uint_lt(schema_size(schema), 2 * 1024 * 1024);
    schema_destroy(schema);
    ck_assert_uint_eq(allocations_now().bytes, before);
}

START_TEST(a_large_schema_is_small)
{
    struct buffer text;
    buffer_init(&text, 16 * 1024 * 1024);
    generate(&text);
    ck_assert_uint_gt(text.length, 600000);
    check_size(&text);
    buffer_finish(&text);
}
END_TEST

START_TEST(githubs_schema_is_small)
{
    struct buffer text;
    buffer_init(&text, 16 * 1024 * 1024);
    if (read_file("bench/schema", &text) || read_file("tests/schema", &text))
        check_size(&text);
    else
        puts("skipped: @octokit/webhooks-schemas is not installed");
    buffer_finish(&text);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("schema_memory");
    TCase *tests = tcase_create("memory");
    tcase_add_loop_test(tests, evaluations_allocate_nothing, 0, sizeof rows / sizeof *rows);
    tcase_add_test(tests, patterns_without_jit_allocate_nothing);
    tcase_add_test(tests, only_libidn2_allocates);
    tcase_add_test(tests, a_large_schema_is_small);
    tcase_add_test(tests, githubs_schema_is_small);
    suite_add_tcase(suite, tests);
    return suite;
}
