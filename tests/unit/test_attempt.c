/* What an action is given of an event: the texts of the table of fields (server/event.h), by the
 * names and in the order in which users have always had them. */
#include "base/arena.h"
#include "handlers/action/envelope.h"
#include "handlers/action/environment.h"
#include "server/runner/attempt.h"
#include "tests/unit/suite.h"

#include <stdlib.h>

static struct attempt *make(struct event *event)
{
    static struct action_settings action = {.name = "run"};
    static struct action_queue queue = {.action = &action};
    *event = (struct event){.id = bytes_of_text("0188c5a0-0000-7000-8000-000000000001"),
                            .route = bytes_of_text("deploy"),
                            .received_ms = 1700000000123,
                            .client = bytes_of_text("192.0.2.1"),
                            .type = bytes_of_text("push"),
                            .message_id = bytes_of("d\0\"1", 4),
                            .content_type = bytes_of_text("application/json"),
                            .body_is_json = true,
                            .headers = bytes_of_text("{\"X-A\": \"b\"}"),
                            .body = bytes_of_text("{ \"a\": 1 }")};
    struct journal_delivery found = {.attempt = 7, .event = *event};
    struct attempt *attempt = attempt_create(NULL, &queue, 1, &found);
    ck_assert_ptr_nonnull(attempt);
    return attempt;
}

START_TEST(the_envelope_has_its_members_in_their_order)
{
    static const char expected[] =
        "{\"id\":\"0188c5a0-0000-7000-8000-000000000001\",\"route\":\"deploy\",\"action\":\"run\","
        "\"event\":\"push\",\"delivery\":\"d?\\\"1\",\"received\":\"2023-11-14T22:13:20.123Z\","
        "\"client\":\"192.0.2.1\",\"attempt\":7,\"content_type\":\"application/json\","
        "\"headers\":{\"X-A\":\"b\"},\"payload\":{\"a\":1}}";
    struct event event;
    struct attempt *attempt = make(&event);
    struct buffer out;
    buffer_init(&out, 10000);
    ck_assert(envelope_append(&out, &attempt->given) && buffer_append(&out, "", 1));
    ck_assert_str_eq((char *)out.data, expected);
    buffer_finish(&out);
    attempt_destroy(attempt);
}
END_TEST

START_TEST(the_environment_has_its_variables_in_their_order)
{
    static const char *const expected[] = {"TENTERHOOK_ID=0188c5a0-0000-7000-8000-000000000001",
                                           "TENTERHOOK_ROUTE=deploy",
                                           "TENTERHOOK_ACTION=run",
                                           "TENTERHOOK_EVENT=push",
                                           "TENTERHOOK_DELIVERY=d?\"1",
                                           "TENTERHOOK_ATTEMPT=7",
                                           "TENTERHOOK_CLIENT=192.0.2.1",
                                           "TENTERHOOK_RECEIVED=2023-11-14T22:13:20.123Z",
                                           NULL};
    const struct command_settings settings = {0};
    struct error err = {""};
    struct arena arena;
    struct event event;
    struct attempt *attempt = make(&event);
    arena_init(&arena, 10000);
    const char *const *got = environment_build(&arena, &settings, &attempt->given, &err);
    ck_assert_msg(got != NULL, "%s", err.text);
    for (size_t i = 0; expected[i]; i++)
        ck_assert_str_eq(got[i], expected[i]);
    ck_assert_ptr_null(got[sizeof expected / sizeof *expected - 1]);
    arena_finish(&arena);
    attempt_destroy(attempt);
}
END_TEST

/* Each place is taken once, and none is left out. */
START_TEST(the_list_of_names_has_no_gap)
{
    struct event event;
    struct attempt *attempt = make(&event);
    const struct delivery_names *names = attempt->given.names;
    for (size_t i = 0; i < names->member_count; i++)
        ck_assert(names->members[i].name && attempt->texts[names->members[i].text]);
    for (size_t i = 0; i < names->variable_count; i++)
        ck_assert(names->variables[i].name && attempt->texts[names->variables[i].text]);
    attempt_destroy(attempt);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("attempt");
    TCase *all = tcase_create("all");
    tcase_add_test(all, the_envelope_has_its_members_in_their_order);
    tcase_add_test(all, the_environment_has_its_variables_in_their_order);
    tcase_add_test(all, the_list_of_names_has_no_gap);
    suite_add_tcase(suite, all);
    return suite;
}
