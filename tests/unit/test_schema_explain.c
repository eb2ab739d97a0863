/* Why a value does not conform: the sentences, the branch that is meant, and the standard output.
 */
#include "handlers/admission/validate.h"
#include "handlers/content/payload.h"
#include "handlers/schema/value.h"
#include "tests/unit/schema_rig.h"
#include "tests/unit/suite.h"

static const struct {
    enum schema_draft draft;
    const char *schema, *value, *failures;
} rows[] = {
    {SCHEMA_DRAFT_DEFAULT, "{\"type\":[\"null\",\"integer\",\"object\"]}", "\"x\"",
     " type /type: must be an object, an integer or null, it is a string\n"},
    {SCHEMA_DRAFT_4, "{\"type\":[\"integer\",\"string\"]}", "1.0",
     " type /type: must be a string or an integer, it is written with a fraction or an exponent, "
     "which is not an integer in draft 4\n"},
    {SCHEMA_DRAFT_4, "{\"type\":\"integer\"}", "1.5",
     " type /type: must be an integer, it is a number\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"properties\":{\"a/b\":false}}", "{\"a/b\":1}",
     "/a~1b properties /properties/a~1b: is not allowed here\n"},

    /* values are shown as they were written */
    {SCHEMA_DRAFT_DEFAULT, "{\"minimum\":12345678901234567890123}", "1",
     " minimum /minimum: must be at least 12345678901234567890123\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"exclusiveMaximum\":-12345678901234567890123}", "1",
     " exclusiveMaximum /exclusiveMaximum: must be less than -12345678901234567890123\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"maximum\":1.50}", "2", " maximum /maximum: must be at most 1.50\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"maximum\":18446744073709551615}", "1e20",
     " maximum /maximum: must be at most 18446744073709551615\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"minimum\":-9223372036854775808}", "-1e20",
     " minimum /minimum: must be at least -9223372036854775808\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"multipleOf\":0.01}", "0.001",
     " multipleOf /multipleOf: must be a multiple of 0.01\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"multipleOf\":100000000000000000001}", "1",
     " multipleOf /multipleOf: must be a multiple of 100000000000000000001\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"const\":\"refs/heads/main\"}", "1",
     " const /const: must be \"refs/heads/main\"\n"},
    {SCHEMA_DRAFT_DEFAULT, "{\"enum\":[\"a/b\"]}", "1", " enum /enum: must be \"a/b\"\n"},
    {SCHEMA_DRAFT_DEFAULT,
     "{\"enum\":[1e2,null,true,\"\\u0007\\\"\",{\"a\":[1,12345678901234567890],\"b\":{}},[]]}", "1",
     " enum /enum: must be one of 6 values: 1e2, null, true, \"\\u0007\\\"\", "
     "{\"a\":[1,12345678901234567890],\"b\":{}}, []\n"},

    /* of a union, the branch that fails least where it is told apart from others */
    {SCHEMA_DRAFT_DEFAULT,
     "{\"oneOf\":[{\"required\":[\"x\",\"y\"]},{\"properties\":{\"p\":{\"type\":\"object\","
     "\"required\":[\"a\",\"b\",\"c\",\"d\"]}}},{\"required\":[\"z\"]}]}",
     "{\"p\":{}}",
     " oneOf /oneOf: must match exactly one of 3 schemas; number 1 is the closest\n"
     "/p required /oneOf/1/properties/p/required: must have the member \"a\"\n"
     "/p required /oneOf/1/properties/p/required: must have the member \"b\"\n"
     "/p required /oneOf/1/properties/p/required: must have the member \"c\"\n"
     "/p required /oneOf/1/properties/p/required: must have the member \"d\"\n"},
    {SCHEMA_DRAFT_DEFAULT,
     "{\"anyOf\":[{\"properties\":{\"kind\":{\"const\":\"cat\"}}},{\"properties\":{\"kind\":{"
     "\"const\":\"dog\"},\"legs\":{\"properties\":{\"a\":{\"type\":\"null\"},\"b\":{\"type\":"
     "\"null\"}}}}}]}",
     "{\"kind\":\"dog\",\"legs\":{\"a\":1,\"b\":1}}",
     " anyOf /anyOf: must match at least one of 2 schemas; number 1 is the closest\n"
     "/legs/a type /anyOf/1/properties/legs/properties/a/type: must be null, it is an integer\n"
     "/legs/b type /anyOf/1/properties/legs/properties/b/type: must be null, it is an integer\n"},
    {SCHEMA_DRAFT_DEFAULT,
     "{\"anyOf\":[{\"additionalProperties\":false,\"properties\":{\"a\":true}},{\"properties\":{"
     "\"b\":{\"items\":{\"type\":\"string\"}}}}]}",
     "{\"a\":1,\"b\":[1,2,3]}",
     " anyOf /anyOf: must match at least one of 2 schemas; number 1 is the closest\n"
     "/b/0 type /anyOf/1/properties/b/items/type: must be a string, it is an integer\n"
     "/b/1 type /anyOf/1/properties/b/items/type: must be a string, it is an integer\n"
     "/b/2 type /anyOf/1/properties/b/items/type: must be a string, it is an integer\n"},
    {SCHEMA_DRAFT_DEFAULT,
     "{\"anyOf\":[{\"type\":\"string\"},{\"const\":1},{\"required\":[\"a\",\"b\"]}]}", "{}",
     " anyOf /anyOf: must match at least one of 3 schemas; number 2 is the closest\n"
     " required /anyOf/2/required: must have the member \"a\"\n"
     " required /anyOf/2/required: must have the member \"b\"\n"},
    {SCHEMA_DRAFT_DEFAULT,
     "{\"anyOf\":[{\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\",\"c\"]}]},{\"required\":["
     "\"d\",\"e\"]}]}",
     "{}",
     " anyOf /anyOf: must match at least one of 2 schemas; number 0 is the closest\n"
     " anyOf /anyOf/0/anyOf: must match at least one of 2 schemas; number 0 is the closest\n"
     " required /anyOf/0/anyOf/0/required: must have the member \"a\"\n"},
    {SCHEMA_DRAFT_DEFAULT,
     "{\"oneOf\":[{\"properties\":{\"a\":{\"oneOf\":[{\"type\":\"null\"},{\"type\":\"string\"}]},"
     "\"b\":{\"type\":\"null\"}}},{\"required\":[\"x\"]}]}",
     "{\"a\":1,\"b\":1}",
     " oneOf /oneOf: must match exactly one of 2 schemas; number 0 is the closest\n"
     "/a oneOf /oneOf/0/properties/a/oneOf: must match exactly one of 2 schemas; number 0 is the "
     "closest\n"
     "/a type /oneOf/0/properties/a/oneOf/0/type: must be null, it is an integer\n"
     "/b type /oneOf/0/properties/b/type: must be null, it is an integer\n"},
};

START_TEST(failures_are_explained)
{
    struct rig rig = {.options = {.draft = rows[_i].draft}};
    struct buffer out;
    rig_init(&rig);
    buffer_init(&out, 1 << 20);
    struct schema *schema = rig_compile(&rig, "s", rows[_i].schema);
    ck_assert(schema);
    rig_explain(&rig, schema, rows[_i].value, &out);
    rig_expect(&out, rows[_i].schema, rows[_i].failures);
    schema_destroy(schema);
    buffer_finish(&out);
    rig_finish(&rig);
}
END_TEST

/* 150 times two bytes: every sentence that quotes it is cut somewhere. */
static void write_long(struct buffer *out, const char *before, const char *behind)
{
    buffer_append_text(out, before);
    for (int i = 0; i < 150; i++)
        buffer_append_text(out, "\xc3\xa9");
    buffer_append(out, behind, strlen(behind) + 1);
}

static void explain_basic(const char *uri, const char *schema_text, const char *value_text,
                          struct buffer *out)
{
    struct rig rig = {.documents = NULL};
    struct schema_failures failures;
    struct arena arena;
    rig_init(&rig);
    arena_init(&arena, 1 << 20);
    struct schema *schema = rig_compile(&rig, uri, schema_text);
    struct json_object *value = rig_parse(value_text);
    ck_assert(schema);
    enum schema_verdict verdict = schema_explain(rig.evaluator, schema, value, &arena, &failures);
    ck_assert(schema_write_basic(out, verdict, &failures));
    payload_release(value);
    schema_destroy(schema);
    arena_finish(&arena);
    rig_finish(&rig);
}

START_TEST(the_standard_output_is_json)
{
    static const char *const schemas[][2] = {
        {"{\"const\":\"x", "\"}"},
        {"{\"enum\":[1,\"x", "\"]}"},
        {"{\"required\":[\"x", "\"]}"},
        {"{\"pattern\":\"x", "\"}"},
        {"{\"properties\":{\"x\":{\"type\":\"null\"}},\"title\":\"", "\"}"},
    };
    struct buffer schema, value, out;
    struct json_fault fault;
    buffer_init(&schema, 1 << 20);
    buffer_init(&value, 1 << 20);
    buffer_init(&out, 1 << 20);
    write_long(&schema, schemas[_i][0], schemas[_i][1]);
    write_long(&value, "{\"", "\":1,\"x\":1}");
    for (int text = 0; text < 2; text++) {
        const char *instance = text ? "\"\\u0001\"" : (const char *)value.data;
        explain_basic("s", (const char *)schema.data, instance, &out);
        ck_assert_msg(json_check(buffer_bytes(&out), &json_limits_default, NULL, &fault), "%.*s",
                      (int)out.length, (const char *)out.data);
        buffer_consume(&out, out.length);
    }
    buffer_finish(&schema);
    buffer_finish(&value);
    buffer_finish(&out);
}
END_TEST

START_TEST(the_standard_output_names_places)
{
    struct buffer out;
    buffer_init(&out, 1 << 20);
    explain_basic("s", "{\"type\":\"null\"}", "null", &out);
    rig_expect(&out, "valid", "{\"valid\":true}");
    explain_basic("http://e/s", "{\"properties\":{\"a/b\":{\"const\":\"\\\"\"}}}", "{\"a/b\":1}",
                  &out);
    rig_expect(&out, "with a URI",
               "{\"valid\":false,\"errors\":[{\"valid\":false,\"keywordLocation\":\"/properties/"
               "a~1b/const\",\"absoluteKeywordLocation\":\"http://e/s#/properties/a~1b/"
               "const\",\"instanceLocation\":\"/a~1b\",\"error\":\"must be \\\"\\\\\\\"\\\"\"}]}");
    explain_basic("", "{\"type\":\"null\"}", "1", &out);
    rig_expect(&out, "without a URI",
               "{\"valid\":false,\"errors\":[{\"valid\":false,\"keywordLocation\":\"/"
               "type\",\"instanceLocation\":\"\",\"error\":\"must be null, it is an integer\"}]}");
    buffer_finish(&out);
}
END_TEST

/* A location that is too long shows that it was cut. */
START_TEST(long_locations_are_cut)
{
    struct buffer value, out;
    buffer_init(&value, 1 << 20);
    buffer_init(&out, 1 << 20);
    buffer_append_text(&value, "{\"");
    for (int i = 0; i < 3000; i++)
        buffer_append_text(&value, "\xc3\xa9");
    buffer_append(&value, "\":{}}", sizeof "\":{}}");
    explain_basic("s", "{\"additionalProperties\":{\"type\":\"null\"}}", (const char *)value.data,
                  &out);
    ck_assert(memmem(out.data, out.length, "\"instanceLocation\":\"/\xe2\x80\xa6\"", 25));
    buffer_finish(&value);
    buffer_finish(&out);
}
END_TEST

#define COSTLY                                                                                     \
    "\"costly\":{\"allOf\":[{\"$ref\":\"#/$defs/1\"},{\"$ref\":\"#/$defs/"                         \
    "1\"},{\"type\":\"null\"}]"                                                                    \
    "},\"1\":{\"allOf\":[{\"$ref\":\"#/$defs/2\"},{\"$ref\":\"#/$defs/2\"},{\"$ref\":\"#/$defs/"   \
    "2\"}]},\"2\":{\"allOf\":[{\"$ref\":\"#/$defs/3\"},{\"$ref\":\"#/$defs/3\"},{\"$ref\":\"#/"    \
    "$defs/3\"}]},\"3\":{\"allOf\":[{\"$ref\":\"#/$defs/4\"},{\"$ref\":\"#/$defs/4\"},{\"$ref\":"  \
    "\"#/$defs/4\"}]},\"4\":{\"type\":\"object\"}"

/* A branch that costs much takes its share of the steps, not those of the others, and is not the
 * closest because nobody looked to its end; what cannot be explained is said so. */
START_TEST(a_costly_branch_is_not_the_closest)
{
    struct schema_limits limits = schema_limits_default;
    struct rig rig = {.limits = &limits};
    struct buffer out;
    limits.steps = 400;
    rig_init(&rig);
    buffer_init(&out, 1 << 20);
    struct schema *schema = rig_compile(
        &rig, "s",
        "{\"anyOf\":[{\"$ref\":\"#/$defs/costly\"},{\"required\":[\"a\",\"b\"]}],\"$defs\":{" COSTLY
        "}}");
    rig_explain(&rig, schema, "{}", &out);
    rig_expect(&out, "one costly branch",
               " anyOf /anyOf: must match at least one of 2 schemas; number 1 is the closest\n"
               " required /anyOf/1/required: must have the member \"a\"\n"
               " required /anyOf/1/required: must have the member \"b\"\n");
    schema_destroy(schema);
    schema = rig_compile(
        &rig, "t",
        "{\"anyOf\":[{\"$ref\":\"#/$defs/costly\"},{\"$ref\":\"#/$defs/costly\"},{\"$ref\":\"#/"
        "$defs/costly\"}],\"$defs\":{" COSTLY "}}");
    rig_explain(&rig, schema, "{}", &out);
    rig_expect(&out, "costly branches", " anyOf /anyOf: must match at least one of 3 schemas\n");
    schema_destroy(schema);
    buffer_finish(&out);
    rig_finish(&rig);
}
END_TEST

/* No refusal is without a reason. */
START_TEST(what_is_abandoned_says_so)
{
    struct schema_limits limits = schema_limits_default;
    struct rig rig = {.limits = &limits};
    struct buffer out;
    limits.steps = 3;
    rig_init(&rig);
    buffer_init(&out, 1 << 20);
    struct schema *schema = rig_compile(&rig, "s", "{\"items\":{\"type\":\"null\"}}");
    rig_explain(&rig, schema, "[1,null,null,null]", &out);
    rig_expect(
        &out, "after a failure",
        "/0 type /items/type: must be null, it is an integer\n"
        "  : could not be checked to the end: the schema takes too many steps on this value\n");
    rig_explain(&rig, schema, "[null,null,null,null]", &out);
    rig_expect(
        &out, "before any",
        "  : could not be checked to the end: the schema takes too many steps on this value\n");
    schema_destroy(schema);
    buffer_finish(&out);
    rig_finish(&rig);
}
END_TEST

/* Whatever room is left to the request. */
START_TEST(a_refusal_without_memory_has_a_reason)
{
    struct rig rig = {.options = {.draft = SCHEMA_DRAFT_DEFAULT}};
    rig_init(&rig);
    struct schema *schema = rig_compile(&rig, "s", "{\"additionalProperties\":false}");
    struct validate_settings settings = {.is_set = true, .schema = schema};
    for (size_t room = 0; room < 1200; room += 8) {
        struct arena arena;
        struct json_object *details;
        struct json_fault fault;
        struct json_summary summary;
        struct request request = {
            .arena = &arena, .body = bytes_of_text("{\"a\":1,\"b\":2}"), .json = &summary};
        request.payload = request.body;
        arena_init(&arena, room);
        ck_assert(json_check(request.body, &json_limits_default, &summary, &fault));
        struct value_context values;
        value_context_of_request(&values, &request);
        struct verdict verdict = validate_check(&settings, rig.evaluator, &values, &request);
        value_context_finish(&values);
        ck_assert_int_eq(verdict.reply, REPLY_UNPROCESSABLE);
        ck_assert(verdict.reason && *verdict.reason);
        ck_assert(payload_parse(verdict.details, &json_limits_default, &details, &fault));
        ck_assert_msg(value_item_count(details) > 0, "room of %zu", room);
        payload_release(details);
        arena_finish(&arena);
    }
    schema_destroy(schema);
    rig_finish(&rig);
}
END_TEST

Suite *test_suite(void)
{
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, failures_are_explained, 0, sizeof rows / sizeof *rows);
    tcase_add_loop_test(all, the_standard_output_is_json, 0, 5);
    tcase_add_test(all, the_standard_output_names_places);
    tcase_add_test(all, long_locations_are_cut);
    tcase_add_test(all, a_costly_branch_is_not_the_closest);
    tcase_add_test(all, what_is_abandoned_says_so);
    tcase_add_test(all, a_refusal_without_memory_has_a_reason);
    return rig_suite("schema_explain", all);
}
