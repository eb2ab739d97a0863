/* Which type a kind of field has in the journal: docs/journal-format.md. */
#include "server/journal/event_row.h"

static struct bind_value value_of_field(const struct event *event, const struct event_field *field)
{
    switch (field->kind) {
    case EVENT_TEXT:
    case EVENT_OBJECT:
        return bind_bytes(event_bytes(event, field));
    case EVENT_CONTENT:
        return bind_blob(event_bytes(event, field));
    case EVENT_KEY:
    case EVENT_LIST: {
        struct bytes span = event_bytes(event, field);
        bool is_key = field->kind == EVENT_KEY;
        return span.length == 0 ? bind_null() : is_key ? bind_blob(span) : bind_bytes(span);
    }
    case EVENT_SIZE:
        return bind_number((int64_t)event->body.length);
    case EVENT_TIME:
    case EVENT_NUMBER:
    case EVENT_FLAG:
        break;
    }
    return bind_number(event_number(event, field));
}

void event_bind(const struct event *event, size_t from, size_t to, struct bind_value *values)
{
    for (size_t i = from; i < to; i++)
        *values++ = value_of_field(event, &event_fields[i]);
}

struct event event_of_row(const struct query *query, int first, size_t from, size_t to)
{
    struct event event = {.id = bytes_of(NULL, 0)};
    for (size_t i = from; i < to; i++) {
        const struct event_field *field = &event_fields[i];
        int column = first + (int)(i - from);
        if (event_field_is_span(field))
            *event_span(&event, field) = query_bytes(query, column);
        else
            event_set_number(&event, field, query_number(query, column));
    }
    return event;
}
