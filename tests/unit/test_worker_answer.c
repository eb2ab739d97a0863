/* What a worker writes: its answers, and the lines that they are read from. */
#include "handlers/action/line_reader.h"
#include "handlers/action/worker_answer.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static struct worker_answer read_right(const char *line)
{
    struct worker_answer answer;
    const char *wrong = worker_answer_read(bytes_of_text(line), &answer);
    ck_assert_msg(!wrong, "%s: %s", line, wrong);
    return answer;
}

START_TEST(answers_are_read)
{
    struct worker_answer answer = read_right("{\"id\":\"a-1\",\"ok\":true}");
    ck_assert_int_eq(answer.verdict, WORKER_OK);
    ck_assert(bytes_equal_text(answer.id, "a-1"));
    answer = read_right(" { \"note\": [1, {\"ok\": false}], \"ok\" : true , \"id\" : \"x\" }\r");
    ck_assert_int_eq(answer.verdict, WORKER_OK);
    ck_assert(bytes_equal_text(answer.id, "x"));
    answer = read_right("{\"id\":\"x\",\"retry_after\":30}");
    ck_assert_int_eq(answer.verdict, WORKER_RETRY);
    ck_assert_int_eq(answer.retry_ms, 30000);
    ck_assert_int_eq(read_right("{\"id\":\"x\",\"retry_after\":0.25}").retry_ms, 250);
    ck_assert_int_eq(read_right("{\"id\":\"x\",\"retry_after\":0}").retry_ms, 100);
    ck_assert_int_eq(read_right("{\"id\":\"x\",\"retry_after\":1e400}").retry_ms, 3600 * 1000);
    ck_assert_int_eq(read_right("{\"id\":\"x\",\"retry_after\":86400}").retry_ms, 3600 * 1000);
    answer = read_right("{\"id\":\"x\",\"dead\":\"no such user\"}");
    ck_assert_int_eq(answer.verdict, WORKER_DEAD);
    ck_assert_str_eq(answer.reason, "no such user");
}
END_TEST

START_TEST(a_reason_is_one_clean_line_within_its_limit)
{
    char line[2000];
    ck_assert_str_eq(
        read_right("{\"id\":\"x\",\"dead\":\"a\\nb\\u001b[31m\\u0000\\u009bc\\u00e9\"}").reason,
        "a b [31m  c\xc3\xa9");
    ck_assert_str_eq(read_right("{\"id\":\"x\",\"dead\":\"\"}").reason,
                     "the worker gave no reason");
    snprintf(line, sizeof line, "{\"id\":\"x\",\"dead\":\"%0600d\"}", 0);
    for (char *zero = strchr(line, '0'); *zero == '0'; zero += 2)
        memcpy(zero, "\xc3\xa9", 2);
    ck_assert_uint_eq(strlen(read_right(line).reason), WORKER_REASON_SIZE - 2); /* no half of one */
}
END_TEST

START_TEST(what_is_no_answer_says_why)
{
    static const char *const rows[][2] = {
        {"", "it is not JSON"},
        {"hello", "it is not JSON"},
        {"{\"id\":\"x\",\"ok\":true", "it is not JSON"},
        {"{\"id\":\"x\",\"ok\":true}}", "it is not JSON"},
        {"{\"id\":\"x\",\"id\":\"y\",\"ok\":true}", "it is not JSON"},
        {"{\"id\":\"\xff\",\"ok\":true}", "it is not JSON"},
        {"[\"id\",\"x\"]", "it has no \"id\""},
        {"\"id\"", "it has no \"id\""},
        {"{}", "it has no \"id\""},
        {"{\"id\":7,\"ok\":true}", "it has no \"id\""},
        {"{\"x\":{\"id\":\"x\"},\"ok\":true}", "it has no \"id\""},
        {"{\"id\":\"x\"}", "it has none of"},
        {"{\"id\":\"x\",\"OK\":true}", "it has none of"},
        {"{\"id\":\"x\",\"ok\":false}", "\"ok\" is not true"},
        {"{\"id\":\"x\",\"ok\":\"true\"}", "\"ok\" is not true"},
        {"{\"id\":\"x\",\"ok\":true,\"dead\":\"no\"}", "it has more than one of"},
        {"{\"id\":\"x\",\"dead\":7,\"retry_after\":1}", "it has more than one of"},
        {"{\"id\":\"x\",\"retry_after\":-1}", "\"retry_after\" is not a number"},
        {"{\"id\":\"x\",\"retry_after\":\"1\"}", "\"retry_after\" is not a number"},
        {"{\"id\":\"x\",\"retry_after\":null}", "\"retry_after\" is not a number"},
        {"{\"id\":\"x\",\"dead\":true}", "\"dead\" is not a text"},
        {"{\"id\":\"x\",\"dead\":{}}", "\"dead\" is not a text"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct worker_answer answer;
        const char *wrong = worker_answer_read(bytes_of_text(rows[i][0]), &answer);
        ck_assert_msg(wrong && strncmp(wrong, rows[i][1], strlen(rows[i][1])) == 0, "%s: %s",
                      rows[i][0], wrong ? wrong : "was taken");
    }
}
END_TEST

/* ---- lines ---- */

static char told[512];
static unsigned left; /* lines that are wanted */

static bool take(void *context, struct bytes line, bool is_whole)
{
    size_t used = strlen(told);
    (void)context;
    snprintf(told + used, sizeof told - used, "%.*s%s", (int)line.length, (const char *)line.data,
             is_whole ? "|" : "!");
    return --left > 0;
}

/* In pieces of `size` bytes, with a limit of 5. */
static const char *lines_of(const char *text, size_t size)
{
    struct line_reader reader;
    struct bytes rest = bytes_of_text(text);
    bool goes_on = true;
    line_reader_init(&reader, 5);
    told[0] = '\0';
    while (goes_on && rest.length > 0) {
        struct bytes piece = bytes_of(rest.data, rest.length < size ? rest.length : size);
        goes_on = line_reader_feed(&reader, piece, take, NULL);
        rest = bytes_from(rest, piece.length);
    }
    if (goes_on)
        line_reader_end(&reader, take, NULL);
    line_reader_finish(&reader);
    return told;
}

START_TEST(lines_are_the_same_in_pieces_of_any_size)
{
    for (size_t size = 1; size < 20; size++) {
        left = 100;
        ck_assert_str_eq(lines_of("a\nbc\n\n12345\nlast", size), "a|bc||12345|last|");
        ck_assert_str_eq(lines_of("", size), "");
        ck_assert_str_eq(lines_of("\n", size), "|");
    }
}
END_TEST

START_TEST(a_line_that_is_too_long_is_told_once_and_cut)
{
    for (size_t size = 1; size < 20; size++) {
        left = 100;
        const char *lines = lines_of("1234567890\nab\n123456", size);
        ck_assert_msg(strcmp(lines, "12345!ab|12345!") == 0, "pieces of %zu: %s", size, lines);
    }
    left = 1;
    ck_assert_str_eq(lines_of("1234567890\nab\n", 20), "12345!");
    left = 2;
    ck_assert_str_eq(lines_of("a\nb\nc\n", 2), "a|b|");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("worker_answer");
    TCase *answers = tcase_create("answers"), *lines = tcase_create("lines");
    tcase_add_test(answers, answers_are_read);
    tcase_add_test(answers, a_reason_is_one_clean_line_within_its_limit);
    tcase_add_test(answers, what_is_no_answer_says_why);
    suite_add_tcase(suite, answers);
    tcase_add_test(lines, lines_are_the_same_in_pieces_of_any_size);
    tcase_add_test(lines, a_line_that_is_too_long_is_told_once_and_cut);
    suite_add_tcase(suite, lines);
    return suite;
}
