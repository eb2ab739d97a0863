/* The fields of an event as a table, for code that treats all fields alike. */
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

bool event_is_bounded(const struct event *event)
{
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++) {
        const struct event_field *field = &event_fields[i];
        if (event_field_is_span(field) && event_bytes(event, field).length > field->limit)
            return false;
    }
    return true;
}
