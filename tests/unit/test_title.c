/* Titles of events: what shows, on one line, within their bytes; from the route or the preset. */
#include "config/loader.h"
#include "handlers/auth/title.h"
#include "handlers/content/json.h"
#include "server/cli/verbs.h"
#include "tests/unit/suite.h"

#include <stdlib.h>

/* The title of an event of a route with those keys. */
static void expect(const char *keys, const char *payload, const char *wanted)
{
    char text[1024];
    struct problem_list problems;
    struct json_summary summary;
    struct json_fault fault;
    struct value_context context;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    problem_list_init(&problems);
    snprintf(text, sizeof text,
             "version: 1\nserver: {listen: {address: \"127.0.0.1:0\", tls: off}}\n"
             "routes:\n- {name: a, path: /a, actions: [{shell: \":\"}], %s}\n",
             keys);
    struct settings *settings =
        settings_load_text("hooks.yaml", bytes_of_text(text), &program_registry, &problems);
    ck_assert_msg(settings != NULL, "%s", keys);
    struct request request = {.arena = &arena,
                              .route = settings->routes,
                              .body = bytes_of_text(payload),
                              .payload = bytes_of_text(payload),
                              .json = &summary,
                              .event_type = bytes_of_text("made")};
    ck_assert(json_check(request.body, &json_limits_default, &summary, &fault));
    value_context_of_request(&context, &request);
    struct bytes title = title_make(settings->routes, &context, &arena);
    ck_assert_msg(bytes_equal_text(title, wanted), "%s: \"%.*s\", not \"%s\"", payload,
                  (int)title.length, (const char *)title.data, wanted);
    ck_assert_uint_le(title.length, TITLE_MAX);
    value_context_finish(&context);
    settings_destroy(settings);
    problem_list_finish(&problems);
    arena_finish(&arena);
}

#define OWN(title) "auth: {none: true}, title: \"" title "\""
#define GITHUB "provider: github, secret: a secret that is long enough"

START_TEST(what_is_missing_is_left_out)
{
    static const char title[] = OWN("{{payload.a}} {{payload.b | default none}} {{event.type}}");
    expect(title, "{\"a\":\"x\",\"b\":2}", "x 2 made");
    expect(title, "{\"a\":null}", "none made");
    expect(title, "[]", "none made");
    expect(OWN("{{payload.a}}"), "{}", "");
    expect(OWN("{{query.a}}"), "{}", "");
    expect(OWN("{{payload.a}}"), "{\"a\":{\"b\" : [ 1,true ]}}", "{\"b\" : [ 1,true ]}");
}
END_TEST

START_TEST(what_does_not_show_is_a_blank)
{
    expect(OWN(" {{payload.a}}  !"), "{\"a\":\" b\\n\\t c\\u0000\\u001b[1m\\u007f\\u0085d \"}",
           "b c [1m d !");
    expect(OWN("{{payload.a}}"), "{\"a\":\"\\u202eabc\\u2028\\u00e9\"}", "abc \xc3\xa9");
    expect(OWN("{{payload.a}}"), "{\"a\":\"\\n \\r\\n\"}", "");
}
END_TEST

START_TEST(what_is_long_is_cut_between_characters)
{
    char payload[2048], wanted[512];
    for (size_t length = 190; length < 210; length++) {
        bool fits = length <= TITLE_MAX - strlen("…");
        size_t kept = fits ? length : TITLE_MAX - strlen("…");
        snprintf(payload, sizeof payload, "{\"a\":\"%0*d\"}", (int)length, 0);
        snprintf(wanted, sizeof wanted, "%0*d%s", (int)kept, 0, fits ? "" : "…");
        expect(OWN("{{payload.a}}"), payload, wanted);
    }
    /* of two bytes each, behind one of one byte */
    static char many[2 * 120 + 1];
    for (size_t i = 0; i + 2 < sizeof many; i += 2)
        memcpy(many + i, "é", 2);
    snprintf(payload, sizeof payload, "{\"a\":\"x%s\"}", many);
    snprintf(wanted, sizeof wanted, "x%.*s…", 2 * 98, many);
    expect(OWN("{{payload.a}}"), payload, wanted);
}
END_TEST

START_TEST(a_preset_knows_a_title)
{
    static const char push[] =
        "{\"ref\":\"refs/heads/main\",\"repository\":{\"full_name\":\"a/b\"},"
        "\"head_commit\":{\"message\":\"mend it\\n\\nlong\"}}";
    expect(GITHUB, push, "a/b refs/heads/main mend it long");
    expect(GITHUB ", title: \"{{payload.ref}}\"", push, "refs/heads/main");
    expect(GITHUB ", title: \"\"", push, "");
    expect("auth: {none: true}", push, "");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("title");
    TCase *all = tcase_create("all");
    tcase_add_test(all, what_is_missing_is_left_out);
    tcase_add_test(all, what_does_not_show_is_a_blank);
    tcase_add_test(all, what_is_long_is_cut_between_characters);
    tcase_add_test(all, a_preset_knows_a_title);
    suite_add_tcase(suite, all);
    return suite;
}
