/* A frame is what one memcpy each way can carry: fixed header, fixed part, then the spans one after
 * the other in the order of their lengths in the fixed part. Both ends are the same program on the
 * same machine, so byte order and struct layout are shared; what is not trusted is every length,
 * because a listener talks to strangers and could be made to lie. */
#include "server/ipc/frame.h"

struct frame_header {
    uint32_t length; /* of the payload */
    uint32_t type;
};

enum { EVENT_SPANS = 8 };

struct event_fixed {
    uint64_t tag;
    int64_t received_ms;
    uint32_t route;
    uint16_t body_is_json;
    uint8_t learns, asks;
    uint32_t lengths[EVENT_SPANS];
};

/* The spans of an event in their order on the wire: one list for both directions. */
static void event_spans(const struct event_frame *event, const struct bytes *spans[EVENT_SPANS])
{
    spans[0] = &event->client;
    spans[1] = &event->event_type;
    spans[2] = &event->delivery_id;
    spans[3] = &event->content_type;
    spans[4] = &event->dedupe_key;
    spans[5] = &event->headers;
    spans[6] = &event->failures;
    spans[7] = &event->body;
}

static bool frame_put_header(struct buffer *out, enum frame_type type, size_t length)
{
    struct frame_header header = {.length = (uint32_t)length, .type = type};
    /* all or nothing: a frame that does not fit must leave no beginning behind */
    return length <= FRAME_MAX && buffer_reserve(out, sizeof header + length) &&
           buffer_append(out, &header, sizeof header);
}

bool frame_put_event(struct buffer *out, const struct event_frame *event)
{
    const struct bytes *spans[EVENT_SPANS];
    struct event_fixed fixed = {.tag = event->tag,
                                .received_ms = event->received_ms,
                                .route = event->route,
                                .body_is_json = event->body_is_json,
                                .learns = event->learns,
                                .asks = event->asks};
    size_t length = sizeof fixed;
    event_spans(event, spans);
    for (int i = 0; i < EVENT_SPANS; i++) {
        if (spans[i]->length > FRAME_MAX)
            return false;
        fixed.lengths[i] = (uint32_t)spans[i]->length;
        length += spans[i]->length;
    }
    if (!frame_put_header(out, FRAME_EVENT, length) || !buffer_append(out, &fixed, sizeof fixed))
        return false;
    for (int i = 0; i < EVENT_SPANS; i++)
        if (!buffer_append_bytes(out, *spans[i]))
            return false;
    return true;
}

bool frame_put_answer(struct buffer *out, const struct answer_frame *answer)
{
    return frame_put_header(out, FRAME_ANSWER, sizeof *answer) &&
           buffer_append(out, answer, sizeof *answer);
}

int frame_peek(struct bytes arrived, enum frame_type *type, struct bytes *payload,
               size_t *frame_length)
{
    struct frame_header header;
    if (arrived.length < sizeof header)
        return 0;
    memcpy(&header, arrived.data, sizeof header);
    if (header.length > FRAME_MAX || (header.type != FRAME_EVENT && header.type != FRAME_ANSWER))
        return -1;
    if (arrived.length - sizeof header < header.length)
        return 0;
    *type = (enum frame_type)header.type;
    *payload = bytes_of(arrived.data + sizeof header, header.length);
    *frame_length = sizeof header + header.length;
    return 1;
}

bool frame_get_event(struct bytes payload, struct event_frame *event)
{
    struct event_fixed fixed;
    const struct bytes *spans[EVENT_SPANS];
    if (payload.length < sizeof fixed)
        return false;
    memcpy(&fixed, payload.data, sizeof fixed);
    struct event_frame got = {.tag = fixed.tag,
                              .received_ms = fixed.received_ms,
                              .route = fixed.route,
                              .body_is_json = fixed.body_is_json == 1,
                              .learns = fixed.learns == 1,
                              .asks = fixed.asks == 1};
    struct bytes rest = bytes_from(payload, sizeof fixed);
    event_spans(&got, spans);
    for (int i = 0; i < EVENT_SPANS; i++) {
        if (fixed.lengths[i] > rest.length)
            return false;
        *(struct bytes *)spans[i] = bytes_of(rest.data, fixed.lengths[i]);
        rest = bytes_from(rest, fixed.lengths[i]);
    }
    if (rest.length != 0 || fixed.body_is_json > 1 || fixed.learns > 1 || fixed.asks > 1)
        return false;
    *event = got;
    return true;
}

bool frame_get_answer(struct bytes payload, struct answer_frame *answer)
{
    struct answer_frame got;
    if (payload.length != sizeof got)
        return false;
    memcpy(&got, payload.data, sizeof got);
    if (got.status > FRAME_REFUSED_KNOWN || got.duplicate >= FRAME_DUPLICATES ||
        got.can_replay > 1 || got.id[ID_TEXT_SIZE - 1] != '\0')
        return false;
    *answer = got;
    return true;
}
