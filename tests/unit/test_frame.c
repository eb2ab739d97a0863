/* Frames between listener and runner survive the trip whole; what does not add up is refused. */
#include "server/ipc/frame.h"
#include "tests/unit/suite.h"

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

/* The payload of the event's frame, in `out`, which the caller finishes. */
static struct bytes payload_of(const struct event_frame *event, struct buffer *out)
{
    struct bytes payload;
    enum frame_type type;
    size_t length;
    buffer_init(out, FRAME_MAX);
    ck_assert(frame_put_event(out, event));
    ck_assert_int_eq(frame_peek(buffer_bytes(out), &type, &payload, &length), 1);
    return payload;
}

/* Where the payloads of two events differ first: where what they differ in is written. */
static size_t place_of_difference(const struct event_frame *one, const struct event_frame *other)
{
    struct buffer first, second;
    struct bytes a = payload_of(one, &first), b = payload_of(other, &second);
    size_t place = 0;
    while (place < a.length && place < b.length && a.data[place] == b.data[place])
        place++;
    ck_assert(place < a.length && place < b.length);
    buffer_finish(&first);
    buffer_finish(&second);
    return place;
}

static const struct {
    const char *name;
    size_t offset;
} spans[] = {
    {"client", offsetof(struct event_frame, client)},
    {"event_type", offsetof(struct event_frame, event_type)},
    {"delivery_id", offsetof(struct event_frame, delivery_id)},
    {"content_type", offsetof(struct event_frame, content_type)},
    {"dedupe_key", offsetof(struct event_frame, dedupe_key)},
    {"headers", offsetof(struct event_frame, headers)},
    {"failures", offsetof(struct event_frame, failures)},
    {"body", offsetof(struct event_frame, body)},
};

START_TEST(a_length_that_lies_is_refused)
{
    struct event_frame sent = sample(), shorter = sample(), got;
    struct bytes *span = (struct bytes *)((uint8_t *)&shorter + spans[_i].offset);
    span->length--;
    size_t place = place_of_difference(&sent, &shorter);
    struct buffer out;
    struct bytes payload = payload_of(&sent, &out);
    uint8_t *length = (uint8_t *)payload.data + place, right = *length;
    for (unsigned lie = 0; lie <= UINT8_MAX; lie++) {
        *length = (uint8_t)lie;
        ck_assert_msg(frame_get_event(payload, &got) == (lie == right), "%s, %u for %u",
                      spans[_i].name, lie, right);
    }
    buffer_finish(&out);
}
END_TEST

START_TEST(an_event_that_was_cut_is_refused)
{
    struct buffer out;
    struct event_frame sent = sample(), got;
    struct bytes payload = payload_of(&sent, &out);
    for (size_t cut = 0; cut < payload.length; cut++)
        ck_assert(!frame_get_event(bytes_of(payload.data, cut), &got));
    buffer_finish(&out);
}
END_TEST

START_TEST(a_frame_past_the_limit_is_refused)
{
    struct buffer out;
    struct bytes payload;
    enum frame_type type;
    size_t length;
    struct event_frame sent = sample();
    payload_of(&sent, &out);
    uint32_t huge = UINT32_MAX;
    memcpy(out.data, &huge,
           sizeof huge); /* the length stands first: a header is all that has come */
    ck_assert_int_eq(frame_peek(buffer_bytes(&out), &type, &payload, &length), -1);
    buffer_finish(&out);
}
END_TEST

START_TEST(a_question_is_no_event)
{
    struct buffer out;
    struct event_frame sent = {.tag = UINT64_MAX, .asks = true}, other = {.tag = UINT64_MAX}, got;
    struct bytes payload = payload_of(&sent, &out);
    ck_assert(frame_get_event(payload, &got));
    ck_assert(got.asks && !got.learns && got.tag == UINT64_MAX);
    ((uint8_t *)payload.data)[place_of_difference(&sent, &other)] = 2;
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
    memset(sent.id, 'a', sizeof sent.id);
    ck_assert(!frame_get_answer(bytes_of(&sent, sizeof sent), &got));
    buffer_finish(&out);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frame");
    TCase *all = tcase_create("all");
    tcase_add_test(all, an_event_arrives_as_it_was_sent);
    tcase_add_loop_test(all, a_length_that_lies_is_refused, 0, sizeof spans / sizeof *spans);
    tcase_add_test(all, an_event_that_was_cut_is_refused);
    tcase_add_test(all, a_frame_past_the_limit_is_refused);
    tcase_add_test(all, a_question_is_no_event);
    tcase_add_test(all, an_answer_must_be_one);
    suite_add_tcase(suite, all);
    return suite;
}
