/* The envelope is one line of JSON, and the payload in it is the sender's, value by value. */
#include "action_rig.h"

#include "base/json_text.h"
#include "handlers/action/envelope.h"
#include "handlers/action/output_tail.h"
#include "handlers/content/form.h"
#include "handlers/content/json.h"
#include "tests/unit/suite.h"

#include <stdlib.h>

START_TEST(only_insignificant_space_goes)
{
    static const char *const rows[][2] = {
        {"{ \"a\" : [ 1 , 2.50e+3 ,\r\n\t-0 ] }", "{\"a\":[1,2.50e+3,-0]}"},
        {"\"a b\\\"  \\\\\" ", "\"a b\\\"  \\\\\""},
        {"  18446744073709551616 ", "18446744073709551616"},
        {"{\"\\u000a \" : \"\\n\\t \"}", "{\"\\u000a \":\"\\n\\t \"}"},
        {"", ""},
        {"\"open \\", "\"open \\"},
        {"\"open\\\" x", "\"open\\\" x"},
        {" ", ""},
        {" [ ]\n", "[]"},
        {"[\"\", \"\" ]", "[\"\",\"\"]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer out;
        buffer_init(&out, 1000);
        ck_assert(json_append_compact(&out, bytes_of_text(rows[i][0])));
        ck_assert_msg(bytes_equal_text(buffer_bytes(&out), rows[i][1]), "%s", rows[i][0]);
        buffer_finish(&out);
    }
}
END_TEST

/* Wherever in a word a quote or a backslash stands, behind whatever bytes. */
START_TEST(a_string_ends_at_its_quote)
{
    static const uint8_t fillings[] = {'a', ' ', '!', '#', '[', ']', 0x80, 0xa2, 0xdc, 0xff};
    uint8_t text[64];
    for (size_t f = 0; f < sizeof fillings; f++) {
        for (size_t end = 1; end < 40; end++) {
            for (size_t escape = 1; escape < end; escape++) {
                memset(text, fillings[f], sizeof text);
                text[0] = text[end] = '"';
                ck_assert_uint_eq(json_string_length(bytes_of(text, sizeof text)), end + 1);
                ck_assert_uint_eq(json_string_length(bytes_of(text, end + 1)), end + 1);
                text[escape] = '\\';
                size_t length = escape + 1 < end ? end + 1 : sizeof text;
                ck_assert_uint_eq(json_string_length(bytes_of(text, sizeof text)), length);
                ck_assert_uint_eq(json_string_length(bytes_of(text, end)), end);
            }
        }
    }
}
END_TEST

START_TEST(nothing_of_the_sender_breaks_the_line)
{
    static const uint8_t raw[] = {'a', '\n', 'b', 0, 0xff, 0};
    struct json_fault fault;
    struct buffer out;
    struct delivery delivery = rig_delivery("");
    delivery.body = bytes_of(raw, 6);
    delivery.body_is_json = false;
    delivery.headers = bytes_of(NULL, 0);
    rig_texts[RIG_ACTION] = "a\"";
    rig_texts[RIG_EVENT] = "push\n\"x";
    rig_texts[RIG_MESSAGE] = "\xff\x01";
    rig_texts[RIG_CONTENT_TYPE] = "text/plain\\";
    rig_texts[RIG_ATTEMPT] = "7";
    buffer_init(&out, 10000);
    ck_assert(envelope_append(&out, &delivery));
    ck_assert_msg(json_check(buffer_bytes(&out), &json_limits_default, NULL, &fault), "%s",
                  fault.reason);
    ck_assert_ptr_null(memchr(out.data, '\n', out.length));
    ck_assert(buffer_append(&out, "", 1));
    ck_assert_ptr_nonnull(strstr((char *)out.data, "\"body_base64\":\"YQpiAP8A\"}"));
    ck_assert_ptr_nonnull(strstr((char *)out.data, ",\"attempt\":7,"));
    ck_assert_ptr_nonnull(strstr((char *)out.data, ",\"headers\":{},"));
    buffer_finish(&out);
}
END_TEST

START_TEST(a_form_has_its_fields_and_its_bytes)
{
    static const char *const rows[][2] = {
        {"a=1&a=%0A&b=%22", ",\"form\":{\"a\":[\"1\",\"\\n\"],\"b\":\"\\\"\"},"
                            "\"body_base64\":\"YT0xJmE9JTBBJmI9JTIy\"}"},
        {"", ",\"form\":{},\"body_base64\":\"\"}"},
        {"a=%z", ",\"headers\":{\"X-A\":\"b\"},\"body_base64\":\"YT0leg==\"}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct delivery delivery = rig_delivery(rows[i][0]);
        struct buffer out;
        delivery.body_is_json = false;
        delivery.body_is_form = true;
        buffer_init(&out, 10000);
        ck_assert(envelope_append(&out, &delivery) && buffer_append(&out, "", 1));
        const char *found = strstr((char *)out.data, rows[i][1]);
        ck_assert_msg(found && strlen(found) == strlen(rows[i][1]), "%s", (char *)out.data);
        buffer_finish(&out);
    }
}
END_TEST

#define TEXT(text)                                                                                 \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
static const char mark[] = "\xef\xbb\xbf[1]";

START_TEST(a_multipart_form_has_its_fields_and_files)
{
    static const char file[] = "{\"name\":\"f\",\"filename\":\"a\\\"\357\277\275\","
                               "\"content_type\":\"\",\"size\":3";
    static const struct {
        const char *directory;
        bool has_payload;
        const char *behind, *end;
    } rows[] = {
        {NULL, false, ",\"form\":{\"a\":\"1\",\"p\":\"\357\273\277[1]\"},\"files\":[",
         "}],\"body_base64\":\"eA==\"}"},
        {"/d\"", false, ",\"form\":{\"a\":\"1\",\"p\":\"\357\273\277[1]\"},\"files\":[",
         ",\"path\":\"/d\\\"/1\"}]}"},
        {NULL, true, ",\"form\":{\"a\":\"1\"},\"files\":[", "}],\"payload\":[1]}"},
        {"/d", true, ",\"form\":{\"a\":\"1\"},\"files\":[",
         ",\"path\":\"/d/1\"}],\"payload\":[1]}"},
    };
    struct form_field fields[] = {{TEXT("a"), TEXT("1")}, {TEXT("p"), TEXT(mark)}};
    struct form_file files[] = {{TEXT("f"), TEXT("a\"\xff"), {NULL, 0}, TEXT("abc")}};
    const struct form parts = {.fields = fields, .count = 2, .files = files, .file_count = 1};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct delivery delivery = rig_delivery("x");
        char wanted[500];
        struct buffer out;
        delivery.parts = &parts;
        delivery.body_is_json = rows[i].has_payload;
        if (rows[i].has_payload)
            delivery.body = bytes_of_text(mark + 3);
        snprintf(wanted, sizeof wanted, "%s%s%s", rows[i].behind, file, rows[i].end);
        buffer_init(&out, 10000);
        ck_assert(envelope_append_files(&out, &delivery, rows[i].directory) &&
                  buffer_append(&out, "", 1));
        const char *found = strstr((char *)out.data, ",\"form\":");
        ck_assert_msg(found && strcmp(found, wanted) == 0, "%s\n%s", found, wanted);
        size_t length = out.length - 1;
        buffer_finish(&out);
        for (size_t limit = 0; limit < length; limit++) {
            buffer_init(&out, limit);
            ck_assert(!envelope_append_files(&out, &delivery, rows[i].directory));
            buffer_finish(&out);
        }
    }
}
END_TEST

START_TEST(a_buffer_that_is_full_says_so)
{
    struct delivery delivery = rig_delivery("{}");
    struct buffer out;
    buffer_init(&out, 10000);
    ck_assert(envelope_append(&out, &delivery));
    size_t length = out.length;
    buffer_finish(&out);
    for (size_t limit = 0; limit < length; limit++) {
        buffer_init(&out, limit);
        ck_assert(!envelope_append(&out, &delivery));
        buffer_finish(&out);
    }
}
END_TEST

START_TEST(a_tail_keeps_the_last_bytes)
{
    for (size_t size = 0; size < 20; size++) {
        for (size_t step = 1; step < 50; step++) {
            uint8_t data[200];
            struct tail tail;
            tail_init(&tail, size);
            for (size_t i = 0; i < sizeof data; i++)
                data[i] = (uint8_t)i;
            for (size_t at = 0; at < sizeof data; at += step) {
                size_t length = at + step < sizeof data ? step : sizeof data - at;
                tail_add(&tail, bytes_of(data + at, length));
                if (at % 3 == 0) { /* looking changes nothing */
                    size_t kept = at + length < size ? at + length : size;
                    ck_assert(
                        bytes_equal(tail_bytes(&tail), bytes_of(data + at + length - kept, kept)));
                }
            }
            ck_assert_uint_eq(tail.total, sizeof data);
            ck_assert(bytes_equal(tail_bytes(&tail), bytes_of(data + sizeof data - size, size)));
            tail_finish(&tail);
        }
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("envelope");
    TCase *all = tcase_create("all");
    tcase_add_test(all, only_insignificant_space_goes);
    tcase_add_test(all, a_string_ends_at_its_quote);
    tcase_add_test(all, nothing_of_the_sender_breaks_the_line);
    tcase_add_test(all, a_form_has_its_fields_and_its_bytes);
    tcase_add_test(all, a_multipart_form_has_its_fields_and_files);
    tcase_add_test(all, a_buffer_that_is_full_says_so);
    tcase_add_test(all, a_tail_keeps_the_last_bytes);
    suite_add_tcase(suite, all);
    return suite;
}
