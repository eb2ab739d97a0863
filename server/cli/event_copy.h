/* An event of the journal, copied out of it whole: for those who do something with it, while a
 * callback of the reader may only look. */
#ifndef TENTERHOOK_SERVER_CLI_EVENT_COPY_H
#define TENTERHOOK_SERVER_CLI_EVENT_COPY_H

#include "base/arena.h"
#include "server/journal/reader.h"

struct event_copy {
    bool is_there, has_body;
    int64_t seq;
    struct bytes states; /* as in the view; in the arena */
    struct event event;  /* in the arena */
};

static inline struct event_view event_copy_as_view(const struct event_copy *copy)
{
    return (struct event_view){copy->seq, copy->has_body, copy->states, copy->event};
}

/* What a callback sees. False without memory. */
bool event_copy_view(const struct event_view *view, struct arena *arena, struct event_copy *copy);
/* Without the fields of EVENT_BODY_FIELDS. False without memory, or where the reader is not well.
 */
bool event_copy_row(struct journal_reader *reader, int64_t seq, struct arena *arena,
                    struct event_copy *copy);
/* And those fields, if they are there. */
bool event_copy_body(struct journal_reader *reader, int64_t seq, struct arena *arena,
                     struct event_copy *copy);

#endif
