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

static void check_event(struct bytes payload, const struct event_frame *event)
{
    const struct bytes *spans[] = {&event->client,       &event->event_type, &event->delivery_id,
                                   &event->content_type, &event->dedupe_key, &event->headers,
                                   &event->body};
    struct buffer again;
    struct event_frame copy;
    enum frame_type type;
    struct bytes payload_again;
    size_t length;
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
        check_inside(*spans[i], payload);
    buffer_init(&again, payload.length + 64);
    assert(frame_put_event(&again, event));
    assert(frame_peek(buffer_bytes(&again), &type, &payload_again, &length) == 1);
    assert(type == FRAME_EVENT && length == again.length);
    assert(frame_get_event(payload_again, &copy) && payload_again.length == payload.length);
    assert(copy.tag == event->tag && copy.route == event->route);
    assert(bytes_equal(copy.body, event->body) && bytes_equal(copy.headers, event->headers));
    assert(bytes_equal(copy.dedupe_key, event->dedupe_key));
    buffer_finish(&again);
}

static void check_payload(enum frame_type type, struct bytes payload)
{
    struct event_frame event;
    struct answer_frame answer;
    if (type == FRAME_EVENT && frame_get_event(payload, &event))
        check_event(payload, &event);
    if (type == FRAME_ANSWER && frame_get_answer(payload, &answer))
        assert(strlen(answer.id) < ID_TEXT_SIZE && answer.status <= FRAME_REFUSED_KNOWN &&
               answer.duplicate < FRAME_DUPLICATES && answer.can_replay <= 1);
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
