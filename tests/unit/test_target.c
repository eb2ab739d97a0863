/* What an event has of the target of its request: the path, its segments, and the query without
 * what authenticates. */
#include "base/clock.h"
#include "route_settings.h"
#include "server/pipeline/pipeline.h"
#include "tests/unit/suite.h"

static struct verdict passes(const void *settings, struct request *request, void **state)
{
    (void)settings;
    (void)request;
    (void)state;
    return GO_ON;
}

static bool owns_query(const void *settings, struct bytes name)
{
    (void)settings;
    return bytes_equal_text(name, "proof");
}

static const struct authenticator kind = {.head = passes, .owns_query = owns_query};
static struct handler handler = {.kind = &kind.kind};
static const char *post[] = {"POST"};
static struct route_settings given; /* of the route */
static struct route route;
static const struct settings settings = {.routes = &route, .route_count = 1};
static struct pipeline pipeline;

static void set_up(void)
{
    route = (struct route){.name = "hook",
                           .methods = {post, 1},
                           .authenticators = &handler,
                           .authenticator_count = 1,
                           .max_body = 100,
                           .parts = route_settings_clear(&given)};
}

/* Until the event could be made. */
static void walk(struct exchange *exchange, const char *target)
{
    static const struct header headers[] = {
        {{(const uint8_t *)"Host", 4}, {(const uint8_t *)"example.org", 11}},
        {{(const uint8_t *)"Content-Length", 14}, {(const uint8_t *)"1", 1}},
        {{(const uint8_t *)"Content-Type", 12}, {(const uint8_t *)"application/json", 16}}};
    ck_assert(pipeline_init(&pipeline, &settings, NULL, NULL, NULL));
    exchange_init(exchange, &pipeline);
    struct request *request = &exchange->request;
    request->method = bytes_of_text("POST");
    request->target = bytes_of_text(target);
    request->version = bytes_of_text("HTTP/1.1");
    request->headers = headers;
    request->header_count = 3;
    ck_assert_int_eq(pipeline_head(exchange, NS_PER_S).reply, REPLY_NONE);
    ck_assert_int_eq(pipeline_body(exchange, bytes_of_text("1"), NS_PER_S).reply, REPLY_NONE);
}

static void expect_target(const char *target, const char *params, const char *query)
{
    struct event_frame frame;
    struct exchange exchange;
    walk(&exchange, target);
    ck_assert(pipeline_event(&exchange, 1, &frame));
    ck_assert(bytes_equal_text(frame.event.method, "POST"));
    ck_assert(bytes_equal_text(frame.event.host, "example.org"));
    ck_assert(bytes_equal(frame.event.path, exchange.request.path));
    ck_assert_msg(bytes_equal_text(frame.event.params, params), "%.*s",
                  (int)frame.event.params.length, frame.event.params.data);
    ck_assert_msg(bytes_equal_text(frame.event.query, query), "%.*s", (int)frame.event.query.length,
                  frame.event.query.data);
    exchange_finish(&exchange);
    pipeline_finish(&pipeline);
}

START_TEST(an_event_has_what_its_target_says)
{
    static const char *const rows[][3] = {
        {"/a/prod/x", "{\"env\":\"prod\",\"n_2\":\"x\"}", ""},
        {"/a/p%22%20%C3%A4/%7Bx%7D?", "{\"env\":\"p\\\" \303\244\",\"n_2\":\"{x}\"}", ""},
        {"/a/1/2?b=1&a=%20+&&b=&c", NULL, "{\"b\":[\"1\",\"\"],\"a\":\"  \",\"c\":\"\"}"},
        {"/a/1/2?%zz=%zz&=1", NULL, "{\"%zz\":\"%zz\",\"\":\"1\"}"},
        {"/a/1/2?%ff=1&%fe=2&%00=3&x=%ff%00", NULL, "{\"x\":\"\357\277\275\\u0000\"}"},
        {"/a/1/2?proof=s3cret&p%72oof=s3cret&y=1&proof", NULL, "{\"y\":\"1\"}"},
    };
    route.path = "/a/{env}/{n_2}";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_target(rows[i][0], rows[i][1] ? rows[i][1] : "{\"env\":\"1\",\"n_2\":\"2\"}",
                      rows[i][2]);
}
END_TEST

START_TEST(what_a_star_stands_for_has_no_name)
{
    route.path = "/{env}/*";
    expect_target("/prod/x/y", "{\"env\":\"prod\"}", "");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("target");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, NULL);
    tcase_add_test(all, an_event_has_what_its_target_says);
    tcase_add_test(all, what_a_star_stands_for_has_no_name);
    suite_add_tcase(suite, all);
    return suite;
}
