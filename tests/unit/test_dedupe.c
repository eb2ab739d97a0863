/* The set of keys says "perhaps" for all it holds and "no" for the rest, grows, and forgets. */
#include "server/journal/dedupe.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

enum { MANY = 20000 };

static const int64_t now = 1700000000000, day = 86400000;

static struct bytes name(int i)
{
    static char text[32];
    snprintf(text, sizeof text, "delivery-%d", i);
    return bytes_of_text(text);
}

static bool has(const struct dedupe *set, uint64_t hash, int64_t wanted)
{
    size_t at = 0;
    int64_t seq;
    while (dedupe_next(set, hash, &at, &seq))
        if (seq == wanted)
            return true;
    return false;
}

START_TEST(what_was_added_is_found)
{
    struct dedupe set;
    struct bytes route = bytes_of_text("r");
    dedupe_init(&set);
    ck_assert(!has(&set, dedupe_hash(&set, route, name(1)), 1));
    for (int i = 1; i <= MANY; i++)
        ck_assert(dedupe_add(&set, dedupe_hash(&set, route, name(i)), i, now + day, now));
    for (int i = 1; i <= MANY; i++)
        ck_assert(has(&set, dedupe_hash(&set, route, name(i)), i));
    for (int i = MANY + 1; i <= 2 * MANY; i++)
        ck_assert(!has(&set, dedupe_hash(&set, route, name(i)), i));
    ck_assert_uint_eq(set.count, MANY);
    dedupe_finish(&set);
}
END_TEST

START_TEST(what_was_removed_is_not_and_hides_nothing)
{
    struct dedupe set;
    dedupe_init(&set);
    dedupe_remove(&set, 3, 1); /* nothing is in it */
    /* hashes that fall on each other */
    for (int i = 1; i <= 500; i++)
        ck_assert(dedupe_add(&set, (uint64_t)(i % 7), i, now + day, now));
    for (int i = 1; i <= 500; i += 2)
        dedupe_remove(&set, (uint64_t)(i % 7), i);
    dedupe_remove(&set, 3, 100000);
    for (int i = 1; i <= 500; i++)
        ck_assert_int_eq(has(&set, (uint64_t)(i % 7), i), i % 2 == 0);
    ck_assert_uint_eq(set.count, 250);
    dedupe_finish(&set);
}
END_TEST

START_TEST(what_is_over_does_not_make_it_grow)
{
    struct dedupe set;
    struct bytes route = bytes_of_text("r");
    dedupe_init(&set);
    for (int i = 1; i <= MANY; i++) {
        int64_t at = now + i * 10000;
        ck_assert(dedupe_add(&set, dedupe_hash(&set, route, name(i)), i, at + 1000, at));
    }
    ck_assert_uint_le(set.capacity, 2048);
    ck_assert(has(&set, dedupe_hash(&set, route, name(MANY)), MANY));
    dedupe_finish(&set);
}
END_TEST

START_TEST(route_and_key_are_not_run_together)
{
    struct dedupe set;
    dedupe_init(&set);
    ck_assert(dedupe_hash(&set, bytes_of_text("ab"), bytes_of_text("c")) !=
              dedupe_hash(&set, bytes_of_text("a"), bytes_of_text("bc")));
    dedupe_finish(&set);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("dedupe");
    TCase *all = tcase_create("all");
    tcase_add_test(all, what_was_added_is_found);
    tcase_add_test(all, what_was_removed_is_not_and_hides_nothing);
    tcase_add_test(all, what_is_over_does_not_make_it_grow);
    tcase_add_test(all, route_and_key_are_not_run_together);
    suite_add_tcase(suite, all);
    return suite;
}
