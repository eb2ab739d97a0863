/* What people copy from a page is read line by line, and JSON is laid out as senders do. */
#include "server/capture/paste.h"

#include "base/arena.h"
#include "server/capture/json_layout.h"
#include "tests/unit/suite.h"

#include <string.h>

#define HEAD "Request URL: https://example.org/hook\n"

static bool read_text(const char *text, struct arena *arena, struct paste *paste, struct error *err)
{
    arena_init(arena, 1 << 20);
    return paste_read(bytes_of_text(text), arena, paste, err);
}

static void expect_paste(const char *text, const char *url, const char *header, const char *payload)
{
    struct arena arena;
    struct paste paste;
    struct error err = {0};
    ck_assert_msg(read_text(text, &arena, &paste, &err), "%s: %s", text, err.text);
    ck_assert_msg(bytes_equal_text(paste.url, url), "%s", text);
    ck_assert_msg(bytes_equal_text(paste.payload, payload), "%s: %.*s", text,
                  (int)paste.payload.length, paste.payload.data);
    ck_assert_uint_eq(paste.header_count, header ? 1 : 0);
    if (header)
        ck_assert_msg(bytes_equal_text(paste.headers[0].value, header), "%s", text);
    arena_finish(&arena);
}

START_TEST(pages_are_read)
{
    static const struct {
        const char *text, *url, *header, *payload;
    } rows[] = {
        {HEAD "X-A: b\n{\"n\":1}\n", "https://example.org/hook", "b", "{\"n\":1}"},
        {"\xEF\xBB\xBFHeaders\r\n\r\n" HEAD "X-A: b c \r\nPayload\r\n\r\n{\r\n  \"n\":1\r\n}\r\n",
         "https://example.org/hook", "b c", "{\n  \"n\":1\n}"},
        {"**Headers**\n```\n" HEAD "Expect: \nX-A: b\n```\n**Payload:**\n```json\n[1]\n```\n",
         "https://example.org/hook", "b", "[1]"},
        {"   POST https://example.org/hook \n \tX-A:b\n", "https://example.org/hook", "b", ""},
        {"https://example.org/hook\nX-A\tb\nPayload: {\n}", "https://example.org/hook", "b",
         "{\n}"},
        {"Response 401\nCompleted in 0.4 seconds.\nurl: /hook\nBody\na=1&b=2\n", "/hook", NULL,
         "a=1&b=2"},
        {HEAD "Content-Length: 99\nConnection: close\nBody\nx: y\n", "https://example.org/hook",
         NULL, "x: y"},
        /* hard blanks indent; in a string they are the sender's */
        {HEAD "{\xC2\xA0\"a\":\"\\\"\xC2\xA0\"}", "https://example.org/hook", NULL,
         "{ \"a\":\"\\\"\xC2\xA0\"}"},
        {HEAD "{\xE2\x80\x9Cn\xE2\x80\x9D:\xC2\xA0\"x\"}", "https://example.org/hook", NULL,
         "{\"n\": \"x\"}"},
        /* typographic quotes in a string that is JSON stay */
        {HEAD "{\"n\":\"\xE2\x80\x9Cx\"}", "https://example.org/hook", NULL,
         "{\"n\":\"\xE2\x80\x9Cx\"}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_paste(rows[i].text, rows[i].url, rows[i].header, rows[i].payload);
}
END_TEST

static void expect_refusal(const char *text, const char *wanted)
{
    struct arena arena;
    struct paste paste;
    struct error err = {0};
    ck_assert(!read_text(text, &arena, &paste, &err));
    ck_assert_msg(strstr(err.text, wanted) != NULL, "%s", err.text);
    arena_finish(&arena);
}

START_TEST(what_is_unknown_is_named_with_its_line)
{
    static char many[200 * 8], long_one[2 * PASTE_LINES_MAX];
    for (size_t at = 0; at + 7 < sizeof many; at += 7)
        memcpy(many + at, "X-A: b\n", 8);
    memset(long_one, '\n', sizeof long_one - 1);
    expect_refusal("", "Request URL: https://HOST/PATH");
    expect_refusal("X-A: b\n{}", "Request URL: https://HOST/PATH");
    expect_refusal(HEAD "what is this\n", "line 2 is no");
    expect_refusal(HEAD "X A: b\n", "line 2 is no");
    expect_refusal(many, "too many headers");
    expect_refusal(long_one, "in its first 400 lines");
}
END_TEST

START_TEST(json_is_laid_out_as_senders_do)
{
    static const char given[] =
        "{ \"a\" : [ 1.50 , {} ,[ ] ],\n\"b\":\"/<\\/\xC3\xA9\xF0\x9F\x98\x80"
        "\xE2\x80\xA8\" }\r\n";
    static const char *const wanted[JSON_LAYOUTS] = {
        "{\"a\":[1.50,{},[]],\"b\":\"/<\\/\xC3\xA9\xF0\x9F\x98\x80\xE2\x80\xA8\"}",
        "{\"a\":[1.50,{},[]],\"b\":\"/\\u003c\\/\xC3\xA9\xF0\x9F\x98\x80\\u2028\"}",
        "{\"a\":[1.50,{},[]],\"b\":\"/<\\/\\u00e9\\ud83d\\ude00\\u2028\"}",
        "{\"a\":[1.50,{},[]],\"b\":\"\\/<\\/\\u00e9\\ud83d\\ude00\\u2028\"}",
        "{\n  \"a\": [\n    1.50,\n    {},\n    []\n  ],\n  \"b\": "
        "\"/<\\/\xC3\xA9\xF0\x9F\x98\x80\xE2\x80\xA8\"\n}",
        "{\"a\": [1.50, {}, []], \"b\": \"/<\\/\xC3\xA9\xF0\x9F\x98\x80\xE2\x80\xA8\"}",
        "{\"a\": [1.50, {}, []], \"b\": \"/<\\/\\u00e9\\ud83d\\ude00\\u2028\"}",
        "{\n    \"a\": [\n        1.50,\n        {},\n        []\n    ],\n    \"b\": "
        "\"/<\\/\xC3\xA9\xF0\x9F\x98\x80\xE2\x80\xA8\"\n}",
        "{\n  \"a\": [\n    1.50,\n    {},\n    []\n  ],\n  \"b\": "
        "\"/<\\/\\u00e9\\ud83d\\ude00\\u2028\"\n}"};
    for (size_t i = 0; i < JSON_LAYOUTS; i++) {
        struct buffer out;
        buffer_init(&out, 4096);
        ck_assert(json_layout_append(&out, bytes_of_text(given), &json_layouts[i]));
        ck_assert_msg(bytes_equal_text(buffer_bytes(&out), wanted[i]), "%zu: %.*s", i,
                      (int)out.length, out.data);
        buffer_finish(&out);
        buffer_init(&out, strlen(wanted[i]) - 1);
        ck_assert(!json_layout_append(&out, bytes_of_text(given), &json_layouts[i]));
        buffer_finish(&out);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("paste");
    TCase *all = tcase_create("all");
    tcase_add_test(all, pages_are_read);
    tcase_add_test(all, what_is_unknown_is_named_with_its_line);
    tcase_add_test(all, json_is_laid_out_as_senders_do);
    suite_add_tcase(suite, all);
    return suite;
}
