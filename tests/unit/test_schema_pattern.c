/* Patterns: that trying the positions of a text a few at a time finds what one go would, at every
 * place; that long texts are judged; that what costs too much is abandoned, not decided. */
#include "base/buffer.h"
#include "base/clock.h"
#include "handlers/schema/pattern.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

static enum match match_within(const char *source, struct bytes text, int64_t limit_ms)
{
    struct patterns all = {0};
    struct error err;
    struct pattern *pattern = pattern_compile(bytes_of_text(source), &all, &err);
    struct matcher *matcher = matcher_create(limit_ms);
    ck_assert_msg(pattern != NULL, "%s: %s", source, err.text);
    ck_assert(matcher != NULL);
    ck_assert_uint_gt(all.bytes, 0);
    matcher_reset(matcher);
    enum match result = pattern_match(pattern, matcher, text);
    matcher_destroy(matcher);
    patterns_destroy(&all);
    return result;
}

static enum match match(const char *source, struct bytes text)
{
    return match_within(source, text, 50);
}

/* `middle` between `before` and `after` times `filler`. */
static enum match match_at(const char *source, const char *filler, size_t before,
                           const char *middle, size_t after)
{
    struct buffer text;
    buffer_init(&text, 16 * 1024 * 1024);
    for (size_t i = 0; i < before; i++)
        buffer_append_text(&text, filler);
    buffer_append_text(&text, middle);
    for (size_t i = 0; i < after; i++)
        buffer_append_text(&text, filler);
    enum match result = match(source, buffer_bytes(&text));
    buffer_finish(&text);
    return result;
}

static const char *const fillers[] = {"a",  "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                      " a", "a\n"};

START_TEST(every_position_is_tried)
{
    const char *filler = fillers[_i];
    for (size_t before = 0; before < 140; before++)
        for (size_t after = 0; after < 70; after += 23) {
            ck_assert_int_eq(match_at("x+y", filler, before, "xxy", after), MATCH_YES);
            ck_assert_int_eq(match_at("x+y", filler, before, "xx", after), MATCH_NO);
            ck_assert_int_eq(match_at("\xc3\xbc[^x]?", filler, before, "\xc3\xbc", after),
                             MATCH_YES);
            ck_assert_int_eq(match_at("(?<=[pq])x(?=y)", filler, before, "pxy", after), MATCH_YES);
            ck_assert_int_eq(match_at("(?<=[pq])x(?=y)", filler, before, "xy", after), MATCH_NO);
            ck_assert_int_eq(match_at("(x)(y)\\1\\2", filler, before, "xyxy", after), MATCH_YES);
            ck_assert_int_eq(match_at("[xz]y$", filler, before, "xy", after),
                             after ? MATCH_NO : MATCH_YES);
            ck_assert_int_eq(match_at("^[xz]y", filler, before, "xy", after),
                             before ? MATCH_NO : MATCH_YES);
        }
}
END_TEST

START_TEST(the_end_is_a_position)
{
    for (size_t length = 0; length < 140; length++) {
        ck_assert_int_eq(match_at("(?:)$", "a", length, "", 0), MATCH_YES);
        ck_assert_int_eq(match_at("b*$", "a", length, "", 0), MATCH_YES);
        ck_assert_int_eq(match_at("(?!a)", "a", length, "", 0), MATCH_YES);
        ck_assert_int_eq(match_at("(?<!a)$", "a", length, "", 0), length ? MATCH_NO : MATCH_YES);
    }
}
END_TEST

static const struct {
    const char *source, *filler, *end;
    enum match result;
} long_rows[] = {
    {"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$", "QUJD", "QQ==", MATCH_YES},
    {"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$", "QUJD", "Q", MATCH_NO},
    {"^[^<>]*$", "text", "", MATCH_YES},
    {"^[^<>]*$", "text", ">", MATCH_NO},
    {"^([a-z]+,?)*$", "abcdefgh,", "e", MATCH_YES},
    {"\\s+$", "word and ", "word", MATCH_NO},
    {"\\d", "word and ", "1", MATCH_YES},
};

/* A megabyte, such as an attachment in base64. */
START_TEST(long_texts_are_judged)
{
    size_t count = 1024 * 1024 / strlen(long_rows[_i].filler);
    ck_assert_int_eq(
        match_at(long_rows[_i].source, long_rows[_i].filler, count, long_rows[_i].end, 0),
        long_rows[_i].result);
}
END_TEST

static const struct {
    const char *source;
    size_t length;
} costly_rows[] = {
    {"^(a+)+$", 40},          {"(a|a)*$", 40},
    {"(?:a|b)*[xy]", 60000},  {"(?:a{2})+[xy]", 90000},
    {"(\\w+)\\1[xy]", 20000}, {"(?=\\w+[xy])a", 60000},
    {"(a*)*\\1+[xy]", 1000},  {"(x+x+)+y|(a|b|ab)*[cd]", 60000},
};

/* None matches, but to find out would take seconds to years. */
START_TEST(what_costs_too_much_is_abandoned)
{
    ck_assert_int_eq(match_at(costly_rows[_i].source, "a", costly_rows[_i].length, "!", 0),
                     MATCH_ABANDONED);
}
END_TEST

START_TEST(without_jit_the_results_are_the_same)
{
#ifdef PR_SET_MDWE
    if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0)
        return;
    ck_assert_int_eq(match_at("x+y", "a", 100, "xxy", 9), MATCH_YES);
    ck_assert_int_eq(match_at("x+y", "a", 100, "xx", 9), MATCH_NO);
    ck_assert_int_eq(match_at("^([a-z]+,?)*$", "abcd,", 100, "e", 0), MATCH_YES);
    ck_assert_int_eq(match_at("^(a+)+$", "a", 40, "!", 0), MATCH_ABANDONED);
    ck_assert_int_eq(match_at("^(?:[a-d]{4})*$", "abcd", 20000, "", 0), MATCH_YES);
    ck_assert_int_eq(match_at("^(?:(a)|b)*$", "ab", 500000, "", 0), MATCH_ABANDONED);
#endif
}
END_TEST

START_TEST(patterns_have_a_budget_together)
{
    struct patterns all = {0};
    struct error err = {""};
    bool good = true;
    for (int i = 0; good && i < 20000; i++) {
        char source[64];
        snprintf(source, sizeof source, "(?:[a-z]{%d}|[^\\p{L}]b){40}", i % 100 + 1);
        good = pattern_compile(bytes_of_text(source), &all, &err) != NULL;
    }
    ck_assert(!good && err.text[0]);
    ck_assert_uint_lt(all.bytes, 40 * 1024 * 1024);
    patterns_destroy(&all);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("schema_pattern");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, every_position_is_tried, 0, sizeof fillers / sizeof *fillers);
    tcase_add_test(all, the_end_is_a_position);
    tcase_add_loop_test(all, long_texts_are_judged, 0, sizeof long_rows / sizeof *long_rows);
    tcase_add_loop_test(all, what_costs_too_much_is_abandoned, 0,
                        sizeof costly_rows / sizeof *costly_rows);
    tcase_add_test(all, without_jit_the_results_are_the_same);
    tcase_add_test(all, patterns_have_a_budget_together);
    suite_add_tcase(suite, all);
    return suite;
}
