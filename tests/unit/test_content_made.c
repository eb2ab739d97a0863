/* A CloudEvent is the same JSON in both modes, and what is none is refused by the name of the
 * attribute; XML becomes a payload by its media type. */
#include "handlers/content/content.h"
#include "route_settings.h"
#include "tests/unit/suite.h"

#include <stdlib.h>

static struct route_settings given;
static struct route route;
static struct arena arena;

static void set_up(void)
{
    route = (struct route){.max_body = 10000, .parts = route_settings_clear(&given)};
    given.content.json = (struct json_settings){.depth = 10};
    arena_init(&arena, 100000);
}

static void tear_down(void)
{
    arena_finish(&arena);
}

enum { HEADERS_MAX = 16 };

/* `head`: "Name: value|Name: value". */
static struct verdict check(struct request *request, int kind, const char *head, const char *body)
{
    const struct content_wanted wanted = {.kind = kind};
    struct header *headers = arena_alloc_array(&arena, HEADERS_MAX, sizeof *headers);
    struct bytes rest = bytes_of_text(head);
    *request = (struct request){.arena = &arena, .route = &route, .headers = headers};
    while (rest.length > 0) {
        struct bytes value = bytes_split(&rest, '|'), name = bytes_split(&value, ':');
        headers[request->header_count++] = (struct header){name, bytes_trim(value)};
    }
    request->body = bytes_of_text(body);
    return content_check(request, &wanted);
}

#define REQUIRED "ce-specversion: 1.0|ce-id: 1|ce-source: /s|ce-type: t"
#define MADE "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\""
#define JSON "|Content-Type: application/json"
#define STRUCTURED "Content-Type: application/cloudevents+json"

START_TEST(an_event_in_binary_mode_is_its_json)
{
    static const char *const rows[][3] = {
        {REQUIRED, "", MADE "}"},
        {"CE-SpecVersion: 1.0|Ce-Id: 1|CE-source: /s|cE-TYPE: t", "", MADE "}"},
        {REQUIRED JSON, " {\"a\": 1} ",
         MADE ",\"datacontenttype\":\"application/json\",\"data\": {\"a\": 1} }"},
        {REQUIRED "|Content-Type: text/plain", "a\"b",
         MADE ",\"datacontenttype\":\"text/plain\",\"data\":\"a\\\"b\"}"},
        {REQUIRED "|Content-Type: text/plain; charset=latin1", "a",
         MADE ",\"datacontenttype\":\"text/plain; charset=latin1\",\"data_base64\":\"YQ==\"}"},
        {REQUIRED "|Content-Type: image/svg+xml", "<a/>",
         MADE ",\"datacontenttype\":\"image/svg+xml\",\"data\":\"<a/>\"}"},
        {REQUIRED "|Content-Type: text/plain", "\xff",
         MADE ",\"datacontenttype\":\"text/plain\",\"data_base64\":\"/w==\"}"},
        {REQUIRED, "{}", MADE ",\"data_base64\":\"e30=\"}"},
        {REQUIRED
         "|ce-subject: a%20%C3%A4%2541|ce-time: \"2026-01-01T00:00:00Z\"|ce-x1: \"a\\\"b\"",
         "", MADE ",\"subject\":\"a ä%41\",\"time\":\"2026-01-01T00:00:00Z\",\"x1\":\"a\\\"b\"}"},
        {REQUIRED "|ce-subject: Zo\xeb|ce-x: %ff", "", MADE ",\"subject\":\"Zoë\",\"x\":\"ÿ\"}"},
        {REQUIRED "|ce-a: 100%|ce-b: %4|ce-c: %zz", "",
         MADE ",\"a\":\"100%\",\"b\":\"%4\",\"c\":\"%zz\"}"},
        {REQUIRED "|ce-data: x|ce-datacontenttype: y|ce-my-own: z|ce-: w", "", MADE "}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request request;
        struct verdict verdict = check(&request, CONTENT_CLOUDEVENTS, rows[i][0], rows[i][1]);
        ck_assert_msg(verdict.reply == REPLY_NONE, "%zu: %s", i, verdict.reason);
        ck_assert_msg(bytes_equal_text(request.payload, rows[i][2]), "%zu: %.*s", i,
                      (int)request.payload.length, request.payload.data);
        ck_assert(request.payload_is_made && request.payload_has_head && request.json);
        ck_assert(!content_body_is_json(&request));
        content_release(&request);
        ck_assert(!request.payload_is_made && !request.made.data && !request.json);
    }
}
END_TEST

START_TEST(an_event_in_structured_mode_is_the_body)
{
    static const char body[] =
        "{\"type\": \"t\", \"id\": \"1\", \"source\": \"/s\", \"specversion\": \"1.0\","
        " \"time\": null, \"data\": [1]}";
    struct request request;
    ck_assert_int_eq(check(&request, CONTENT_CLOUDEVENTS, STRUCTURED "; charset=UTF-8", body).reply,
                     REPLY_NONE);
    ck_assert(bytes_equal_text(request.payload, body) && content_body_is_json(&request));
    content_release(&request);
}
END_TEST

START_TEST(what_is_no_event_is_refused)
{
    static const struct {
        const char *head, *body;
        enum reply reply;
        const char *reason;
    } rows[] = {
        {"", "{}", REPLY_BAD_CONTENT, "\"specversion\" of the CloudEvent is missing"},
        {"ce-specversion: 1.0|ce-id: 1|ce-type: t", "", REPLY_BAD_CONTENT,
         "\"source\" of the CloudEvent is missing"},
        {"ce-specversion: 0.3|ce-id: 1|ce-type: t", "", REPLY_BAD_CONTENT,
         "\"specversion\" of the CloudEvent is not \"1.0\""},
        {REQUIRED "|ce-time:", "", REPLY_BAD_CONTENT, "\"time\" of the CloudEvent is not a text"},
        {REQUIRED "|ce-ID: 1", "", REPLY_BAD_CONTENT,
         "\"id\" of the CloudEvent comes more than once"},
        {REQUIRED JSON, "{", REPLY_BAD_CONTENT, "not JSON at byte 1"},
        {REQUIRED JSON, "[[[[[[[[[[]]]]]]]]]]", REPLY_BAD_CONTENT,
         "the JSON that is made of the body: JSON nested deeper than 10"},
        {STRUCTURED, "[]", REPLY_BAD_CONTENT, "\"specversion\" of the CloudEvent is missing"},
        {STRUCTURED, "{\"specversion\": \"1.0\", \"id\": 1}", REPLY_BAD_CONTENT,
         "\"id\" of the CloudEvent is not a text"},
        {STRUCTURED, "{\"specversion\": \"1.0\", \"id\": \"\"}", REPLY_BAD_CONTENT,
         "\"id\" of the CloudEvent is not a text"},
        {STRUCTURED, MADE ",\"data\":1,\"data_base64\":\"\"}", REPLY_BAD_CONTENT,
         "\"data_base64\" of the CloudEvent stands beside \"data\""},
        {STRUCTURED, "{", REPLY_BAD_CONTENT, "not JSON at byte 1"},
        {"Content-Type: application/cloudevents-batch+json", "[]", REPLY_MEDIA_TYPE,
         "a batch of CloudEvents"},
        {"Content-Type: application/cloudevents+protobuf", "", REPLY_MEDIA_TYPE, "only JSON"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request request;
        struct verdict verdict = check(&request, CONTENT_CLOUDEVENTS, rows[i].head, rows[i].body);
        ck_assert_int_eq(verdict.reply, rows[i].reply);
        ck_assert_msg(strstr(verdict.reason, rows[i].reason) != NULL, "%zu: %s", i, verdict.reason);
        content_release(&request);
    }
}
END_TEST

#define TYPE(type) "Content-Type: " type

START_TEST(xml_is_read_by_its_media_type)
{
    static const struct {
        int kind;
        const char *head, *body;
        enum reply reply;
        const char *payload; /* or what the reason has */
    } rows[] = {
        {CONTENT_XML, TYPE("text/xml"), "<a/>", REPLY_NONE, "{\"a\":\"\"}"},
        {CONTENT_XML, TYPE("Application/XML; charset=\"UTF-8\""), "<a/>", REPLY_NONE,
         "{\"a\":\"\"}"},
        {CONTENT_XML, TYPE("application/soap+xml"), "<a/>", REPLY_NONE, "{\"a\":\"\"}"},
        {CONTENT_AUTO, TYPE("text/xml"), "<a/>", REPLY_NONE, "{\"a\":\"\"}"},
        {CONTENT_AUTO, TYPE("text/xml"), "<a>", REPLY_BAD_CONTENT, "at byte 3: no element found"},
        {CONTENT_AUTO, TYPE("text/plain"), "<a>", REPLY_NONE, ""},
        {CONTENT_XML, TYPE("text/xml; charset=koi8-r"), "<a/>", REPLY_MEDIA_TYPE, "charset"},
        {CONTENT_XML, TYPE("text/xml; charset=utf-8; charset=utf-8"), "<a/>", REPLY_MEDIA_TYPE,
         "charset"},
        {CONTENT_XML, TYPE("application/json"), "{}", REPLY_MEDIA_TYPE, "not that of XML"},
        {CONTENT_XML, TYPE("+xml"), "<a/>", REPLY_MEDIA_TYPE, "not that of XML"},
        {CONTENT_XML, "", "<a/>", REPLY_MEDIA_TYPE, "missing"},
        {CONTENT_XML, TYPE("text/xml"),
         "<a><b><c><d><e><f><g><h><i><j><k/></j></i></h></g></f></e>"
         "</d></c></b></a>",
         REPLY_BAD_CONTENT, "XML nested deeper than 10 elements, the limit json.depth"},
        {CONTENT_XML, TYPE("text/xml"),
         "<a><b><c><d><e><f><f/><f/></f></e></d></c></b><b><c><d>"
         "<d><d><d><d><d><d/></d></d></d></d></d></d></c></b></a>",
         REPLY_BAD_CONTENT, "the JSON that is made of the body: JSON nested deeper than 10"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request request;
        struct verdict verdict = check(&request, rows[i].kind, rows[i].head, rows[i].body);
        ck_assert_msg(verdict.reply == rows[i].reply, "%zu: %s", i, verdict.reason);
        if (verdict.reply == REPLY_NONE)
            ck_assert(bytes_equal_text(request.payload, rows[i].payload));
        else
            ck_assert_msg(strstr(verdict.reason, rows[i].payload) != NULL, "%s", verdict.reason);
        content_release(&request);
    }
}
END_TEST

START_TEST(a_stored_payload_is_taken_as_it_was_made)
{
    static const char made[] = "{\"a\":\"as it was then\"}";
    const struct content_wanted xml = {.kind = CONTENT_XML}, json = {.kind = CONTENT_JSON};
    struct request request = {
        .arena = &arena, .route = &route, .body = bytes_of_text("<a>other</a>")};
    ck_assert_int_eq(content_check_stored(&request, &xml, bytes_of_text(made)).reply, REPLY_NONE);
    ck_assert(bytes_equal_text(request.payload, made) && request.payload_is_made && request.json);
    content_release(&request);
    ck_assert_int_eq(content_check_stored(&request, &json, bytes_of_text(made)).reply,
                     REPLY_MEDIA_TYPE);
    ck_assert_int_eq(content_check_stored(&request, &xml, bytes_of(NULL, 0)).reply,
                     REPLY_MEDIA_TYPE);
    content_release(&request);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("content_made");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, an_event_in_binary_mode_is_its_json);
    tcase_add_test(all, an_event_in_structured_mode_is_the_body);
    tcase_add_test(all, what_is_no_event_is_refused);
    tcase_add_test(all, xml_is_read_by_its_media_type);
    tcase_add_test(all, a_stored_payload_is_taken_as_it_was_made);
    suite_add_tcase(suite, all);
    return suite;
}
