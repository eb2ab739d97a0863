/* The table of keys that senders have delivered: found by route and provider, replaced, swept. */
#include "handlers/provider/provisioned_keys.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct provisioned_keys *table;
static uint8_t key[PROVISIONED_KEY_MAX];
static size_t length;

static void setup(void)
{
    table = calloc(1, provisioned_keys_size());
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
    ck_assert(provisioned_keys_put(table, "first", "asana", bytes_of_text("one")));
    ck_assert(provisioned_keys_put(table, "second", "asana", bytes_of_text("two")));
    ck_assert(provisioned_keys_get(table, "second", "asana", key, &length));
    ck_assert(bytes_equal_text(bytes_of(key, length), "two"));
    ck_assert(!provisioned_keys_get(table, "second", "notion", key, &length));
    ck_assert(!provisioned_keys_get(table, "third", "asana", key, &length));
}
END_TEST

START_TEST(a_key_is_replaced_and_swept)
{
    ck_assert(provisioned_keys_put(table, "first", "asana", bytes_of_text("one")));
    ck_assert(provisioned_keys_put(table, "first", "asana", bytes_of_text("newer")));
    ck_assert(provisioned_keys_put(table, "second", "asana", bytes_of_text("two")));
    provisioned_keys_sweep(table, is_first, NULL);
    ck_assert(provisioned_keys_get(table, "first", "asana", key, &length));
    ck_assert(bytes_equal_text(bytes_of(key, length), "newer"));
    ck_assert(!provisioned_keys_get(table, "second", "asana", key, &length));
}
END_TEST

static bool is_in_memory(const char *text)
{
    return memmem(table, provisioned_keys_size(), text, strlen(text)) != NULL;
}

START_TEST(no_byte_of_a_key_stays_when_it_goes)
{
    ck_assert(provisioned_keys_put(table, "first", "asana", bytes_of_text("an old secret")));
    ck_assert(is_in_memory("secret"));
    ck_assert(provisioned_keys_put(table, "first", "asana", bytes_of_text("new")));
    ck_assert(!is_in_memory("secret"));
    ck_assert(provisioned_keys_put(table, "second", "asana", bytes_of_text("another secret")));
    ck_assert(is_in_memory("secret"));
    provisioned_keys_sweep(table, is_first, NULL);
    ck_assert(!is_in_memory("secret") && is_in_memory("new"));
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
    char name[200], many[16];
    uint8_t large[PROVISIONED_KEY_MAX + 1] = {1};
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_assert(!provisioned_keys_put(table, name, "asana", bytes_of_text("one")));
    ck_assert(!provisioned_keys_put(table, "first", "asana", bytes_of(large, sizeof large)));
    ck_assert(!provisioned_keys_put(table, "first", "asana", bytes_of(large, 0)));
    for (int i = 0; i < PROVISIONED_KEYS_MAX; i++) {
        snprintf(many, sizeof many, "%d", i);
        ck_assert(provisioned_keys_put(table, many, "asana", bytes_of_text("one")));
    }
    ck_assert(!provisioned_keys_put(table, "one too many", "asana", bytes_of_text("one")));
    ck_assert(provisioned_keys_put(table, "7", "asana", bytes_of_text("another")));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("provisioned_keys");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, a_key_is_found_by_both_names);
    tcase_add_test(all, a_key_is_replaced_and_swept);
    tcase_add_test(all, no_byte_of_a_key_stays_when_it_goes);
    tcase_add_test(all, what_does_not_fit_is_refused);
    suite_add_tcase(suite, all);
    return suite;
}
