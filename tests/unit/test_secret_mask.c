/* No secret that an action was given is left in what is kept of its output, wherever it is cut. */
#include "handlers/action/secret_mask.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

#define NONE ((struct secret_mask){.next = NULL})

static struct secret_mask mask;

/* All of the texts are secrets, and the action is given `given`. */
static void learn(const char *const *texts, size_t count, const char *given)
{
    struct secret_list half[2] = {{NULL, 0}, {NULL, 0}}, *lists[] = {&half[0], &half[1]};
    struct secret_index index;
    for (size_t i = 0; i < count; i++)
        ck_assert(secret_list_add(&half[i % 2], bytes_of_text(texts[i])));
    ck_assert(secret_index_make(&index, lists, 2));
    ck_assert(secret_mask_learn(&mask, &index, bytes_of_text(given)));
    secret_index_finish(&index);
    secret_list_finish(&half[0]);
    secret_list_finish(&half[1]);
}

static void tear_down(void)
{
    secret_mask_finish(&mask);
}

static void assert_masked(const char *text, size_t before, const char *wanted)
{
    char *copy = strdup(text); /* of its exact size: a write past it is seen */
    ck_assert_ptr_nonnull(copy);
    size_t length = secret_mask_apply(&mask, (uint8_t *)copy, strlen(text), before);
    ck_assert_msg(length == strlen(wanted) && memcmp(copy, wanted, length) == 0,
                  "%s from %zu: \"%.*s\", not \"%s\"", text, before, (int)length, copy, wanted);
    free(copy);
}

START_TEST(a_cut_shows_no_beginning)
{
    static const char *const texts[] = {"correct horse", "abcdabcd"};
    static const struct {
        const char *text, *wanted;
    } cuts[] = {{"", ""},
                {"the correct hors", "the "},
                {"the correct horse", "the [secret]"},
                {"the correct horse c", "the [secret] "},
                {"abcdabcd", "[secret]"},
                {"abcdabc", ""},
                {"not a one", "not a one"}};
    learn(texts, 2, "correct horse abcdabcd");
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        uint8_t copy[32];
        size_t length = strlen(cuts[i].text);
        memcpy(copy, cuts[i].text, length);
        length = secret_mask_apply_cut(&mask, copy, length);
        ck_assert_msg(length == strlen(cuts[i].wanted) && memcmp(copy, cuts[i].wanted, length) == 0,
                      "%s: \"%.*s\"", cuts[i].text, (int)length, (char *)copy);
    }
}
END_TEST

START_TEST(lines_are_secrets_where_that_is_wanted)
{
    static const char *const texts[] = {"first line\nshort\nthe second", "the second"};
    learn(texts, 2, "first line\nshort\nthe second");
    assert_masked("a first line", 0, "a first line");
    ck_assert(secret_mask_learn_lines(&mask));
    ck_assert(secret_mask_learn_lines(&mask));
    ck_assert_uint_eq(mask.secrets.count, 3);
    assert_masked("a first line, short, the second", 0, "a [secret], short, [secret]");
    assert_masked(texts[0], 0, "[secret]");
}
END_TEST

START_TEST(what_is_given_is_learnt)
{
    static const char *const texts[] = {"correct horse", "shorter",      "not given",
                                        "correct horse", "correct hors", "correct house",
                                        "a-e-i-o-u",     "zzzzzzzz"};
    learn(texts, 8, "Bearer correct horse; shorter");
    learn(texts, 8, "correct horse");
    learn(texts, 8, NULL);
    learn(texts, 8, "zzzzzzz");
    ck_assert_uint_eq(mask.secrets.count, 2);
    ck_assert_uint_eq(mask.longest, strlen("correct horse"));
    assert_masked("the correct horse is shorter, and not given", 0,
                  "the [secret] is shorter, and not given");
    learn(texts, 8, "yzzzzzzzz");
    learn(texts, 8, "a-e-i-o-u");
    ck_assert_uint_eq(mask.secrets.count, 4);
    learn(texts, 0, "anything at all");
    ck_assert_uint_eq(mask.secrets.count, 4);
}
END_TEST

START_TEST(each_is_replaced)
{
    static const char *const texts[] = {"12345678", "abcdefghij", "ghijklmnop", "xyxyxyxyxy"};
    static const struct {
        const char *text;
        size_t before;
        const char *wanted;
    } rows[] = {
        {"", 0, ""},
        {"nothing 1234567", 0, "nothing 1234567"},
        {"12345678", 0, "[secret]"},
        {"1234567812345678", 0, "[secret][secret]"},
        {"a12345678b12345678c", 0, "a[secret]b[secret]c"},
        {"<abcdefghijklmnop>", 0, "<[secret]>"}, /* two that overlap */
        {"<xyxyxyxyxyxyxy>", 0, "<[secret]>"},   /* one, with itself */
        {"<xyxyxyxyxyxyx>", 0, "<[secret]x>"},
        {"some text", 5, "text"},
        {"some text", 9, ""},
        {"..12345678 end", 2, "[secret] end"},
        {"..12345678 end", 3, "[secret] end"}, /* cut in the middle: its whole mark */
        {"..12345678 end", 9, "[secret] end"},
        {"..12345678 end", 10, " end"},
        {"12345678 abcdefghij", 9, "[secret]"},
    };
    learn(texts, sizeof texts / sizeof *texts, "12345678abcdefghij ghijklmnop xyxyxyxyxy");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_masked(rows[i].text, rows[i].before, rows[i].wanted);
}
END_TEST

START_TEST(no_secrets_change_nothing)
{
    mask = NONE;
    assert_masked("12345678", 0, "12345678");
    assert_masked("12345678", 3, "45678");
    ck_assert_uint_eq(secret_mask_apply(&mask, NULL, 0, 0), 0);
    ck_assert_uint_eq(secret_mask_held(&mask, bytes_of_text("1234")), 0);
}
END_TEST

/* As the header says for streams, in pieces of every size. */
START_TEST(a_stream_is_masked_in_pieces)
{
    static const char *const texts[] = {"12345678", "2345678abc"};
    const char *stream = "1234 12345678 23456782345678abc 2345678ab", *wanted =
                                                                          "1234 [secret] 2345678"
                                                                          "[secret] 2345678ab";
    learn(texts, 2, "12345678 2345678abc");
    for (size_t piece = 1; piece < strlen(stream); piece++) {
        char held[128], passed[128] = "";
        size_t length = 0;
        for (size_t at = 0; at < strlen(stream); at += piece) {
            struct bytes next = bytes_from(bytes_of_text(stream), at);
            next.length = next.length < piece ? next.length : piece;
            memcpy(held + length, next.data, next.length);
            length = secret_mask_apply(&mask, (uint8_t *)held, length + next.length, 0);
            size_t keep = secret_mask_held(&mask, bytes_of(held, length));
            strncat(passed, held, length - keep);
            memmove(held, held + length - keep, keep);
            length = keep;
        }
        strncat(passed, held, length);
        ck_assert_str_eq(passed, wanted);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("secret_mask");
    TCase *tests = tcase_create("secret_mask");
    tcase_add_checked_fixture(tests, NULL, tear_down);
    tcase_add_test(tests, a_cut_shows_no_beginning);
    tcase_add_test(tests, lines_are_secrets_where_that_is_wanted);
    tcase_add_test(tests, what_is_given_is_learnt);
    tcase_add_test(tests, each_is_replaced);
    tcase_add_test(tests, no_secrets_change_nothing);
    tcase_add_test(tests, a_stream_is_masked_in_pieces);
    suite_add_tcase(suite, tests);
    return suite;
}
