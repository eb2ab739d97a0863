/* An event of the journal beside what the present route file would make of it. */
#ifndef TENTERHOOK_SERVER_CLI_VERIFY_DIFFERENCE_H
#define TENTERHOOK_SERVER_CLI_VERIFY_DIFFERENCE_H

#include "server/pipeline/pipeline.h"

struct past_delivery {
    struct bytes action, state;
};

struct difference {
    const char *kind; /* "runs", "does_not_run", "refused", "ignored", … */
    const char *text; /* "action mail would run" */
};

/* At most so many deliveries has an event. */
enum { PAST_DELIVERIES_MAX = 256, DIFFERENCES_MAX = 2 * PAST_DELIVERIES_MAX, PAST_NOTES_MAX = 16 };

/* Spans and texts live in the arena of whoever has filled it in. */
struct verify_past {
    struct event event;
    bool has_body;
    struct past_delivery deliveries[PAST_DELIVERIES_MAX];
    size_t delivery_count;
    struct difference differences[DIFFERENCES_MAX];
    size_t difference_count;
    const char *notes[PAST_NOTES_MAX]; /* what is not known of it, and is asked for */
    size_t note_count;
};

/* Finds the differences, after the walk of pipeline_stored, which came to `verdict`. */
void verify_past_compare(struct verify_past *past, struct exchange *exchange,
                         const struct verdict *verdict, struct arena *arena);

/* What became of the event then, and what would be different. */
void verify_past_print(const struct verify_past *past);
/* The same as members of a JSON object: `,"id":…,"differences":[…]`. */
void verify_past_append(const struct verify_past *past, struct buffer *out);

#endif
