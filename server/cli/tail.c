/* `tenterhook events tail`: prints an event when it has come, and again when the last of its
 * deliveries has ended. One query asks which of the followed events are still open, using the index
 * that contains only open deliveries. */
#include "server/cli/tail.h"

#include "base/clock.h"
#include "server/cli/events_print.h"
#include "server/cli/output.h"
#include "server/cli/verb.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum { TAIL_PAGE = 1000 };
#define TAIL_PAUSE_NS (200 * NS_PER_MS)

/* Shown while something was still to be done. */
struct followed {
    int64_t seq;
    bool open;
};

struct tail {
    const char *route;
    bool json;
    struct page page;
    int64_t last;
    struct followed *followed; /* by rising seq */
    size_t count, capacity;
    bool no_memory;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

/* ---- events that have come ---- */

static void follow(struct tail *tail, int64_t seq)
{
    if (tail->count == tail->capacity) {
        size_t capacity = tail->capacity ? tail->capacity * 2 : 64;
        struct followed *more = realloc(tail->followed, capacity * sizeof *more);
        tail->no_memory |= !more;
        if (!more)
            return;
        tail->followed = more;
        tail->capacity = capacity;
    }
    tail->followed[tail->count++] = (struct followed){.seq = seq};
}

static bool is_over(const struct event_view *event)
{
    struct bytes states = event->states;
    while (states.data) {
        struct bytes state = bytes_split(&states, ',');
        if (bytes_equal_text(state, "pending") || bytes_equal_text(state, "running"))
            return false;
    }
    return true;
}

static void put_new(void *context, const struct event_view *event)
{
    struct tail *tail = context;
    events_print_row(tail->page.out, event, tail->json);
    tail->last = event->seq;
    if (!is_over(event))
        follow(tail, event->seq);
}

/* ---- events that have ended ---- */

static int compare_seqs(const void *key, const void *item)
{
    int64_t wanted = *(const int64_t *)key, found = ((const struct followed *)item)->seq;
    return wanted < found ? -1 : wanted > found;
}

static void note_open(void *context, int64_t event)
{
    struct tail *tail = context;
    struct followed *found =
        bsearch(&event, tail->followed, tail->count, sizeof *tail->followed, compare_seqs);
    if (found)
        found->open = true;
}

static void put_ended(void *context, const struct event_view *event)
{
    struct tail *tail = context;
    events_print_row(tail->page.out, event, tail->json);
}

static bool look_at_followed(struct journal_reader *reader, struct tail *tail)
{
    size_t kept = 0;
    if (tail->count == 0)
        return true;
    for (size_t i = 0; i < tail->count; i++)
        tail->followed[i].open = false;
    if (!journal_reader_open_events(reader, tail->followed[0].seq, note_open, tail))
        return false;
    for (size_t i = 0; i < tail->count; i++) {
        if (tail->followed[i].open)
            tail->followed[kept++] = tail->followed[i];
        else if (!journal_reader_event(reader, tail->followed[i].seq, put_ended, tail) &&
                 !journal_reader_is_well(reader)) /* else it was pruned */
            return false;
    }
    tail->count = kept;
    return true;
}

/* ---- a look ---- */

static bool look_at_new(struct journal_reader *reader, struct tail *tail, int64_t *seen)
{
    struct event_filter filter = {
        .route = tail->route, .after = tail->last, .limit = TAIL_PAGE, .oldest_first = true};
    int64_t before = tail->last;
    bool read = journal_reader_list(reader, &filter, put_new, tail);
    *seen = tail->last - before;
    return read;
}

/* An exit code, or -1 to go on. */
static int look(struct journal_reader *reader, struct tail *tail)
{
    int64_t seen;
    bool first = true;
    do {
        if (!page_begin(&tail->page))
            return EXIT_ENVIRONMENT;
        bool read = (!first || look_at_followed(reader, tail)) && look_at_new(reader, tail, &seen);
        bool written = page_end(&tail->page);
        if (!read)
            return events_print_failure(reader);
        if (!written) /* the reader has gone */
            return EXIT_DONE;
        first = false;
    } while (seen > 0);
    if (tail->no_memory)
        fputs("tenterhook: no memory to follow all events\n", stderr);
    return tail->no_memory ? EXIT_ENVIRONMENT : -1;
}

static int tail_on(struct journal_reader *reader, struct tail *tail)
{
    const struct timespec pause = {.tv_nsec = TAIL_PAUSE_NS};
    int code = -1;
    while (code < 0 && !interrupted) {
        if (fflush(stdout) != 0)
            return EXIT_DONE;
        nanosleep(&pause, NULL);
        if (journal_reader_changed(reader))
            code =
                journal_reader_is_well(reader) ? look(reader, tail) : events_print_failure(reader);
    }
    return code < 0 ? EXIT_DONE : code;
}

int events_tail(struct journal_reader *reader, const char *route, bool json)
{
    struct tail tail = {.route = route, .json = json};
    const struct sigaction action = {.sa_handler = interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (!json)
        events_print_head(stdout);
    if (!journal_reader_newest(reader, &tail.last))
        return events_print_failure(reader);
    int code = tail_on(reader, &tail);
    free(tail.followed);
    return code;
}
