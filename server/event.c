/* The fields of an event as a table, for code that treats all fields alike. */
#include "server/event.h"

#define ORIGIN_SENT true
#define ORIGIN_OWN false
#define ROW(name, of_kind, origin, column, json, envelope, variable, most, sentence)               \
    [FIELD_##name] = {.member = #name,                                                             \
                      .kind = EVENT_##of_kind,                                                     \
                      .is_sent = ORIGIN_##origin,                                                  \
                      .is_given = EVENT_##of_kind == EVENT_TEXT || EVENT_IS_NAMED(envelope) ||     \
                                  EVENT_IS_NAMED(variable),                                        \
                      .offset = offsetof(struct event, name),                                      \
                      .limit = (most)},

const struct event_field event_fields[EVENT_FIELD_COUNT] = {EVENT_FIELDS(ROW)};

bool event_field_is_span(const struct event_field *field)
{
    return field->kind <= EVENT_CONTENT;
}

struct bytes *event_span(struct event *event, const struct event_field *field)
{
    return (struct bytes *)((uint8_t *)event + field->offset);
}

struct bytes event_bytes(const struct event *event, const struct event_field *field)
{
    return *(const struct bytes *)((const uint8_t *)event + field->offset);
}

int64_t event_number(const struct event *event, const struct event_field *field)
{
    const void *member = (const uint8_t *)event + field->offset;
    return field->kind == EVENT_FLAG ? *(const bool *)member : *(const int64_t *)member;
}

void event_set_number(struct event *event, const struct event_field *field, int64_t number)
{
    void *member = (uint8_t *)event + field->offset;
    if (field->kind == EVENT_FLAG)
        *(bool *)member = number == 1;
    else
        *(int64_t *)member = number;
}

size_t event_measure(const struct event *event, int64_t values[EVENT_FIELD_COUNT])
{
    size_t spans = 0;
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++) {
        const struct event_field *field = &event_fields[i];
        values[i] = 0;
        if (!field->is_sent)
            continue;
        if (event_field_is_span(field)) {
            size_t length = event_bytes(event, field).length;
            values[i] = (int64_t)length;
            spans += length;
        } else {
            values[i] = event_number(event, field);
        }
    }
    return spans;
}

bool event_put_spans(const struct event *event, struct buffer *out)
{
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++) {
        const struct event_field *field = &event_fields[i];
        if (field->is_sent && event_field_is_span(field) &&
            !buffer_append_bytes(out, event_bytes(event, field)))
            return false;
    }
    return true;
}

/* One field out of its value and, where it is a span, the front of `spans`. */
static bool take_field(struct event *event, const struct event_field *field, int64_t value,
                       struct bytes *spans)
{
    if (!field->is_sent)
        return value == 0;
    if (!event_field_is_span(field)) {
        event_set_number(event, field, value);
        return event_number(event, field) == value; /* a flag is 0 or 1 */
    }
    if (value < 0 || (uint64_t)value > spans->length)
        return false;
    *event_span(event, field) = bytes_of(spans->data, (size_t)value);
    *spans = bytes_from(*spans, (size_t)value);
    return true;
}

bool event_take(struct event *event, const int64_t values[EVENT_FIELD_COUNT], struct bytes spans)
{
    struct event got = {.size = 0};
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++)
        if (!take_field(&got, &event_fields[i], values[i], &spans))
            return false;
    if (spans.length != 0)
        return false;
    got.size = (int64_t)got.body.length;
    *event = got;
    return true;
}

bool event_is_bounded(const struct event *event)
{
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++) {
        const struct event_field *field = &event_fields[i];
        if (event_field_is_span(field) && event_bytes(event, field).length > field->limit)
            return false;
    }
    return true;
}
