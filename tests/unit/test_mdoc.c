/* Text in lines, for terminals and for manual pages. */
#include "base/mdoc.h"

#include "base/wrap.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>

/* What is printed; the caller frees it. */
static char *printed(void (*print)(FILE *out, const char *text), const char *text)
{
    char *whole = NULL;
    size_t size;
    FILE *out = open_memstream(&whole, &size);
    print(out, text);
    fclose(out);
    return whole;
}

static void check(void (*print)(FILE *out, const char *text), const char *text, const char *wanted)
{
    char *found = printed(print, text);
    ck_assert_msg(strcmp(found, wanted) == 0, "%s\n%s", text, found);
    free(found);
}

START_TEST(text_is_safe_in_a_page)
{
    check(mdoc_text, "plain words", "plain words\n");
    check(mdoc_text, "One. Two! (Three.) Four", "One.\nTwo!\n(Three.)\nFour\n");
    check(mdoc_text, ".Sh is text", "\\&.Sh is text\n");
    check(mdoc_text, "' a", "\\&' a\n");
    check(mdoc_text, "a\\b \"c\"", "a\\eb \\(dqc\\(dq\n");
    check(mdoc_text, "ID\xe2\x80\xa6 \xe2\x80\x94 \xc3\xa9", "ID... \\[u2014] \\[u00E9]\n");
    check(mdoc_text, "cut \xe2", "cut \\[uFFFD]\n");
    check(mdoc_text, "an [open one and `another", "an [open one and `another\n");
    check(mdoc_text, "a [secret](#secrets) of", "a secret of\n");
    check(mdoc_text, "", "");
}
END_TEST

START_TEST(literals_keep_what_stands_beside_them)
{
    check(mdoc_text, "a `b` c", "a\n.Ql \"\\&b\"\nc\n");
    check(mdoc_text, "`b`, c", ".Ql \"\\&b\" ,\nc\n");
    check(mdoc_text, "(`b c`);", ".No \"\\&(\" Ns Ql \"\\&b c\" ) ;\n");
    check(mdoc_text, "`b`s", ".Ql \"\\&b\" Ns No \"\\&s\"\n");
    check(mdoc_text, "`when:` x", ".Ql \"\\&when:\\&\"\nx\n");
}
END_TEST

START_TEST(sentences_are_whole)
{
    check(mdoc_sentence, "prints it", "Prints it.\n");
    check(mdoc_sentence, "Prints it.", "Prints it.\n");
    check(mdoc_sentence, "`a` is", ".Ql \"\\&a\"\nis.\n");
    check(mdoc_about, "puts `a b`, where \"c\" is", ".Nd puts a b, where \\(dqc\\(dq is\n");
    check(mdoc_words, "A=B No x", " \\&A=B \\&No \\&x");
    check(mdoc_paragraphs, "one\n\ntwo\nthree", ".Pp\none\n.Pp\ntwo three\n");
}
END_TEST

static void wrap_at_20(FILE *out, const char *text)
{
    wrap_print(out, text, 4, 2, 20);
}

START_TEST(lines_have_their_width)
{
    check(wrap_at_20, "sixteen places...", "sixteen\n  places...\n");
    check(wrap_at_20, "0123456789abcdef 0", "0123456789abcdef\n  0\n");
    check(wrap_at_20, "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9 23456789",
          "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9 23456789\n");
    check(wrap_at_20, "a_word_that_is_longer_than_a_line b",
          "a_word_that_is_longer_than_a_line\n  b\n");
}
END_TEST

static void lines_at_20(FILE *out, const char *text)
{
    wrap_print_lines(out, text, 20);
}

START_TEST(columns_go_on_below_themselves)
{
    check(lines_at_20, "name  one two three\nx  y\n", "name  one two three\nx  y\n");
    check(lines_at_20, "name  one two three four\n", "name  one two three\n      four\n");
    check(lines_at_20, "  a b c d e f g h i j k\n\nend", "  a b c d e f g h i\n  j k\n\nend\n");
    check(lines_at_20, "      0123456789 1234567", "      0123456789\n      1234567\n");
    check(lines_at_20, "key  a_word_that_is_longer_than_it",
          "key  a_word_that_is_longer_than_it\n");
    check(lines_at_20, "   ", "   \n");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("mdoc");
    TCase *tcase = tcase_create("mdoc");
    tcase_add_test(tcase, text_is_safe_in_a_page);
    tcase_add_test(tcase, literals_keep_what_stands_beside_them);
    tcase_add_test(tcase, sentences_are_whole);
    tcase_add_test(tcase, lines_have_their_width);
    tcase_add_test(tcase, columns_go_on_below_themselves);
    suite_add_tcase(suite, tcase);
    return suite;
}
