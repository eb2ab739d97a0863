/* The walk of a body in a content coding: who sees it as it was sent, who unfolded, and who is
 * asked before it is unfolded at all. */
#include "base/clock.h"
#include "route_settings.h"
#include "server/pipeline/pipeline.h"
#include "tests/unit/suite.h"

/* ---- an authenticator that does as the test says, and notes what it has seen ---- */

static struct {
    enum reply body, read; /* its answers */
    bool signs_unfolded;
    struct bytes fed, proven, read_from; /* the last piece, and the bodies; data NULL: not asked */
} spy;

static struct verdict spy_head(const void *settings, struct request *request, void **state)
{
    (void)settings;
    *state = arena_alloc(request->arena, 16);
    return GO_ON;
}

static void spy_feed(void *state, struct bytes piece)
{
    ck_assert_ptr_nonnull(state);
    spy.fed = piece;
}

static struct verdict spy_body(const void *settings, struct request *request, void *state)
{
    (void)settings;
    ck_assert_ptr_nonnull(state);
    spy.proven = request->body;
    return verdict_refuse(spy.body, "the spy says so");
}

static struct verdict spy_read(const void *settings, struct request *request, void *state)
{
    (void)settings;
    ck_assert_ptr_nonnull(state);
    spy.read_from = request->body;
    return verdict_refuse(spy.read, "the spy says so");
}

static bool spy_signs_unfolded(const void *settings)
{
    (void)settings;
    return spy.signs_unfolded;
}

static const struct authenticator spy_kind = {.head = spy_head,
                                              .feed = spy_feed,
                                              .body = spy_body,
                                              .read = spy_read,
                                              .signs_unfolded = spy_signs_unfolded};

/* ---- the server around it ---- */

static struct handler handler = {&spy_kind.kind, NULL};
static const char *post[] = {"POST"};
static struct route route;
static struct route_settings given; /* of the route */
static struct settings settings = {.routes = &route, .route_count = 1};
static struct pipeline pipeline;
static struct exchange exchange;

static void set_up(void)
{
    route = (struct route){.name = "hook",
                           .path = "/hook",
                           .methods = {post, 1},
                           .authenticators = &handler,
                           .authenticator_count = 1,
                           .max_body = 100,
                           .parts = route_settings_clear(&given)};
    given.unfold = (struct unfold_settings){.size = 1000, .ratio = 100};
    memset(&spy, 0, sizeof spy);
    ck_assert(pipeline_init(&pipeline, &settings, NULL, NULL, NULL));
}

static void tear_down(void)
{
    exchange_finish(&exchange);
    pipeline_finish(&pipeline);
}

/* ---- the walk ---- */

/* {"a":1} */
static const uint8_t gzipped[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
                                  0x03, 0xab, 0x56, 0x4a, 0x54, 0xb2, 0x32, 0xac, 0x05,
                                  0x00, 0xaf, 0xac, 0x1b, 0x56, 0x07, 0x00, 0x00, 0x00};
#define GZIPPED bytes_of(gzipped, sizeof gzipped)
#define UNFOLDED bytes_of_text("{\"a\":1}")

static struct verdict walk(const char *coding, struct bytes body)
{
    struct header headers[] = {{bytes_of_text("Host"), bytes_of_text("example.org")},
                               {bytes_of_text("Content-Type"), bytes_of_text("application/json")},
                               {bytes_of_text("Transfer-Encoding"), bytes_of_text("chunked")},
                               {bytes_of_text("Content-Encoding"), bytes_of_text(coding)}};
    exchange_init(&exchange, &pipeline);
    struct request *request = &exchange.request;
    request->method = bytes_of_text("POST");
    request->target = bytes_of_text("/hook");
    request->version = bytes_of_text("HTTP/1.1");
    request->headers = headers;
    request->header_count = 4;
    struct verdict verdict = pipeline_head(&exchange, NS_PER_S);
    if (verdict.reply == REPLY_NONE)
        pipeline_feed(&exchange, body);
    return verdict.reply == REPLY_NONE ? pipeline_body(&exchange, body, NS_PER_S) : verdict;
}

START_TEST(a_folded_body_is_proven_as_it_was_sent_and_read_unfolded)
{
    struct event_frame frame;
    ck_assert_int_eq(walk("gzip", GZIPPED).reply, REPLY_NONE);
    ck_assert(bytes_equal(spy.fed, GZIPPED) && bytes_equal(spy.proven, GZIPPED));
    ck_assert(bytes_equal(spy.read_from, UNFOLDED));
    ck_assert(pipeline_event(&exchange, 42, &frame));
    ck_assert(bytes_equal(frame.event.body, UNFOLDED));
    ck_assert(bytes_equal_text(frame.event.headers, "{\"content-type\":\"application/json\"}"));
}
END_TEST

START_TEST(nothing_is_unfolded_for_a_stranger)
{
    spy.body = REPLY_UNAUTHENTICATED;
    ck_assert_int_eq(walk("gzip", GZIPPED).reply, REPLY_UNAUTHENTICATED);
    ck_assert(!exchange.unfolded.data && exchange.request.folded && !spy.read_from.data);
}
END_TEST

START_TEST(a_sender_may_sign_what_the_body_unfolds_to)
{
    spy.signs_unfolded = true;
    ck_assert_int_eq(walk("gzip", GZIPPED).reply, REPLY_NONE);
    ck_assert(bytes_equal(spy.fed, UNFOLDED) && bytes_equal(spy.proven, UNFOLDED));
    exchange_finish(&exchange);
    ck_assert_int_eq(walk("identity", UNFOLDED).reply, REPLY_NONE);
    ck_assert(bytes_equal(spy.fed, UNFOLDED) && bytes_equal(spy.read_from, UNFOLDED));
}
END_TEST

START_TEST(what_cannot_be_unfolded_is_refused_before_it_is_proven)
{
    spy.signs_unfolded = true;
    ck_assert_int_eq(walk("br", GZIPPED).reply, REPLY_BAD_CONTENT);
    ck_assert(!spy.proven.data);
}
END_TEST

START_TEST(a_challenge_in_a_folded_body_is_seen_when_it_is_unfolded)
{
    spy.read = REPLY_CHALLENGE;
    ck_assert_int_eq(walk("gzip", GZIPPED).reply, REPLY_CHALLENGE);
    ck_assert_str_eq(exchange.stage, "unfold");
}
END_TEST

START_TEST(the_head_refuses_a_coding)
{
    struct verdict verdict = walk("gzip, gzip", GZIPPED);
    ck_assert_int_eq(verdict.reply, REPLY_MEDIA_TYPE);
    ck_assert_str_eq(verdict.header_name, "Accept-Encoding");
    ck_assert_str_eq(exchange.stage, "coding");
    ck_assert(!spy.fed.data);
}
END_TEST

START_TEST(a_body_that_is_kept_in_its_coding_is_stored_with_its_name)
{
    struct event_frame frame;
    given.unfold.off = true;
    given.content.kind = CONTENT_RAW;
    ck_assert_int_eq(walk("gzip", GZIPPED).reply, REPLY_NONE);
    ck_assert(pipeline_event(&exchange, 42, &frame));
    ck_assert(bytes_equal(frame.event.body, GZIPPED));
    ck_assert(bytes_equal_text(frame.event.headers, "{\"content-type\":\"application/json\","
                                                    "\"content-encoding\":\"gzip\"}"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("folded");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_folded_body_is_proven_as_it_was_sent_and_read_unfolded);
    tcase_add_test(all, nothing_is_unfolded_for_a_stranger);
    tcase_add_test(all, a_sender_may_sign_what_the_body_unfolds_to);
    tcase_add_test(all, what_cannot_be_unfolded_is_refused_before_it_is_proven);
    tcase_add_test(all, a_challenge_in_a_folded_body_is_seen_when_it_is_unfolded);
    tcase_add_test(all, the_head_refuses_a_coding);
    tcase_add_test(all, a_body_that_is_kept_in_its_coding_is_stored_with_its_name);
    suite_add_tcase(suite, all);
    return suite;
}
