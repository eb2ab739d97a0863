/* A step looks at a range of numbers, which is made longer or shorter by the time that the step
 * before took. Times are restricted by the ids too, because these have an index and begin with the
 * time at which the event was stored. That is as long after the time at which it was received as
 * the body took, which is ten hours at most (body_timeout); before it only if the clock was set. */
#include "server/journal/walk.h"

#include "base/clock.h"

#include <stdio.h>

enum { FIRST_SPAN = 16, LONGEST_SPAN = 1 << 16 };
#define STEP_NS (5 * NS_PER_MS)
#define CLOCK_MARGIN_MS INT64_C(3600000)
#define BODY_MARGIN_MS (11 * CLOCK_MARGIN_MS)

/* The number of the first event that was stored at that time or later. */
static bool place_of_time(struct journal_reader *reader, int64_t unix_ms, int64_t *seq)
{
    char id[32];
    uint64_t time = unix_ms < 0 ? 0 : (uint64_t)unix_ms & 0xffffffffffff;
    snprintf(id, sizeof id, "%08llx-%04llx", (unsigned long long)(time >> 16),
             (unsigned long long)(time & 0xffff));
    return journal_reader_place(reader, id, seq);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

bool journal_walk_begin(struct journal_walk *walk, struct journal_reader *reader,
                        const struct event_filter *filter)
{
    int64_t since = 0, until = INT64_MAX;
    *walk = (struct journal_walk){.filter = *filter, .span = FIRST_SPAN};
    if (!journal_reader_bounds(reader, &walk->lowest, &walk->highest))
        return false;
    if (filter->since_ms && !place_of_time(reader, filter->since_ms - CLOCK_MARGIN_MS, &since))
        return false;
    if (filter->until_ms && !place_of_time(reader, filter->until_ms + BODY_MARGIN_MS, &until))
        return false;
    walk->lowest = larger(larger(walk->lowest, since), filter->after + 1);
    walk->highest = smaller(walk->highest, until - 1);
    if (filter->before)
        walk->highest = smaller(walk->highest, filter->before - 1);
    walk->total = walk->highest - walk->lowest + 1;
    return true;
}

struct stepping {
    void (*each)(void *context, const struct event_view *event);
    void *context;
    int64_t found, last;
};

static void note_event(void *context, const struct event_view *event)
{
    struct stepping *stepping = context;
    stepping->found++;
    stepping->last = event->seq;
    stepping->each(stepping->context, event);
}

static void choose_span(struct journal_walk *walk, int64_t took_ns)
{
    if (took_ns > STEP_NS)
        walk->span = larger(walk->span * STEP_NS / took_ns, 1);
    else if (took_ns < STEP_NS / 2)
        walk->span = smaller(walk->span * 2, LONGEST_SPAN);
}

bool journal_walk_step(struct journal_walk *walk, struct journal_reader *reader, int64_t most,
                       void (*each)(void *context, const struct event_view *event), void *context)
{
    struct stepping stepping = {each, context, 0, 0};
    struct event_filter *filter = &walk->filter;
    int64_t from = walk->lowest, to = walk->highest, start = clock_monotonic_ns();
    if (filter->oldest_first)
        to = smaller(to, from + walk->span - 1);
    else
        from = larger(from, to - walk->span + 1);
    filter->after = from - 1;
    filter->before = to + 1;
    filter->limit = most;
    if (!journal_reader_list(reader, filter, note_event, &stepping))
        return false;
    choose_span(walk, clock_monotonic_ns() - start);
    if (stepping.found == most) /* there may be more in the range */
        from = to = stepping.last;
    if (filter->oldest_first)
        walk->lowest = to + 1;
    else
        walk->highest = from - 1;
    return true;
}
