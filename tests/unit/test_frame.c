/* Frames between listener and runner survive the trip whole; what does not add up is refused. */
#include "server/ipc/frame.h"
#include "tests/unit/suite.h"

#include <stdlib.h>

enum { LENGTH = 1000 }; /* of the first span; each is one longer than the one before it */

/* Each field that is sent has a value that no other has. */
static struct event_frame sample(void)
{
    static const uint8_t data[2 * LENGTH] = "{}";
    struct event_frame frame = {.tag = 77, .route = 3, .actions = 5};
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++) {
        const struct event_field *field = &event_fields[i];
        if (field->is_sent && event_field_is_span(field))
            *event_span(&frame.event, field) = bytes_of(data + i, LENGTH + i);
        else if (field->is_sent)
            event_set_number(&frame.event, field, 1);
    }
    frame.event.received_ms = 1700000000123;
    return frame;
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
    ck_assert(!got.learns && !got.asks && got.actions == 5);
    sent.event.size = (int64_t)sent.event.body.length;
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++) {
        const struct event_field *field = &event_fields[i];
        if (event_field_is_span(field))
            ck_assert(bytes_equal(event_bytes(&got.event, field), event_bytes(&sent.event, field)));
        else
            ck_assert_int_eq(event_number(&got.event, field), event_number(&sent.event, field));
    }
    ck_assert(got.event.size > LENGTH && got.event.body_is_json);
    buffer_finish(&out);
}
END_TEST

/* Whole keys, as many as a route has actions, and within the frame. */
START_TEST(keys_arrive_as_they_were_sent)
{
    static const int64_t keys[ROUTE_ACTIONS_MAX + 1] = {INT64_MAX, 0, 3};
    struct buffer out;
    struct event_frame sent = sample(), got;
    struct bytes payload;
    enum frame_type type;
    size_t length;
    sent.fold = 9;
    sent.keys = bytes_of(keys, 3 * sizeof *keys);
    buffer_init(&out, FRAME_MAX);
    ck_assert(frame_put_event(&out, &sent));
    ck_assert_int_eq(frame_peek(buffer_bytes(&out), &type, &payload, &length), 1);
    ck_assert(frame_get_event(payload, &got));
    ck_assert(got.fold == 9 && bytes_equal(got.keys, sent.keys));
    ck_assert(bytes_equal(got.event.body, sent.event.body));
    sent.keys = bytes_of(keys, sizeof keys);
    ck_assert(!frame_put_event(&out, &sent));
    out.length = 0;
    sent.keys = bytes_of(keys, 12);
    ck_assert(frame_put_event(&out, &sent));
    ck_assert_int_eq(frame_peek(buffer_bytes(&out), &type, &payload, &length), 1);
    ck_assert(!frame_get_event(payload, &got));
    buffer_finish(&out);
}
END_TEST

START_TEST(what_no_listener_knows_is_not_sent)
{
    struct buffer out;
    struct event_frame sent = sample(), got;
    struct bytes payload;
    enum frame_type type;
    size_t length;
    sent.event.id = sent.event.route = bytes_of_text("mine");
    sent.event.reruns = 9;
    buffer_init(&out, FRAME_MAX);
    ck_assert(frame_put_event(&out, &sent));
    ck_assert_int_eq(frame_peek(buffer_bytes(&out), &type, &payload, &length), 1);
    ck_assert(frame_get_event(payload, &got));
    ck_assert(got.event.id.length == 0 && got.event.route.length == 0 && got.event.reruns == 0);
    buffer_finish(&out);
}
END_TEST

/* Where the frame says how long a span of sample() is. */
static uint8_t *find_length(struct bytes payload, size_t field)
{
    int64_t wanted = LENGTH + (int64_t)field;
    for (size_t at = 0; at + sizeof wanted <= payload.length; at += sizeof wanted)
        if (memcmp(payload.data + at, &wanted, sizeof wanted) == 0)
            return (uint8_t *)payload.data + at;
    ck_abort_msg("no length of field %zu", field);
}

START_TEST(lengths_that_lie_are_refused)
{
    static const int64_t lies[] = {-1, INT64_MIN, INT64_MAX, UINT32_MAX, LENGTH + 99, 0};
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
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++) {
        if (!event_fields[i].is_sent || !event_field_is_span(&event_fields[i]))
            continue;
        uint8_t *place = find_length(payload, i);
        int64_t right = LENGTH + (int64_t)i;
        for (size_t j = 0; j < sizeof lies / sizeof *lies; j++) {
            memcpy(place, &lies[j], sizeof right);
            ck_assert(!frame_get_event(payload, &got));
        }
        memcpy(place, &right, sizeof right);
    }
    ck_assert(frame_get_event(payload, &got));
    memset(out.data, 0xff, sizeof(uint32_t));
    ck_assert_int_eq(frame_peek(buffer_bytes(&out), &type, &payload, &length), -1);
    buffer_finish(&out);
}
END_TEST

START_TEST(bytes_behind_an_event_are_refused)
{
    struct buffer out;
    struct event_frame sent = sample(), got;
    buffer_init(&out, FRAME_MAX);
    ck_assert(frame_put_event(&out, &sent) && buffer_append(&out, "x", 1));
    size_t header = 2 * sizeof(uint32_t);
    ck_assert(frame_get_event(bytes_of(out.data + header, out.length - header - 1), &got));
    ck_assert(!frame_get_event(bytes_of(out.data + header, out.length - header), &got));
    buffer_finish(&out);
}
END_TEST

START_TEST(a_key_is_no_event)
{
    struct buffer out;
    struct event_frame sent = {.tag = 7, .route = 3, .learns = true}, got;
    struct bytes payload;
    enum frame_type type;
    size_t length;
    sent.event.body = bytes_of_text("a key");
    buffer_init(&out, FRAME_MAX);
    ck_assert(frame_put_event(&out, &sent));
    ck_assert_int_eq(frame_peek(buffer_bytes(&out), &type, &payload, &length), 1);
    ck_assert(frame_get_event(payload, &got));
    ck_assert(got.learns && !got.asks && got.tag == 7 && got.route == 3);
    ck_assert(bytes_equal_text(got.event.body, "a key"));
    buffer_finish(&out);
}
END_TEST

/* No flag but 0 and 1. */
START_TEST(a_question_is_no_event)
{
    struct buffer out;
    struct event_frame sent = {.tag = UINT64_MAX, .asks = true}, got;
    struct bytes payload;
    enum frame_type type;
    size_t length, taken = 0;
    buffer_init(&out, FRAME_MAX);
    ck_assert(frame_put_event(&out, &sent));
    ck_assert_int_eq(frame_peek(buffer_bytes(&out), &type, &payload, &length), 1);
    ck_assert(frame_get_event(payload, &got));
    ck_assert(got.asks && !got.learns && got.tag == UINT64_MAX);
    for (size_t at = 0; at < payload.length; at++) {
        uint8_t *place = (uint8_t *)payload.data + at, kept = *place;
        *place = 2;
        if (frame_get_event(payload, &got)) { /* then it was a number */
            ck_assert(got.asks && !got.learns && !got.event.body_is_json);
            taken++;
        }
        *place = kept;
    }
    ck_assert_uint_eq(taken, sizeof got.tag + sizeof got.route + sizeof got.actions +
                                 sizeof got.fold + sizeof got.event.received_ms);
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
    sent.follows = 2;
    ck_assert(!frame_get_answer(bytes_of(&sent, sizeof sent), &got));
    sent.follows = 1;
    ck_assert(frame_get_answer(bytes_of(&sent, sizeof sent), &got));
    memset(sent.id, 'a', sizeof sent.id - 1);
    ck_assert(frame_get_answer(bytes_of(&sent, sizeof sent), &got));
    memset(sent.id, 'a', sizeof sent.id);
    ck_assert(!frame_get_answer(bytes_of(&sent, sizeof sent), &got));
    buffer_finish(&out);
}
END_TEST

START_TEST(an_output_must_be_one)
{
    static const struct {
        enum frame_output_end end;
        int exit_status;
        const char *text;
        bool is_one;
    } cases[] = {
        {OUTPUT_EXITED, 0, "", true},       {OUTPUT_EXITED, 255, "a\nb", true},
        {OUTPUT_EXITED, -1, "", false},     {OUTPUT_EXITED, 256, "", false},
        {OUTPUT_SIGNALLED, -1, "x", true},  {OUTPUT_SIGNALLED, 9, "", false},
        {OUTPUT_TIMED_OUT, -1, "x", true},  {OUTPUT_NOT_STARTED, -1, "", true},
        {OUTPUT_CROWDED, -1, "", true},     {OUTPUT_CROWDED, -1, "x", false},
        {OUTPUT_TOO_LONG, 0, "", false},    {OUTPUT_NOT_KEPT, -1, "", true},
        {FRAME_OUTPUT_ENDS, -1, "", false}, {(enum frame_output_end) - 1, -1, "", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;
        struct output_frame got, sent = {.tag = 5,
                                         .end = cases[i].end,
                                         .exit_status = cases[i].exit_status,
                                         .output = bytes_of_text(cases[i].text)};
        struct bytes payload;
        enum frame_type type;
        size_t length;
        buffer_init(&out, FRAME_MAX);
        ck_assert(frame_put_output(&out, &sent));
        ck_assert_int_eq(frame_peek(buffer_bytes(&out), &type, &payload, &length), 1);
        ck_assert(type == FRAME_OUTPUT && length == out.length);
        ck_assert_msg(frame_get_output(payload, &got) == cases[i].is_one, "case %zu", i);
        ck_assert(!frame_get_output(bytes_of(payload.data, 15), &got));
        if (cases[i].is_one)
            ck_assert(got.tag == 5 && got.end == sent.end && got.exit_status == sent.exit_status &&
                      bytes_equal(got.output, sent.output));
        buffer_finish(&out);
    }
}
END_TEST

START_TEST(an_output_has_a_limit)
{
    struct buffer out;
    struct output_frame sent = {.exit_status = 0}, got;
    uint8_t *data = calloc(1, FRAME_OUTPUT_MAX + 32);
    buffer_init(&out, FRAME_MAX);
    sent.output = bytes_of(data, FRAME_OUTPUT_MAX + 1);
    ck_assert(!frame_put_output(&out, &sent) && out.length == 0);
    sent.output.length--;
    ck_assert(frame_put_output(&out, &sent));
    size_t header = 2 * sizeof(uint32_t);
    ck_assert(frame_get_output(bytes_from(buffer_bytes(&out), header), &got));
    ck_assert_uint_eq(got.output.length, FRAME_OUTPUT_MAX);
    ck_assert(!frame_get_output(bytes_of(data, FRAME_OUTPUT_MAX + 17), &got));
    buffer_finish(&out);
    free(data);
}
END_TEST

START_TEST(a_piece_must_be_one)
{
    static const size_t lengths[] = {1, 2, FRAME_PIECE_MAX};
    static uint8_t data[FRAME_PIECE_MAX + 1];
    struct buffer out;
    struct piece_frame got;
    struct bytes payload;
    enum frame_type type;
    size_t length;
    buffer_init(&out, FRAME_MAX);
    ck_assert(!frame_put_piece(&out, &(struct piece_frame){.output = bytes_of(data, 0)}));
    ck_assert(!frame_put_piece(&out, &(struct piece_frame){.output = bytes_of(data, sizeof data)}));
    ck_assert_uint_eq(out.length, 0);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct piece_frame sent = {.tag = 5 + i, .output = bytes_of(data, lengths[i])};
        ck_assert(frame_put_piece(&out, &sent));
        ck_assert_int_eq(frame_peek(buffer_bytes(&out), &type, &payload, &length), 1);
        ck_assert(type == FRAME_PIECE && length == out.length && frame_get_piece(payload, &got));
        ck_assert(got.tag == 5 + i && bytes_equal(got.output, sent.output));
        ck_assert(!frame_get_piece(bytes_of(payload.data, payload.length - lengths[i]), &got));
        buffer_consume(&out, length);
    }
    uint8_t *longer = calloc(1, sizeof(uint64_t) + sizeof data);
    ck_assert(!frame_get_piece(bytes_of(longer, sizeof(uint64_t) + sizeof data), &got));
    free(longer);
    buffer_finish(&out);
}
END_TEST

/* The payload of the only frame in `out`. */
static struct bytes payload_of(const struct buffer *out, enum frame_type wanted)
{
    struct bytes payload;
    enum frame_type type;
    size_t length;
    ck_assert_int_eq(frame_peek(buffer_bytes(out), &type, &payload, &length), 1);
    ck_assert(type == wanted && length == out->length);
    return payload;
}

START_TEST(a_question_about_an_event_must_be_one)
{
    static const struct {
        const char *id;
        uint32_t wait_ms;
        bool is_one;
    } cases[] = {{"01900000-0000-7000-8000-000000000000", 0, true},
                 {"01900000-0000-7000-8000-000000000000", FRAME_WAIT_MAX_MS, true},
                 {"01900000-0000-7000-8000-000000000000", FRAME_WAIT_MAX_MS + 1, false},
                 {"01900000-0000-7000-8000-00000000000", 0, false},
                 {"", 0, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct track_frame got, sent = {.tag = 5, .route = 3, .wait_ms = cases[i].wait_ms};
        struct buffer out;
        buffer_init(&out, FRAME_MAX);
        memcpy(sent.id, cases[i].id, strlen(cases[i].id));
        ck_assert(frame_put_track(&out, &sent));
        struct bytes payload = payload_of(&out, FRAME_TRACK);
        ck_assert_msg(frame_get_track(payload, &got) == cases[i].is_one, "case %zu", i);
        ck_assert(!frame_get_track(bytes_of(payload.data, payload.length - 1), &got));
        if (cases[i].is_one)
            ck_assert(got.tag == 5 && got.route == 3 && got.wait_ms == sent.wait_ms &&
                      strcmp(got.id, sent.id) == 0);
        memset(out.data + out.length - sizeof sent, 'a', sizeof sent); /* an id without an end */
        ck_assert(!frame_get_track(payload, &got));
        buffer_finish(&out);
    }
}
END_TEST

START_TEST(a_state_must_be_one)
{
    static const struct {
        enum frame_state state;
        size_t length;
        bool is_one;
    } cases[] = {{STATE_KNOWN, 1, true},    {STATE_KNOWN, FRAME_STATE_MAX, true},
                 {STATE_KNOWN, 0, false},   {STATE_UNKNOWN, 0, true},
                 {STATE_UNKNOWN, 1, false}, {STATE_CROWDED, 0, true},
                 {FRAME_STATES, 0, false},  {(enum frame_state) - 1, 0, false}};
    uint8_t *data = calloc(1, FRAME_STATE_MAX + 32);
    struct state_frame got;
    struct buffer out;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct state_frame sent = {
            .tag = 5, .state = cases[i].state, .text = bytes_of(data, cases[i].length)};
        buffer_init(&out, FRAME_MAX);
        ck_assert(frame_put_state(&out, &sent));
        struct bytes payload = payload_of(&out, FRAME_STATE);
        ck_assert_msg(frame_get_state(payload, &got) == cases[i].is_one, "case %zu", i);
        ck_assert(!frame_get_state(bytes_of(payload.data, 15), &got));
        if (cases[i].is_one)
            ck_assert(got.tag == 5 && got.state == sent.state && bytes_equal(got.text, sent.text));
        buffer_finish(&out);
    }
    buffer_init(&out, FRAME_MAX);
    ck_assert(
        !frame_put_state(&out, &(struct state_frame){.text = bytes_of(data, FRAME_STATE_MAX + 1)}));
    ck_assert_uint_eq(out.length, 0);
    ck_assert(!frame_get_state(bytes_of(data, FRAME_STATE_MAX + 17), &got));
    buffer_finish(&out);
    free(data);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frame");
    TCase *all = tcase_create("all");
    tcase_add_test(all, an_event_arrives_as_it_was_sent);
    tcase_add_test(all, keys_arrive_as_they_were_sent);
    tcase_add_test(all, what_no_listener_knows_is_not_sent);
    tcase_add_test(all, lengths_that_lie_are_refused);
    tcase_add_test(all, bytes_behind_an_event_are_refused);
    tcase_add_test(all, a_key_is_no_event);
    tcase_add_test(all, a_question_is_no_event);
    tcase_add_test(all, an_answer_must_be_one);
    tcase_add_test(all, an_output_must_be_one);
    tcase_add_test(all, an_output_has_a_limit);
    tcase_add_test(all, a_piece_must_be_one);
    tcase_add_test(all, a_question_about_an_event_must_be_one);
    tcase_add_test(all, a_state_must_be_one);
    suite_add_tcase(suite, all);
    return suite;
}
