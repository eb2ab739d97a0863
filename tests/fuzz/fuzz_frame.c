/* The runner's end of a channel, fed with anything: what is taken for a frame lies inside of what
 * arrived, does not depend on what follows it, and says the same when it is written again. What an
 * action is given of such an event, as no listener of ours would send it, is text of its own: one
 * string each, whatever stands in the JSON that the guard has never seen. */
#include "handlers/action/envelope.h"
#include "handlers/action/environment.h"
#include "server/ipc/frame.h"
#include "server/runner/attempt.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/template_text.h"

#include <assert.h>
#include <string.h>

static void check_inside(struct bytes part, struct bytes whole)
{
    assert(part.length <= whole.length);
    assert(part.length == 0 ||
           (part.data >= whole.data && part.data + part.length <= whole.data + whole.length));
}

/* References of every kind, of which the payload and the stored objects may make what they like. */
static void check_values(struct value_context *values)
{
    static const char text[] =
        "{{payload.a.b | default x}}{{payload[0][-1] | default x}}{{payload[*][*].a | json | "
        "default x}}{{payload | default x}}{{form.a | default x}}{{query.a | default x}}"
        "{{header.a | default x}}{{path.a | default x}}{{event.type | json | default x}}";
    struct arena arena;
    struct template template;
    struct bytes made = bytes_of("", 0);
    arena_init(&arena, 1 << 20);
    assert(template_parse(bytes_of_text(text), &arena, &template, NULL, NULL));
    enum template_outcome outcome = template_text(&template, values, 1 << 16, &arena, &made, NULL);
    assert(outcome != TEMPLATE_MISSING && strlen((const char *)made.data) == made.length);
    arena_finish(&arena);
}

static void check_attempt(const struct event *event)
{
    static const struct action_settings settings = {.name = "run"};
    static const struct route route = {.path = "/{a}/x/{B_2}"};
    static struct action_queue queue = {.action = &settings, .route = &route};
    static const struct command_settings command = {0};
    const struct journal_delivery found = {.attempt = 1, .event = *event};
    struct attempt *attempt = attempt_create(NULL, &queue, 1, &found);
    const struct delivery *given = &attempt->given;
    struct buffer envelope;
    struct arena arena;
    struct error err;
    buffer_init(&envelope, 1 << 24);
    arena_init(&arena, 1 << 24);
    assert(envelope_append(&envelope, given) && given->param_count <= 2);
    const char *const *environment =
        environment_build(&arena, &command, NULL, given, "/file", &err);
    for (size_t i = 0; environment && environment[i]; i++)
        assert(strncmp(environment[i], "TENTERHOOK_", 11) == 0);
    struct value_context values;
    value_context_of_stored(&values, given->stored);
    check_values(&values);
    value_context_finish(&values);
    arena_finish(&arena);
    buffer_finish(&envelope);
    attempt_destroy(attempt);
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
    if (event_is_bounded(&frame->event))
        check_attempt(&frame->event);
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

static void check_piece(struct bytes payload, const struct piece_frame *frame)
{
    struct buffer again;
    buffer_init(&again, payload.length + 64);
    assert(frame->output.length > 0 && frame->output.length <= FRAME_PIECE_MAX);
    check_inside(frame->output, payload);
    assert(frame_put_piece(&again, frame));
    assert(bytes_equal(bytes_from(buffer_bytes(&again), again.length - payload.length), payload));
    buffer_finish(&again);
}

static void check_state(struct bytes payload, const struct state_frame *frame)
{
    struct buffer again;
    struct state_frame copy;
    buffer_init(&again, payload.length + 64);
    assert(frame->state < FRAME_STATES && frame->text.length <= FRAME_STATE_MAX);
    assert((frame->state == STATE_KNOWN) == (frame->text.length > 0));
    check_inside(frame->text, payload);
    assert(frame_put_state(&again, frame));
    assert(frame_get_state(bytes_from(buffer_bytes(&again), again.length - payload.length), &copy));
    assert(copy.tag == frame->tag && bytes_equal(copy.text, frame->text));
    buffer_finish(&again);
}

static void check_payload(enum frame_type type, struct bytes payload)
{
    struct event_frame event;
    struct answer_frame answer;
    struct output_frame output;
    struct piece_frame piece;
    if (type == FRAME_PIECE && frame_get_piece(payload, &piece))
        check_piece(payload, &piece);
    struct track_frame track;
    struct state_frame state;
    if (type == FRAME_TRACK && frame_get_track(payload, &track))
        assert(id_valid(bytes_of_text(track.id)) && track.wait_ms <= FRAME_WAIT_MAX_MS);
    if (type == FRAME_STATE && frame_get_state(payload, &state))
        check_state(payload, &state);
    if (type == FRAME_OUTPUT && frame_get_output(payload, &output))
        check_output(payload, &output);
    if (type == FRAME_EVENT && frame_get_event(payload, &event))
        check_event(payload, &event);
    if (type == FRAME_ANSWER && frame_get_answer(payload, &answer))
        assert(strlen(answer.id) < ID_TEXT_SIZE && answer.status <= FRAME_REFUSED_KNOWN &&
               answer.duplicate < FRAME_DUPLICATES && answer.can_replay <= 1 &&
               answer.follows <= 1);
}

/* Lines as the fields of an event that only a listener of somebody else's would send. */
static void check_forged(struct bytes text)
{
    struct event event = {.body_is_json = text.length % 2};
    event.params = bytes_split(&text, '\n');
    event.query = bytes_split(&text, '\n');
    event.headers = bytes_split(&text, '\n');
    event.json_field = bytes_split(&text, '\n');
    event.content_type = bytes_split(&text, '\n');
    event.type = bytes_split(&text, '\n');
    event.body = text;
    check_attempt(&event);
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
    check_forged(bytes_of(data, size));
    return 0;
}
