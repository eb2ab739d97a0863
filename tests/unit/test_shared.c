/* The region that all processes share: where its tables lie, who is woken, and what each slot
 * counts. */
#include "route_settings.h"
#include "server/ipc/shared.h"
#include "tests/unit/suite.h"

#include "base/error.h"
#include "config/settings.h"
#include "handlers/admission/limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct shared *shared;

static void setup(void)
{
    struct error err = {""};
    shared = shared_create(&err);
    ck_assert_msg(shared != NULL, "%s", err.text);
}

START_TEST(the_tables_lie_behind_it_and_apart)
{
    size_t provisioned = shared->provisioned_offset, limits = shared->limit_offset;
    ck_assert(provisioned % 64 == 0 && limits % 64 == 0);
    ck_assert(provisioned >= sizeof *shared && provisioned < sizeof *shared + 64);
    ck_assert(limits >= provisioned + provisioned_keys_size() &&
              limits < provisioned + provisioned_keys_size() + 64);
    ck_assert_ptr_eq(shared_provisioned_keys(shared), (char *)shared + provisioned);
    ck_assert_ptr_eq(shared_limits(shared), (char *)shared + limits);
}
END_TEST

START_TEST(they_are_ready)
{
    static const uint8_t nothing[sizeof shared->seed];
    struct rate_limit rate = {.count = 1, .period_ms = 1000, .burst = 1, .per = PER_CLIENT};
    struct route_settings parts;
    struct route route = {.name = "r", .parts = route_settings_clear(&parts)};
    struct client_address client = {.local = true};
    uint8_t key[PROVISIONED_KEY_MAX];
    size_t length;
    parts.limit.limits = (struct section_list){&rate, 1};
    ck_assert_int_ne(memcmp(&shared->seed, nothing, sizeof nothing), 0);
    /* all slots of the table are there: many clients have a bucket each */
    for (int i = 0; i < 2000; i++) {
        client.address[0] = (uint8_t)i;
        client.address[1] = (uint8_t)(i >> 8);
        ck_assert_int_eq(limit_take(shared_limits(shared), &route, PER_CLIENT, &client, 1000, NULL),
                         0);
    }
    ck_assert_int_gt(limit_take(shared_limits(shared), &route, PER_CLIENT, &client, 1000, NULL), 0);
    for (int i = 0; i < PROVISIONED_KEYS_MAX; i++) {
        char name[8];
        snprintf(name, sizeof name, "%d", i);
        ck_assert(
            provisioned_keys_put(shared_provisioned_keys(shared), name, "p", bytes_of_text("key")));
    }
    ck_assert(provisioned_keys_get(shared_provisioned_keys(shared), "255", "p", key, &length));
}
END_TEST

static uint64_t woken(void)
{
    uint64_t count = 0;
    return read(shared->journal_grown, &count, sizeof count) == sizeof count ? count : 0;
}

START_TEST(the_checkpointer_is_woken_when_there_is_enough_more)
{
    shared_tell_pages(shared, CHECKPOINT_PAGES - 1, true);
    ck_assert_uint_eq(woken(), 0);
    ck_assert_uint_eq(shared->journal_pages, CHECKPOINT_PAGES - 1);
    shared_tell_pages(shared, CHECKPOINT_PAGES, true);
    ck_assert_uint_eq(woken(), 1);
    shared_tell_pages(shared, 2 * CHECKPOINT_PAGES - 1, true);
    ck_assert_uint_eq(woken(), 0);
    shared_tell_pages(shared, 2 * CHECKPOINT_PAGES, false);
    ck_assert_uint_eq(woken(), 0);
    shared_tell_pages(shared, 3, true); /* it begins anew */
    ck_assert_uint_eq(woken(), 0);
    shared_tell_pages(shared, 5 * CHECKPOINT_PAGES, true);
    ck_assert_uint_eq(woken(), 1);
}
END_TEST

START_TEST(the_last_slot_in_use_is_known)
{
    shared_use_slot(shared, 3);
    shared_use_slot(shared, 1);
    ck_assert_uint_eq(shared->slots_end, 4);
    shared->slots[3].accepted = 5;
    shared->slots[1].accepted = UINT32_MAX;
    shared->slots[4].accepted = 100; /* not in use */
    ck_assert_uint_eq(shared_accepted_elsewhere(shared, 0), 4);
    ck_assert_uint_eq(shared_accepted_elsewhere(shared, 3), UINT32_MAX);
    const struct body_limits limits = {.all = 10, .client = 10};
    shared->slots[4].body_bytes = shared->slots[4].client_bytes[0] = 10;
    ck_assert_int_eq(shared_body_room(shared, 0, 10, &limits), BODY_ROOM);
    shared->slots[4].places = 1;
    ck_assert(!shared_has_place_elsewhere(shared, 0));
    shared->slots[3].places = 1;
    ck_assert(shared_has_place_elsewhere(shared, 0));
    shared->slots[3].places = 0;
    shared->slots[0].places = 1; /* the first one, too */
    ck_assert(shared_has_place_elsewhere(shared, 3));
    ck_assert(!shared_has_place_elsewhere(shared, 0));
    shared->slots[0].accepted = 1;
    ck_assert_uint_eq(shared_accepted_elsewhere(shared, 3), 0); /* it wraps around */
}
END_TEST

START_TEST(a_slot_is_cleared_whole)
{
    const struct body_limits limits = {.all = 1000, .client = 300};
    shared_use_slot(shared, 0);
    shared_use_slot(shared, 1);
    for (unsigned client = 0; client < SHARED_CLIENTS; client += SHARED_CLIENTS - 1) {
        ck_assert_int_eq(shared_take_body(shared, 1, client, 300, &limits), BODY_ROOM);
        ck_assert_int_eq(shared_body_room(shared, client, 1, &limits), BODY_CLIENT_FULL);
    }
    shared->slots[1].places = 7;
    shared->slots[1].connections = 7;
    shared->slots[2].places = 9;
    shared->slots[2].body_bytes = 9;
    shared_clear_slot(shared, 2); /* nobody has used it */
    ck_assert_uint_eq(shared->slots[2].places, 9);
    ck_assert_uint_eq(shared->slots[1].body_bytes, 600);
    shared_clear_slot(shared, 1);
    ck_assert_uint_eq(shared->slots[1].body_bytes, 0);
    ck_assert_uint_eq(shared->slots[2].body_bytes, 9); /* it ends where the next one begins */
    ck_assert_uint_eq(shared->slots[1].places + shared->slots[1].connections, 0);
    for (unsigned client = 0; client < SHARED_CLIENTS; client += SHARED_CLIENTS - 1)
        ck_assert_int_eq(shared_body_room(shared, client, 300, &limits), BODY_ROOM);
}
END_TEST

START_TEST(what_is_refused_is_not_counted)
{
    const struct body_limits limits = {.all = 1000, .client = 300};
    shared_use_slot(shared, 0);
    ck_assert_int_eq(shared_take_body(shared, 0, 5, 301, &limits), BODY_CLIENT_FULL);
    ck_assert_int_eq(shared_take_body(shared, 0, SHARED_NO_CLIENT, 1001, &limits), BODY_FULL);
    ck_assert_uint_eq(shared->slots[0].body_bytes, 0);
    ck_assert_uint_eq(shared->slots[0].client_bytes[5], 0);
    ck_assert_int_eq(shared_take_body(shared, 0, 5, 300, &limits), BODY_ROOM);
    shared_give_client(shared, 0, SHARED_NO_CLIENT, 300); /* of nobody: nothing */
    shared_give_client(shared, 0, 5, 300);
    ck_assert_uint_eq(shared->slots[0].client_bytes[5], 0);
    ck_assert_uint_eq(shared->slots[0].body_bytes, 300);
    shared_give_body(shared, 0, SHARED_NO_CLIENT, 300);
    ck_assert_uint_eq(shared->slots[0].body_bytes, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("shared");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, NULL);
    tcase_add_test(all, the_tables_lie_behind_it_and_apart);
    tcase_add_test(all, they_are_ready);
    tcase_add_test(all, the_checkpointer_is_woken_when_there_is_enough_more);
    tcase_add_test(all, the_last_slot_in_use_is_known);
    tcase_add_test(all, a_slot_is_cleared_whole);
    tcase_add_test(all, what_is_refused_is_not_counted);
    suite_add_tcase(suite, all);
    return suite;
}
