/* A walk over many events that never reads for long: a long read transaction would keep the log
 * from being begun anew, however little it finds. */
#ifndef TENTERHOOK_SERVER_JOURNAL_WALK_H
#define TENTERHOOK_SERVER_JOURNAL_WALK_H

#include "server/journal/reader.h"

struct journal_walk {
    struct event_filter filter;
    int64_t lowest, highest; /* the numbers that are still to be looked at */
    int64_t span;            /* how many of them the next step looks at */
    int64_t total;           /* at the beginning */
};

/* Of the events that the filter wants, its limit apart. False where the reader is not well. */
bool journal_walk_begin(struct journal_walk *walk, struct journal_reader *reader,
                        const struct event_filter *filter);
/* Reads some of the events, for about 5 ms: a single large body may take longer. Finds at most
 * `most`, possibly none. False where the reader is not well. */
bool journal_walk_step(struct journal_walk *walk, struct journal_reader *reader, int64_t most,
                       void (*each)(void *context, const struct event_view *event), void *context);

static inline bool journal_walk_is_over(const struct journal_walk *walk)
{
    return walk->lowest > walk->highest;
}

#endif
