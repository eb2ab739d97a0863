/* The table of keys that senders have delivered: found by route and provider, replaced, swept. */
#include "handlers/provider/learned.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static struct learned_table *table;
static uint8_t key[LEARNED_KEY_MAX];
static size_t length;

static void setup(void)
{
    table = calloc(1, learned_table_size());
    ck_assert_ptr_nonnull(table);
}

static void teardown(void)
{
    free(table);
}

static bool is_first(void *context, const char *route, const char *provider)
{
    (void)context;
    (void)provider;
    return strcmp(route, "first") == 0;
}

START_TEST(a_key_is_found_by_both_names)
{
    ck_assert(learned_put(table, "first", "asana", bytes_of_text("one")));
    ck_assert(learned_put(table, "second", "asana", bytes_of_text("two")));
    ck_assert(learned_get(table, "second", "asana", key, &length));
    ck_assert(bytes_equal_text(bytes_of(key, length), "two"));
    ck_assert(!learned_get(table, "second", "notion", key, &length));
    ck_assert(!learned_get(table, "third", "asana", key, &length));
}
END_TEST

START_TEST(a_key_is_replaced_and_swept)
{
    ck_assert(learned_put(table, "first", "asana", bytes_of_text("one")));
    ck_assert(learned_put(table, "first", "asana", bytes_of_text("newer")));
    ck_assert(learned_put(table, "second", "asana", bytes_of_text("two")));
    learned_sweep(table, is_first, NULL);
    ck_assert(learned_get(table, "first", "asana", key, &length));
    ck_assert(bytes_equal_text(bytes_of(key, length), "newer"));
    ck_assert(!learned_get(table, "second", "asana", key, &length));
}
END_TEST

/* Whether these bytes are anywhere in the table. */
static bool is_left(const char *text)
{
    return memmem(table, learned_table_size(), text, strlen(text)) != NULL;
}

START_TEST(nothing_is_left_of_a_key_that_is_gone)
{
    ck_assert(learned_put(table, "first", "asana", bytes_of_text("first-and-long")));
    ck_assert(learned_put(table, "second", "asana", bytes_of_text("second-and-long")));
    ck_assert(is_left("and-long") && is_left("second-"));
    learned_sweep(table, is_first, NULL);
    ck_assert(!is_left("second-") && is_left("first-and-long"));
    ck_assert(learned_put(table, "first", "asana", bytes_of_text("short")));
    ck_assert(is_left("short") && !is_left("-and-long"));
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
    char name[200], many[16];
    uint8_t large[LEARNED_KEY_MAX + 1] = {1};
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_assert(!learned_put(table, name, "asana", bytes_of_text("one")));
    ck_assert(!learned_put(table, "first", "asana", bytes_of(large, sizeof large)));
    ck_assert(!learned_put(table, "first", "asana", bytes_of(large, 0)));
    for (int i = 0; i < LEARNED_MAX; i++) {
        snprintf(many, sizeof many, "%d", i);
        ck_assert(learned_put(table, many, "asana", bytes_of_text("one")));
    }
    ck_assert(!learned_put(table, "one too many", "asana", bytes_of_text("one")));
    ck_assert(learned_put(table, "7", "asana", bytes_of_text("another")));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("learned");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, a_key_is_found_by_both_names);
    tcase_add_test(all, a_key_is_replaced_and_swept);
    tcase_add_test(all, nothing_is_left_of_a_key_that_is_gone);
    tcase_add_test(all, what_does_not_fit_is_refused);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
