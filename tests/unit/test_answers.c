/* What leaves the walk of a request: the JSON of an answer, and the headers that are kept. */
#include "handlers/content/json.h"
#include "server/pipeline/pipeline.h"
#include "server/pipeline/stored_headers.h"
#include "tests/unit/suite.h"

#include <stdlib.h>

START_TEST(answers_are_json_and_rows_are_whole)
{
    struct arena arena;
    struct json_fault fault;
    arena_init(&arena, 1 << 16);
    for (int reply = REPLY_ACCEPTED; reply < REPLY_COUNT; reply++) {
        struct verdict verdict = verdict_refuse((enum reply)reply, "because");
        const struct reply_row *row = &reply_rows[reply];
        ck_assert_msg(row->code && row->text && row->status >= 200 && row->status < 600, "%d",
                      reply);
        for (int other = 0; other < reply; other++)
            ck_assert_str_ne(row->code, reply_rows[other].code);
        if (reply == REPLY_CHALLENGE)
            continue;
        struct bytes body = reply_body(&arena, &verdict, "0188c5a0-0000-7000-8000-000000000000");
        ck_assert_msg(json_check(body, &json_limits_default, NULL, &fault), "%s", row->code);
    }
    struct verdict accepted = {.reply = REPLY_ACCEPTED},
                   ignored = {.reply = REPLY_IGNORED, .reason = "a \"b\""};
    ck_assert(bytes_equal_text(reply_body(&arena, &accepted, "X"), "{\"id\":\"X\"}"));
    ck_assert(
        bytes_equal_text(reply_body(&arena, &ignored, NULL), "{\"ignored\":\"a \\\"b\\\"\"}"));
    struct verdict again = {.reply = REPLY_AGAIN}, duplicate = {.reply = REPLY_DUPLICATE};
    ck_assert(bytes_equal_text(reply_body(&arena, &again, "X"), "{\"id\":\"X\",\"again\":true}"));
    ck_assert(
        bytes_equal_text(reply_body(&arena, &duplicate, "X"), "{\"id\":\"X\",\"duplicate\":true}"));
    duplicate.can_replay = true;
    ck_assert(
        bytes_equal_text(reply_body(&arena, &duplicate, "X"),
                         "{\"id\":\"X\",\"duplicate\":true,\"replay\":\"tenterhook replay X\"}"));
    struct verdict fixed = {.reply = REPLY_ACCEPTED, .body = bytes_of_text("1")};
    ck_assert(bytes_equal_text(reply_body(&arena, &fixed, "X"), "1"));
    fixed.empty_body = true;
    ck_assert_uint_eq(reply_body(&arena, &fixed, "X").length, 0);
    struct verdict message = {.reply = REPLY_UNPROCESSABLE, .message = "a \"b\""};
    ck_assert(bytes_equal_text(reply_body(&arena, &message, NULL),
                               "{\"error\":\"unprocessable\",\"message\":\"a \\\"b\\\"\"}"));
    struct verdict details = {.reply = REPLY_UNPROCESSABLE, .details = bytes_of_text("[\"/a\"]")};
    ck_assert(json_check(reply_body(&arena, &details, NULL), &json_limits_default, NULL, &fault));
    arena_finish(&arena);
}
END_TEST

START_TEST(headers_that_do_not_fit_are_not_kept_in_part)
{
    static char large[70000];
    struct header one = {bytes_of_text("X-Large"), bytes_of(large, 60000)};
    struct stored_names *names = stored_names_create();
    struct arena arena;
    struct bytes json = {NULL, 0};
    arena_init(&arena, 1 << 20);
    memset(large, 'x', sizeof large);
    struct route route = {.name = "r"};
    struct request request = {.arena = &arena, .headers = &one, .header_count = 1, .route = &route};
    ck_assert(stored_headers(names, &request, &json));
    ck_assert_uint_eq(json.length, 60000 + strlen("{\"x-large\":\"\"}"));
    json.length = 0;
    one.value.length = sizeof large;
    ck_assert(!stored_headers(names, &request, &json));
    ck_assert_uint_eq(json.length, 0);
    arena_finish(&arena);
    free(names);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("answers");
    TCase *all = tcase_create("all");
    tcase_add_test(all, answers_are_json_and_rows_are_whole);
    tcase_add_test(all, headers_that_do_not_fit_are_not_kept_in_part);
    suite_add_tcase(suite, all);
    return suite;
}
