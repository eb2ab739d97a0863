/* What a body has to be, and where in it the payload is: all of it, or a field of a form. */
#include "handlers/content/form.h"
#include "route_settings.h"
#include "tests/unit/suite.h"

static struct route_settings given;
static struct route route;
static struct arena arena;

static void set_up(void)
{
    route = (struct route){.max_body = 10000, .parts = route_settings_clear(&given)};
    given.content.json = (struct json_settings){.depth = 128};
    given.content.multipart =
        (struct multipart_settings){.parts = 3, .file = 10, .field = 10, .name = 10};
    arena_init(&arena, 100000);
}

static void tear_down(void)
{
    arena_finish(&arena);
}

static const struct content_wanted form = {.kind = CONTENT_FORM};
static const struct content_wanted json = {.kind = CONTENT_JSON};
static const struct content_wanted known = {.kind = CONTENT_JSON_OR_FORM, .json_field = "payload"};
static const struct content_wanted needed = {
    .kind = CONTENT_AUTO, .json_field = "payload", .needs_field = true};

static struct verdict check(struct request *request, const struct content_wanted *wanted,
                            const char *type, const char *body)
{
    struct header *header = arena_alloc(&arena, sizeof *header);
    *header = (struct header){bytes_of_text("Content-Type"), bytes_of_text(type)};
    *request = (struct request){.arena = &arena,
                                .route = &route,
                                .headers = header,
                                .header_count = 1,
                                .body = bytes_of_text(body)};
    return content_check(request, wanted);
}

static const struct content_wanted parts = {.kind = CONTENT_MULTIPART, .json_field = "payload"};

#define FORM "application/x-www-form-urlencoded"
#define MULTIPART "multipart/form-data; boundary=x"
#define PART(parameters, text)                                                                     \
    "--x\r\nContent-Disposition: form-data; " parameters "\r\n\r\n" text "\r\n"
#define END "--x--"

START_TEST(the_payload_is_where_the_sender_puts_it)
{
    static const struct {
        const struct content_wanted *wanted;
        const char *type, *body, *payload;
        bool in_field;
    } rows[] = {
        {&json, "application/json", " {\"a\":1} ", " {\"a\":1} ", false},
        {&form, FORM, "payload=%7B%7D", NULL, false},
        {&known, FORM, "a=1&pay%6coad=%7B%22a%22%3A+%22%25%22%7D&b", "{\"a\": \"%\"}", true},
        {&known, FORM, "command=%2Fx", NULL, false},
        {&known, "application/json", "{\"payload\":1}", "{\"payload\":1}", false},
        {&needed, FORM, "payload=1", "1", true},
        {&needed, "application/json", "2", "2", false},
        {&needed, "text/plain", "payload=1", NULL, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request request;
        struct bytes stored;
        uint8_t room[100];
        struct verdict verdict = check(&request, rows[i].wanted, rows[i].type, rows[i].body);
        ck_assert_msg(verdict.reply == REPLY_NONE, "%zu: %s", i, verdict.reason);
        ck_assert_int_eq(request.json != NULL, rows[i].payload != NULL);
        ck_assert(bytes_equal_text(request.payload, rows[i].payload ? rows[i].payload : ""));
        ck_assert(bytes_equal_text(request.json_field, rows[i].in_field ? "payload" : ""));
        bool has = content_stored_payload(request.body, request.json && !rows[i].in_field,
                                          request.json_field, room, &stored);
        ck_assert_int_eq(has, rows[i].payload != NULL);
        ck_assert(!has || bytes_equal(stored, request.payload));
        content_release(&request);
        ck_assert(!request.form && !(rows[i].in_field && (request.json || request.payload.data)));
    }
}
END_TEST

START_TEST(a_multipart_form_has_its_payload_in_a_field_or_a_file)
{
    static const char *const rows[][2] = {
        {PART("name=a", "1") END, NULL},
        {PART("name=payload", "[1]") END, "[1]"},
        {PART("name=payload; filename=p", "[2]") END, "[2]"},
        {PART("name=payload; filename=p\r\nContent-Type: a/b+json", "[3]") END, "[3]"},
        {PART("name=payload; filename=p\r\nContent-Type: a/b", "[4]") END, NULL},
        {PART("name=payload; filename=p\r\nContent-Type: a/b", "[4]") PART("name=payload", "5") END,
         "5"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request request;
        struct bytes stored;
        struct form again;
        struct verdict verdict = check(&request, &parts, MULTIPART, rows[i][0]);
        ck_assert_msg(verdict.reply == REPLY_NONE, "%zu: %s", i, verdict.reason);
        ck_assert_int_eq(request.json != NULL, rows[i][1] != NULL);
        ck_assert(bytes_equal_text(request.payload, rows[i][1] ? rows[i][1] : ""));
        ck_assert(content_read_form(bytes_of_text(MULTIPART), request.body, &again));
        bool has = content_form_payload(&again, request.json_field, &stored);
        ck_assert(has == (rows[i][1] != NULL) && (!has || bytes_equal(stored, request.payload)));
        form_finish(&again);
        content_release(&request);
    }
}
END_TEST

START_TEST(a_multipart_form_is_taken_where_it_is_wanted)
{
    static const struct {
        int kind;
        const char *type, *body;
        enum reply reply;
    } rows[] = {
        {CONTENT_MULTIPART, MULTIPART, END, REPLY_NONE},
        {CONTENT_MULTIPART, FORM, "a=1", REPLY_NONE},
        {CONTENT_MULTIPART, "", "", REPLY_NONE},
        {CONTENT_MULTIPART, MULTIPART, "", REPLY_BAD_CONTENT},
        {CONTENT_MULTIPART, "multipart/mixed; boundary=x", END, REPLY_MEDIA_TYPE},
        {CONTENT_MULTIPART, "application/json", "{}", REPLY_MEDIA_TYPE},
        {CONTENT_MULTIPART, MULTIPART, PART("name=a", "12345678901") END, REPLY_TOO_LARGE},
        {CONTENT_AUTO, MULTIPART, END, REPLY_NONE},
        {CONTENT_AUTO, MULTIPART, "--x", REPLY_BAD_CONTENT},
        {CONTENT_AUTO, MULTIPART, "", REPLY_NONE},
        {CONTENT_FORM, MULTIPART, END, REPLY_MEDIA_TYPE},
        {CONTENT_FORM, MULTIPART, "", REPLY_NONE},
        {CONTENT_JSON_OR_FORM, MULTIPART, END, REPLY_MEDIA_TYPE},
        {CONTENT_RAW, MULTIPART, "--x", REPLY_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request request;
        const struct content_wanted wanted = {.kind = rows[i].kind};
        struct verdict verdict = check(&request, &wanted, rows[i].type, rows[i].body);
        ck_assert_msg(verdict.reply == rows[i].reply, "%zu: %d %s", i, verdict.reply,
                      verdict.reason);
        content_release(&request);
    }
}
END_TEST

START_TEST(a_field_without_json_is_refused)
{
    static const char *const rows[][2] = {
        {"", "the field \"payload\" of the form is missing"},
        {"other=%7B%7D", "the field \"payload\" of the form is missing"},
        {"payload=1&payload=1", "the field \"payload\" of the form comes more than once"},
        {"payload=", "the field \"payload\" of the form is not JSON at byte 0"},
        {"payload=%7B%22a%22", "the field \"payload\" of the form is not JSON at byte 4"},
        {"payload=[[[]]]", "the field \"payload\" of the form is JSON nested deeper than 2"},
        {"payload=%EF%BB%BF1",
         "the field \"payload\" of the form is JSON behind a byte order mark"},
    };
    given.content.json.depth = 2;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request request;
        const struct content_wanted wanted = {
            .kind = CONTENT_FORM, .json_field = "payload", .needs_field = true};
        struct verdict verdict = check(&request, &wanted, FORM, rows[i][0]);
        ck_assert_int_eq(verdict.reply, REPLY_BAD_CONTENT);
        ck_assert_str_eq(verdict.message, verdict.reason);
        ck_assert_msg(strncmp(verdict.message, rows[i][1], strlen(rows[i][1])) == 0, "%s",
                      verdict.message);
        content_release(&request);
    }
}
END_TEST

START_TEST(a_byte_order_mark_is_refused_or_taken_off)
{
    static const char body[] = "\xef\xbb\xbf{\"a\":1}";
    struct request request;
    struct bytes stored;
    struct verdict verdict = check(&request, &json, "application/json", body);
    ck_assert_int_eq(verdict.reply, REPLY_BAD_CONTENT);
    ck_assert_ptr_nonnull(strstr(verdict.message, "json: {bom: accept}"));
    given.content.json.bom = JSON_BOM_ACCEPT;
    ck_assert_int_eq(check(&request, &json, "application/json", body).reply, REPLY_NONE);
    ck_assert(bytes_equal_text(request.payload, "{\"a\":1}"));
    ck_assert(content_stored_payload(request.body, true, bytes_of(NULL, 0), NULL, &stored));
    ck_assert(bytes_equal(stored, request.payload));
    ck_assert_int_eq(check(&request, &known, FORM, "payload=%EF%BB%BF1").reply, REPLY_NONE);
    ck_assert(bytes_equal_text(request.payload, "1"));
    content_release(&request);
    /* one mark, and only before the JSON */
    ck_assert_int_eq(check(&request, &json, "application/json", "\xef\xbb\xbf\xef\xbb\xbf{}").reply,
                     REPLY_BAD_CONTENT);
    ck_assert_int_eq(check(&request, &json, "application/json", "{}\xef\xbb\xbf").reply,
                     REPLY_BAD_CONTENT);
    ck_assert_int_eq(check(&request, &json, "application/json", "\xef\xbb\xbf").reply,
                     REPLY_BAD_CONTENT);
}
END_TEST

START_TEST(a_field_is_found_in_the_text_of_a_form)
{
    static const struct {
        const char *text, *value;
    } rows[] = {
        {"p=1", "1"},       {"a=2&p=%20+&b", "  "}, {"%70=x", "x"},   {"p", ""},
        {"p=1&p=2", NULL},  {"q=1", NULL},          {"", NULL},       {"p=%zz", NULL},
        {"%zz=1&p=3", "3"}, {"pp=1&p=4&=5", "4"},   {"p=a=b", "a=b"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t room[100];
        struct bytes value;
        bool found =
            form_decode_field(bytes_of_text(rows[i].text), bytes_of_text("p"), room, &value);
        ck_assert_msg(found == (rows[i].value != NULL), "%s", rows[i].text);
        ck_assert(!found || bytes_equal_text(value, rows[i].value));
    }
}
END_TEST

START_TEST(a_form_as_json_has_each_name_once)
{
    static const char *const rows[][2] = {
        {"", "{}"},
        {"a=1", "{\"a\":\"1\"}"},
        {"a=1&b=2&a=3&a=", "{\"a\":[\"1\",\"3\",\"\"],\"b\":\"2\"}"},
        {"%ff=1&%fe=2&%00=3&a%00=4&c=%22%0a%ff", "{\"c\":\"\\\"\\n\357\277\275\"}"},
        {"=1&", "{\"\":\"1\"}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct form fields;
        struct buffer out;
        buffer_init(&out, 1000);
        ck_assert(form_decode(bytes_of_text(rows[i][0]), &fields));
        ck_assert(form_append_json(&out, fields.fields, fields.count));
        ck_assert_msg(bytes_equal_text(buffer_bytes(&out), rows[i][1]), "%s", rows[i][0]);
        size_t length = out.length;
        buffer_finish(&out);
        for (size_t limit = 0; limit < length; limit++) {
            buffer_init(&out, limit);
            ck_assert(!form_append_json(&out, fields.fields, fields.count));
            buffer_finish(&out);
        }
        form_finish(&fields);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("content");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, the_payload_is_where_the_sender_puts_it);
    tcase_add_test(all, a_multipart_form_has_its_payload_in_a_field_or_a_file);
    tcase_add_test(all, a_multipart_form_is_taken_where_it_is_wanted);
    tcase_add_test(all, a_field_without_json_is_refused);
    tcase_add_test(all, a_byte_order_mark_is_refused_or_taken_off);
    tcase_add_test(all, a_field_is_found_in_the_text_of_a_form);
    tcase_add_test(all, a_form_as_json_has_each_name_once);
    suite_add_tcase(suite, all);
    return suite;
}
