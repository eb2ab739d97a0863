/* Templates: what they make of an event, and where a fault is. */
#include "handlers/auth/route_auth.h"
#include "handlers/content/json.h"
#include "handlers/value/template.h"
#include "tests/unit/suite.h"
#include "tests/unit/template_text.h"

#include <stdlib.h>

enum { LIMIT = 64 };

static struct arena arena;
static struct json_summary summary;
static const struct route route = {.path = "/"};
static struct header header;
static struct request request;
static struct value_context context;

static void setup(void)
{
    static const char payload[] =
        "{\"ref\":\"main\",\"n\":1.50,\"t\":true,\"z\":null,\"q\":\"a\\\"b\\n\","
        "\"o\":{ \"a b\" : [ 1 , \"x y\" ] },\"nul\":\"a\\u0000\",\"l\":[\"a\\n\"],"
        "\"c\":\"\\\\ \\t\\r\\u001b \\u00e4\\u00a0\\u0085\\u2028 \\u2027\",\"e\":\"\"}";
    struct json_fault fault;
    arena_init(&arena, 1 << 20);
    header = (struct header){bytes_of_text("X-Raw"), bytes_of_text("caf\xe9")};
    request = (struct request){.arena = &arena,
                               .route = &route,
                               .query = bytes_of_text("a=1&a=2&raw=%ff&bad=%zz"),
                               .headers = &header,
                               .header_count = 1,
                               .event_type = bytes_of_text("\xe2\x80"), /* of U+2028 */
                               .message_id = bytes_of_text("\xa8"),
                               .payload = bytes_of_text(payload),
                               .json = &summary};
    ck_assert(route_read_target(&request));
    ck_assert(json_check(request.payload, &json_limits_default, &summary, &fault));
    value_context_of_request(&context, &request);
}

static void teardown(void)
{
    value_context_finish(&context);
    arena_finish(&arena);
}

static struct template parse(const char *text)
{
    struct template template;
    struct error err = {""};
    ck_assert_msg(template_parse(bytes_of_text(text), &arena, &template, &err, NULL), "%s: %s",
                  text, err.text);
    return template;
}

static const struct {
    const char *text, *made;
} good[] = {
    {"", ""},
    {"plain } text {", "plain } text {"},
    {"{{payload.ref}}", "main"},
    {"a {{ payload.ref }}b{{payload.n}}", "a mainb1.50"},
    {"{{payload.t}}", "true"},
    {"{{payload.o}}", "{\"a b\":[1,\"x y\"]}"},
    {"{{payload.q}}", "a\"b\n"},
    {"{{payload.q|json}}", "\"a\\\"b\\n\""},
    {"{{payload.n | json}}", "1.50"},
    {"{{payload.o|json}}", "{\"a b\":[1,\"x y\"]}"},
    {"{{payload.none | default main}}", "main"},
    {"{{payload.none | default  two words  }}!", "two words!"},
    {"{{payload.none | default}}", ""},
    {"{{payload.none | default \"a|b }} \\u00e4\"}}", "a|b }} \xc3\xa4"},
    {"{{payload.z | default null}}", "null"},
    {"{{payload.z | default x | json}}", "\"x\""},
    {"{{payload.z | json | default x}}", "\"x\""},
    {"{{payload.e | default x}}", ""},
    {"{{payload[\"none}}|\"] | default \"\"}}", ""},
    {"{{query.a | default x}}", "x"},
    {"}}{{payload.ref}}{", "}}main{"},
    {"{{query.bad}}", "%zz"},
    {"{{event.type}}", "\xe2\x80"},
};

START_TEST(templates_are_made)
{
    struct template template = parse(good[_i].text);
    struct bytes text;
    ck_assert_int_eq(template_text(&template, &context, LIMIT, &arena, &text, NULL), TEMPLATE_DONE);
    ck_assert_str_eq((const char *)text.data, good[_i].made);
    ck_assert_uint_eq(text.length, strlen(good[_i].made));
}
END_TEST

/* Escaped are values, not what stands around them. */
static const struct {
    const char *text, *made;
} lines[] = {
    {"a\\b\t{{payload.ref}}", "a\\b\tmain"},
    {"{{payload.q}}", "a\"b\\n"},
    {"{{payload.nul}}|", "a\\u0000|"},
    {"{{payload.c}}", "\\\\ \\t\\r\\u001b \xc3\xa4\xc2\xa0\\u0085\\u2028 \xe2\x80\xa7"},
    {"{{payload.c | json}}", "\"\\\\ \\t\\r\\u001b \xc3\xa4\xc2\xa0\\u0085\\u2028 \xe2\x80\xa7\""},
    {"{{payload.l}}", "[\"a\\\\n\"]"},
    {"{{payload.l | json}}", "[\"a\\n\"]"},
    {"{{payload.none | default \"a\\nb\"}}", "a\\nb"},
    {"{{payload.none | default \"a\\nb\" | json}}", "\"a\\nb\""},
    {"{{event.type}}{{event.delivery}}", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
};

START_TEST(a_line_stays_one)
{
    struct template template = parse(lines[_i].text);
    struct buffer out;
    buffer_init(&out, LIMIT);
    ck_assert_int_eq(template_render_line(&template, &context, LIMIT, &out, NULL), TEMPLATE_DONE);
    ck_assert_msg(bytes_equal_text(buffer_bytes(&out), lines[_i].made), "%s: %.*s", lines[_i].text,
                  (int)out.length, (const char *)out.data);
    buffer_finish(&out);
}
END_TEST

START_TEST(escapes_count_for_the_limit)
{
    struct template template = parse("{{payload.q}}");
    struct buffer out;
    buffer_init(&out, LIMIT);
    ck_assert_int_eq(template_render_line(&template, &context, 4, &out, NULL), TEMPLATE_TOO_LONG);
    ck_assert_uint_eq(out.length, 0);
    ck_assert_int_eq(template_render_line(&template, &context, 5, &out, NULL), TEMPLATE_DONE);
    buffer_finish(&out);
}
END_TEST

static const struct {
    const char *text, *culprit;
    enum template_outcome outcome;
} failing[] = {
    {"a{{payload.ref}}{{payload.none}}", "payload.none", TEMPLATE_MISSING},
    {"{{payload.z}}", "payload.z", TEMPLATE_NULL},
    {"{{payload.z|json}}", "payload.z", TEMPLATE_NULL},
    {"{{query.a}}", "query.a", TEMPLATE_REPEATED},
    {"{{payload.nul}}", "payload.nul", TEMPLATE_NUL},
    {"{{header.x-raw}}", "header.x-raw", TEMPLATE_NOT_UTF8},
    {"{{query.raw | default a}}", "query.raw", TEMPLATE_NOT_UTF8},
    {"{{event.type | json}}", "event.type", TEMPLATE_NOT_UTF8},
    {"{{payload}}", "payload", TEMPLATE_TOO_LONG},
    {"{{payload | json}}", "payload", TEMPLATE_TOO_LONG},
    {"0123456789012345678901234567890123456789012345678901234567890123-", NULL, TEMPLATE_TOO_LONG},
    {"012345678901234567890123456789012345678901234567890123456789{{payload.ref}}-", NULL,
     TEMPLATE_TOO_LONG},
    {"{{payload.none | default 01234567890123456789012345678901234567890123456789012345678901234}}",
     "payload.none", TEMPLATE_TOO_LONG},
};

START_TEST(a_failure_names_its_culprit)
{
    struct template template = parse(failing[_i].text);
    const struct reference *culprit = NULL;
    struct buffer out;
    buffer_init(&out, 1000);
    ck_assert(buffer_append_text(&out, "before"));
    ck_assert_int_eq(template_render(&template, &context, LIMIT, &out, &culprit),
                     failing[_i].outcome);
    ck_assert_uint_eq(out.length, strlen("before"));
    ck_assert_int_eq(culprit != NULL, failing[_i].culprit != NULL);
    if (culprit)
        ck_assert_str_eq(culprit->text, failing[_i].culprit);
    ck_assert(*template_outcome_text(failing[_i].outcome));
    buffer_finish(&out);
}
END_TEST

static const struct {
    const char *text, *sentence;
    size_t offset;
} bad[] = {
    {"ab{{payload.ref", "no }}", 2},
    {"{{payload.ref | default x", "no }}", 0},
    {"{{payload.ref | default \"x}}", "no }}", 0},
    {"{{}}", "needs a value", 2},
    {"x {{ paylod.ref }}", "did you mean", 5},
    {"{{ payload.a..b }}", "needs a name", 13},
    {"{{ payload.a | upper }}", "not \"upper\"", 15},
    {"{{ payload.a | }}", "must be", 14},
    {"{{ payload.a | defaults }}", "must be", 15},
    {"{{ payload.a | json | json }}", "twice", 22},
    {"{{ payload.a | default a | default b }}", "twice", 27},
    {"{{ payload.a | default \"a\" b }}", "JSON string", 15},
    {"{{ payload.a | default \"\\u0000\" }}", "U+0000", 15},
    {"{{{payload.a}}}", "needs a value", 2},
};

START_TEST(faults_have_a_place)
{
    struct template template;
    struct error err = {""};
    size_t offset = 999;
    ck_assert(!template_parse(bytes_of_text(bad[_i].text), &arena, &template, &err, &offset));
    ck_assert_msg(strstr(err.text, bad[_i].sentence) != NULL, "%s: %s", bad[_i].text, err.text);
    ck_assert_msg(offset == bad[_i].offset, "%s: %zu", bad[_i].text, offset);
}
END_TEST

static bool count_one(void *counter, const struct reference *reference)
{
    ++*(int *)counter;
    return reference->root == REFERENCE_PAYLOAD;
}

START_TEST(templates_can_be_asked)
{
    int count = 0;
    struct reference_visitor visitor = {count_one, &count};
    struct template template = parse("/srv/{{payload.ref}}/{{event.id}}/{{payload.n}}");
    ck_assert(!template_is_literal(&template) && !template_begins_with_value(&template));
    ck_assert(bytes_equal_text(template_fixed_prefix(&template), "/srv/"));
    ck_assert(!template_visit(&template, &visitor));
    ck_assert_int_eq(count, 2);
    template = parse("{{payload.ref}}");
    ck_assert(template_begins_with_value(&template) && !template_is_literal(&template));
    ck_assert_uint_eq(template_fixed_prefix(&template).length, 0);
    ck_assert(template_visit(&template, &visitor));
    template = parse("plain");
    ck_assert(template_is_literal(&template) && !template_begins_with_value(&template));
    ck_assert(bytes_equal_text(template_fixed_prefix(&template), "plain"));
    ck_assert(template_literal(bytes_of_text("{{.State}}"), &arena, &template));
    struct bytes text;
    ck_assert(template_is_literal(&template));
    ck_assert_int_eq(template_text(&template, &context, LIMIT, &arena, &text, NULL), TEMPLATE_DONE);
    ck_assert_str_eq((const char *)text.data, "{{.State}}");
    template = parse("");
    ck_assert(template_is_literal(&template));
}
END_TEST

START_TEST(there_are_limits)
{
    struct buffer text;
    struct template template;
    struct error err;
    buffer_init(&text, 1 << 16);
    for (int i = 0; i < TEMPLATE_PARTS_MAX; i++)
        ck_assert(buffer_append_text(&text, "{{payload.a}}"));
    ck_assert(template_parse(buffer_bytes(&text), &arena, &template, &err, NULL));
    ck_assert_uint_eq(template.count, TEMPLATE_PARTS_MAX);
    ck_assert(buffer_append_text(&text, "x"));
    ck_assert(!template_parse(buffer_bytes(&text), &arena, &template, &err, NULL));
    buffer_finish(&text);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("template");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_loop_test(all, templates_are_made, 0, sizeof good / sizeof *good);
    tcase_add_loop_test(all, a_line_stays_one, 0, sizeof lines / sizeof *lines);
    tcase_add_test(all, escapes_count_for_the_limit);
    tcase_add_loop_test(all, a_failure_names_its_culprit, 0, sizeof failing / sizeof *failing);
    tcase_add_loop_test(all, faults_have_a_place, 0, sizeof bad / sizeof *bad);
    tcase_add_test(all, templates_can_be_asked);
    tcase_add_test(all, there_are_limits);
    suite_add_tcase(suite, all);
    return suite;
}
