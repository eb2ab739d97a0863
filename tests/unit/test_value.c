/* Values of an event: found in a request, and in what is stored of one. */
#include "handlers/auth/route_auth.h"
#include "handlers/content/content.h"
#include "handlers/value/stored.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

static struct arena arena;
static struct header headers[4];
static struct route route;
static struct json_summary summary;
static struct request request;
static struct value_context context;

static void setup(void)
{
    arena_init(&arena, 1 << 20);
    route = (struct route){.name = "deploy", .path = "/hook/{repo}/{branch}"};
    request = (struct request){.arena = &arena,
                               .headers = headers,
                               .route = &route,
                               .method = bytes_of_text("POST"),
                               .path = bytes_of_text("/hook/acme/main"),
                               .now_ms = 1795490124123};
}

static void teardown(void)
{
    value_context_finish(&context);
    arena_finish(&arena);
}

static void has(const char *name, const char *value)
{
    headers[request.header_count++] = (struct header){bytes_of_text(name), bytes_of_text(value)};
}

static void has_json(const char *text)
{
    struct json_fault fault;
    struct json_limits limits = json_limits_default;
    limits.depth = JSON_DEPTH_MAX;
    limits.repeated_names = limits.lone_surrogates = true;
    request.payload = bytes_of_text(text);
    request.json = &summary;
    ck_assert(json_check(request.payload, &limits, &summary, &fault));
}

static struct reference parse(const char *text)
{
    struct reference reference;
    struct error err = {""};
    ck_assert_msg(reference_parse(bytes_of_text(text), &arena, &reference, &err, NULL), "%s",
                  err.text);
    return reference;
}

/* "string:text", "missing", "missing!" where it is repeated. */
static const char *resolve(const char *text)
{
    static const char *const names[] = {"missing", "null",  "boolean", "number",
                                        "string",  "array", "object"};
    struct reference reference = parse(text);
    struct value value;
    ck_assert(value_resolve(&context, &reference, &value));
    if (value.kind == VALUE_MISSING)
        return value.repeated ? "missing!" : "missing";
    return arena_format(&arena, "%s:%.*s", names[value.kind], (int)value.text.length,
                        (const char *)value.text.data);
}

static const char payload[] =
    " {\"a\": {\"b\" : [10, {\"c\": \"x\\ny\"}, []]}, \"n\": 12345678901234567890123, \"e\":1.50,"
    "\"t\":true,\"z\":null,\"\":\"empty\",\"a.b\":\"dot\",\"\\u0061x\":1,\"q\\\"\":2,"
    "\"l\":[{\"i\":1},{},{\"i\":3}],\"r\":1,\"r\":2,\"o\":{},\"s\":\"\"} ";

static const struct {
    const char *reference, *value;
} in_payload[] = {
    {"payload.n", "number:12345678901234567890123"},
    {"payload.e", "number:1.50"},
    {"payload.t", "boolean:true"},
    {"payload.z", "null:null"},
    {"payload.s", "string:"},
    {"payload.a.b[0]", "number:10"},
    {"payload.a.b[1].c", "string:x\ny"},
    {"payload.a.b[-1]", "array:[]"},
    {"payload.a.b[-3]", "number:10"},
    {"payload.a.b[-4]", "missing"},
    {"payload.a.b[3]", "missing"},
    {"payload.a.b.c", "missing"},
    {"payload.a[0]", "missing"},
    {"payload[\"\"]", "string:empty"},
    {"payload[\"a.b\"]", "string:dot"},
    {"payload.ax", "number:1"},
    {"payload[\"q\\\"\"]", "number:2"},
    {"payload[\"q\\\\\\\"\"]", "missing"},
    {"payload.l[*].i", "number:1"},
    {"payload.l[-1].i", "number:3"},
    {"payload.r", "number:2"},
    {"payload.o", "object:{}"},
    {"payload.none", "missing"},
    {"payload.o.none", "missing"},
    {"payload.n.none", "missing"},
};

START_TEST(the_payload_is_walked)
{
    has_json(payload);
    value_context_of_request(&context, &request);
    ck_assert_str_eq(resolve(in_payload[_i].reference), in_payload[_i].value);
}
END_TEST

struct seen {
    char text[200];
};

static bool note(void *caller, struct value *value)
{
    struct seen *seen = caller;
    size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof seen->text - used, "%d:%.*s;", (int)value->kind,
             (int)value->text.length, (const char *)value->text.data);
    return true;
}

static const struct {
    const char *reference, *seen;
} several[] = {
    {"payload.l[*].i", "3:1;0:;3:3;"}, /* an element without it counts as missing */
    {"payload.a.b[*]", "3:10;6:{\"c\": \"x\\ny\"};5:[];"},
    {"payload.a[*]", "0:;"}, /* no list */
    {"payload.o[*].i", "0:;"},
    {"payload.a.b[2][*]", "0:;"}, /* a list of nothing */
    {"payload.l[*][*]", "0:;0:;0:;"},
    {"payload.e", "3:1.50;"},
    {"header.x", "0:;"},
};

START_TEST(each_element_counts)
{
    struct seen seen = {""};
    has_json(payload);
    value_context_of_request(&context, &request);
    struct reference reference = parse(several[_i].reference);
    ck_assert(value_each(&context, &reference, note, &seen));
    ck_assert_str_eq(seen.text, several[_i].seen);
}
END_TEST

START_TEST(scalars_and_nothing_are_payloads)
{
    has_json("7");
    value_context_of_request(&context, &request);
    ck_assert_str_eq(resolve("payload"), "number:7");
    ck_assert_str_eq(resolve("payload.a"), "missing");
    value_context_finish(&context);
    request.json = NULL;
    value_context_of_request(&context, &request);
    ck_assert_str_eq(resolve("payload"), "missing");
    ck_assert_str_eq(resolve("payload.a"), "missing");
}
END_TEST

START_TEST(a_deep_payload_is_walked)
{
    char *text = malloc(2 * JSON_DEPTH_MAX + 1);
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    text[2 * JSON_DEPTH_MAX] = '\0';
    has_json(text);
    value_context_of_request(&context, &request);
    ck_assert_str_eq(resolve("payload[0][0][0].a"), "missing");
    free(text);
}
END_TEST

START_TEST(a_request_has_names)
{
    has("X-One", "1");
    has("x-two", "a");
    has("X-TWO", "b");
    has("Host", "hooks.example.org");
    request.query = bytes_of_text("a=1&b=x%20y+z&c=1&%63=2&d&bad=%zz&&e=%26&%zz=1");
    ck_assert(route_read_target(&request));
    value_context_of_request(&context, &request);
    ck_assert_str_eq(resolve("header.x-one"), "string:1");
    ck_assert_str_eq(resolve("header.X-Two"), "string:a, b");
    ck_assert_str_eq(resolve("header.x-none"), "missing");
    ck_assert_str_eq(resolve("query.a"), "string:1");
    ck_assert_str_eq(resolve("query.b"), "string:x y z");
    ck_assert_str_eq(resolve("query.c"), "missing!");
    ck_assert_str_eq(resolve("query.d"), "string:");
    ck_assert_str_eq(resolve("query.e"), "string:&");
    ck_assert_str_eq(resolve("query.bad"), "string:%zz"); /* as it is stored */
    ck_assert_str_eq(resolve("query[\"%zz\"]"), "string:1");
    ck_assert_str_eq(resolve("query.none"), "missing");
    ck_assert_str_eq(resolve("path.repo"), "string:acme");
    ck_assert_str_eq(resolve("path.branch"), "string:main");
    ck_assert_str_eq(resolve("path.none"), "missing");
    ck_assert_str_eq(resolve("request.method"), "string:POST");
    ck_assert_str_eq(resolve("request.path"), "string:/hook/acme/main");
    ck_assert_str_eq(resolve("request.host"), "string:hooks.example.org");
    ck_assert_str_eq(resolve("route.name"), "string:deploy");
    ck_assert_str_eq(resolve("action.name"), "missing");
    ck_assert_str_eq(resolve("event.type"), "missing");
    ck_assert_str_eq(resolve("event.received"), "string:2026-11-24T03:15:24.123Z");
    ck_assert_str_eq(resolve("event.attempt"), "string:1");
    ck_assert_uint_eq(strlen(resolve("event.id")), strlen("string:") + 36);
    request.client = (struct client_address){.address = {[10] = 0xff, 0xff, 192, 0, 2, 1}};
    ck_assert_str_eq(resolve("client.address"), "string:192.0.2.1");
}
END_TEST

START_TEST(a_form_has_fields)
{
    has("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    request.body = bytes_of_text("a=1&b=x+y&b=2&c=%7B%22k%22%3A1%7D&d");
    value_context_of_request(&context, &request);
    ck_assert_str_eq(resolve("form.a"), "string:1");
    ck_assert_str_eq(resolve("form.b"), "missing!");
    ck_assert_str_eq(resolve("form.c"), "string:{\"k\":1}");
    ck_assert_str_eq(resolve("form.d"), "string:");
    ck_assert_str_eq(resolve("form.none"), "missing");
    ck_assert_str_eq(resolve("payload"), "missing");
    value_context_finish(&context);
    request.body = bytes_of_text("a=%zz");
    value_context_of_request(&context, &request);
    ck_assert_str_eq(resolve("form.a"), "missing");
}
END_TEST

START_TEST(the_fields_beside_a_payload_in_a_form_are_values_too)
{
    has("Content-Type", "application/x-www-form-urlencoded");
    request.body = bytes_of_text("a=1&payload=%7B%22k%22%3A1%7D");
    request.json = &summary;
    request.json_field = bytes_of_text("payload");
    request.payload = bytes_of_text("{\"k\":1}");
    value_context_of_request(&context, &request);
    ck_assert_str_eq(resolve("form.a"), "string:1");
    ck_assert_str_eq(resolve("payload.k"), "number:1");
}
END_TEST

START_TEST(what_looks_like_json_begins_as_it_does)
{
    static const struct {
        const char *body;
        bool looks;
    } rows[] = {{"{\"a\":1}", true}, {"[1]", true}, {"a=1", false}, {"\0=1", false}};
    struct reference whole = {.root = REFERENCE_PAYLOAD, .text = "payload"};
    char absence[VALUE_ABSENCE_SIZE];
    has("Content-Type", "application/x-www-form-urlencoded");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        request.body = bytes_of(rows[i].body, 3);
        value_context_of_request(&context, &request);
        value_absence(&context, &whole, absence);
        ck_assert_msg((strstr(absence, "looks like JSON") != NULL) == rows[i].looks, "%zu: %s", i,
                      absence);
        value_context_finish(&context);
    }
}
END_TEST

/* A long one is counted where it is the first header of all, too. */
START_TEST(a_header_has_the_room_that_it_needs)
{
    static char value[9001];
    memset(value, 'x', sizeof value - 1);
    has("X-Long", value);
    has("x-long", value);
    value_context_of_request(&context, &request);
    ck_assert_uint_eq(strlen(resolve("header.x-long")), strlen("string:, ") + 2 * 9000);
    ck_assert_uint_ge(context.scratch.capacity, 2 * 9000 + 2);
}
END_TEST

START_TEST(what_is_stored_has_the_same_values)
{
    struct stored_values stored = {
        .headers = bytes_of_text("{\"x-two\":\"a, b\",\"content-type\":\"application/json\"}"),
        .query = bytes_of_text("{\"a\":\"1\",\"c\":[\"1\",\"2\"],\"e\":\"\\u0026\\n\"}"),
        .params = bytes_of_text("{\"repo\":\"acme\"}"),
        .payload = bytes_of_text("{\"a\":1}"),
        .id = bytes_of_text("0192"),
        .attempt = bytes_of_text("3"),
        .action = bytes_of_text("run"),
    };
    value_context_of_stored(&context, &stored);
    ck_assert_str_eq(resolve("payload.a"), "number:1");
    ck_assert_str_eq(resolve("header.x-two"), "string:a, b");
    ck_assert_str_eq(resolve("header.none"), "missing");
    ck_assert_str_eq(resolve("query.a"), "string:1");
    ck_assert_str_eq(resolve("query.c"), "missing!");
    ck_assert_str_eq(resolve("query.e"), "string:&\n");
    ck_assert_str_eq(resolve("path.repo"), "string:acme");
    ck_assert_str_eq(resolve("event.id"), "string:0192");
    ck_assert_str_eq(resolve("event.attempt"), "string:3");
    ck_assert_str_eq(resolve("action.name"), "string:run");
    ck_assert_str_eq(resolve("client.address"), "missing");
}
END_TEST

START_TEST(the_field_of_a_form_is_the_payload)
{
    struct stored_values stored = {
        .payload = bytes_of_text("{\"ref\":\"main\"}"),
        .form_text = bytes_of_text("x=1&payload=%7B%22ref%22%3A%22main%22%7D"),
    };
    value_context_of_stored(&context, &stored);
    ck_assert_str_eq(resolve("payload.ref"), "string:main");
    ck_assert_str_eq(resolve("form.x"), "string:1");
}
END_TEST

/* Nothing in a journal that somebody has changed is believed. */
START_TEST(broken_texts_are_missing)
{
    static const char *const texts[] = {"{",      "{\"a\"",    "{\"a\":", "{\"a\":1",  "[1,",
                                        "[1}",    "{\"a\":1]", "\"a",     "{\"a\" 1}", "{1:2}",
                                        "[1] 2",  ",",         "",        "{\"a\":1,", "[[[",
                                        "{\"a\\", "{\"\\u00"};
    struct stored_values stored = {.payload = bytes_of_text(texts[_i])};
    struct reference reference = parse("payload.a");
    struct value value = {.kind = VALUE_MISSING};
    stored.headers = stored.query = stored.params = stored.payload;
    value_context_of_stored(&context, &stored);
    bool good = value_resolve(&context, &reference, &value);
    ck_assert(!good || value.kind == VALUE_MISSING);
    ck_assert_str_eq(resolve("header.a"), "missing");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("value");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_loop_test(all, the_payload_is_walked, 0, sizeof in_payload / sizeof *in_payload);
    tcase_add_loop_test(all, each_element_counts, 0, sizeof several / sizeof *several);
    tcase_add_test(all, scalars_and_nothing_are_payloads);
    tcase_add_test(all, a_deep_payload_is_walked);
    tcase_add_test(all, a_request_has_names);
    tcase_add_test(all, a_form_has_fields);
    tcase_add_test(all, the_fields_beside_a_payload_in_a_form_are_values_too);
    tcase_add_test(all, what_looks_like_json_begins_as_it_does);
    tcase_add_test(all, a_header_has_the_room_that_it_needs);
    tcase_add_test(all, what_is_stored_has_the_same_values);
    tcase_add_test(all, the_field_of_a_form_is_the_payload);
    tcase_add_loop_test(all, broken_texts_are_missing, 0, 17);
    suite_add_tcase(suite, all);
    return suite;
}
