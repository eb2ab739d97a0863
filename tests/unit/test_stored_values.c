/* Every reference has the same value of a request as of what is stored of it: what was accepted can
 * be carried out, and a change of the route file can be tried on yesterday's events. Requests are
 * put together at random, walk through the pipeline, and go through a frame to the runner. */
#include "config/loader.h"
#include "server/cli/verbs.h"
#include "server/pipeline/pipeline.h"
#include "server/runner/attempt.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

enum { CASES = 4000, TEXT_SIZE = 8192, PARAMETERS_SIZE = TEXT_SIZE / 2, HEADERS_MAX = 8 };

static const char *const references[] = {
    "payload",
    "payload.a",
    "payload.l[*].i",
    "payload[\"x y\"]",
    "header.x-a",
    "header.cache-control",
    "header.host",
    "header.content-type",
    "query.a",
    "query[\"b c\"]",
    "query[\"%zz\"]",
    "query[\"\"]",
    "query[\"\\u00e4\"]",
    "path.one",
    "path.two",
    "form.a",
    "form[\"b c\"]",
    "form.payload",
    "form[\"1\"]",
    "event.type",
    "event.delivery",
    "event.received",
    "client.address",
    "request.method",
    "request.path",
    "request.host",
    "route.name",
    "action.name",
};
enum { REFERENCES = sizeof references / sizeof *references };

static const char *const contents[] = {
    "content: auto",
    "content: auto\n  json_field: payload",
    "content: json\n  json: {bom: accept, repeated: last, surrogates: accept}",
    "content: form",
    "content: json_or_form\n  json_field: payload",
    "content: raw",
    "content: multipart\n  json_field: payload",
    "content: multipart",
};
enum { CONTENTS = sizeof contents / sizeof *contents };

/* ---- random requests ---- */

static uint64_t seed;

static size_t random_below(size_t end)
{
    seed = seed * 6364136223846793005 + 1442695040888963407;
    return (size_t)(seed >> 33) % end;
}

#define PICK(table) table[random_below(sizeof table / sizeof *table)]

static const char *pick_header_value(void)
{
    static const char *const values[] = {"",     "1",         "a, b",     "\xc3\xa4", "\xff\xfe",
                                         "\xc3", "\xf0\x9f.", "\"q\\\"x", "main",     "\xe2\x82"};
    return PICK(values);
}

/* Names and values with all that a query or a form can be. */
static void put_parameters(char *text, const char *json)
{
    static const char *const parts[] = {
        "a=1",
        "a=",
        "a",
        "a=%ff%fe",
        "a=%00x",
        "%61=2",
        "b+c=x+y",
        "b%20c=%c3",
        "%zz=",
        "%zz=%zz",
        "=empty",
        "a=%zz",
        "1",
        "%c3%a4=\x26",
        "&&",
        "b%2bc=z",
        "c=%f0%9f%98%80",
        "proof=s3cret-of-16-bytes",
        "p%72oof=s3cret-of-16-bytes",
        "payload=%7B%22a%22%3A1%7D",
    };
    size_t count = random_below(5), length = 0;
    *text = '\0';
    for (size_t i = 0; i < count; i++)
        length += (size_t)snprintf(text + length, PARAMETERS_SIZE - length, "%s&", PICK(parts));
    if (json && random_below(4) > 0)
        snprintf(text + length, PARAMETERS_SIZE - length, "payload=%s", json);
}

static const char *pick_json(void)
{
    static const char *const bodies[] = {
        "{\"a\":1.50,\"type\":\"push\",\"x y\":[ 1 , 2 ]}",
        "\xef\xbb\xbf{\"a\":\"mark\"}",
        "{\"l\":[{\"i\":\"\\ud83d\"},{\"i\":2}],\"a\":\"\\u0000\"}",
        "{\"a\":1,\"a\":[\"\\u00e4\"],\"type\":\"p\\u0000sh\"}",
        "1",
        "\"text\"",
        " {\"type\":\"\xc3\xa4\"} ",
        "{\"a\":",
        "",
    };
    return PICK(bodies);
}

static const char *pick_type(void)
{
    static const char *const types[] = {"application/json",
                                        "application/x-www-form-urlencoded",
                                        "application/x-www-form-urlencoded; charset=utf-8",
                                        "text/plain",
                                        "application/vnd.x+json",
                                        "application/json; charset=latin1",
                                        "multipart/form-data; boundary=x"};
    return PICK(types);
}

/* Names and values with all that a multipart form can be, and parts that are no values. */
static void put_parts(char *text, const char *json)
{
    static const char *const parts[] = {
        "name=a\r\n\r\n1",
        "name=\"a\"\r\n\r\n",
        "name=\"b c\"\r\nContent-Type: text/plain\r\n\r\n\xff\r\n\xc3\r\n--",
        "name=\"b%22c\"\r\n\r\nz",
        "name=\"1\"\r\n\r\n\xc3\xa4",
        "name=a; filename=a\r\n\r\nfile",
        "name=payload; filename=\"\"\r\n\r\n",
        "name=payload; filename=p\r\nContent-Type: application/json\r\n\r\n{\"a\":1}",
        "name=payload; filename=p\r\nContent-Type: image/png\r\n\r\n{\"a\":2}",
        "nameless",
    };
    size_t count = random_below(4), length = 0;
    for (size_t i = 0; i < count; i++)
        length += (size_t)snprintf(text + length, TEXT_SIZE - length,
                                   "--x\r\nContent-Disposition: form-data; %s\r\n", PICK(parts));
    if (random_below(4) > 0)
        length += (size_t)snprintf(
            text + length, TEXT_SIZE - length,
            "--x\r\nContent-Disposition: form-data; name=payload\r\n\r\n%s\r\n", json);
    snprintf(text + length, TEXT_SIZE - length, "%s", random_below(20) ? "--x--" : "--x");
}

static void put_escaped(char *out, const char *json)
{
    *out = '\0';
    for (size_t at = 0; json[at] && 3 * at + 4 < PARAMETERS_SIZE; at++)
        snprintf(out + 3 * at, 4, "%%%02X", (uint8_t)json[at]);
}

struct sent {
    struct header headers[HEADERS_MAX];
    size_t header_count;
    char target[TEXT_SIZE], body[TEXT_SIZE], length[16];
};

static void add(struct sent *sent, const char *name, const char *value)
{
    sent->headers[sent->header_count++] =
        (struct header){bytes_of_text(name), bytes_of_text(value)};
}

static void make(struct sent *sent)
{
    static const char *const segments[] = {"x", "%c3%a4", "%22%7B", "a%20b", "..a", "%5B0%5D"};
    static const char *const names[] = {"X-A", "x-a", "Cache-Control", "X-ID", "X-Other"};
    char query[PARAMETERS_SIZE], field[PARAMETERS_SIZE];
    const char *json = pick_json(), *type = pick_type();
    *sent = (struct sent){.header_count = 0};
    put_parameters(query, NULL);
    snprintf(sent->target, sizeof sent->target, "/p/%s/%s?proof=s3cret-of-16-bytes&%s",
             PICK(segments), PICK(segments), query);
    put_escaped(field, json);
    if (strncmp(type, "multipart", 9) == 0 && random_below(20) > 0)
        put_parts(sent->body, json);
    else if (random_below(2))
        put_parameters(sent->body, field);
    else
        snprintf(sent->body, sizeof sent->body, "%s", json);
    snprintf(sent->length, sizeof sent->length, "%zu", strlen(sent->body));
    add(sent, "Host", random_below(2) ? "hooks.example.org" : "10.0.0.1:8443");
    add(sent, "Content-Length", sent->length);
    add(sent, "Content-Type", type);
    for (size_t more = random_below(4); more > 0; more--)
        add(sent, PICK(names), pick_header_value());
    if (random_below(2))
        add(sent, "X-Forwarded-Host", "outside.example.org");
}

/* ---- both sides ---- */

static struct problem_list problems;
static struct settings *settings;
static struct pipeline pipeline;
static struct arena arena;
static struct reference parsed[REFERENCES];

static void load(const char *content)
{
    char text[TEXT_SIZE];
    size_t length = (size_t)snprintf(
        text, sizeof text,
        "version: 1\n"
        "server:\n  listen: {address: \"127.0.0.1:0\", tls: off}\n"
        "  trusted_proxies: [127.0.0.1]\n  forwarded_host: true\n"
        "routes:\n- name: a\n  path: \"/p/{one}/{two}\"\n  %s\n  event: payload.type\n"
        "  auth: {token: {query: proof, value: s3cret-of-16-bytes}}\n  delivery: [header.x-id]\n"
        "  actions: [{pipe: p, name: run}]\n  when: [{any: [",
        content);
    if (strstr(content, "raw") || strcmp(content, "content: form") == 0 ||
        strcmp(content, "content: multipart") == 0)
        memcpy(strstr(text, "payload.type"), "header.x-id ", 12);
    for (size_t i = 0; i < REFERENCES; i++)
        if (strncmp(references[i], "header", 6) == 0)
            length += (size_t)snprintf(text + length, sizeof text - length,
                                       "{value: %s, exists: true}, ", references[i]);
    snprintf(text + length, sizeof text - length, "{value: route.name, exists: true}]}]\n");
    settings = settings_load_text("a.yaml", bytes_of_text(text), &program_registry, &problems);
    if (!settings)
        problem_list_print(&problems, stderr);
    ck_assert_ptr_nonnull(settings);
    ck_assert(pipeline_init(&pipeline, settings, NULL, NULL, NULL));
}

static bool walk(struct exchange *exchange, const struct sent *sent)
{
    exchange_init(exchange, &pipeline);
    struct request *request = &exchange->request;
    request->method = bytes_of_text("POST");
    request->target = bytes_of_text(sent->target);
    request->version = bytes_of_text("HTTP/1.1");
    request->headers = sent->headers;
    request->header_count = sent->header_count;
    request->client = (struct client_address){.address = {[10] = 0xff, 0xff, 127, 0, 0, 1}};
    request->now_ms = 1795490124123 + (int64_t)random_below(100000);
    return pipeline_head(exchange, 1).reply == REPLY_NONE &&
           pipeline_body(exchange, bytes_of_text(sent->body), 1).reply == REPLY_NONE;
}

/* What the runner makes of the frame. */
static struct attempt *store(struct exchange *exchange, struct buffer *out)
{
    static struct action_queue queue;
    struct event_frame frame, got;
    enum frame_type type;
    struct bytes payload;
    size_t length;
    ck_assert(pipeline_event(exchange, 1, &frame) && frame_put_event(out, &frame));
    ck_assert_int_eq(frame_peek(buffer_bytes(out), &type, &payload, &length), 1);
    ck_assert(frame_get_event(payload, &got) && event_is_bounded(&got.event));
    struct journal_delivery found = {.attempt = 1, .event = got.event};
    found.event.route = bytes_of_text(settings->routes->name);
    queue = (struct action_queue){.route = settings->routes, .action = settings->routes->actions};
    struct attempt *attempt = attempt_create(NULL, &queue, 1, &found);
    ck_assert_ptr_nonnull(attempt);
    return attempt;
}

static void compare(struct value_context *request, struct value_context *stored,
                    const struct sent *sent)
{
    for (size_t i = 0; i < REFERENCES; i++) {
        struct value a, b;
        ck_assert(value_resolve(request, &parsed[i], &a) && value_resolve(stored, &parsed[i], &b));
        ck_assert_msg(a.kind == b.kind && a.repeated == b.repeated && bytes_equal(a.text, b.text),
                      "%s: %d \"%.*s\", stored %d \"%.*s\"; %s %s", references[i], a.kind,
                      (int)a.text.length, a.text.data, b.kind, (int)b.text.length, b.text.data,
                      sent->target, sent->body);
    }
}

START_TEST(what_is_stored_has_the_values_of_the_request)
{
    size_t accepted = 0;
    load(contents[_i]);
    seed = (uint64_t)_i;
    for (int i = 0; i < CASES / CONTENTS + 1; i++) {
        struct sent sent;
        struct exchange exchange;
        struct buffer out;
        make(&sent);
        buffer_init(&out, 1 << 20);
        if (walk(&exchange, &sent)) {
            struct attempt *attempt = store(&exchange, &out);
            struct value_context stored;
            exchange.values.action = bytes_of_text("run");
            value_context_of_stored(&stored, &attempt->stored);
            compare(&exchange.values, &stored, &sent);
            value_context_finish(&stored);
            attempt_destroy(attempt);
            accepted++;
        }
        buffer_finish(&out);
        exchange_finish(&exchange);
    }
    ck_assert_msg(accepted > 25, "only %zu were accepted", accepted);
}
END_TEST

static void set_up(void)
{
    struct error err = {""};
    arena_init(&arena, 1 << 20);
    problem_list_init(&problems);
    for (size_t i = 0; i < REFERENCES; i++)
        ck_assert_msg(reference_parse(bytes_of_text(references[i]), &arena, &parsed[i], &err, NULL),
                      "%s", err.text);
}

static void tear_down(void)
{
    pipeline_finish(&pipeline);
    settings_destroy(settings);
    problem_list_finish(&problems);
    arena_finish(&arena);
}

Suite *test_suite(void)
{
    Suite *suite = suite_create("stored_values");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_loop_test(all, what_is_stored_has_the_values_of_the_request, 0, CONTENTS);
    suite_add_tcase(suite, all);
    return suite;
}
