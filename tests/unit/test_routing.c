/* Routing: which path is which route, and what is told about methods. Addresses: deny wins. */
#include "handlers/admission/address.h"
#include "handlers/admission/events.h"
#include "handlers/auth/authenticator.h"
#include "route_settings.h"
#include "server/pipeline/routing.h"
#include "tests/unit/suite.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX = 16 };

static const char *post_only[] = {"POST"}, *post_put[] = {"POST", "PUT"}, *get_only[] = {"GET"};

static struct route routes[MAX];
static struct settings settings;
static struct arena arena;

static void add_route(const char *name, const char *path, const char **methods, size_t count)
{
    routes[settings.route_count] = (struct route){
        .index = settings.route_count, .name = name, .path = path, .methods = {methods, count}};
    settings.routes = routes;
    settings.route_count++;
}

static struct verdict match(const struct routing *routing, const char *method, const char *path,
                            const char **name)
{
    struct request request = {
        .arena = &arena, .method = bytes_of_text(method), .path = bytes_of_text(path)};
    struct verdict verdict = routing_match(routing, &request);
    *name = request.route ? request.route->name : "";
    return verdict;
}

static struct routing *routing_of_rows(void)
{
    settings.route_count = 0;
    add_route("tail", "/files/*", post_only, 1);
    add_route("tail2", "/files/deep/*", post_only, 1);
    add_route("any", "/{a}/{b}", post_only, 1);
    add_route("half", "/files/{b}", post_only, 1);
    add_route("exact", "/files/one", post_only, 1);
    add_route("hook", "/hook", post_put, 2);
    add_route("hook-get", "/hook", get_only, 1);
    add_route("slash", "/slash/", post_only, 1);
    add_route("root", "/", post_only, 1);
    add_route("named-tail", "/t/{x}/*", post_only, 1);
    add_route("wide-tail", "/{x}/{y}/{z}/*", post_only, 1);
    return routing_create(&settings);
}

START_TEST(the_most_fixed_path_decides)
{
    static const struct {
        const char *path, *route;
    } rows[] = {
        {"/files/one", "exact"},
        {"/files/two", "half"},
        {"/files/deep/x", "tail2"},
        {"/files/x/y", "tail"},
        {"/other/two", "any"},
        {"/hook", "hook"},
        {"/", "root"},
        {"/slash/", "slash"},
        {"/t/a/b", "named-tail"},
        {"/t/a", "any"},
        {"/HOOK", ""},
        {"/hook/", ""},
        {"//hook", ""},
        {"/slash", ""},
        {"/files/", ""},
        {"/files", ""},
        {"/files//x", ""},
        {"/files/x/", ""},
        {"/a/b/c", ""},
        {"/files/deep", "half"},
        {"/t/a/", ""},
        {"/files/x/y/z", "wide-tail"},
        {"//", ""},
        {"", ""},
        {"/{a}/{b}", "any"},
        {"/files/*", "half"},
    };
    struct routing *routing = routing_of_rows();
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *name;
        struct verdict verdict = match(routing, "POST", rows[i].path, &name);
        ck_assert_msg(strcmp(name, rows[i].route) == 0, "%s: %s", rows[i].path, name);
        ck_assert_int_eq(verdict.reply, *name ? REPLY_NONE : REPLY_NOT_FOUND);
    }
    arena_finish(&arena);
    routing_destroy(routing);
}
END_TEST

struct pair {
    const char *winner, *loser, *path;
};

/* Both hold for the path; which one stands first in the file changes nothing. */
static void expect_winner(const struct pair *pair, bool reversed)
{
    const char *name;
    settings.route_count = 0;
    add_route(reversed ? "loser" : "winner", reversed ? pair->loser : pair->winner, post_only, 1);
    add_route("between", "/between/{x}/{y}/{z}", post_only, 1);
    add_route(reversed ? "winner" : "loser", reversed ? pair->winner : pair->loser, post_only, 1);
    struct routing *routing = routing_create(&settings);
    arena_init(&arena, 1 << 16);
    ck_assert_int_eq(match(routing, "POST", pair->path, &name).reply, REPLY_NONE);
    ck_assert_msg(strcmp(name, "winner") == 0, "%s: not %s", pair->path, pair->winner);
    arena_finish(&arena);
    routing_destroy(routing);
}

START_TEST(the_order_of_routes_changes_nothing)
{
    static const struct pair pairs[] = {
        {"/a/b", "/{x}/b", "/a/b"},         {"/{x}/b", "/a/*", "/a/b"},
        {"/long/{x}", "/{x}/b", "/long/b"}, {"/{x}/long", "/a/{x}", "/a/long"},
        {"/a/b/*", "/a/*", "/a/b/c"},       {"/a/{x}/c/*", "/{x}/{y}/c/*", "/a/b/c/d"},
        {"/{x}/{y}/*", "/{x}/*", "/a/b/c"}, {"/ab/{x}/{y}", "/{x}/{y}/c", "/ab/b/c"},
    };
    for (size_t i = 0; i < 2 * sizeof pairs / sizeof *pairs; i++)
        expect_winner(&pairs[i / 2], i % 2);
}
END_TEST

START_TEST(only_a_star_behind_a_slash_is_a_tail)
{
    const char *name;
    settings.route_count = 0;
    add_route("star", "/half*", post_only, 1);
    add_route("short", "/a/b", post_only, 1);
    struct routing *routing = routing_create(&settings);
    arena_init(&arena, 1 << 16);
    ck_assert_int_eq(match(routing, "POST", "/halfway", &name).reply, REPLY_NOT_FOUND);
    ck_assert_int_eq(match(routing, "POST", "/half*", &name).reply, REPLY_NONE);
    ck_assert_int_eq(match(routing, "POST", "/a/bc", &name).reply, REPLY_NOT_FOUND);
    ck_assert_int_eq(match(routing, "POST", "/a/b", &name).reply, REPLY_NONE);
    arena_finish(&arena);
    routing_destroy(routing);
    routing_destroy(NULL);
}
END_TEST

START_TEST(methods_decide_between_routes_of_one_path)
{
    struct routing *routing = routing_of_rows();
    const char *name;
    arena_init(&arena, 1 << 16);
    ck_assert_int_eq(match(routing, "GET", "/hook", &name).reply, REPLY_NONE);
    ck_assert_str_eq(name, "hook-get");
    static const char *const refused[] = {"HEAD", "OPTIONS", "TRACE", "DELETE", "post", "POSTX"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct verdict verdict = match(routing, refused[i], "/hook", &name);
        ck_assert_int_eq(verdict.reply, REPLY_METHOD);
        ck_assert_str_eq(verdict.header_name, "Allow");
        ck_assert(bytes_equal_text(verdict.header_value, "POST, PUT, GET"));
        ck_assert_str_eq(name, "");
    }
    ck_assert_int_eq(match(routing, "GET", "/nowhere", &name).reply, REPLY_NOT_FOUND);
    arena_finish(&arena);
    routing_destroy(routing);
}
END_TEST

static void expect_allow(struct verdict verdict, const char *allow, bool has_memory)
{
    ck_assert_int_eq(verdict.reply, has_memory ? REPLY_METHOD : REPLY_MEMORY_FULL);
    if (has_memory)
        ck_assert(bytes_equal_text(verdict.header_value, allow));
}

/* Each list of two or three methods takes 16 bytes. */
START_TEST(an_allow_header_that_finds_no_memory_is_no_405_with_half_of_it)
{
    struct routing *routing = routing_of_rows();
    const char *name;
    for (size_t room = 0; room < 64; room++) {
        arena_init(&arena, 1 << 16);
        arena_alloc(&arena, (1 << 16) - room);
        expect_allow(match(routing, "DELETE", "/hook", &name), "POST, PUT, GET", room >= 32);
        ck_assert_int_eq(match(routing, "DELETE", "/nowhere", &name).reply, REPLY_NOT_FOUND);
        expect_allow(routing_refuse_method(&routes[5], &arena, ""), "POST, PUT", room >= 48);
        arena_finish(&arena);
    }
    routing_destroy(routing);
}
END_TEST

static bool accepts_get(const void *own, struct bytes method)
{
    (void)own;
    return bytes_equal_text(method, "GET");
}

/* A challenge may come with a method that events do not come with. */
START_TEST(an_authenticator_may_take_a_further_method)
{
    static const struct authenticator silent = {.kind.name = "silent"},
                                      asking = {.kind.name = "asking", .accepts = accepts_get};
    struct handler handlers[] = {{.kind = &asking.kind}, {.kind = &silent.kind}};
    const char *name;
    for (int order = 0; order < 2; order++) {
        settings.route_count = 0;
        add_route("r", "/r", post_only, 1);
        routes[0].authenticators = handlers;
        routes[0].authenticator_count = 2;
        handlers[order].kind = &asking.kind;
        handlers[!order].kind = &silent.kind;
        struct routing *routing = routing_create(&settings);
        arena_init(&arena, 1 << 16);
        ck_assert_int_eq(match(routing, "GET", "/r", &name).reply, REPLY_NONE);
        ck_assert_int_eq(match(routing, "PUT", "/r", &name).reply, REPLY_METHOD);
        arena_finish(&arena);
        routing_destroy(routing);
    }
}
END_TEST

START_TEST(no_routes_are_no_trouble)
{
    const char *name;
    settings.route_count = 0;
    struct routing *routing = routing_create(&settings);
    arena_init(&arena, 1 << 16);
    ck_assert_int_eq(match(routing, "POST", "/", &name).reply, REPLY_NOT_FOUND);
    arena_finish(&arena);
    routing_destroy(routing);
}
END_TEST

static struct client_address address(const char *text)
{
    struct client_address client = {{[10] = 0xff, [11] = 0xff}, false};
    if (inet_pton(AF_INET, text, client.address + 12) != 1)
        ck_assert_int_eq(inet_pton(AF_INET6, text, client.address), 1);
    return client;
}

static struct prefix prefix(const char *text, unsigned bits)
{
    struct client_address client = address(text);
    struct prefix result = {.bits = strchr(text, ':') ? bits : bits + 96};
    memcpy(result.address, client.address, 16);
    return result;
}

START_TEST(deny_wins_and_allow_must_hold)
{
    struct prefix allow[] = {prefix("192.0.2.0", 24), prefix("2001:db8::", 33)};
    struct prefix deny[] = {prefix("192.0.2.128", 25), prefix("2001:db8::bad", 128)};
    struct route_settings parts[3];
    struct route open = {.parts = route_settings_clear(&parts[0])},
                 listed = {.parts = route_settings_clear(&parts[1])},
                 denied = {.parts = route_settings_clear(&parts[2])};
    parts[1].address = (struct address_settings){.allow = {allow, 2}, .deny = {deny, 2}};
    parts[2].address = (struct address_settings){.deny = {deny, 2}};
    static const struct {
        const char *text;
        bool open, listed, denied;
    } rows[] = {
        {"192.0.2.1", true, true, true},       {"192.0.2.127", true, true, true},
        {"192.0.2.128", true, false, false},   {"192.0.3.1", true, false, true},
        {"2001:db8::1", true, true, true},     {"2001:db8:8000::1", true, false, true},
        {"2001:db8::bad", true, false, false}, {"::ffff:192.0.2.5", true, true, true},
        {"::192.0.2.5", true, false, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct client_address client = address(rows[i].text);
        ck_assert_msg(!address_check(&open, &client).reply == rows[i].open, "%s", rows[i].text);
        ck_assert_msg(!address_check(&listed, &client).reply == rows[i].listed, "%s", rows[i].text);
        ck_assert_msg(!address_check(&denied, &client).reply == rows[i].denied, "%s", rows[i].text);
    }
    struct client_address local = {.local = true};
    ck_assert_int_eq(address_check(&open, &local).reply, REPLY_NONE);
    ck_assert_int_eq(address_check(&denied, &local).reply, REPLY_NONE);
    ck_assert_int_eq(address_check(&listed, &local).reply, REPLY_FORBIDDEN);
}
END_TEST

START_TEST(a_prefix_of_no_bits_holds_all)
{
    struct prefix all = prefix("::", 0);
    struct prefix_list list = {&all, 1};
    ck_assert(prefix_list_holds(&list, address("192.0.2.1").address));
    ck_assert(prefix_list_holds(&list, address("2001:db8::1").address));
}
END_TEST

START_TEST(clients_are_written_as_people_do)
{
    char text[CLIENT_TEXT_SIZE];
    struct client_address client = address("192.0.2.1"), local = {.local = true};
    client_format(&client, text);
    ck_assert_str_eq(text, "192.0.2.1");
    client = address("2001:db8::1");
    client_format(&client, text);
    ck_assert_str_eq(text, "2001:db8::1");
    client_format(&local, text);
    ck_assert_str_eq(text, "unix");
}
END_TEST

START_TEST(stars_stand_for_anything)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } rows[] = {
        {"push", "push", true},
        {"push", "pushed", false},
        {"push", "", false},
        {"", "", true},
        {"*", "", true},
        {"*", "x", true},
        {"pull_request.*", "pull_request.opened", true},
        {"pull_request.*", "pull_request", false},
        {"*.created", "a.b.created", true},
        {"a*b*c", "aXbXbXc", true},
        {"a*b*c", "aXbXbX", false},
        {"**", "abc", true},
        {"a**", "a", true},
        {"*a", "ba", true},
        {"*ab", "aab", true},
        {"a*bc", "abxc", false},
        {"a*bc", "abxbbc", true},
        {"Push", "push", false},
        {"a?", "ab", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_msg(pattern_matches_text(bytes_of_text(rows[i].pattern),
                                           bytes_of_text(rows[i].text)) == rows[i].matches,
                      "%s %s", rows[i].pattern, rows[i].text);
    const char *items[] = {"a", "b.*"};
    struct text_list none = {NULL, 0}, two = {items, 2};
    ck_assert(events_take(&none, bytes_of_text("x")));
    ck_assert(events_take(&two, bytes_of_text("b.c")));
    ck_assert(!events_take(&two, bytes_of_text("")));
}
END_TEST

START_TEST(the_methods_of_a_path_are_told)
{
    static const char *const rows[][2] = {
        {"/hook", "POST, PUT, GET"}, {"/files/one", "POST"}, {"/t/a/b", "POST"}, {"/none", ""}};
    struct routing *routing = routing_of_rows();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request request = {.arena = &arena, .path = bytes_of_text(rows[i][0])};
        arena_init(&arena, 1 << 16);
        struct verdict verdict = routing_tell_methods(routing, &request);
        ck_assert_int_eq(verdict.reply, REPLY_CHALLENGE);
        ck_assert_uint_eq(verdict_status(&verdict), 204);
        ck_assert_str_eq(verdict.header_name, "Allow");
        ck_assert(bytes_equal_text(verdict.header_value, rows[i][1]));
        ck_assert_ptr_null(request.route);
        arena_finish(&arena);
    }
    struct request request = {.arena = &arena, .path = bytes_of_text("/hook")};
    arena_init(&arena, 0);
    ck_assert_int_eq(routing_tell_methods(routing, &request).reply, REPLY_MEMORY_FULL);
    arena_finish(&arena);
    routing_destroy(routing);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("routing");
    TCase *all = tcase_create("all");
    tcase_add_test(all, the_most_fixed_path_decides);
    tcase_add_test(all, the_order_of_routes_changes_nothing);
    tcase_add_test(all, only_a_star_behind_a_slash_is_a_tail);
    tcase_add_test(all, methods_decide_between_routes_of_one_path);
    tcase_add_test(all, the_methods_of_a_path_are_told);
    tcase_add_test(all, an_allow_header_that_finds_no_memory_is_no_405_with_half_of_it);
    tcase_add_test(all, an_authenticator_may_take_a_further_method);
    tcase_add_test(all, no_routes_are_no_trouble);
    tcase_add_test(all, deny_wins_and_allow_must_hold);
    tcase_add_test(all, a_prefix_of_no_bits_holds_all);
    tcase_add_test(all, clients_are_written_as_people_do);
    tcase_add_test(all, stars_stand_for_anything);
    suite_add_tcase(suite, all);
    return suite;
}
