/* Links and their tokens: which requests ask what has become of an event, and which of them may. */
#include "base/clock.h"
#include "handlers/provider/provisioned_keys.h"
#include "route_settings.h"
#include "server/pipeline/pipeline.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

#define ID "01900000-0000-7000-8000-000000000000"
#define OTHER "01900000-0000-7000-8000-000000000001"

enum { ROUTES = 5, SLOTS = 64 };

static struct verdict passes(const void *settings, struct request *request, void **state)
{
    (void)settings;
    (void)request;
    (void)state;
    return GO_ON;
}

static const struct authenticator kind = {.head = passes};
static struct handler handler = {.kind = &kind.kind};
static const char *post[] = {"POST"};
static struct route_settings parts[ROUTES];
static struct route routes[ROUTES];
static const struct settings settings = {.routes = routes, .route_count = ROUTES};
static struct pipeline pipeline;
static struct provisioned_keys *keys;
static struct limit_table *limits;
static struct exchange exchange;

static void set_up(void)
{
    static const char *const paths[ROUTES] = {"/hook", "/hook", "/off", "/t/{x}/*",
                                              ("/hook/events/" OTHER)};
    static const char *const names[ROUTES] = {"one", "two", "off", "tail", "exact"};
    for (int i = 0; i < ROUTES; i++) {
        routes[i] = (struct route){.index = (size_t)i,
                                   .name = names[i],
                                   .path = paths[i],
                                   .methods = {post, 1},
                                   .authenticators = &handler,
                                   .authenticator_count = 1,
                                   .max_body = 100,
                                   .parts = route_settings_clear(&parts[i])};
        parts[i].track.is_on = i != 2;
    }
    keys = calloc(1, provisioned_keys_size());
    void *memory = aligned_alloc(64, limit_table_size(SLOTS));
    limits = limit_table_init(memset(memory, 0, limit_table_size(SLOTS)), SLOTS);
    ck_assert(keys && provisioned_keys_put(keys, TRACK_KEY_ROUTE, TRACK_KEY_NAME,
                                           bytes_of_text("a key of the tests")));
    ck_assert(pipeline_init(&pipeline, &settings, NULL, keys, NULL));
}

static void tear_down(void)
{
    pipeline_finish(&pipeline);
    free(keys);
    free(limits);
}

static struct verdict head(const char *method, const char *target)
{
    static const struct header headers[] = {
        {{(const uint8_t *)"Host", 4}, {(const uint8_t *)"example.org", 11}}};
    exchange_init(&exchange, &pipeline);
    exchange.request.method = bytes_of_text(method);
    exchange.request.target = bytes_of_text(target);
    exchange.request.version = bytes_of_text("HTTP/1.1");
    exchange.request.headers = headers;
    exchange.request.header_count = 1;
    return pipeline_head(&exchange, NS_PER_S);
}

static enum reply reply_to(const char *method, const char *target)
{
    enum reply reply = head(method, target).reply;
    exchange_finish(&exchange);
    return reply;
}

static const char *token_of(const char *route, const char *id)
{
    static char token[TRACK_TOKEN_SIZE];
    ck_assert(
        track_make_token(bytes_of_text("a key of the tests"), route, bytes_of_text(id), token));
    return token;
}

/* The target of a question, with the token of `route` and `id`, and something behind it. */
static const char *question(const char *path, const char *route, const char *id, const char *more)
{
    static char target[256];
    snprintf(target, sizeof target, "%s?token=%s%s", path, token_of(route, id), more);
    return target;
}

START_TEST(a_token_is_of_one_route_one_event_and_one_key)
{
    char tokens[4][TRACK_TOKEN_SIZE];
    struct bytes key = bytes_of_text("key");
    ck_assert(track_make_token(key, "one", bytes_of_text(ID), tokens[0]));
    ck_assert(track_make_token(key, "two", bytes_of_text(ID), tokens[1]));
    ck_assert(track_make_token(key, "one", bytes_of_text(OTHER), tokens[2]));
    ck_assert(track_make_token(bytes_of_text("kez"), "one", bytes_of_text(ID), tokens[3]));
    for (int i = 0; i < 4; i++) {
        ck_assert_uint_eq(strlen(tokens[i]), TRACK_TOKEN_SIZE - 1);
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(tokens[i], tokens[j]);
    }
}
END_TEST

START_TEST(the_token_says_whose_event_it_is)
{
    static const char *const names[] = {"one", "two"};
    for (size_t i = 0; i < 2; i++) {
        struct track_frame frame;
        struct verdict verdict =
            head(i ? "GET" : "HEAD", question("/hook/events/" ID, names[i], ID, "&wait=90s"));
        ck_assert_int_eq(verdict.reply, REPLY_TRACKED);
        ck_assert(pipeline_track(&exchange, 7, &frame));
        ck_assert(frame.tag == 7 && frame.route == i && frame.wait_ms == FRAME_WAIT_MAX_MS);
        ck_assert_str_eq(frame.id, ID);
        exchange_finish(&exchange);
    }
    ck_assert_int_eq(reply_to("GET", question("/t/a/events/" ID, "tail", ID, "")), REPLY_TRACKED);
}
END_TEST

START_TEST(what_is_no_link_is_not_found)
{
    static const struct {
        const char *path, *route, *id, *more;
        enum reply reply;
    } rows[] = {
        {"/hook/events/" ID, "tail", ID, "", REPLY_NOT_FOUND},
        {"/hook/events/" ID, "one", OTHER, "", REPLY_NOT_FOUND},
        {"/hook/events/" ID, "one", ID, "x", REPLY_NOT_FOUND},
        {"/hook/events/" ID, "one", ID, "&token=", REPLY_NOT_FOUND},
        {"/hook/events/" ID, "one", ID, "&other=1", REPLY_TRACKED},
        {"/hook/events/" ID "/", "one", ID, "", REPLY_NOT_FOUND},
        {"/hook/events/x", "one", ID, "", REPLY_NOT_FOUND},
        {"/events/" ID, "one", ID, "", REPLY_NOT_FOUND},
        {"/off/events/" ID, "off", ID, "", REPLY_NOT_FOUND},
        {"/hook/events/" ID, "one", ID, "&wait=", REPLY_UNPROCESSABLE},
        {"/hook/events/" ID, "one", ID, "&wait=1", REPLY_UNPROCESSABLE},
        {"/hook/events/" ID, "one", ID, "&wait=0", REPLY_TRACKED},
        {"/hook/events/" OTHER, "one", OTHER, "", REPLY_METHOD}, /* the route exact has it */
        {"/t/a/b/events/" ID, "tail", ID, "", REPLY_METHOD},     /* as any path below the star */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_msg(reply_to("GET", question(rows[i].path, rows[i].route, rows[i].id,
                                               rows[i].more)) == rows[i].reply,
                      "row %zu", i);
    ck_assert_int_eq(reply_to("GET", "/hook/events/" ID), REPLY_NOT_FOUND);
    ck_assert_int_eq(reply_to("POST", question("/hook/events/" ID, "one", ID, "")),
                     REPLY_NOT_FOUND);
}
END_TEST

START_TEST(without_a_key_there_is_no_link)
{
    memset(keys, 0, provisioned_keys_size());
    char zero[32] = {0}, token[TRACK_TOKEN_SIZE], target[256];
    ck_assert(track_make_token(bytes_of(zero, 32), "one", bytes_of_text(ID), token));
    snprintf(target, sizeof target, "/hook/events/" ID "?token=%s", token);
    ck_assert_int_eq(reply_to("GET", target), REPLY_NOT_FOUND);
    ck_assert_int_eq(head("POST", "/hook").reply, REPLY_NONE);
    struct verdict verdict =
        pipeline_format_response(&exchange, ID, (struct verdict){.reply = REPLY_ACCEPTED});
    ck_assert_ptr_null(verdict.header_name);
    exchange_finish(&exchange);
}
END_TEST

START_TEST(answers_to_what_is_stored_have_a_link)
{
    static const struct {
        enum reply reply;
        bool has_link;
    } rows[] = {{REPLY_ACCEPTED, true},      {REPLY_AGAIN, true},    {REPLY_DUPLICATE, true},
                {REPLY_QUARANTINED, true},   {REPLY_IGNORED, false}, {REPLY_CHALLENGE, false},
                {REPLY_UNPROCESSABLE, false}};
    ck_assert_int_eq(head("POST", "/hook?a=b").reply, REPLY_NONE);
    const char *link = question("/hook/events/" ID, "one", ID, "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct verdict verdict =
            pipeline_format_response(&exchange, ID, (struct verdict){.reply = rows[i].reply});
        ck_assert_int_eq(verdict.header_name != NULL, rows[i].has_link);
        ck_assert(!rows[i].has_link || (strcmp(verdict.header_name, "Location") == 0 &&
                                        bytes_equal_text(verdict.header_value, link)));
    }
    const struct verdict_header own = {"location", "elsewhere"};
    struct verdict verdict = pipeline_format_response(
        &exchange, ID,
        (struct verdict){.reply = REPLY_ACCEPTED, .headers = &own, .header_count = 1});
    ck_assert_ptr_null(verdict.header_name);
    exchange_finish(&exchange);
}
END_TEST

START_TEST(questions_have_a_bucket_of_their_own)
{
    int let_in = 0;
    static struct rate_limit limit = {.count = 1, .period_ms = 86400000, .burst = 1};
    parts[0].limit.limits = (struct section_list){&limit, 1};
    pipeline.limits = limits;
    while (reply_to("GET", "/hook/events/" ID "?token=x") == REPLY_NOT_FOUND)
        let_in++;
    ck_assert_int_eq(let_in, 20);
    ck_assert_int_eq(reply_to("GET", question("/hook/events/" ID, "one", ID, "")),
                     REPLY_RATE_LIMITED);
    ck_assert_int_eq(reply_to("GET", question("/hook/events/" ID, "two", ID, "")), REPLY_TRACKED);
    ck_assert_int_eq(reply_to("POST", "/hook"), REPLY_NONE);
    ck_assert_int_eq(reply_to("POST", "/hook"), REPLY_RATE_LIMITED);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("track");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_token_is_of_one_route_one_event_and_one_key);
    tcase_add_test(all, the_token_says_whose_event_it_is);
    tcase_add_test(all, what_is_no_link_is_not_found);
    tcase_add_test(all, without_a_key_there_is_no_link);
    tcase_add_test(all, answers_to_what_is_stored_have_a_link);
    tcase_add_test(all, questions_have_a_bucket_of_their_own);
    suite_add_tcase(suite, all);
    return suite;
}
