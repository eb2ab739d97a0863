/* The keys that handlers bring to routes: each of them reaches the settings that its handler finds.
 * The registry is the fake one, with the parts of the program. */
#include "config/loader.h"
#include "fake_registry.h"
#include "route_settings.h"
#include "server/cli/verbs.h"
#include "tests/unit/suite.h"

#include <stdlib.h>

#define SERVER "version: 1\nserver:\n  listen: {address: \"127.0.0.1:0\", tls: off}\n"

static struct registry registry;
static struct problem_list problems;
static struct settings *settings;

static void set_up(void)
{
    registry = fake_registry;
    registry.route_parts = program_registry.route_parts;
    problem_list_init(&problems);
    settings = NULL;
}

static void tear_down(void)
{
    settings_destroy(settings);
    problem_list_finish(&problems);
}

static void load(const char *text)
{
    tear_down();
    set_up();
    settings = settings_load_text("hooks.yaml", bytes_of_text(text), &registry, &problems);
    if (!settings)
        problem_list_print(&problems, stdout);
    ck_assert_ptr_nonnull(settings);
}

START_TEST(every_part_has_its_place)
{
    size_t count = 0;
    while (program_registry.route_parts[count])
        count++;
    ck_assert_uint_eq(count, ROUTE_PART_COUNT);
}
END_TEST

START_TEST(every_key_has_its_default)
{
    load(SERVER "routes:\n- {name: a, path: /a, auth: {none: true}, actions: [{pipe: p}]}\n");
    const struct route *route = settings->routes;
    const struct content_settings *content = content_settings_of(route);
    ck_assert_uint_eq(address_settings_of(route)->allow.count, 0);
    ck_assert_uint_eq(address_settings_of(route)->deny.count, 0);
    ck_assert_uint_eq(limit_settings_of(route)->limits.count, 0);
    ck_assert_int_eq(dedupe_settings_of(route)->window_ms, INT64_C(3) * 86400000);
    ck_assert_int_eq(dedupe_settings_of(route)->dead, DEDUPE_DEAD_RERUN);
    ck_assert(content->kind == CONTENT_PROVIDER && content->json.depth == 128);
    ck_assert_uint_eq(events_settings_of(route)->patterns.count, 0);
    ck_assert(respond_settings_of(route)->answer.status == 0 &&
              !respond_settings_of(route)->answer.body.is_set);
    ck_assert_uint_eq(event_names_of(route)->event.count, 0);
    ck_assert(!validate_settings_of(route)->is_set);
}
END_TEST

START_TEST(every_key_reaches_its_settings)
{
    load(SERVER "routes:\n- name: a\n  path: /a\n  auth: {none: true}\n"
                "  allow: [192.0.2.0/24, \"::1\"]\n  deny: [192.0.2.9]\n"
                "  rate_limit: [{rate: 600/m}, {rate: 1/h, per: route}]\n"
                "  dedupe: off\n  content: auto\n  json: {depth: 9, repeated: last}\n"
                "  events: [x, 1, true]\n  respond: {status: 201, body: OK}\n"
                "  event: header.X-Event\n  schema: true\n  actions: [{pipe: p}]\n");
    const struct route *route = settings->routes;
    const struct address_settings *addresses = address_settings_of(route);
    ck_assert(addresses->allow.count == 2 && addresses->allow.items[0].bits == 96 + 24);
    ck_assert(addresses->deny.count == 1 && addresses->deny.items[0].address[15] == 9);
    const struct rate_limit *limits = limit_settings_of(route)->limits.items;
    ck_assert(limits[0].count == 600 && limits[0].period_ms == 60000 && limits[0].burst == 10);
    ck_assert(limits[1].burst == 1 && limits[1].per == PER_ROUTE);
    ck_assert(limit_is_set(route, PER_CLIENT) && limit_is_set(route, PER_ROUTE));
    ck_assert(dedupe_settings_of(route)->off);
    const struct content_settings *content = content_settings_of(route);
    ck_assert_int_eq(content->kind, CONTENT_AUTO);
    ck_assert(content->json.depth == 9 && content->json.repeated == JSON_REPEATED_LAST);
    const struct text_list *events = &events_settings_of(route)->patterns;
    ck_assert(events->count == 3 && strcmp(events->items[2], "true") == 0);
    const struct respond_settings *respond = respond_settings_of(route);
    ck_assert(respond->answer.status == 201 && bytes_equal_text(respond->answer.plain.body, "OK"));
    ck_assert_str_eq(respond->answer.type, "text/plain; charset=utf-8");
    ck_assert_uint_eq(event_names_of(route)->event.count, 1);
    ck_assert(validate_settings_of(route)->is_set);
}
END_TEST

/* As long as the provider's messages are taken, where the file does not say how long. */
START_TEST(the_dedupe_window_covers_what_is_taken)
{
    static const struct {
        const char *defaults, *provider, *dedupe;
        int64_t days;
    } rows[] = {{"{}", "github", "{}", 3},
                {"{}", "gitlab", "{}", 4},
                {"{}", "gitlab", "{window: 5d}", 5},
                {"{}", "gitlab", "{window: 1d}", 1},
                {"{dedupe: {window: 2d}}", "gitlab", NULL, 2},
                {"{dedupe: {}}", "gitlab", NULL, 4}};
    char text[1000];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(text, sizeof text,
                 SERVER "defaults: %s\nroutes:\n- name: a\n  path: /a\n  provider: %s\n"
                        "  secret: \"a secret of some length\"\n  %s%s\n"
                        "  actions: [{pipe: p}]\n",
                 rows[i].defaults, rows[i].provider, rows[i].dedupe ? "dedupe: " : "",
                 rows[i].dedupe ? rows[i].dedupe : "max_body: 1MiB");
        load(text);
        ck_assert_int_eq(dedupe_settings_of(settings->routes)->window_ms, rows[i].days * 86400000);
    }
}
END_TEST

/* NULL for a body or a type that is not set; an answer that cannot be is refused. */
START_TEST(an_answer_has_a_body_or_none)
{
    static const struct {
        const char *respond;
        bool loads;
        const char *body, *type;
    } rows[] = {
        {"{status: 200}", true, NULL, NULL},
        {"{status: 204}", true, "", NULL},
        {"{status: 205}", true, "", NULL},
        {"{status: 206}", true, NULL, NULL},
        {"{status: 204, body: \"\"}", true, "", NULL},
        {"{status: 204, body: x}", false, NULL, NULL},
        {"{status: 205, body: x}", false, NULL, NULL},
        {"{status: 206, body: x}", true, "x", "text/plain; charset=utf-8"},
        {"{body: \"\"}", true, "", NULL},
        {"{body: x, type: a/b}", true, "x", "a/b"},
        {"{body: x, type: \"a/b c~\"}", true, "x", "a/b c~"},
        {"{body: x, type: json}", false, NULL, NULL},
        {"{body: x, type: \"a\\x1f\"}", false, NULL, NULL},
        {"{body: x, type: \"a\\x7f\"}", false, NULL, NULL},
        {"{body: \"\", type: a/b}", false, NULL, NULL},
        {"{type: a/b}", false, NULL, NULL},
    };
    char text[400];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text,
                 SERVER "routes:\n- {name: a, path: /a, auth: {none: true}, respond: %s, "
                        "actions: [{pipe: p}]}\n",
                 rows[i].respond);
        tear_down();
        set_up();
        settings = settings_load_text("hooks.yaml", bytes_of_text(text), &registry, &problems);
        ck_assert_msg((settings != NULL) == rows[i].loads, "%s", rows[i].respond);
        if (!settings)
            continue;
        const struct respond_settings *respond = respond_settings_of(settings->routes);
        ck_assert_int_eq(respond->answer.body.is_set, rows[i].body != NULL);
        ck_assert(respond->answer.plain.is_made &&
                  bytes_equal(respond->answer.plain.body, bytes_of_text(rows[i].body)));
        ck_assert_pstr_eq(respond->answer.type, rows[i].type);
    }
}
END_TEST

START_TEST(dedupe_is_a_mapping_or_off)
{
    static const char *const wrong[] = {"on", "true", "[]", "3d", "{dead: x}", "{window: x}"};
    char text[400];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(text, sizeof text,
                 SERVER "routes:\n- {name: a, path: /a, auth: {none: true}, dedupe: %s, "
                        "actions: [{pipe: p}]}\n",
                 wrong[i]);
        tear_down();
        set_up();
        settings = settings_load_text("hooks.yaml", bytes_of_text(text), &registry, &problems);
        ck_assert_msg(settings == NULL, "%s", wrong[i]);
    }
}
END_TEST

START_TEST(a_default_rate_burst_is_what_a_second_brings)
{
    static const struct {
        const char *rate;
        int64_t burst;
    } rows[] = {{"10/s", 10}, {"600/m", 10}, {"30/m", 1}, {"5/h", 1}, {"86400/d", 1}};
    char text[400];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text,
                 SERVER
                 "routes:\n- {name: a, path: /a, auth: {none: true}, rate_limit: {rate: %s}, "
                 "actions: [{pipe: p}]}\n",
                 rows[i].rate);
        load(text);
        const struct rate_limit *limit = limit_settings_of(settings->routes)->limits.items;
        ck_assert_msg(limit->burst == rows[i].burst, "%s", rows[i].rate);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("route_parts");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, every_part_has_its_place);
    tcase_add_test(tests, every_key_has_its_default);
    tcase_add_test(tests, every_key_reaches_its_settings);
    tcase_add_test(tests, the_dedupe_window_covers_what_is_taken);
    tcase_add_test(tests, an_answer_has_a_body_or_none);
    tcase_add_test(tests, dedupe_is_a_mapping_or_off);
    tcase_add_test(tests, a_default_rate_burst_is_what_a_second_brings);
    suite_add_tcase(suite, tests);
    return suite;
}
