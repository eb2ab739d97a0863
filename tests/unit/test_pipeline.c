/* The walk: which stage decides, in which order, what reaches the runner and what is answered. */
#include "base/clock.h"
#include "handlers/content/json_body.h"
#include "route_settings.h"
#include "server/pipeline/pipeline.h"
#include "tests/unit/suite.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- an authenticator that does as the request says, and tells what was asked of it ---- */

struct spy {
    char calls[512];
    enum reply head, body;
    const char *event, *delivery, *key;
};

static struct spy spy;

static void note(const char *call)
{
    size_t length = strlen(spy.calls);
    snprintf(spy.calls + length, sizeof spy.calls - length, "%s", call);
}

static struct verdict spy_head(const void *settings, struct request *request, void **state)
{
    note(settings);
    note(":head ");
    *state = arena_alloc(request->arena, 16);
    return verdict_refuse(spy.head, "the spy says so");
}

static void spy_feed(void *state, struct bytes piece)
{
    ck_assert_ptr_nonnull(state);
    ck_assert_uint_gt(piece.length, 0);
    note("feed ");
}

static struct verdict spy_body(const void *settings, struct request *request, void *state)
{
    ck_assert_ptr_nonnull(state);
    note(settings);
    note(":body ");
    request->event_type = bytes_of_text(spy.event);
    request->message_id = bytes_of_text(spy.delivery);
    request->dedupe_key = bytes_of_text(spy.key);
    struct verdict verdict = verdict_refuse(spy.body, "the spy says so");
    if (spy.body == REPLY_CHALLENGE)
        verdict.body = bytes_of_text("hello");
    return verdict;
}

static void spy_release(void *state)
{
    ck_assert_ptr_nonnull(state);
    note("release ");
}

static bool spy_owns(const void *settings, struct bytes name)
{
    (void)settings;
    return bytes_equal_text(name, "x-proof");
}

static const char *spy_www_authenticate(const void *settings)
{
    (void)settings;
    return "Spy";
}

static const struct authenticator spy_kind = {.head = spy_head,
                                              .feed = spy_feed,
                                              .body = spy_body,
                                              .release = spy_release,
                                              .owns_header = spy_owns,
                                              .www_authenticate = spy_www_authenticate};

/* Passes in the head and has no more to say. */
static struct verdict plain_head(const void *settings, struct request *request, void **state)
{
    (void)request;
    (void)state;
    note(settings);
    note(":head ");
    return GO_ON;
}

static const struct authenticator plain_kind = {.head = plain_head};

/* ---- the server around it ---- */

static struct handler handlers[2] = {{&spy_kind.kind, (void *)(uintptr_t) "spy"},
                                     {&plain_kind.kind, (void *)(uintptr_t) "plain"}};
static const char *post[] = {"POST"};
static struct rate_limit limits[2];
static struct route route;
static struct route_settings given; /* of the route */
static struct settings settings = {.routes = &route, .route_count = 1};
static struct pipeline pipeline;
static struct exchange exchange;
static void *memory;

static void set_up(void)
{
    spy = (struct spy){0};
    route = (struct route){.name = "hook",
                           .path = "/hook",
                           .methods = {post, 1},
                           .authenticators = handlers,
                           .authenticator_count = 2,
                           .max_body = 100,
                           .parts = route_settings_clear(&given)};
    memory = calloc(1, limit_table_size(64));
    ck_assert(pipeline_init(&pipeline, &settings, limit_table_init(memory, 64), NULL, NULL));
}

static void tear_down(void)
{
    pipeline_finish(&pipeline);
    free(memory);
}

static struct header headers[20];
static size_t header_count;

static void add_header(const char *name, const char *value)
{
    headers[header_count++] = (struct header){bytes_of_text(name), bytes_of_text(value)};
}

static struct request *begin(const char *length)
{
    exchange_init(&exchange, &pipeline);
    struct request *request = &exchange.request;
    header_count = 0;
    add_header("Host", "example.org");
    add_header("Content-Type", "application/json");
    if (length)
        add_header("Content-Length", length);
    request->method = bytes_of_text("POST");
    request->target = bytes_of_text("/hook");
    request->version = bytes_of_text("HTTP/1.1");
    request->headers = headers;
    request->header_count = header_count;
    request->client = (struct client_address){{[10] = 0xff, [11] = 0xff, 192, 0, 2, 1}, false};
    request->now_ms = 1700000000123;
    return request;
}

static enum reply walk(const char *body)
{
    char length[20];
    snprintf(length, sizeof length, "%zu", strlen(body));
    begin(length);
    struct verdict verdict = pipeline_head(&exchange, NS_PER_S);
    if (verdict.reply == REPLY_NONE && *body)
        pipeline_feed(&exchange, bytes_of_text(body));
    if (verdict.reply == REPLY_NONE)
        verdict = pipeline_body(&exchange, bytes_of_text(body), NS_PER_S);
    return verdict.reply;
}

START_TEST(an_event_walks_through)
{
    spy.event = "push";
    spy.delivery = "d-1";
    ck_assert_int_eq(walk("{\"a\":1}"), REPLY_NONE);
    ck_assert_str_eq(spy.calls, "spy:head plain:head feed spy:body ");
    struct event_frame frame;
    ck_assert(pipeline_event(&exchange, 42, &frame));
    ck_assert_uint_eq(frame.tag, 42);
    ck_assert_int_eq(frame.event.received_ms, 1700000000123);
    ck_assert(frame.event.body_is_json);
    ck_assert(bytes_equal_text(frame.event.client, "192.0.2.1"));
    ck_assert(bytes_equal_text(frame.event.type, "push"));
    ck_assert(bytes_equal_text(frame.event.dedupe_key, "d-1"));
    ck_assert(bytes_equal_text(frame.event.body, "{\"a\":1}"));
    ck_assert(bytes_equal_text(frame.event.headers, "{\"content-type\":\"application/json\"}"));
    exchange_finish(&exchange);
    ck_assert_str_eq(spy.calls, "spy:head plain:head feed spy:body release ");
}
END_TEST

START_TEST(the_dedupe_key_stands_before_the_delivery_and_can_be_off)
{
    struct event_frame frame;
    spy.delivery = "d-1";
    spy.key = "signed";
    walk("1");
    ck_assert(pipeline_event(&exchange, 1, &frame));
    ck_assert(bytes_equal_text(frame.event.dedupe_key, "signed"));
    exchange_finish(&exchange);
    given.dedupe.off = true;
    walk("1");
    ck_assert(pipeline_event(&exchange, 1, &frame));
    ck_assert_uint_eq(frame.event.dedupe_key.length, 0);
    ck_assert(bytes_equal_text(frame.event.message_id, "d-1"));
    exchange_finish(&exchange);
}
END_TEST

START_TEST(who_is_refused_in_the_head_is_never_asked_for_a_body)
{
    spy.head = REPLY_UNAUTHENTICATED;
    begin("5");
    struct verdict verdict = pipeline_head(&exchange, NS_PER_S);
    ck_assert_int_eq(verdict.reply, REPLY_UNAUTHENTICATED);
    ck_assert_str_eq(exchange.stage, "authenticate");
    ck_assert_str_eq(verdict.header_name, "WWW-Authenticate");
    ck_assert(bytes_equal_text(verdict.header_value, "Spy"));
    exchange_finish(&exchange);
    ck_assert_str_eq(spy.calls, "spy:head ");
}
END_TEST

static bool is_known_by_its_head(void)
{
    begin("5");
    ck_assert_int_eq(pipeline_head(&exchange, NS_PER_S).reply, REPLY_NONE);
    bool known = pipeline_is_authenticated(&exchange);
    exchange_finish(&exchange);
    return known;
}

START_TEST(a_caller_is_known_by_its_head_where_nothing_is_asked_of_the_body)
{
    ck_assert(!is_known_by_its_head());
    route.authenticators = &handlers[1];
    route.authenticator_count = 1;
    ck_assert(is_known_by_its_head());
    route.no_authentication = true;
    ck_assert(!is_known_by_its_head());
}
END_TEST

START_TEST(a_wrong_signature_is_found_before_the_body_is_parsed)
{
    spy.body = REPLY_UNAUTHENTICATED;
    ck_assert_int_eq(walk("not json"), REPLY_UNAUTHENTICATED);
    ck_assert_str_eq(exchange.stage, "signature");
    exchange_finish(&exchange);
    spy.body = REPLY_NONE;
    ck_assert_int_eq(walk("not json"), REPLY_BAD_CONTENT);
    ck_assert_str_eq(exchange.stage, "decode");
    exchange_finish(&exchange);
}
END_TEST

START_TEST(challenges_wait_for_all_others)
{
    spy.body = REPLY_CHALLENGE;
    ck_assert_int_eq(walk("not json"), REPLY_CHALLENGE);
    ck_assert_str_eq(exchange.stage, "handshake");
    struct bytes body = reply_body(&exchange.arena, &exchange.challenge, NULL);
    ck_assert(bytes_equal_text(body, "hello"));
    exchange_finish(&exchange);
    spy = (struct spy){.head = REPLY_CHALLENGE};
    ck_assert_int_eq(walk(""), REPLY_CHALLENGE);
    ck_assert_str_eq(exchange.stage, "authenticate");
    exchange_finish(&exchange);
    ck_assert_str_eq(spy.calls, "spy:head plain:head ");
}
END_TEST

START_TEST(lengths_are_judged_before_and_after_the_body)
{
    static char body[103];
    memset(body, ' ', 102);
    body[0] = '1';
    body[100] = '\0';
    ck_assert_int_eq(walk(body), REPLY_NONE);
    exchange_finish(&exchange);
    body[100] = ' ';
    body[101] = '\0';
    ck_assert_int_eq(walk(body), REPLY_TOO_LARGE);
    ck_assert_str_eq(exchange.stage, "length");
    exchange_finish(&exchange);
    struct request *request = begin(NULL);
    add_header("Transfer-Encoding", "chunked");
    request->header_count = header_count;
    ck_assert_int_eq(pipeline_head(&exchange, 1).reply, REPLY_NONE);
    ck_assert_int_eq(exchange.content_length, -1);
    ck_assert_int_eq(pipeline_body(&exchange, bytes_of_text(body), 1).reply, REPLY_TOO_LARGE);
    exchange_finish(&exchange);
    begin(NULL); /* a POST without a length has no body: not JSON, but for the route to say */
    ck_assert_int_eq(pipeline_head(&exchange, 1).reply, REPLY_NONE);
    ck_assert_int_eq(exchange.content_length, 0);
    ck_assert_int_eq(pipeline_body(&exchange, bytes_of(NULL, 0), 1).reply, REPLY_BAD_CONTENT);
    exchange_finish(&exchange);
}
END_TEST

START_TEST(media_types_are_named_and_held_to)
{
    static const struct {
        const char *type;
        enum reply reply;
    } rows[] = {
        {"application/json", REPLY_NONE},
        {"Application/JSON; charset=UTF-8", REPLY_NONE},
        {"application/json;charset=\"utf-8\"", REPLY_NONE},
        {"application/json; v=1; charset=utf-8", REPLY_NONE},
        {"application/cloudevents+json", REPLY_NONE},
        {"application/vnd.github.v3+json; param", REPLY_NONE},
        {"application/json; charset=utf-16", REPLY_MEDIA_TYPE},
        {"application/json; a=b; charset=latin1", REPLY_MEDIA_TYPE},
        {"text/plain", REPLY_MEDIA_TYPE},
        {"text/json", REPLY_MEDIA_TYPE},
        {"multipart/form-data; boundary=x", REPLY_MEDIA_TYPE},
        {"application/x-www-form-urlencoded", REPLY_MEDIA_TYPE},
        {"application/+json", REPLY_MEDIA_TYPE},
        {"+json", REPLY_MEDIA_TYPE},
        {"application/jsonx", REPLY_MEDIA_TYPE},
        {"", REPLY_MEDIA_TYPE},
        {NULL, REPLY_MEDIA_TYPE},
    };
    static const int contents[] = {CONTENT_PROVIDER, CONTENT_JSON, CONTENT_RAW};
    for (int c = 0; c < 3; c++) {
        int content = given.content.kind = contents[c];
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            spy.calls[0] = '\0';
            begin(NULL);
            headers[1] = rows[i].type ? (struct header){bytes_of_text("content-type"),
                                                        bytes_of_text(rows[i].type)}
                                      : (struct header){bytes_of_text("X-A"), bytes_of_text("b")};
            ck_assert_int_eq(pipeline_head(&exchange, 1).reply, REPLY_NONE);
            enum reply reply = pipeline_body(&exchange, bytes_of_text("{}"), 1).reply;
            ck_assert_msg(reply == (content == CONTENT_RAW ? REPLY_NONE : rows[i].reply), "%s",
                          rows[i].type);
            exchange_finish(&exchange);
        }
    }
}
END_TEST

START_TEST(the_fault_in_a_body_has_a_place_in_the_log)
{
    begin(NULL);
    pipeline_head(&exchange, 1);
    struct verdict verdict = pipeline_body(&exchange, bytes_of_text("{\"a\":1,\"a\":2}"), 1);
    ck_assert_str_eq(verdict.message, verdict.reason);
    ck_assert_str_eq(verdict.reason,
                     "the name \"a\" comes twice in an object, the second time at byte 7; a route "
                     "with json: {repeated: last} takes that");
    exchange_finish(&exchange);
}
END_TEST

static struct verdict judge(const char *body)
{
    begin(NULL);
    ck_assert_int_eq(pipeline_head(&exchange, 1).reply, REPLY_NONE);
    struct verdict verdict = pipeline_body(&exchange, bytes_of_text(body), 1);
    exchange_finish(&exchange); /* texts of the arena are gone with it */
    verdict.reason = verdict.message = NULL;
    return verdict;
}

/* The index of a dense payload is four times as long as the payload, and answers are waited for. */
START_TEST(what_was_made_of_a_payload_ends_with_the_walk)
{
    struct reference whole = {.root = REFERENCE_PAYLOAD, .text = "payload"};
    struct template_part title = {.is_value = true, .reference = whole};
    struct event_frame frame;
    given.event_names.event = (struct reference_list){.items = &whole, .count = 1};
    given.title = (struct title_settings){.is_set = true, .text = {.parts = &title, .count = 1}};
    spy.event = "";
    begin(NULL);
    ck_assert_int_eq(pipeline_head(&exchange, 1).reply, REPLY_NONE);
    ck_assert_int_eq(pipeline_body(&exchange, bytes_of_text("\"push\""), 1).reply, REPLY_NONE);
    ck_assert(bytes_equal_text(exchange.request.event_type, "push"));
    ck_assert(!exchange.values.index_made && !exchange.values.index.values);
    ck_assert(pipeline_event(&exchange, 1, &frame));
    ck_assert(bytes_equal_text(frame.event.title, "push"));
    ck_assert(!exchange.values.index_made && !exchange.values.index.values);
    exchange_finish(&exchange);
}
END_TEST

START_TEST(a_route_says_what_its_json_may_be)
{
    struct bytes answer;
    given.content.json = (struct json_settings){.depth = 3, .values = 5};
    ck_assert_int_eq(judge("[[[1]]]").reply, REPLY_NONE);
    ck_assert_int_eq(judge("[[[[1]]]]").reply, REPLY_BAD_CONTENT);
    ck_assert_int_eq(judge("[1,2,3,4]").reply, REPLY_NONE);
    ck_assert_int_eq(judge("[1,2,3,4,5]").reply, REPLY_BAD_CONTENT);
    ck_assert_int_eq(judge("\"\\ud83d cut\"").reply, REPLY_NONE);
    ck_assert_int_eq(judge("{\"a\":1,\"a\":2}").reply, REPLY_BAD_CONTENT);
    given.content.json.surrogates = JSON_SURROGATES_REFUSE;
    given.content.json.repeated = JSON_REPEATED_LAST;
    ck_assert_int_eq(judge("\"\\ud83d cut\"").reply, REPLY_BAD_CONTENT);
    ck_assert_int_eq(judge("{\"a\":1,\"a\":2}").reply, REPLY_NONE);
    begin(NULL);
    pipeline_head(&exchange, 1);
    struct verdict verdict = pipeline_body(&exchange, bytes_of_text("[[[[1]]]]"), 1);
    answer = reply_body(&exchange.arena, &verdict, NULL);
    ck_assert(bytes_equal_text(answer,
                               "{\"error\":\"bad_content\",\"message\":\"JSON nested deeper "
                               "than 3 levels, the limit json.depth, at byte 3\"}"));
    exchange_finish(&exchange);
}
END_TEST

START_TEST(values_are_in_proportion_to_the_body)
{
    struct request request = {.route = &route};
    ck_assert_uint_eq(json_body_limits(&request).depth, 32); /* of a route without the key */
    given.content.json.depth = 128;
    route.max_body = 1 << 10;
    ck_assert_uint_eq(json_body_limits(&request).nodes, 100000);
    route.max_body = 1 << 20;
    ck_assert_uint_eq(json_body_limits(&request).nodes, 1 << 18);
    given.content.json.values = 7;
    ck_assert_uint_eq(json_body_limits(&request).nodes, 7);
}
END_TEST

START_TEST(a_body_may_be_missing_where_it_need_not_be_json)
{
    static const struct {
        int content;
        const char *type;
        enum reply reply;
    } rows[] = {
        {CONTENT_AUTO, "application/json", REPLY_NONE},
        {CONTENT_AUTO, "application/x-www-form-urlencoded", REPLY_NONE},
        {CONTENT_AUTO, "", REPLY_NONE},
        {CONTENT_RAW, "application/json", REPLY_NONE},
        {CONTENT_FORM, "application/json", REPLY_NONE},
        {CONTENT_FORM, "", REPLY_NONE},
        {CONTENT_JSON_OR_FORM, "text/plain", REPLY_NONE},
        {CONTENT_JSON_OR_FORM, "application/json", REPLY_BAD_CONTENT},
        {CONTENT_JSON, "application/json", REPLY_BAD_CONTENT},
        {CONTENT_JSON, "application/x-www-form-urlencoded", REPLY_MEDIA_TYPE},
        {CONTENT_PROVIDER, "", REPLY_MEDIA_TYPE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        given.content.kind = rows[i].content;
        begin("0");
        headers[1].value = bytes_of_text(rows[i].type);
        ck_assert_int_eq(pipeline_head(&exchange, 1).reply, REPLY_NONE);
        ck_assert_msg(pipeline_body(&exchange, bytes_of(NULL, 0), 1).reply == rows[i].reply,
                      "%d %s", rows[i].content, rows[i].type);
        exchange_finish(&exchange);
    }
}
END_TEST

/* Accepted, came before, is ignored, is quarantined: the sender knows one word for success. */
START_TEST(a_route_answers_as_it_says)
{
    static const enum reply successes[] = {REPLY_ACCEPTED, REPLY_DUPLICATE, REPLY_IGNORED,
                                           REPLY_QUARANTINED};
    begin(NULL);
    exchange.request.route = &route;
    for (size_t i = 0; i < sizeof successes / sizeof *successes; i++) {
        struct verdict plain = {.reply = successes[i], .reason = "because"};
        given.respond = (struct respond_settings){.answer = {.status = 201}};
        struct verdict verdict = pipeline_format_response(&exchange, "", plain);
        ck_assert_uint_eq(verdict_status(&verdict), 201);
        ck_assert_uint_gt(reply_body(&exchange.arena, &verdict, "X").length, 0);
        given.respond.answer.body.is_set = given.respond.answer.plain.is_made = true;
        verdict = pipeline_format_response(&exchange, "", plain);
        ck_assert_uint_eq(reply_body(&exchange.arena, &verdict, "X").length, 0);
        given.respond = (struct respond_settings){
            .answer = {.type = "text/plain",
                       .body.is_set = true,
                       .plain = {.is_made = true, .body = bytes_of_text("OK")}}};
        verdict = pipeline_format_response(&exchange, "", plain);
        ck_assert_uint_eq(verdict_status(&verdict), reply_rows[successes[i]].status);
        ck_assert_str_eq(verdict.content_type, "text/plain");
        ck_assert(bytes_equal_text(reply_body(&exchange.arena, &verdict, "X"), "OK"));
    }
    struct verdict refused =
        pipeline_format_response(&exchange, "", verdict_refuse(REPLY_BAD_CONTENT, "x"));
    ck_assert_uint_eq(verdict_status(&refused), 400);
    ck_assert_uint_gt(reply_body(&exchange.arena, &refused, NULL).length, 10);
    struct verdict greeting = {.reply = REPLY_CHALLENGE, .body = bytes_of_text("hello")};
    greeting = pipeline_format_response(&exchange, "", greeting);
    ck_assert(bytes_equal_text(reply_body(&exchange.arena, &greeting, NULL), "hello"));
    exchange_finish(&exchange);
}
END_TEST

START_TEST(events_not_wanted_are_ignored)
{
    static const char *patterns[] = {"push", "pull_request.*"};
    given.events.patterns = (struct text_list){patterns, 2};
    spy.event = "pull_request.opened";
    ck_assert_int_eq(walk("{}"), REPLY_NONE);
    exchange_finish(&exchange);
    spy.event = "star";
    ck_assert_int_eq(walk("{}"), REPLY_IGNORED);
    ck_assert_str_eq(exchange.stage, "select");
    exchange_finish(&exchange);
}
END_TEST

START_TEST(addresses_are_refused_before_credentials_are_looked_at)
{
    struct prefix all = {.bits = 0};
    given.address.deny = (struct prefix_list){&all, 1};
    ck_assert_int_eq(walk("{}"), REPLY_FORBIDDEN);
    ck_assert_str_eq(exchange.stage, "address");
    ck_assert_str_eq(spy.calls, "");
    exchange_finish(&exchange);
}
END_TEST

START_TEST(a_client_is_charged_before_and_a_route_after_authentication)
{
    limits[0] = (struct rate_limit){1, 60000, 2, PER_CLIENT};
    limits[1] = (struct rate_limit){1, 3600000, 1, PER_ROUTE};
    given.limit.limits = (struct section_list){limits, 2};
    spy.head = REPLY_UNAUTHENTICATED;
    ck_assert_int_eq(walk("{}"), REPLY_UNAUTHENTICATED);
    exchange_finish(&exchange);
    spy.head = REPLY_NONE;
    spy.body = REPLY_UNAUTHENTICATED;
    ck_assert_int_eq(walk("{}"), REPLY_UNAUTHENTICATED);
    exchange_finish(&exchange);
    spy.calls[0] = '\0';
    begin("2");
    struct verdict verdict = pipeline_head(&exchange, NS_PER_S);
    ck_assert_int_eq(verdict.reply, REPLY_RATE_LIMITED);
    ck_assert_uint_eq(verdict.retry_after_s, 60);
    ck_assert_str_eq(exchange.stage, "limit");
    ck_assert_str_eq(spy.calls, "");
    exchange_finish(&exchange);
    /* the route's own bucket has been left alone so far */
    limits[0] = (struct rate_limit){1000, 1000, 1000, PER_ROUTE};
    spy.body = REPLY_NONE;
    ck_assert_int_eq(walk("{}"), REPLY_NONE);
    exchange_finish(&exchange);
    begin("2");
    ck_assert_int_eq(pipeline_head(&exchange, NS_PER_S).reply, REPLY_NONE);
    verdict = pipeline_body(&exchange, bytes_of_text("{}"), NS_PER_S);
    ck_assert_int_eq(verdict.reply, REPLY_RATE_LIMITED);
    ck_assert_uint_eq(verdict.retry_after_s, 3600);
    ck_assert_str_eq(exchange.stage, "limit route");
    exchange_finish(&exchange);
}
END_TEST

START_TEST(a_refusal_by_the_route_costs_the_client_nothing)
{
    limits[0] = (struct rate_limit){1, 3600000, 3, PER_CLIENT};
    limits[1] = (struct rate_limit){1, 3600000, 1, PER_ROUTE};
    given.limit.limits = (struct section_list){limits, 2};
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(walk("{}"), i == 0 ? REPLY_NONE : REPLY_RATE_LIMITED);
        if (i > 0)
            ck_assert_str_eq(exchange.stage, "limit route");
        exchange_finish(&exchange);
    }
    spy.body = REPLY_UNAUTHENTICATED; /* that one costs: two tokens are left for it */
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(walk("{}"), i < 2 ? REPLY_UNAUTHENTICATED : REPLY_RATE_LIMITED);
        exchange_finish(&exchange);
    }
}
END_TEST

START_TEST(what_no_route_has_is_answered_alike)
{
    static const char *const targets[] = {"/hook%00x", "/hook%2f", "/a/%2e%2e/hook", "/./hook",
                                          "//hook",    "/hook/",   "/HOOK",          "/hook%zz",
                                          "/hook#x",   "/nowhere"};
    char first[200] = "";
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        begin(NULL)->target = bytes_of_text(targets[i]);
        struct verdict verdict = pipeline_head(&exchange, 1);
        ck_assert_uint_eq(verdict_status(&verdict), 404);
        struct bytes body = reply_body(&exchange.arena, &verdict, NULL);
        if (!*first)
            memcpy(first, body.data, body.length);
        ck_assert(bytes_equal_text(body, first));
        exchange_finish(&exchange);
    }
    begin(NULL)->target = bytes_of_text("/%68ook?x=%2f");
    ck_assert_int_eq(pipeline_head(&exchange, 1).reply, REPLY_NONE);
    ck_assert_str_eq(exchange.request.route->name, "hook");
    exchange_finish(&exchange);
}
END_TEST

START_TEST(headers_are_kept_but_never_credentials)
{
    struct request *request = begin(NULL);
    static const char *const rows[][2] = {
        {"User-Agent", "GitHub-Hookshot/1 \"x\""},
        {"Authorization", "Bearer s"},
        {"Cookie", "a=b"},
        {"X-GitHub-Event", "push"},
        {"X-Hub-Signature-256", "s"},
        {"X-Gitlab-Token", "s"},
        {"X-Proof", "s"},
        {"Webhook-Id", "w1"},
        {"Webhook-Signature", "s"},
        {"X-Two", "a"},
        {"x-two", "b"},
        {"X-Api-Key", "s"},
        {"X-Forwarded-For", "1"},
        {"Accept", "*/*"},
        {"Linear-Delivery", "l1"},
        {"Stripe-Signature", "s"},
        {"Proxy-Authorization", "s"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        add_header(rows[i][0], rows[i][1]);
    request->header_count = header_count;
    struct event_frame frame;
    ck_assert_int_eq(pipeline_head(&exchange, 1).reply, REPLY_NONE);
    ck_assert_int_eq(pipeline_body(&exchange, bytes_of_text("{}"), 1).reply, REPLY_NONE);
    ck_assert(pipeline_event(&exchange, 1, &frame));
    ck_assert(bytes_equal_text(
        frame.event.headers,
        "{\"content-type\":\"application/json\",\"user-agent\":\"GitHub-Hookshot/1 \\\"x\\\"\","
        "\"x-github-event\":\"push\",\"webhook-id\":\"w1\",\"x-two\":\"a, b\","
        "\"linear-delivery\":\"l1\"}"));
    exchange_finish(&exchange);
}
END_TEST

/* Of a request that has, besides its own, these headers. */
static struct bytes kept_of(const char *const *names, size_t count)
{
    struct request *request = begin(NULL);
    struct event_frame frame;
    spy.calls[0] = '\0';
    for (size_t i = 0; i < count; i++)
        add_header(names[i], "v");
    request->header_count = header_count;
    ck_assert_int_eq(pipeline_head(&exchange, 1).reply, REPLY_NONE);
    ck_assert_int_eq(pipeline_body(&exchange, bytes_of_text("{}"), 1).reply, REPLY_NONE);
    ck_assert(pipeline_event(&exchange, 1, &frame));
    return frame.event.headers;
}

START_TEST(what_is_known_of_a_name_is_never_anothers)
{
    static const struct {
        char first;
        const char *rest;
        bool is_stored;
    } kinds[] = {{'x', "", true}, {'x', "-token", false}, {'y', "", false}};
    for (unsigned number = 0; number < 1200; number++) {
        char text[3][96], wanted[112];
        const char *const names[] = {text[0], text[1], text[2]};
        for (int i = 0; i < 3; i++)
            snprintf(text[i], sizeof text[i], "%c-%0*u%s", kinds[i].first, (int)(number % 61),
                     number / 2, kinds[i].rest);
        struct bytes kept = kept_of(names, number % 3 + 1);
        for (unsigned i = 0; i <= number % 3; i++) {
            snprintf(wanted, sizeof wanted, "\"%s\":", names[i]);
            bool is_stored = memmem(kept.data, kept.length, wanted, strlen(wanted));
            ck_assert_msg(is_stored == kinds[i].is_stored, "%s", names[i]);
        }
        exchange_finish(&exchange);
    }
    /* owned by one route's authenticator, not by another's */
    static const char *const proof[] = {"X-Proof"};
    route.authenticator_count = 1;
    for (int round = 0; round < 2; round++) {
        ck_assert(!strstr((const char *)kept_of(proof, 1).data, "x-proof"));
        exchange_finish(&exchange);
        route.authenticators = &handlers[1];
        ck_assert(strstr((const char *)kept_of(proof, 1).data, "x-proof"));
        exchange_finish(&exchange);
        route.authenticators = handlers;
    }
}
END_TEST

START_TEST(a_route_of_too_many_parts_does_not_start)
{
    struct pipeline other;
    struct error err;
    route.authenticator_count = AUTHENTICATORS_MAX + 1;
    ck_assert(!pipeline_init(&other, &settings, NULL, NULL, &err));
    route.authenticator_count = 1;
    given.limit.limits.count = LIMITS_PER_ROUTE_MAX + 1;
    ck_assert(!pipeline_init(&other, &settings, NULL, NULL, &err));
}
END_TEST

START_TEST(the_health_check_stands_before_all_that_refuses)
{
    static const struct {
        const char *method, *target, *length;
        enum reply reply;
    } cases[] = {
        {"GET", "/healthz", NULL, REPLY_HEALTHY},  {"HEAD", "/healthz?a=b", NULL, REPLY_HEALTHY},
        {"GET", "/%68ealthz", "0", REPLY_HEALTHY}, {"POST", "/healthz", "0", REPLY_METHOD},
        {"GET", "/healthz", "1", REPLY_TOO_LARGE}, {"GET", "/healthz/", NULL, REPLY_NOT_FOUND},
        {"GET", "/hook", NULL, REPLY_METHOD}};
    static struct prefix everybody;
    given.address.deny = (struct prefix_list){&everybody, 1};
    settings.server.health = "/healthz";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request *request = begin(cases[i].length);
        request->method = bytes_of_text(cases[i].method);
        request->target = bytes_of_text(cases[i].target);
        ck_assert_int_eq(pipeline_head(&exchange, NS_PER_S).reply, cases[i].reply);
        exchange_finish(&exchange);
    }
    settings.server.health = NULL;
    begin(NULL)->target = bytes_of_text("/healthz");
    ck_assert_int_eq(pipeline_head(&exchange, NS_PER_S).reply, REPLY_NOT_FOUND);
    exchange_finish(&exchange);
    ck_assert_str_eq(spy.calls, "");
}
END_TEST

/* 192.0.2.1 is a proxy, and what it says counts for lists, limits and the event. */
START_TEST(everything_goes_by_the_client_that_the_proxy_names)
{
    static struct prefix proxy = {{[10] = 0xff, [11] = 0xff, 192, 0, 2, 1}, 128},
                         allowed = {{[10] = 0xff, [11] = 0xff, 198, 51, 100}, 120};
    static const struct {
        const char *named;
        enum reply first, second;
    } cases[] = {{"198.51.100.7", REPLY_NONE, REPLY_RATE_LIMITED},
                 {"203.0.113.9, 198.51.100.8", REPLY_NONE, REPLY_RATE_LIMITED},
                 {"198.51.100.9, 203.0.113.9", REPLY_FORBIDDEN, REPLY_FORBIDDEN},
                 {"unknown", REPLY_FORBIDDEN, REPLY_FORBIDDEN},
                 {"192.0.2.1", REPLY_FORBIDDEN, REPLY_FORBIDDEN}, /* its own */
                 {"nonsense", REPLY_BAD_REQUEST, REPLY_BAD_REQUEST}};
    struct event_frame frame;
    limits[0] = (struct rate_limit){1, 3600000, 1, PER_CLIENT};
    given.limit.limits = (struct section_list){limits, 1};
    given.address.allow = (struct prefix_list){&allowed, 1};
    settings.server.trusted_proxies.networks = (struct prefix_list){&proxy, 1};
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        struct request *request = begin("0");
        add_header("X-Forwarded-For", cases[i / 2].named);
        request->header_count = header_count;
        struct verdict verdict = pipeline_head(&exchange, NS_PER_S);
        ck_assert_int_eq(verdict.reply, i % 2 ? cases[i / 2].second : cases[i / 2].first);
        const char *said = cases[i / 2].named;
        ck_assert(
            verdict.reply != REPLY_FORBIDDEN || strstr(said, "203") ||
            strstr(verdict.reason, strstr(said, "192") ? "a proxy names it" : "names no client"));
        if (verdict.reply == REPLY_NONE && pipeline_event(&exchange, 1, &frame))
            ck_assert(bytes_starts_with(frame.event.client, bytes_of_text("198.51.100.")));
        exchange_finish(&exchange);
    }
    settings.server = (struct server_settings){0};
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("pipeline");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, an_event_walks_through);
    tcase_add_test(all, the_dedupe_key_stands_before_the_delivery_and_can_be_off);
    tcase_add_test(all, who_is_refused_in_the_head_is_never_asked_for_a_body);
    tcase_add_test(all, a_caller_is_known_by_its_head_where_nothing_is_asked_of_the_body);
    tcase_add_test(all, a_wrong_signature_is_found_before_the_body_is_parsed);
    tcase_add_test(all, challenges_wait_for_all_others);
    tcase_add_test(all, lengths_are_judged_before_and_after_the_body);
    tcase_add_test(all, media_types_are_named_and_held_to);
    tcase_add_test(all, the_fault_in_a_body_has_a_place_in_the_log);
    tcase_add_test(all, what_was_made_of_a_payload_ends_with_the_walk);
    tcase_add_test(all, a_route_says_what_its_json_may_be);
    tcase_add_test(all, values_are_in_proportion_to_the_body);
    tcase_add_test(all, a_body_may_be_missing_where_it_need_not_be_json);
    tcase_add_test(all, a_route_answers_as_it_says);
    tcase_add_test(all, events_not_wanted_are_ignored);
    tcase_add_test(all, addresses_are_refused_before_credentials_are_looked_at);
    tcase_add_test(all, a_client_is_charged_before_and_a_route_after_authentication);
    tcase_add_test(all, a_refusal_by_the_route_costs_the_client_nothing);
    tcase_add_test(all, what_no_route_has_is_answered_alike);
    tcase_add_test(all, headers_are_kept_but_never_credentials);
    tcase_add_test(all, what_is_known_of_a_name_is_never_anothers);
    tcase_add_test(all, a_route_of_too_many_parts_does_not_start);
    tcase_add_test(all, the_health_check_stands_before_all_that_refuses);
    tcase_add_test(all, everything_goes_by_the_client_that_the_proxy_names);
    suite_add_tcase(suite, all);
    return suite;
}
