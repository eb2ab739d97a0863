/* However an output is cut into pieces, who waits for it gets all of it, in order, without secrets.
 */
#include "handlers/action/output_feed.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

static struct secret_mask mask;
static char seen[256];

static void see(void *context, struct bytes piece)
{
    ck_assert_ptr_eq(context, seen);
    ck_assert_ptr_nonnull(piece.data);
    strncat(seen, (const char *)piece.data, piece.length);
}

static struct feed begin(void)
{
    seen[0] = '\0';
    return (struct feed){.mask = &mask, .output = see, .context = seen};
}

/* In all pieces of at most `most` bytes, of which the first has `first`. */
static void feed_cut(const char *text, size_t first, size_t most)
{
    struct feed feed = begin();
    struct bytes rest = bytes_of_text(text);
    while (rest.length > 0) {
        size_t length = rest.length < first ? rest.length : first;
        char *piece = malloc(length); /* of its exact size */
        memcpy(piece, rest.data, length);
        feed_put(&feed, bytes_of(piece, length));
        free(piece);
        rest = bytes_from(rest, length);
        first = most;
    }
    feed_end(&feed);
    ck_assert_ptr_null(feed.held);
}

static void assert_fed(const char *text, const char *wanted)
{
    for (size_t most = 1; most <= strlen(text); most++)
        for (size_t first = 1; first <= most; first++) {
            feed_cut(text, first, most);
            ck_assert_msg(strcmp(seen, wanted) == 0, "%zu, %zu of \"%s\": \"%s\"", first, most,
                          text, seen);
        }
}

START_TEST(all_of_it_is_passed_on)
{
    struct feed nobody = {.mask = &mask};
    feed_put(&nobody, bytes_of_text("x"));
    feed_end(&nobody);
    assert_fed("a\nbc\n\nd", "a\nbc\n\nd");
}
END_TEST

static void learn(const char *const *texts, size_t count)
{
    struct secret_list known = {NULL, 0}, *lists[] = {&known};
    struct secret_index index;
    for (size_t i = 0; i < count; i++)
        ck_assert(secret_list_add(&known, bytes_of_text(texts[i])));
    ck_assert(secret_index_make(&index, lists, 1));
    for (size_t i = 0; i < count; i++)
        ck_assert(secret_mask_learn(&mask, &index, bytes_of_text(texts[i])));
    secret_index_finish(&index);
    secret_list_finish(&known);
}

START_TEST(no_secret_is)
{
    static const char *const texts[] = {"12345678", "abcdabcdabce"};
    learn(texts, 2);
    assert_fed("a 1234567 12345678 9", "a 1234567 [secret] 9");
    assert_fed("abcdabcdabcdabce", "abcd[secret]");
    assert_fed("1234567812345678", "[secret][secret]");
    assert_fed("[secret]1234567", "[secret]1234567"); /* held at the end, and passed on */
    assert_fed("abcdabcdabc", "abcdabcdabc");
    struct feed feed = begin();
    feed_put(&feed, bytes_of_text("go\n1234567"));
    ck_assert_str_eq(seen, "go\n"); /* what can be no part of a secret does not wait */
    feed_end(&feed);
    ck_assert_str_eq(seen, "go\n1234567");
    secret_mask_finish(&mask);
}
END_TEST

/* One is the beginning of another, one goes on in another, one goes on in itself. */
START_TEST(it_is_masked_as_a_whole)
{
    static const char *const texts[] = {"aaaaaaaa", "aaaaaaaabb", "abbabbabb", "bbabaaaa"};
    learn(texts, 4);
    assert_fed("aaaaaaaabb", "[secret]");
    srand(7);
    for (int round = 0; round < 300; round++) {
        char text[64] = "", whole[64];
        while (strlen(text) < 40) {
            const char *next = texts[rand() % 4];
            strncat(text, rand() % 3 ? next + rand() % 3 : "b", 10);
        }
        memcpy(whole, text, sizeof whole);
        whole[secret_mask_apply(&mask, (uint8_t *)whole, strlen(text), 0)] = '\0';
        for (size_t most = 1; most <= strlen(text); most++) {
            feed_cut(text, 1 + (size_t)rand() % most, most);
            ck_assert_msg(strcmp(seen, whole) == 0, "%zu of %s: %s, not %s", most, text, seen,
                          whole);
        }
    }
    secret_mask_finish(&mask);
}
END_TEST

/* Who comes later sees what one from the beginning would, from some byte on. */
START_TEST(one_may_begin_with_what_is_kept)
{
    static const char *const texts[] = {"aaaaaaaa", "aaaaaaaabb", "abbabbabb"};
    char text[64], whole[64];
    learn(texts, 3);
    srand(11);
    for (int round = 0; round < 3000; round++) {
        text[0] = '\0';
        while (strlen(text) < 40)
            strncat(text, rand() % 3 ? texts[rand() % 3] + rand() % 3 : "b", 10);
        size_t length = strlen(text), kept = (size_t)rand() % length;
        size_t before = kept > 0 ? (size_t)rand() % kept : 0;
        memcpy(whole, text, sizeof whole);
        whole[secret_mask_apply(&mask, (uint8_t *)whole, length, before)] = '\0';
        struct feed feed = begin();
        feed_begin(&feed, bytes_of(text, kept), before);
        for (size_t i = kept; i < length; i += 7)
            feed_put(&feed, bytes_of(text + i, length - i < 7 ? length - i : 7));
        feed_end(&feed);
        ck_assert_msg(strcmp(seen, whole) == 0, "%zu, %zu of %s: %s, not %s", kept, before, text,
                      seen, whole);
    }
    secret_mask_finish(&mask);
    struct feed feed = begin();
    feed_begin(&feed, bytes_of_text("plain"), 2);
    feed_end(&feed);
    ck_assert_str_eq(seen, "ain");
}
END_TEST

START_TEST(what_is_held_is_bounded)
{
    static const char *const texts[] = {"aaaaaaaa"};
    static char piece[16 * 1024];
    struct feed feed = begin();
    learn(texts, 1);
    memset(piece, 'a', sizeof piece);
    for (int i = 0; i < 20; i++) {
        feed_put(&feed, bytes_of(piece, sizeof piece));
        ck_assert_uint_le(feed.held_length, 66000);
    }
    feed_end(&feed);
    ck_assert_str_eq(seen, "[secret][secret][secret][secret]");
    secret_mask_finish(&mask);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("output_feed");
    TCase *all = tcase_create("all");
    tcase_add_test(all, all_of_it_is_passed_on);
    tcase_add_test(all, no_secret_is);
    tcase_add_test(all, it_is_masked_as_a_whole);
    tcase_add_test(all, one_may_begin_with_what_is_kept);
    tcase_add_test(all, what_is_held_is_bounded);
    suite_add_tcase(suite, all);
    return suite;
}
