/* Frames between listener and runner survive the trip whole; what does not add up is refused. */
#include "server/ipc/frame.h"

#include <check.h>
#include <stdlib.h>

static struct event_frame sample(void)
{
    return (struct event_frame){.tag = 77,
                                .route = 3,
                                .received_ms = 1700000000123,
                                .body_is_json = true,
                                .client = bytes_of_text("192.0.2.1"),
                                .event_type = bytes_of_text("push"),
                                .delivery_id = bytes_of_text("d-1"),
                                .content_type = bytes_of_text("application/json"),
                                .dedupe_key = bytes_of_text("d-1"),
                                .headers = bytes_of_text("{}"),
                                .failures = bytes_of_text("[{}]"),
                                .body = bytes_of_text("{\"a\":1}")};
}

START_TEST(an_event_arrives_as_it_was_sent)
{
    struct buffer out;
    struct event_frame sent = sample(), got;
    struct bytes payload;
    enum frame_type type;
    size_t length;
    buffer_init(&out, FRAME_MAX);
    ck_assert(frame_put_event(&out, &sent) && frame_put_event(&out, &sent));
    for (size_t cut = 0; cut < out.length / 2; cut++)
        ck_assert_int_eq(frame_peek(bytes_of(out.data, cut), &type, &payload, &length), 0);
    ck_assert_int_eq(frame_peek(buffer_bytes(&out), &type, &payload, &length), 1);
    ck_assert_uint_eq(length, out.length / 2);
    ck_assert_int_eq(type, FRAME_EVENT);
    ck_assert(frame_get_event(payload, &got));
    ck_assert_uint_eq(got.tag, 77);
    ck_assert_uint_eq(got.route, 3);
    ck_assert(got.body_is_json);
    ck_assert(bytes_equal(got.body, sent.body) && bytes_equal(got.client, sent.client));
    ck_assert(bytes_equal(got.headers, sent.headers) && bytes_equal(got.failures, sent.failures));
    buffer_finish(&out);
}
END_TEST

START_TEST(lengths_that_lie_are_refused)
{
    struct buffer out;
    struct event_frame sent = sample(), got;
    struct bytes payload;
    enum frame_type type;
    size_t length;
    buffer_init(&out, FRAME_MAX);
    ck_assert(frame_put_event(&out, &sent));
    ck_assert_int_eq(frame_peek(buffer_bytes(&out), &type, &payload, &length), 1);
    for (size_t cut = 0; cut < payload.length; cut++)
        ck_assert(!frame_get_event(bytes_of(payload.data, cut), &got));
    uint32_t huge = UINT32_MAX;
    for (size_t at = 24; at + 4 <= 56; at += 4) {
        uint32_t kept;
        memcpy(&kept, payload.data + at, 4);
        memcpy((uint8_t *)payload.data + at, &huge, 4);
        ck_assert(!frame_get_event(payload, &got));
        memcpy((uint8_t *)payload.data + at, &kept, 4);
    }
    memcpy(out.data, &huge, 4);
    ck_assert_int_eq(frame_peek(buffer_bytes(&out), &type, &payload, &length), -1);
    buffer_finish(&out);
}
END_TEST

START_TEST(a_question_is_no_event)
{
    struct buffer out;
    struct event_frame sent = {.tag = UINT64_MAX, .asks = true}, got;
    struct bytes payload;
    enum frame_type type;
    size_t length;
    buffer_init(&out, FRAME_MAX);
    ck_assert(frame_put_event(&out, &sent));
    ck_assert_int_eq(frame_peek(buffer_bytes(&out), &type, &payload, &length), 1);
    ck_assert(frame_get_event(payload, &got));
    ck_assert(got.asks && !got.learns && got.tag == UINT64_MAX);
    ((uint8_t *)payload.data)[23] = 2;
    ck_assert(!frame_get_event(payload, &got));
    buffer_finish(&out);
}
END_TEST

START_TEST(an_answer_must_be_one)
{
    struct buffer out;
    struct answer_frame sent = {.tag = 5, .status = FRAME_DUPLICATE, .id = "x"}, got;
    struct bytes payload;
    enum frame_type type;
    size_t length;
    buffer_init(&out, FRAME_MAX);
    ck_assert(frame_put_answer(&out, &sent));
    ck_assert_int_eq(frame_peek(buffer_bytes(&out), &type, &payload, &length), 1);
    ck_assert(frame_get_answer(payload, &got));
    ck_assert_uint_eq(got.tag, 5);
    ck_assert_str_eq(got.id, "x");
    sent.status = 99;
    ck_assert(!frame_get_answer(bytes_of(&sent, sizeof sent), &got));
    sent.status = FRAME_ACCEPTED;
    sent.duplicate = FRAME_DUPLICATES;
    ck_assert(!frame_get_answer(bytes_of(&sent, sizeof sent), &got));
    sent.duplicate = FRAME_DUPLICATES - 1;
    sent.can_replay = 2;
    ck_assert(!frame_get_answer(bytes_of(&sent, sizeof sent), &got));
    sent.can_replay = 1;
    ck_assert(frame_get_answer(bytes_of(&sent, sizeof sent), &got));
    memset(sent.id, 'a', sizeof sent.id - 1);
    ck_assert(frame_get_answer(bytes_of(&sent, sizeof sent), &got));
    memset(sent.id, 'a', sizeof sent.id);
    ck_assert(!frame_get_answer(bytes_of(&sent, sizeof sent), &got));
    buffer_finish(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("frame");
    TCase *all = tcase_create("all");
    tcase_add_test(all, an_event_arrives_as_it_was_sent);
    tcase_add_test(all, lengths_that_lie_are_refused);
    tcase_add_test(all, a_question_is_no_event);
    tcase_add_test(all, an_answer_must_be_one);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
