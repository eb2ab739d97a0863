/* A frame is what one memcpy each way can carry: fixed header, fixed part, then the spans one after
 * the other in the order of their lengths in the fixed part. Both ends are the same program on the
 * same machine, so byte order and struct layout are shared; what is not trusted is every length,
 * because a listener talks to strangers and could be made to lie. */
#include "server/ipc/frame.h"

struct frame_header {
    uint32_t length; /* of the payload */
    uint32_t type;
};

struct event_fixed {
    uint64_t tag;
    uint32_t route;
    uint16_t learns, asks;
    uint64_t actions;
    int64_t fold;
    uint64_t keys;                     /* bytes, which come first */
    int64_t values[EVENT_FIELD_COUNT]; /* see event_measure */
};

struct output_fixed {
    uint64_t tag;
    uint32_t end;
    int32_t exit_status;
};

struct piece_fixed {
    uint64_t tag;
};

struct state_fixed {
    uint64_t tag;
    uint32_t state;
};

static bool frame_put_header(struct buffer *out, enum frame_type type, size_t length)
{
    struct frame_header header = {.length = (uint32_t)length, .type = type};
    /* all or nothing: a frame that does not fit must leave no beginning behind */
    return length <= FRAME_MAX && buffer_reserve(out, sizeof header + length) &&
           buffer_append(out, &header, sizeof header);
}

bool frame_put_event(struct buffer *out, const struct event_frame *frame)
{
    struct event_fixed fixed = {.tag = frame->tag,
                                .route = frame->route,
                                .learns = frame->learns,
                                .asks = frame->asks,
                                .actions = frame->actions,
                                .fold = frame->fold,
                                .keys = frame->keys.length};
    size_t spans = event_measure(&frame->event, fixed.values);
    return spans <= FRAME_MAX && frame->keys.length <= FRAME_KEYS_MAX &&
           frame_put_header(out, FRAME_EVENT, sizeof fixed + frame->keys.length + spans) &&
           buffer_append(out, &fixed, sizeof fixed) && buffer_append_bytes(out, frame->keys) &&
           event_put_spans(&frame->event, out);
}

bool frame_put_answer(struct buffer *out, const struct answer_frame *answer)
{
    return frame_put_header(out, FRAME_ANSWER, sizeof *answer) &&
           buffer_append(out, answer, sizeof *answer);
}

bool frame_put_output(struct buffer *out, const struct output_frame *output)
{
    const struct output_fixed fixed = {
        .tag = output->tag, .end = output->end, .exit_status = output->exit_status};
    return output->output.length <= FRAME_OUTPUT_MAX &&
           frame_put_header(out, FRAME_OUTPUT, sizeof fixed + output->output.length) &&
           buffer_append(out, &fixed, sizeof fixed) && buffer_append_bytes(out, output->output);
}

bool frame_put_piece(struct buffer *out, const struct piece_frame *piece)
{
    const struct piece_fixed fixed = {.tag = piece->tag};
    return piece->output.length > 0 && piece->output.length <= FRAME_PIECE_MAX &&
           frame_put_header(out, FRAME_PIECE, sizeof fixed + piece->output.length) &&
           buffer_append(out, &fixed, sizeof fixed) && buffer_append_bytes(out, piece->output);
}

bool frame_put_track(struct buffer *out, const struct track_frame *track)
{
    return frame_put_header(out, FRAME_TRACK, sizeof *track) &&
           buffer_append(out, track, sizeof *track);
}

bool frame_put_state(struct buffer *out, const struct state_frame *state)
{
    const struct state_fixed fixed = {.tag = state->tag, .state = state->state};
    return state->text.length <= FRAME_STATE_MAX &&
           frame_put_header(out, FRAME_STATE, sizeof fixed + state->text.length) &&
           buffer_append(out, &fixed, sizeof fixed) && buffer_append_bytes(out, state->text);
}

int frame_peek(struct bytes arrived, enum frame_type *type, struct bytes *payload,
               size_t *frame_length)
{
    struct frame_header header;
    if (arrived.length < sizeof header)
        return 0;
    memcpy(&header, arrived.data, sizeof header);
    if (header.length > FRAME_MAX || header.type < FRAME_EVENT || header.type > FRAME_PIECE)
        return -1;
    if (arrived.length - sizeof header < header.length)
        return 0;
    *type = (enum frame_type)header.type;
    *payload = bytes_of(arrived.data + sizeof header, header.length);
    *frame_length = sizeof header + header.length;
    return 1;
}

bool frame_get_event(struct bytes payload, struct event_frame *frame)
{
    struct event_fixed fixed;
    if (payload.length < sizeof fixed)
        return false;
    memcpy(&fixed, payload.data, sizeof fixed);
    struct event_frame got = {.tag = fixed.tag,
                              .route = fixed.route,
                              .learns = fixed.learns == 1,
                              .asks = fixed.asks == 1,
                              .actions = fixed.actions,
                              .fold = fixed.fold};
    struct bytes rest = bytes_from(payload, sizeof fixed);
    if (fixed.keys > FRAME_KEYS_MAX || fixed.keys > rest.length ||
        fixed.keys % sizeof(int64_t) != 0 || fixed.fold < 0)
        return false;
    got.keys = bytes_of(rest.data, (size_t)fixed.keys);
    if (!event_take(&got.event, fixed.values, bytes_from(rest, (size_t)fixed.keys)) ||
        fixed.learns > 1 || fixed.asks > 1)
        return false;
    *frame = got;
    return true;
}

bool frame_get_answer(struct bytes payload, struct answer_frame *answer)
{
    struct answer_frame got;
    if (payload.length != sizeof got)
        return false;
    memcpy(&got, payload.data, sizeof got);
    if (got.status > FRAME_REFUSED_ALL_QUEUES || got.duplicate >= FRAME_DUPLICATES ||
        got.can_replay > 1 || got.follows > 1 || got.id[ID_TEXT_SIZE - 1] != '\0')
        return false;
    *answer = got;
    return true;
}

bool frame_get_output(struct bytes payload, struct output_frame *output)
{
    struct output_fixed fixed;
    if (payload.length < sizeof fixed || payload.length > sizeof fixed + FRAME_OUTPUT_MAX)
        return false;
    memcpy(&fixed, payload.data, sizeof fixed);
    struct bytes text = bytes_from(payload, sizeof fixed);
    bool is_late = fixed.end >= OUTPUT_LATE;
    if (fixed.end >= FRAME_OUTPUT_ENDS || (is_late && text.length > 0) ||
        (fixed.end == OUTPUT_EXITED) != (fixed.exit_status >= 0) || fixed.exit_status > UINT8_MAX)
        return false;
    *output = (struct output_frame){.tag = fixed.tag,
                                    .end = (enum frame_output_end)fixed.end,
                                    .exit_status = fixed.exit_status,
                                    .output = text};
    return true;
}

bool frame_get_piece(struct bytes payload, struct piece_frame *piece)
{
    struct piece_fixed fixed;
    if (payload.length <= sizeof fixed || payload.length > sizeof fixed + FRAME_PIECE_MAX)
        return false;
    memcpy(&fixed, payload.data, sizeof fixed);
    *piece = (struct piece_frame){.tag = fixed.tag, .output = bytes_from(payload, sizeof fixed)};
    return true;
}

bool frame_get_track(struct bytes payload, struct track_frame *track)
{
    struct track_frame got;
    if (payload.length != sizeof got)
        return false;
    memcpy(&got, payload.data, sizeof got);
    if (got.wait_ms > FRAME_WAIT_MAX_MS || got.id[ID_TEXT_SIZE - 1] != '\0' ||
        !id_valid(bytes_of_text(got.id)))
        return false;
    *track = got;
    return true;
}

bool frame_get_state(struct bytes payload, struct state_frame *state)
{
    struct state_fixed fixed;
    if (payload.length < sizeof fixed || payload.length > sizeof fixed + FRAME_STATE_MAX)
        return false;
    memcpy(&fixed, payload.data, sizeof fixed);
    struct bytes text = bytes_from(payload, sizeof fixed);
    if (fixed.state >= FRAME_STATES || (fixed.state == STATE_KNOWN) != (text.length > 0))
        return false;
    *state = (struct state_frame){
        .tag = fixed.tag, .state = (enum frame_state)fixed.state, .text = text};
    return true;
}
