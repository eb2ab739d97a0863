/* The table as data, for whoever treats all fields alike. Members are reached by their offset; what
 * type is at that offset follows from the kind, in the macros that make the struct as here. */
#include "server/event.h"

#define ORIGIN_SENT true
#define ORIGIN_OWN false
#define ROW(name, of_kind, origin, column, json, envelope, variable, most, sentence)               \
    [FIELD_##name] = {.member = #name,                                                             \
                      .kind = EVENT_##of_kind,                                                     \
                      .is_sent = ORIGIN_##origin,                                                  \
                      .is_given = EVENT_IS_NAMED(envelope) || EVENT_IS_NAMED(variable),            \
                      .offset = offsetof(struct event, name),                                      \
                      .limit = (most)},

const struct event_field event_fields[EVENT_FIELD_COUNT] = {EVENT_FIELDS(ROW)};

static const void *member_of(const struct event *event, const struct event_field *field)
{
    return (const uint8_t *)event + field->offset;
}

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
    return *(const struct bytes *)member_of(event, field);
}

int64_t event_number(const struct event *event, const struct event_field *field)
{
    if (field->kind == EVENT_FLAG)
        return *(const bool *)member_of(event, field);
    return *(const int64_t *)member_of(event, field);
}

void event_set_number(struct event *event, const struct event_field *field, int64_t number)
{
    void *member = (uint8_t *)event + field->offset;
    if (field->kind == EVENT_FLAG)
        *(bool *)member = number == 1;
    else
        *(int64_t *)member = number;
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
