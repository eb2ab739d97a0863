/* Conditions, as a route file has them: whether they hold, and why they do not. */
#include "config/loader.h"
#include "handlers/admission/when.h"
#include "handlers/auth/route_auth.h"
#include "handlers/content/json.h"
#include "handlers/value/stored.h"
#include "server/cli/verbs.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

#define HEAD                                                                                       \
    "version: 1\nserver:\n  listen: {address: \"127.0.0.1:0\", tls: off}\nroutes:\n"               \
    "- name: a\n  path: /a/{repo}\n  auth: {none: true}\n  content: auto\n  actions: [{pipe: "     \
    "p}]\n"                                                                                        \
    "  when: "

static struct arena arena;
static struct header headers[2];
static struct json_summary summary;
static struct request request;
static struct value_context context;
static struct problem_list problems;
static struct settings *settings;

static void setup(void)
{
    static const char payload[] =
        "{\"ref\":\"refs/heads/"
        "main\",\"n\":10,\"big\":12345678901234567890123,\"t\":true,\"z\":null,"
        "\"f\":1.50,\"huge\":1e400,\"line\":\"main\\n\",\"e\":\"\",\"tags\":[\"a\",1,null],"
        "\"l\":[{\"i\":1,\"k\":\"x\"},{\"i\":2,\"k\":\"x\"},{\"i\":3}],\"none\":[],\"o\":{\"a\":1}"
        "}";
    struct json_fault fault;
    arena_init(&arena, 1 << 20);
    headers[0] = (struct header){bytes_of_text("X-Kind"), bytes_of_text("5")};
    request = (struct request){.arena = &arena,
                               .headers = headers,
                               .header_count = 1,
                               .json = &summary,
                               .client.address = {[10] = 0xff, 0xff, 192, 0, 2, 1}};
    request.body = request.payload = bytes_of_text(payload);
    ck_assert(json_check(request.body, &json_limits_default, &summary, &fault));
    problem_list_init(&problems);
    settings = NULL;
}

static void teardown(void)
{
    value_context_finish(&context);
    settings_destroy(settings);
    problem_list_finish(&problems);
    arena_finish(&arena);
}

static const struct condition *load(const char *when)
{
    const char *text = arena_format(&arena, "%s%s\n", HEAD, when);
    settings = settings_load_text("hooks.yaml", bytes_of_text(text), &program_registry, &problems);
    if (!settings)
        problem_list_print(&problems, stdout);
    ck_assert_ptr_nonnull(settings);
    request.route = settings->routes;
    ck_assert(route_read_target(&request));
    value_context_of_request(&context, &request);
    return &when_settings_of(settings->routes)->condition;
}

static const struct {
    const char *when;
    bool holds;
} rows[] = {
    {"[{value: payload.ref, equals: refs/heads/main}]", true},
    {"{value: payload.ref, equals: refs/heads/main}", true},
    {"{value: payload.ref, equals: main}", false},
    {"{value: payload.n, equals: 10}", true},
    {"{value: payload.n, equals: 10.0}", true},
    {"{value: payload.n, equals: 1e1}", true},
    {"{value: payload.n, equals: 0xa}", true},
    {"{value: payload.n, equals: \"10\"}", false},
    {"{value: payload.big, equals: 12345678901234567890123}", true},
    {"{value: payload.big, equals: 12345678901234567890124}", false},
    {"{value: payload.f, equals: 1.5}", true},
    {"{value: payload.huge, greater: 1e399, less: 1e401}", true},
    {"{value: payload.t, equals: true}", true},
    {"{value: payload.t, equals: \"true\"}", false},
    {"{value: payload.z, equals: null}", true},
    {"{value: payload.e, equals: \"\"}", true},
    {"{value: payload.z, equals: false}", false},
    {"{value: payload.o, equals: x}", false},
    {"{value: payload.o, not_equals: x}", true},
    {"{value: payload.missing, equals: null}", false},
    {"{value: payload.missing, not_equals: x}", false},
    {"{value: payload.missing, not_in: [x]}", false},
    {"{value: payload.missing, exists: false}", true},
    {"{value: payload.missing, exists: true}", false},
    {"{value: payload.z, exists: true}", true},
    {"{value: payload.n, in: [1, 10]}", true},
    {"{value: payload.n, in: [\"10\", x]}", false},
    {"{value: payload.n, not_in: [1, 10]}", false},
    {"{value: payload.n, not_in: [1]}", true},
    {"{value: payload.n, greater: 9.99}", true},
    {"{value: payload.n, greater: 10}", false},
    {"{value: payload.n, less: 10}", false},
    {"{value: payload.n, less: 11, greater: -1}", true},
    {"{value: payload.ref, greater: 1}", false},
    {"{value: payload.ref, starts_with: refs/heads/}", true},
    {"{value: payload.ref, ends_with: /main}", true},
    {"{value: payload.ref, contains: heads}", true},
    {"{value: payload.ref, contains: \"\"}", true},
    {"{value: payload.ref, contains: tails}", false},
    {"{value: payload.n, starts_with: \"1\"}", false},
    {"{value: payload.tags, contains: a}", true},
    {"{value: payload.tags, contains: 1.0}", true},
    {"{value: payload.tags, contains: null}", true},
    {"{value: payload.tags, contains: \"1\"}", false},
    {"{value: payload.o, contains: a}", false},
    {"{value: payload.ref, matches: \"^refs/(heads|tags)/\"}", true},
    {"{value: payload.ref, matches: main}", true},
    {"{value: payload.line, matches: main$}", false},
    {"{value: payload.line, matches: \"(?m)main$\"}", true},
    {"{value: payload.n, matches: \"10\"}", false},
    {"{value: payload.e, matches: ^$}", true},
    {"{value: \"payload.l[*].i\", equals: 2}", true},
    {"{value: \"payload.l[*].i\", equals: 4}", false},
    {"{value: \"payload.l[*].i\", greater: 1, less: 3}", true},
    {"{value: \"payload.l[*].i\", greater: 0, every: true}", true},
    {"{value: \"payload.l[*].i\", greater: 1, every: true}", false},
    {"{value: \"payload.l[*].k\", equals: x, every: true}", false},
    {"{value: \"payload.l[*].k\", exists: false}", true},
    {"{value: \"payload.l[*].i\", exists: false}", false},
    {"{value: \"payload.none[*]\", exists: true, every: true}", false},
    {"{value: \"payload.l[-1].i\", equals: 3}", true},
    {"{value: header.x-kind, equals: \"5\"}", true},
    {"{value: header.x-kind, as: number, greater: 4, less: 5.5}", true},
    {"{value: header.x-kind, as: number, equals: 5.0}", true},
    {"{value: header.x-kind, as: number, greater: 5}", false},
    {"{value: header.x-missing, as: number, less: 5}", false},
    {"{value: payload.ref, as: number, greater: 0}", false},
    {"{value: payload.e, as: number, less: 1}", false},
    {"{value: payload.n, as: number, greater: 9}", true},
    {"{value: payload.t, as: number, equals: 1}", false},
    {"{value: event.type, exists: false}", true},
    {"[{value: payload.n, equals: 10}, {value: payload.t, equals: false}]", false},
    {"{all: [{value: payload.n, equals: 10}, {value: payload.t, equals: true}]}", true},
    {"{any: [{value: payload.n, equals: 1}, {value: payload.t, equals: true}]}", true},
    {"{any: [{value: payload.n, equals: 1}, {value: payload.t, equals: false}]}", false},
    {"{not: {value: payload.n, equals: 1}}", true},
    {"{not: [{value: payload.n, equals: 10}, {value: payload.t, equals: false}]}", true},
    {"{not: {not: {value: payload.n, equals: 10}}}", true},
    {"{address: [192.0.2.0/24]}", true},
    {"{address: 192.0.2.1}", true},
    {"{address: [\"2001:db8::/32\", 192.0.3.0/24]}", false},
};

START_TEST(conditions_are_judged)
{
    struct condition_reason reason;
    const struct condition *condition = load(rows[_i].when);
    enum condition_outcome outcome = condition_holds(condition, &context, &arena, &reason);
    ck_assert_msg(outcome == (rows[_i].holds ? CONDITION_HOLDS : CONDITION_FAILS), "%s",
                  rows[_i].when);
}
END_TEST

static const struct {
    const char *when, *reason;
} reasons[] = {
    {"{value: payload.ref, equals: main}",
     "payload.ref equals \"main\": it is \"refs/heads/main\""},
    {"[{value: payload.n, greater: 1, less: 5}]", "payload.n less 5: it is 10"},
    {"{value: payload.no, in: [a, 1]}", "payload.no in [\"a\", 1]: it is missing"},
    {"{value: payload.line, equals: x}", "payload.line equals \"x\": it is \"main\\n\""},
    {"{value: \"payload.l[*].i\", equals: 7}", "payload.l[*].i equals 7: one is 1"},
    {"{value: payload.o, equals: 7}", "payload.o equals 7: it is {\"a\":1}"},
    {"{value: payload.o, exists: false}", "payload.o exists false: it is {\"a\":1}"},
    {"{any: [{value: payload.n, equals: 1}, {value: payload.n, equals: 2}]}",
     "payload.n equals 1: it is 10"},
    {"[{any: [{value: payload.n, equals: 1}, {value: payload.n, equals: 10}]}, "
     "{value: payload.t, equals: false}]",
     "payload.t equals false: it is true"},
    {"[{not: {value: payload.n, equals: 1}}, {value: payload.n, equals: 2}]",
     "payload.n equals 2: it is 10"},
    {"{not: {value: payload.n, equals: 10}}", "not payload.n equals 10: that holds"},
    {"{address: [10.0.0.0/8]}", "address 10.0.0.0/8: it is 192.0.2.1"},
    {"{value: query.a, equals: x}", "query.a equals \"x\": it is given more than once"},
    {"{value: payload, equals: x}", NULL},
};

START_TEST(a_reason_is_given)
{
    struct condition_reason reason;
    request.query = bytes_of_text("a=1&a=2");
    const struct condition *condition = load(reasons[_i].when);
    ck_assert_int_eq(condition_holds(condition, &context, &arena, &reason), CONDITION_FAILS);
    ck_assert_ptr_nonnull(reason.culprit);
    if (reasons[_i].reason)
        ck_assert_str_eq(reason.text, reasons[_i].reason);
    else /* cut */
        ck_assert_msg(strlen(reason.text) < 130 && strstr(reason.text, "…"), "%s", reason.text);
}
END_TEST

/* Whatever is asked of an expression, a request costs little and is not let in by it. */
START_TEST(an_expression_has_a_limit)
{
    struct condition_reason reason;
    char body[200];
    struct json_fault fault;
    snprintf(body, sizeof body, "{\"a\":\"%s!\"}", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    request.payload = bytes_of_text(body);
    ck_assert(json_check(request.payload, &json_limits_default, &summary, &fault));
    const struct condition *condition = load("{value: payload.a, matches: \"^(a+)+$\"}");
    ck_assert_int_eq(condition_holds(condition, &context, &arena, &reason), CONDITION_LIMIT);
    ck_assert_ptr_nonnull(strstr(reason.text, "more steps"));
    value_context_finish(&context);
    settings_destroy(settings);
    condition = load("{not: {value: payload.a, matches: \"^(a+)+$\"}}");
    ck_assert_int_eq(condition_holds(condition, &context, &arena, NULL), CONDITION_LIMIT);
}
END_TEST

static void has_body(const char *text)
{
    struct json_limits limits = json_limits_default;
    struct json_fault fault;
    limits.nodes = SIZE_MAX;
    request.body = request.payload = bytes_of_text(text);
    ck_assert(json_check(request.body, &limits, &summary, &fault));
}

/* Expressions that find nothing in a long text only after many steps at each place of it. */
START_TEST(a_long_text_costs_little)
{
    static const char *const expressions[] = {"a.*b.*c.*d$",     "[^x]+y",
                                              "^.*.*.*x$",       "(?:a|b)+(?:a|b)+e$",
                                              "(?:[a-c]+ ?)+@e", "(.+)(.+)\\1\\2x"};
    enum { PAIRS = 30000 };
    struct condition_reason reason;
    struct buffer body;
    buffer_init(&body, 1 << 20);
    ck_assert(buffer_append_text(&body, "{\"a\":\""));
    for (int i = 0; i < PAIRS; i++)
        ck_assert(buffer_append_text(&body, "ab"));
    ck_assert(buffer_append_text(&body, "x cdz@y e\"}") && buffer_append(&body, "", 1));
    has_body((const char *)body.data);
    const char *when =
        arena_format(&arena, "{not: {value: payload.a, matches: '%s'}}", expressions[_i]);
    ck_assert_int_eq(condition_holds(load(when), &context, &arena, &reason), CONDITION_LIMIT);
    ck_assert_ptr_nonnull(strstr(reason.text, "more steps"));
    ck_assert_uint_lt(context.steps, VALUE_STEPS_MAX + body.length);
    buffer_finish(&body);
}
END_TEST

/* What is left of the steps is not enough for any of these. */
START_TEST(every_question_costs_steps)
{
    static const struct {
        const char *when;
        size_t enough;
    } costs[] = {
        {"{value: payload.c, exists: false}", 2},
        {"{value: \"payload.l[-1]\", greater: 0}", 4},
        {"{value: \"payload.l[*]\", equals: 7}", 12},
        {"{value: \"payload.l[*]\", greater: 0, every: true}", 12},
        {"{value: payload.l, contains: 7}", 8},
        {"{value: payload.l, equals: 7}", 4},
        {"{value: query.q, in: [1x, 2x, 3x, 4x, 5x, 6x, 7x, 8x]}", 9},
        {"{value: payload.long, starts_with: z}", 90},
        {"{value: payload.plain, starts_with: z}", 10 + 7},
        {"{value: payload.plain, contains: z}", 20 + 7},
        {"{value: payload.plain, matches: z}", 20 + 6},
        {"{value: payload.digits, greater: 1}", 10},
        {"{value: payload.long, matches: \"(?:aa)+b\"}", 60},
    };
    struct condition_reason reason;
    has_body(arena_format(
        &arena,
        "{\"a\":1,\"long\":\"%0640d\\u0061\",\"plain\":\"%0640d\",\"l\":[1,2,3],\"digits\":1%099d}",
        0, 0, 0));
    request.query = bytes_of_text("q=0");
    const struct condition *condition = load(costs[_i].when);
    condition_holds(condition, &context, &arena, NULL);
    size_t steps = context.steps;
    ck_assert_msg(steps >= costs[_i].enough, "%zu", steps);
    context.steps = VALUE_STEPS_MAX - steps;
    ck_assert_int_ne(condition_holds(condition, &context, &arena, &reason), CONDITION_LIMIT);
    for (size_t less = 1; less <= steps; less++) {
        context.steps = VALUE_STEPS_MAX - steps + less;
        ck_assert_int_eq(condition_holds(condition, &context, &arena, &reason), CONDITION_LIMIT);
        ck_assert_ptr_nonnull(strstr(reason.text, "more steps"));
    }
}
END_TEST

/* At the end of the text nothing follows the digits. */
START_TEST(a_number_alone_is_a_payload)
{
    has_body("12.50");
    ck_assert_int_eq(
        condition_holds(load("{value: payload, equals: 12.5}"), &context, &arena, NULL),
        CONDITION_HOLDS);
    value_context_finish(&context);
    settings_destroy(settings);
    ck_assert_int_eq(condition_holds(load("{value: payload, less: 12.5}"), &context, &arena, NULL),
                     CONDITION_FAILS);
}
END_TEST

/* An address that is stored is one of either family, or none. */
START_TEST(the_client_of_a_stored_event_is_known)
{
    static const char *const clients[] = {"192.0.2.1", "2001:db8::1", "198.51.100.1", "unix", ""};
    const struct condition *condition = load("{address: [192.0.2.0/24, \"2001:db8::/32\"]}");
    struct stored_values stored = {.client = bytes_of_text(clients[_i])};
    value_context_of_stored(&context, &stored);
    ck_assert_int_eq(condition_holds(condition, &context, &arena, NULL),
                     _i < 2 ? CONDITION_HOLDS : CONDITION_FAILS);
}
END_TEST

static void note_line(void *caller, const struct condition_line *line)
{
    char *text = caller;
    size_t used = strlen(text);
    snprintf(text + used, 1000 - used, "%u %s: %s %d\n", line->depth, line->condition->text,
             line->value ? line->value : "-", (int)line->outcome);
}

START_TEST(every_entry_is_explained)
{
    char text[1000] = "";
    const struct condition *condition =
        load("[{value: payload.n, equals: 1}, {any: [{value: payload.t, equals: true, exists: "
             "true}, {not: {address: 192.0.2.1}}]}]");
    ck_assert_int_eq(condition_explain(condition, &context, &arena, note_line, text),
                     CONDITION_FAILS);
    ck_assert_str_eq(text, "0 all of them: - 1\n"
                           "1 payload.n equals 1: 10 1\n"
                           "1 one of them: - 0\n"
                           "2 payload.t equals true, exists true: true 0\n"
                           "2 none of them: - 1\n"
                           "3 address 192.0.2.1: 192.0.2.1 0\n");
}
END_TEST

static bool count_one(void *counter, const struct reference *reference)
{
    ++*(int *)counter;
    return reference->text != NULL;
}

START_TEST(references_are_visited)
{
    int count = 0;
    struct reference_visitor visitor = {count_one, &count};
    const struct condition *condition =
        load("[{value: payload.n, equals: 1}, {any: [{value: header.x-kind, equals: a}, {not: "
             "{value: path.repo, equals: b}}]}]");
    ck_assert(condition_visit(condition, &visitor));
    ck_assert_int_eq(count, 3);
    ck_assert(!condition_needs_schema(condition));
    const struct text_list *stored = &when_settings_of(settings->routes)->headers;
    ck_assert_uint_eq(stored->count, 1);
    ck_assert_str_eq(stored->items[0], "x-kind");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("condition");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_loop_test(all, conditions_are_judged, 0, sizeof rows / sizeof *rows);
    tcase_add_loop_test(all, a_reason_is_given, 0, sizeof reasons / sizeof *reasons);
    tcase_add_test(all, an_expression_has_a_limit);
    tcase_add_test(all, a_number_alone_is_a_payload);
    tcase_add_loop_test(all, the_client_of_a_stored_event_is_known, 0, 5);
    tcase_add_loop_test(all, a_long_text_costs_little, 0, 6);
    tcase_add_loop_test(all, every_question_costs_steps, 0, 13);
    tcase_add_test(all, every_entry_is_explained);
    tcase_add_test(all, references_are_visited);
    suite_add_tcase(suite, all);
    return suite;
}
