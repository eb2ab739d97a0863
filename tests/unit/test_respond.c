/* What `respond` makes of a verdict: words with values in them, the output of a command with the
 * status of its exit status, the late answer. */
#include "config/loader.h"
#include "handlers/content/json.h"
#include "server/cli/verbs.h"
#include "server/pipeline/pipeline.h"
#include "server/pipeline/respond_stream.h"
#include "tests/unit/suite.h"

#include <stdlib.h>

#define ID "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"

static struct settings *settings;
static struct exchange exchange;
static struct json_summary summary;
static struct problem_list problems;

/* A route with that answer and those other keys. */
static void load(const char *respond, const char *keys)
{
    char text[1024];
    snprintf(text, sizeof text,
             "version: 1\nserver: {listen: {address: \"127.0.0.1:0\", tls: off}}\n"
             "routes:\n- name: a\n  path: /a\n  %s\n  respond: %s\n"
             "  actions: [{name: other, shell: \":\"}, {name: run, shell: \":\", output: 1KiB}]\n",
             keys, respond);
    problem_list_init(&problems);
    settings = settings_load_text("hooks.yaml", bytes_of_text(text), &program_registry, &problems);
    if (!settings)
        problem_list_print(&problems, stdout);
    ck_assert_ptr_nonnull(settings);
    exchange_init(&exchange, NULL);
    exchange.request.route = settings->routes;
}

static void unload(void)
{
    exchange_finish(&exchange);
    settings_destroy(settings);
    problem_list_finish(&problems);
}

/* The event is about to be stored. */
static struct verdict make(const char *payload)
{
    struct json_fault fault;
    exchange.request.payload = bytes_of_text(payload);
    exchange.request.json = &summary;
    ck_assert(json_check(exchange.request.payload, &json_limits_default, &summary, &fault));
    value_context_finish(&exchange.values);
    value_context_of_request(&exchange.values, &exchange.request);
    return respond_make(settings->routes, &exchange.values, &exchange.arena, &exchange.answers);
}

/* "STATUS TYPE BODY" of an answer. */
static const char *answer(struct verdict verdict)
{
    static char text[512];
    verdict = pipeline_format_response(&exchange, ID, verdict);
    struct bytes body = reply_body(&exchange.arena, &verdict, ID);
    snprintf(text, sizeof text, "%u %s %.*s", verdict_status(&verdict),
             body.length == 0       ? "-"
             : verdict.content_type ? verdict.content_type
                                    : "json",
             (int)body.length, (const char *)body.data);
    return text;
}

static const char *output(int exit_status, const char *body)
{
    return answer((struct verdict){.reply = REPLY_ACCEPTED,
                                   .form = FORM_OUTPUT,
                                   .exit_status = exit_status,
                                   .body = bytes_of_text(body)});
}

static const char *late(enum reply reply)
{
    return answer((struct verdict){.reply = reply, .form = FORM_LATE});
}

#define NONE "auth: {none: true}"
#define SLACK "provider: slack\n  secret: a secret that is long enough"

START_TEST(an_exit_status_is_a_status)
{
    load("{output: run, status: {3: 422, 4: 204, 5: 205, 255: 201, other: 503}}", NONE);
    const struct respond_settings *respond = respond_settings_of(settings->routes);
    ck_assert_uint_eq(respond->action, 1);
    ck_assert(respond->deadline_ms == 2500 && respond->size == 1024);
    ck_assert_int_eq(make("{}").reply, REPLY_NONE);
    ck_assert_str_eq(output(0, "x"), "200 text/plain; charset=utf-8 x");
    ck_assert_str_eq(output(0, ""), "200 - ");
    ck_assert_str_eq(output(3, "x"), "422 text/plain; charset=utf-8 x");
    ck_assert_str_eq(output(4, "x"), "204 - ");
    ck_assert_str_eq(output(5, "x"), "205 - ");
    ck_assert_str_eq(output(255, "x"), "201 text/plain; charset=utf-8 x");
    ck_assert_str_eq(output(1, "x"), "503 text/plain; charset=utf-8 x");
    ck_assert_str_eq(output(-1, ""), "503 - ");
    unload();
    load("{output: run, size: 1KiB, type: a/b, status: {0: 202}}", NONE);
    ck_assert_str_eq(output(0, "x"), "202 a/b x");
    ck_assert_str_eq(output(1, "x"), "500 a/b x");
    unload();
}
END_TEST

/* "TRAILER: LINES" of a stream's end. */
static const char *ending(enum frame_output_end end, int exit_status, bool is_inside_line)
{
    static char text[256];
    const struct respond_end how = {.end = end, .exit_status = exit_status, .reason = "too slow"};
    struct bytes lines = respond_last_lines(settings->routes, &exchange.answers, &exchange.arena,
                                            ID, &how, is_inside_line);
    snprintf(text, sizeof text, "%s: %.*s", respond_trailer(&exchange.arena, &how),
             (int)lines.length, (const char *)lines.data);
    return text;
}

START_TEST(a_stream_says_how_it_ends)
{
    load("{output: run, stream: true, exit_line: true, headers: {X-A: b}, type: a/b}", NONE);
    const struct respond_settings *respond = respond_settings_of(settings->routes);
    ck_assert(respond->deadline_ms == 600000 && respond->heartbeat_ms == 0);
    ck_assert_int_eq(make("{}").reply, REPLY_NONE);
    struct verdict verdict = pipeline_format_response(
        &exchange, ID, (struct verdict){.reply = REPLY_DUPLICATE, .form = FORM_STREAM});
    ck_assert(verdict_status(&verdict) == 200 && verdict.header_count == 1);
    ck_assert_str_eq(verdict.content_type, "a/b");
    ck_assert_str_eq(ending(OUTPUT_EXITED, 3, false), "3: exit status 3\n");
    ck_assert_str_eq(ending(OUTPUT_EXITED, 0, true), "0: \nexit status 0\n");
    ck_assert_str_eq(ending(OUTPUT_SIGNALLED, -1, false),
                     "signal: no exit status: killed by a signal\n");
    ck_assert_str_eq(ending(OUTPUT_NOT_STARTED, -1, false),
                     "not-started: no exit status: could not be started\n");
    ck_assert_str_eq(ending(OUTPUT_OPEN, -1, true),
                     "late: \nlate: too slow; the event is " ID "\n");
    unload();
    load("{output: run, stream: true, late: {body: \"later, {{event.id}}\"}}", NONE);
    respond = respond_settings_of(settings->routes);
    ck_assert_int_eq(respond->heartbeat_ms, 15000);
    ck_assert_int_eq(make("{}").reply, REPLY_NONE);
    ck_assert_str_eq(ending(OUTPUT_TIMED_OUT, -1, true), "timeout: ");
    ck_assert_str_eq(ending(OUTPUT_LEAVING, -1, true), "late: \nlater, " ID "\n");
    ck_assert(bytes_equal_text(respond_heartbeat(settings->routes), "\n"));
    ck_assert_str_eq(output(1, "x"), "500 text/plain; charset=utf-8 x"); /* in HTTP/1.0 */
    unload();
    load("{output: run, stream: true, heartbeat: 1s, type: text/event-stream, late: {body: \"\"}}",
         NONE);
    ck_assert_int_eq(respond_settings_of(settings->routes)->heartbeat_ms, 1000);
    ck_assert_int_eq(make("{}").reply, REPLY_NONE);
    ck_assert_str_eq(ending(OUTPUT_LEAVING, -1, true), "late: ");
    ck_assert(bytes_equal_text(respond_heartbeat(settings->routes), ":\n"));
    unload();
}
END_TEST

/* Only what is late is answered so; the rest as without `respond`. */
START_TEST(late_is_as_the_route_or_the_sender_says)
{
    const struct verdict ignored = {.reply = REPLY_IGNORED, .reason = "no"};
    load("{output: run, late: {status: 201, body: \"later, {{event.id}}\"}}", NONE);
    ck_assert_int_eq(make("{}").reply, REPLY_NONE);
    ck_assert_str_eq(late(REPLY_ACCEPTED), "201 text/plain; charset=utf-8 later, " ID);
    ck_assert_str_eq(late(REPLY_DUPLICATE), "201 text/plain; charset=utf-8 later, " ID);
    ck_assert_str_eq(answer(ignored), "200 json {\"ignored\":\"no\"}");
    unload();
    load("{output: run, headers: {X-A: b}}", NONE);
    ck_assert_int_eq(make("{}").reply, REPLY_NONE);
    struct verdict made = pipeline_format_response(&exchange, ID, ignored);
    ck_assert_uint_eq(made.header_count, 0);
    made.form = FORM_OUTPUT;
    ck_assert_uint_eq(pipeline_format_response(&exchange, ID, made).header_count, 1);
    unload();
    load("{output: run}", NONE);
    ck_assert_str_eq(late(REPLY_ACCEPTED), "202 json {\"id\":\"" ID "\"}");
    ck_assert_str_eq(late(REPLY_AGAIN), "202 json {\"id\":\"" ID "\",\"again\":true}");
    ck_assert_str_eq(late(REPLY_DUPLICATE), "200 json {\"id\":\"" ID "\",\"duplicate\":true}");
    unload();
    load("{output: run}", SLACK); /* it takes 200 and shows the body */
    ck_assert_str_eq(late(REPLY_ACCEPTED), "200 - ");
    ck_assert_str_eq(output(1, "no"), "500 text/plain; charset=utf-8 no");
    unload();
}
END_TEST

/* A status that is listed has the output still. */
START_TEST(what_failed_is_answered_in_other_words)
{
    load("{output: run, status: {0: 201, 3: 422, other: 503}, failed: {body: \"no, {{event.id}}\", "
         "headers: {X-A: \"{{payload.a | default none}}\"}}}",
         NONE);
    ck_assert_int_eq(make("{}").reply, REPLY_NONE);
    ck_assert_str_eq(output(0, "x"), "201 text/plain; charset=utf-8 x");
    ck_assert_str_eq(output(3, "x"), "422 text/plain; charset=utf-8 x");
    ck_assert_str_eq(output(1, "x"), "503 text/plain; charset=utf-8 no, " ID);
    ck_assert_str_eq(output(-1, "x"), "503 text/plain; charset=utf-8 no, " ID);
    const struct verdict failed = {
        .reply = REPLY_ACCEPTED, .form = FORM_OUTPUT, .exit_status = 1, .body = bytes_of_text("x")};
    struct verdict verdict = pipeline_format_response(&exchange, ID, failed);
    ck_assert_uint_eq(verdict.header_count, 1);
    ck_assert_str_eq(verdict.headers[0].value, "none");
    unload();
    load("{output: run, type: a/b, failed: {}}", NONE);
    ck_assert_str_eq(output(1, "x"), "500 json {\"id\":\"" ID "\"}");
    unload();
    load("{output: run, failed: {status: 204}}", NONE);
    ck_assert_str_eq(output(1, "x"), "204 - ");
    unload();
    load("{output: run, status: {other: 204}, failed: {type: a/b, body: x}}", NONE);
    ck_assert_str_eq(output(1, "x"), "204 - ");
    ck_assert_str_eq(late(REPLY_ACCEPTED), "202 json {\"id\":\"" ID "\"}");
    unload();
}
END_TEST

/* Before the words of the route and of the sender, but for nothing else. */
START_TEST(what_is_not_wanted_is_answered_in_other_words)
{
    static const struct {
        const char *mismatch, *answer;
    } rows[] = {
        {"404", "404 json {\"ignored\":\"no\"}"},
        {"204", "204 - "},
        {"{status: 400, body: not wanted}", "400 text/plain; charset=utf-8 not wanted"},
        {"{type: a/b, body: {literal: \"{{x}}\"}}", "200 a/b {{x}}"},
        {"{body: \"\"}", "200 - "},
        {"{}", "200 json {\"ignored\":\"no\"}"},
    };
    static const char *const keys[] = {NONE, SLACK};
    const struct verdict ignored = {.reply = REPLY_IGNORED, .reason = "no"};
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        char text[200];
        bool is_slack = i % 2;
        const char *wanted = rows[i / 2].answer, *no_body = NULL;
        snprintf(text, sizeof text, "%s\n  mismatch: %s", keys[i % 2], rows[i / 2].mismatch);
        load("{status: 201, body: mine, headers: {X-A: a}}", text);
        const char *got = answer(ignored);
        if (is_slack && strstr(wanted, "json")) /* its sender shows what is in an answer */
            no_body = strcmp(rows[i / 2].mismatch, "404") == 0 ? "404 - " : "200 - ";
        ck_assert_str_eq(got, no_body ? no_body : wanted);
        ck_assert_str_eq(answer((struct verdict){.reply = REPLY_ACCEPTED}),
                         "201 text/plain; charset=utf-8 mine");
        unload();
    }
    load("accepted", NONE "\n  mismatch: {headers: {X-B: b}}");
    struct verdict verdict = pipeline_format_response(&exchange, "", ignored);
    ck_assert(verdict.header_count == 1 && strcmp(verdict.headers[0].name, "X-B") == 0);
    unload();
}
END_TEST

START_TEST(values_stand_in_the_words)
{
    const struct verdict accepted = {.reply = REPLY_ACCEPTED};
    load("{body: \"{{event.id}} {{payload.a}} {{event.id | json}}\", headers: {X-A: "
         "\"{{payload.a}}\","
         " X-Id: \"<{{event.id}}>\", X-B: b}}",
         NONE);
    ck_assert_str_eq(answer(accepted), "202 json {\"id\":\"" ID "\"}"); /* not made */
    ck_assert_int_eq(make("{\"a\":\"00000000-0000-0000-0000-000000000000\"}").reply, REPLY_NONE);
    ck_assert_str_eq(answer(accepted), "202 text/plain; charset=utf-8 " ID
                                       " 00000000-0000-0000-0000-000000000000 \"" ID "\"");
    struct verdict verdict = pipeline_format_response(&exchange, ID, accepted);
    ck_assert_uint_eq(verdict.header_count, 3);
    ck_assert_str_eq(verdict.headers[0].name, "X-A");
    ck_assert_str_eq(verdict.headers[0].value, "00000000-0000-0000-0000-000000000000");
    ck_assert_str_eq(verdict.headers[1].value, "<" ID ">");
    ck_assert_str_eq(verdict.headers[2].value, "b");
    unload();
}
END_TEST

START_TEST(what_a_value_may_not_be_refuses_the_event)
{
    static const struct {
        const char *respond, *payload;
        enum reply reply;
        const char *message;
    } cases[] = {
        {"{body: \"{{payload.a}}\"}", "{\"a\":\"\"}", REPLY_NONE, NULL},
        {"{body: \"{{payload.a}}\"}", "{}", REPLY_UNPROCESSABLE,
         "the body of the answer cannot be written: payload.a is missing"},
        {"{body: \"{{payload.a}}\"}", "{\"a\":null}", REPLY_UNPROCESSABLE,
         "the body of the answer cannot be written: payload.a is null and has no default"},
        {"{body: \"{{payload.a | default x}}\"}", "{}", REPLY_NONE, NULL},
        {"{headers: {X-A: \"{{payload.a}}\"}}", "{\"a\":\"a b~!\"}", REPLY_NONE, NULL},
        {"{headers: {X-A: \"a{{payload.a}}\"}}", "{\"a\":\" \"}", REPLY_UNPROCESSABLE,
         "the header X-A of the answer cannot be written: a value has characters that no header "
         "has"},
        {"{headers: {X-A: \"{{payload.a}}\"}}", "{\"a\":\"b\\r\\nX-B: c\"}", REPLY_UNPROCESSABLE,
         "the header X-A of the answer cannot be written: a value has characters that no header "
         "has"},
        {"{headers: {X-A: \"{{payload.a}}\"}}", "{\"a\":\"\\u007f\"}", REPLY_UNPROCESSABLE,
         "the header X-A of the answer cannot be written: a value has characters that no header "
         "has"},
        {"{output: run, late: {body: \"{{payload.a}}\"}}", "{}", REPLY_UNPROCESSABLE,
         "the body of the answer cannot be written: payload.a is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        load(cases[i].respond, NONE);
        struct verdict verdict = make(cases[i].payload);
        ck_assert_msg(verdict.reply == cases[i].reply, "case %zu", i);
        ck_assert_pstr_eq(verdict.message, cases[i].message);
        ck_assert_pstr_eq(verdict.reason, cases[i].message);
        unload();
    }
}
END_TEST

/* 4 KiB of headers, names included, and 64 KiB of a body. */
START_TEST(words_have_a_limit)
{
    static char payload[70000];
    static const struct {
        const char *respond;
        size_t most;
    } cases[] = {
        {"{body: \"{{payload.a}}\"}", 65536},
        {"{headers: {X-A: \"{{payload.a}}\"}}", 4096 - 3},
        {"{headers: {X-A: \"{{payload.a}}\", X-B: \"1\"}}", 4096 - 3}, /* the next has no room */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        load(cases[i].respond, NONE);
        for (size_t more = 0; more < 2; more++) {
            size_t length = cases[i].most + more;
            bool fits = more == 0 && i < 2;
            memcpy(payload, "{\"a\":\"", 6);
            memset(payload + 6, 'x', length);
            memcpy(payload + 6 + length, "\"}", 3);
            ck_assert_int_eq(make(payload).reply, fits ? REPLY_NONE : REPLY_UNPROCESSABLE);
        }
        unload();
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("respond");
    TCase *all = tcase_create("all");
    tcase_add_test(all, an_exit_status_is_a_status);
    tcase_add_test(all, a_stream_says_how_it_ends);
    tcase_add_test(all, late_is_as_the_route_or_the_sender_says);
    tcase_add_test(all, what_failed_is_answered_in_other_words);
    tcase_add_test(all, what_is_not_wanted_is_answered_in_other_words);
    tcase_add_test(all, values_stand_in_the_words);
    tcase_add_test(all, what_a_value_may_not_be_refuses_the_event);
    tcase_add_test(all, words_have_a_limit);
    suite_add_tcase(suite, all);
    return suite;
}
