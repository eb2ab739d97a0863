/* The runner's end of a channel, fed with anything: what is taken for a frame lies inside of what
 * arrived, does not depend on what follows it, and says the same when it is written again. */
#include "server/ipc/frame.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

static void check_inside(struct bytes part, struct bytes whole)
{
    assert(part.length <= whole.length);
    assert(part.length == 0 ||
           (part.data >= whole.data && part.data + part.length <= whole.data + whole.length));
}

static void check_event(struct bytes payload, const struct event_frame *frame)
{
    struct buffer again;
    struct event_frame copy;
    enum frame_type type;
    struct bytes payload_again;
    size_t length;
    buffer_init(&again, payload.length + 64);
    assert(frame_put_event(&again, frame));
    assert(frame_peek(buffer_bytes(&again), &type, &payload_again, &length) == 1);
    assert(type == FRAME_EVENT && length == again.length);
    assert(frame_get_event(payload_again, &copy) && payload_again.length == payload.length);
    assert(copy.tag == frame->tag && copy.route == frame->route);
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++) {
        const struct event_field *field = &event_fields[i];
        if (!event_field_is_span(field)) {
            assert(event_number(&copy.event, field) == event_number(&frame->event, field));
            continue;
        }
        struct bytes span = event_bytes(&frame->event, field);
        check_inside(span, payload);
        assert(bytes_equal(event_bytes(&copy.event, field), span));
    }
    buffer_finish(&again);
}

static void check_output(struct bytes payload, const struct output_frame *frame)
{
    struct buffer again;
    buffer_init(&again, payload.length + 64);
    assert(frame->end < FRAME_OUTPUT_ENDS && frame->output.length <= FRAME_OUTPUT_MAX);
    assert(frame->end < OUTPUT_LATE || frame->output.length == 0);
    check_inside(frame->output, payload);
    assert(frame_put_output(&again, frame));
    assert(bytes_equal(bytes_from(buffer_bytes(&again), again.length - payload.length), payload));
    buffer_finish(&again);
}

static void check_payload(enum frame_type type, struct bytes payload)
{
    struct event_frame event;
    struct answer_frame answer;
    struct output_frame output;
    if (type == FRAME_OUTPUT && frame_get_output(payload, &output))
        check_output(payload, &output);
    if (type == FRAME_EVENT && frame_get_event(payload, &event))
        check_event(payload, &event);
    if (type == FRAME_ANSWER && frame_get_answer(payload, &answer))
        assert(strlen(answer.id) < ID_TEXT_SIZE && answer.status <= FRAME_REFUSED_KNOWN &&
               answer.duplicate < FRAME_DUPLICATES && answer.can_replay <= 1 &&
               answer.follows <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes arrived = bytes_of(data, size), payload, alone;
    enum frame_type type, type_alone;
    size_t length, length_alone;
    while (frame_peek(arrived, &type, &payload, &length) == 1) {
        check_inside(payload, arrived);
        assert(length > 0 && length <= arrived.length && payload.length < length);
        assert(frame_peek(bytes_of(arrived.data, length - 1), &type_alone, &alone, &length_alone) ==
               0);
        check_payload(type, payload);
        arrived = bytes_from(arrived, length);
    }
    struct event_frame event; /* a payload whose length nobody checked before */
    if (frame_get_event(bytes_of(data, size), &event))
        check_event(bytes_of(data, size), &event);
    return 0;
}
