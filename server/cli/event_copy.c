/* By the table of fields (server/event.h): a new one is copied without a change here. */
#include "server/cli/event_copy.h"

struct copying {
    struct event_copy *copy;
    struct arena *arena;
    bool is_short; /* of memory */
};

static void copy_fields(struct copying *copying, const struct event *from, size_t first, size_t end)
{
    struct event *to = &copying->copy->event;
    for (size_t i = first; i < end; i++) {
        const struct event_field *field = &event_fields[i];
        if (!event_field_is_span(field)) {
            event_set_number(to, field, event_number(from, field));
            continue;
        }
        struct bytes text = event_bytes(from, field);
        char *copy = arena_copy_bytes(copying->arena, text);
        *event_span(to, field) = bytes_of(copy, copy ? text.length : 0);
        copying->is_short |= copy == NULL;
    }
}

static void copy_row(void *context, const struct event_view *view)
{
    struct copying *copying = context;
    struct event_copy *copy = copying->copy;
    char *states = arena_copy_bytes(copying->arena, view->states);
    *copy = (struct event_copy){.is_there = true,
                                .has_body = view->has_body,
                                .seq = view->seq,
                                .states = bytes_of(states, states ? view->states.length : 0)};
    copying->is_short |= states == NULL;
    copy_fields(copying, &view->event, 0, EVENT_ROW_COUNT);
}

bool event_copy_view(const struct event_view *view, struct arena *arena, struct event_copy *copy)
{
    struct copying copying = {copy, arena, false};
    copy_row(&copying, view);
    return !copying.is_short;
}

static void copy_body(void *context, const struct event *stored)
{
    copy_fields(context, stored, EVENT_ROW_COUNT, EVENT_FIELD_COUNT);
}

bool event_copy_row(struct journal_reader *reader, int64_t seq, struct arena *arena,
                    struct event_copy *copy)
{
    struct copying copying = {copy, arena, false};
    *copy = (struct event_copy){.is_there = false};
    journal_reader_event(reader, seq, copy_row, &copying);
    return journal_reader_is_well(reader) && !copying.is_short;
}

bool event_copy_body(struct journal_reader *reader, int64_t seq, struct arena *arena,
                     struct event_copy *copy)
{
    struct copying copying = {copy, arena, false};
    copy->has_body = copy->has_body && journal_reader_body(reader, seq, copy_body, &copying);
    return journal_reader_is_well(reader) && !copying.is_short;
}
