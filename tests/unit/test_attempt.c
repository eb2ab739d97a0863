/* What an action is given of an event: the texts of the table of fields (server/event.h), by the
 * names and in the order in which users have always had them. */
#include "base/arena.h"
#include "handlers/action/envelope.h"
#include "handlers/action/environment.h"
#include "handlers/content/form.h"
#include "log_tail.h"
#include "route_settings.h"
#include "server/runner/attempt.h"
#include "tests/unit/suite.h"

#include <stdlib.h>

static struct attempt *make(struct event *event)
{
    static struct action_settings action = {.name = "run"};
    static const struct route route = {.path = "/{env}/deploy/{Svc_2}/{none}"};
    static struct action_queue queue = {.action = &action, .route = &route};
    *event = (struct event){.id = bytes_of_text("0188c5a0-0000-7000-8000-000000000001"),
                            .route = bytes_of_text("deploy"),
                            .received_ms = 1700000000123,
                            .client = bytes_of_text("192.0.2.1"),
                            .type = bytes_of_text("push"),
                            .message_id = bytes_of("d\0\"1", 4),
                            .content_type = bytes_of_text("application/json"),
                            .body_is_json = true,
                            .method = bytes_of_text("POST"),
                            .host = bytes_of_text("hooks.example.org"),
                            .path = bytes_of_text("/pr\"od/deploy/web"),
                            .params = bytes_of_text("{\"env\":\"pr\\\"od\",\"Svc_2\":\"web\"}"),
                            .query = bytes_of_text("{\"a\":[\"1\",\"2\"]}"),
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
        "\"method\":\"POST\",\"path\":\"/pr\\\"od/deploy/web\","
        "\"params\":{\"env\":\"pr\\\"od\",\"Svc_2\":\"web\"},\"query\":{\"a\":[\"1\",\"2\"]},"
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
                                           "TENTERHOOK_METHOD=POST",
                                           "TENTERHOOK_PATH=/pr\"od/deploy/web",
                                           "TENTERHOOK_PARAM_ENV=pr\"od",
                                           "TENTERHOOK_PARAM_SVC_2=web",
                                           NULL};
    const struct command_settings settings = {0};
    struct error err = {""};
    struct arena arena;
    struct event event;
    struct attempt *attempt = make(&event);
    arena_init(&arena, 10000);
    const char *const *got =
        environment_build(&arena, &settings, NULL, &attempt->given, NULL, NULL, &err);
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

START_TEST(what_is_empty_is_a_text_all_the_same)
{
    static char id[2000], body[100000];
    struct event event = {.id = bytes_of(id, sizeof id),
                          .body = bytes_of(body, sizeof body),
                          .message_id = bytes_of("\0m\0", 3)};
    struct journal_delivery found = {.attempt = 1};
    static struct action_settings action = {.name = "run"};
    static const struct route route = {.path = "/{env}"};
    static struct action_queue queue = {.action = &action, .route = &route};
    memset(id, 'i', sizeof id);
    for (int i = 0; i < 2; i++) {
        event.headers = bytes_of_text(i == 0 ? "" : "{\"A\":\"1\"}");
        event.failures = bytes_of_text(i == 0 ? "" : "[1]");
        event.body_is_json = i == 1;
        event.params = bytes_of_text(i == 0 ? "" : "{\"other\":\"x\",\"env\":{\"a\":1}}");
        found.event = event;
        struct attempt *attempt = attempt_create(&queue, &queue, 42, &found);
        ck_assert_ptr_nonnull(attempt);
        ck_assert(attempt->owner == &queue && attempt->finish.handle == 42);
        if (event_fields[FIELD_failures].is_given)
            ck_assert_str_eq(attempt->texts[FIELD_failures], i == 0 ? "[]" : "[1]");
        ck_assert_str_eq(attempt->texts[FIELD_client], "");
        ck_assert_uint_eq(strlen(attempt->texts[FIELD_id]), sizeof id);
        ck_assert_uint_eq(attempt->given.body.length, sizeof body);
        ck_assert_str_eq(attempt->texts[FIELD_message_id], "?m?");
        ck_assert_uint_eq(attempt->given.headers.length, event.headers.length);
        ck_assert_int_eq(attempt->given.body_is_json, i == 1);
        ck_assert_str_eq(attempt->texts[FIELD_query], "{}");
        ck_assert_uint_eq(attempt->given.param_count, 0);
        attempt_destroy(attempt);
    }
}
END_TEST

START_TEST(the_payload_of_an_event_is_its_body)
{
    static const struct {
        const char *type, *body, *field;
        bool is_json;
        const char *given;
        bool has_json, is_form;
    } rows[] = {
        {"application/json", "\xef\xbb\xbf{}", "", true, "{}", true, false},
        {"application/x-www-form-urlencoded", "a=1&p=%7B%7D", "p", false, "{}", true, false},
        {"application/x-www-form-urlencoded", "a=1&p=%7B%7D", "q", false, "a=1&p=%7B%7D", false,
         true},
        {"Application/X-WWW-Form-URLencoded; x=y", "a=1", "", false, "a=1", false, true},
        {"text/plain", "\xef\xbb\xbfx", "", false, "\xef\xbb\xbfx", false, false},
    };
    static struct action_settings action = {.name = "run"};
    static const struct route route = {.path = "/hook"};
    static struct action_queue queue = {.action = &action, .route = &route};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct journal_delivery found = {.attempt = 1,
                                         .event = {.content_type = bytes_of_text(rows[i].type),
                                                   .body = bytes_of_text(rows[i].body),
                                                   .body_is_json = rows[i].is_json,
                                                   .json_field = bytes_of_text(rows[i].field)}};
        struct attempt *attempt = attempt_create(&queue, &queue, 42, &found);
        ck_assert_ptr_nonnull(attempt);
        ck_assert(bytes_equal_text(attempt->given.body, rows[i].given));
        ck_assert_int_eq(attempt->given.body_is_json, rows[i].has_json);
        ck_assert_int_eq(attempt->given.body_is_form, rows[i].is_form);
        attempt_destroy(attempt);
    }
}
END_TEST

#define PART(parameters) "--x\r\nContent-Disposition: form-data; " parameters "\r\n"

/* Its fields, its files and its payload, unless the route takes bodies as they are or it is none.
 */
START_TEST(a_multipart_form_is_read_for_the_action)
{
    static const char body[] = PART("name=a") "\r\n1\r\n" PART(
        "name=f; filename=g") "\r\nfile\r\n" PART("name=p") "\r\n{}\r\n--x--";
    static const char *const expected[] = {"TENTERHOOK_BODY_FILE=/body", "TENTERHOOK_FILE_COUNT=1",
                                           "TENTERHOOK_FILES=/d", "TENTERHOOK_FILE_1=/d/1"};
    static const struct {
        int kind;
        const char *body;
        bool is_read;
    } rows[] = {{CONTENT_MULTIPART, body, true},
                {CONTENT_JSON, body, true},
                {CONTENT_RAW, body, false},
                {CONTENT_AUTO, "--x", false}};
    static struct action_settings action = {.name = "run"};
    static struct route_settings parts;
    static struct route route = {.path = "/hook"};
    static struct action_queue queue = {.action = &action, .route = &route};
    const struct command_settings settings = {0};
    route.parts = route_settings_clear(&parts);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct journal_delivery found = {
            .attempt = 1,
            .event = {.content_type = bytes_of_text("multipart/form-data; boundary=x"),
                      .body = bytes_of_text(rows[i].body),
                      .json_field = bytes_of_text("p")}};
        struct arena arena;
        struct error err;
        parts.content.kind = rows[i].kind;
        struct attempt *attempt = attempt_create(&queue, &queue, 42, &found);
        const struct form *form = attempt->given.parts;
        ck_assert(rows[i].is_read == (form != NULL) && attempt->stored.parts == form);
        ck_assert_int_eq(attempt->given.body_is_json, rows[i].is_read);
        ck_assert(bytes_equal_text(attempt->given.body, form ? "{}" : rows[i].body));
        ck_assert(!form || (form->count == 2 && form->file_count == 1));
        arena_init(&arena, 10000);
        const char *const *got =
            environment_build(&arena, &settings, NULL, &attempt->given, "/body", "/d", &err);
        for (size_t j = 0; j < (form ? 4 : 1); j++)
            ck_assert_str_eq(got[j], expected[j]);
        arena_finish(&arena);
        attempt_destroy(attempt);
    }
}
END_TEST

START_TEST(a_payload_that_was_made_is_beside_the_body)
{
    static struct action_settings action = {.name = "run"};
    static const struct route route = {.path = "/hook"};
    static struct action_queue queue = {.action = &action, .route = &route};
    struct journal_delivery found = {.attempt = 1,
                                     .event = {.content_type = bytes_of_text("text/xml"),
                                               .payload = bytes_of_text("{\"a\":\"1\"}"),
                                               .body = bytes_of_text("<a>1</a>")}};
    struct attempt *attempt = attempt_create(&queue, &queue, 42, &found);
    struct buffer out;
    buffer_init(&out, 10000);
    ck_assert_ptr_nonnull(attempt);
    ck_assert(bytes_equal_text(attempt->given.body, "<a>1</a>") && !attempt->given.body_is_json);
    ck_assert(bytes_equal_text(delivery_payload(&attempt->given), "{\"a\":\"1\"}"));
    ck_assert(bytes_equal_text(attempt->stored.payload, "{\"a\":\"1\"}"));
    ck_assert(envelope_append(&out, &attempt->given) && buffer_append(&out, "", 1));
    ck_assert_ptr_nonnull(strstr((char *)out.data, ",\"payload\":{\"a\":\"1\"}}"));
    ck_assert_ptr_null(strstr((char *)out.data, "body_base64"));
    buffer_finish(&out);
    attempt_destroy(attempt);
}
END_TEST

enum { OUTPUT_KEPT = 16 << 20 };

START_TEST(the_ends_of_an_outcome_are_kept)
{
    static char output[OUTPUT_KEPT + 4];
    struct event event;
    memset(output, 'o', sizeof output);
    memcpy(output + sizeof output - 3, "end", 3);
    for (size_t more = 0; more <= 4; more += 4) {
        struct attempt *attempt = make(&event);
        char reason[] = "it\0failed";
        struct outcome outcome = {.kind = OUTCOME_FAILED,
                                  .exit_status = 3,
                                  .reason = reason,
                                  .output = bytes_of(output, OUTPUT_KEPT + more),
                                  .error_output = bytes_of_text("e")};
        attempt_keep_outcome(attempt, &outcome, 77);
        reason[0] = 'x';
        ck_assert_int_eq(attempt->finish.ended_ms, 77);
        ck_assert_str_eq(attempt->outcome.reason, "it");
        ck_assert_uint_eq(attempt->outcome.output.length, OUTPUT_KEPT);
        if (more)
            ck_assert(memcmp(attempt->outcome.output.data + OUTPUT_KEPT - 3, "end", 3) == 0);
        ck_assert(bytes_equal_text(attempt->outcome.error_output, "e"));
        ck_assert_int_eq(attempt->outcome.exit_status, 3);
        attempt_destroy(attempt);
    }
}
END_TEST

START_TEST(an_outcome_is_a_line)
{
#define LINE                                                                                       \
    " id=0188c5a0-0000-7000-8000-000000000001 route=deploy action=run peer=192.0.2.1 attempt=7 "   \
    "ms=12"
    static const struct {
        struct outcome outcome;
        const char *line;
        int64_t wait_ms; /* until it is tried again */
    } cases[] = {
        {{OUTCOME_DONE, 0, 0, "", .duration_ms = 12}, "done" LINE " exit=0\n"},
        {{OUTCOME_DONE, -1, 0, "", .duration_ms = 12}, "done" LINE "\n"},
        {{OUTCOME_FAILED, 3, 0, "bad", .duration_ms = 12}, "failed" LINE " exit=3 reason=bad\n"},
        {{OUTCOME_TIMEOUT, -1, 15, "late", .duration_ms = 12},
         "failed" LINE " signal=15 reason=late\n"},
        {{OUTCOME_INTERRUPTED, -1, 0, "stop", .duration_ms = 12},
         "interrupted" LINE " reason=stop\n"},
        {{OUTCOME_FAILED, 75, 0, "busy", .duration_ms = 12},
         "retries" LINE " exit=75 reason=busy retry_ms=900\n",
         900},
        {{OUTCOME_TIMEOUT, -1, 15, "late", .duration_ms = 12},
         "retries" LINE " signal=15 reason=late retry_ms=9\n",
         9}};
    struct event event;
    log_tail_begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct attempt *attempt = make(&event);
        attempt_keep_outcome(attempt, &cases[i].outcome, 1);
        attempt->finish.wait_ms = cases[i].wait_ms;
        attempt_log_outcome(attempt);
        expect_log(cases[i].line);
        attempt_destroy(attempt);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("attempt");
    TCase *all = tcase_create("all");
    tcase_add_test(all, the_envelope_has_its_members_in_their_order);
    tcase_add_test(all, the_environment_has_its_variables_in_their_order);
    tcase_add_test(all, the_list_of_names_has_no_gap);
    tcase_add_test(all, what_is_empty_is_a_text_all_the_same);
    tcase_add_test(all, the_payload_of_an_event_is_its_body);
    tcase_add_test(all, a_multipart_form_is_read_for_the_action);
    tcase_add_test(all, a_payload_that_was_made_is_beside_the_body);
    tcase_add_test(all, the_ends_of_an_outcome_are_kept);
    tcase_add_test(all, an_outcome_is_a_line);
    suite_add_tcase(suite, all);
    return suite;
}
