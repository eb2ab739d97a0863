/* `tenterhook events tail`: the last events, then each as it comes, and again when the last of its
 * deliveries has ended. One query asks which of the followed events are still open, using the index
 * that contains only open deliveries. */
#include "base/clock.h"
#include "server/cli/events_find.h"
#include "server/cli/events_json.h"
#include "server/cli/events_parts.h"
#include "server/cli/events_table.h"
#include "server/cli/follow.h"
#include "server/options/verb.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum { EVENT_MEMORY = 64 << 20, LAST_MAX = 10000 };
#define TAIL_PAUSE_NS (200 * NS_PER_MS)

/* Shown while something was still to be done. */
struct followed {
    int64_t seq;
    bool open;
};

struct tail {
    struct journal_reader *reader;
    struct search *search;
    const char *state; /* only events that are in it, now or at their end; NULL: all */
    bool json;
    struct events_table table;
    int64_t last;              /* number of the newest event that was looked at */
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

/* ---- one event ---- */

static bool has_state(struct bytes states, const char *wanted)
{
    while (states.data)
        if (bytes_equal_text(bytes_split(&states, ','), wanted))
            return true;
    return false;
}

static bool is_over(struct bytes states)
{
    return !has_state(states, "pending") && !has_state(states, "running");
}

static void print_event(struct tail *tail, const struct event_copy *event)
{
    struct event_view view = event_copy_as_view(event);
    if (tail->state && !has_state(event->states, tail->state))
        return;
    if (tail->json)
        events_json_row(stdout, &view);
    else
        events_table_add(&tail->table, &view);
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

static bool take_new(void *context, const struct event_copy *event)
{
    struct tail *tail = context;
    print_event(tail, event);
    if (!is_over(event->states))
        follow(tail, event->seq);
    return true;
}

static void print_by_number(struct tail *tail, int64_t seq, bool is_new)
{
    struct arena arena;
    struct event_copy copy;
    arena_init(&arena, EVENT_MEMORY);
    bool is_there = event_copy_row(tail->reader, seq, &arena, &copy) && copy.is_there;
    if (is_there && is_new) /* else it was pruned */
        take_new(tail, &copy);
    else if (is_there)
        print_event(tail, &copy);
    arena_finish(&arena);
}

static bool look_at_new(struct tail *tail, struct error *why)
{
    struct event_filter *filter = &tail->search->filter;
    int64_t newest = tail->last;
    if (!journal_reader_newest(tail->reader, &newest))
        return journal_reader_explain(tail->reader, why);
    filter->after = tail->last;
    filter->before = newest + 1;
    tail->last = newest;
    return search_walk(tail->search, tail->reader, take_new, tail, why);
}

/* ---- events that have ended ---- */

static int compare_seqs(const void *key, const void *item)
{
    int64_t wanted = *(const int64_t *)key, found = ((const struct followed *)item)->seq;
    return wanted < found ? -1 : wanted > found;
}

static void note_open(void *context, const struct open_view *open)
{
    struct tail *tail = context;
    struct followed *found =
        bsearch(&open->event, tail->followed, tail->count, sizeof *tail->followed, compare_seqs);
    if (found && open->is_of_state)
        found->open = true;
}

static bool look_at_followed(struct tail *tail, struct error *why)
{
    size_t kept = 0;
    if (tail->count == 0)
        return true;
    for (size_t i = 0; i < tail->count; i++)
        tail->followed[i].open = false;
    if (!journal_reader_open_deliveries(tail->reader, tail->followed[0].seq, note_open, tail))
        return journal_reader_explain(tail->reader, why);
    for (size_t i = 0; i < tail->count; i++) {
        if (tail->followed[i].open)
            tail->followed[kept++] = tail->followed[i];
        else
            print_by_number(tail, tail->followed[i].seq, false);
    }
    tail->count = kept;
    return journal_reader_is_well(tail->reader) || journal_reader_explain(tail->reader, why);
}

/* ---- looks ---- */

/* An exit code, or -1 to go on. */
static int look(struct tail *tail)
{
    struct error why = {""};
    bool read = look_at_followed(tail, &why) && look_at_new(tail, &why);
    if (!tail->json)
        events_table_flush(&tail->table);
    if (!read)
        print_failure(why.text);
    else if (tail->no_memory)
        fputs("tenterhook: no memory to follow all events\n", stderr);
    if (!read || tail->no_memory)
        return EXIT_ENVIRONMENT;
    return fflush(stdout) == 0 ? -1 : EXIT_DONE; /* its reader has gone */
}

static int look_on(struct tail *tail)
{
    const struct timespec pause = {.tv_nsec = TAIL_PAUSE_NS};
    int code = -1;
    while (code < 0 && !interrupted) {
        nanosleep(&pause, NULL);
        if (fflush(stdout) != 0)
            return EXIT_DONE;
        if (journal_reader_changed(tail->reader))
            code = journal_reader_is_well(tail->reader) ? look(tail)
                                                        : events_read_failure(tail->reader);
    }
    return code < 0 ? EXIT_DONE : code;
}

/* ---- the last ones ---- */

/* Their numbers, the newest first. */
struct last_ones {
    int64_t *seqs;
    size_t count;
};

static bool note_last(void *context, const struct event_copy *event)
{
    struct last_ones *last = context;
    last->seqs[last->count++] = event->seq;
    return true;
}

static bool show_last(struct tail *tail, struct error *why)
{
    struct search *search = tail->search;
    search->limit = search->limit < LAST_MAX ? search->limit : LAST_MAX;
    struct last_ones last = {.seqs = calloc((size_t)search->limit, sizeof *last.seqs)};
    if (!last.seqs)
        return error_set(why, "no memory");
    bool read = journal_reader_newest(tail->reader, &tail->last) ||
                journal_reader_explain(tail->reader, why);
    search->filter.before = tail->last + 1;
    read = read && search_walk(search, tail->reader, note_last, &last, why);
    for (size_t i = last.count; i > 0; i--)
        print_by_number(tail, last.seqs[i - 1], !tail->state);
    free(last.seqs);
    return read;
}

static bool note_open_one(void *context, const struct event_copy *event)
{
    return is_over(event->states) || note_last(context, event);
}

/* What is not in the wanted state may come to it: so the last events are followed, whatever theirs
 * is. */
static bool follow_last(struct tail *tail, struct error *why)
{
    struct search *search = tail->search;
    struct last_ones open = {.seqs = calloc(LAST_MAX, sizeof *open.seqs)};
    if (!open.seqs)
        return error_set(why, "no memory");
    search->filter.state = NULL;
    search->limit = LAST_MAX;
    bool read = search_walk(search, tail->reader, note_open_one, &open, why);
    while (open.count > 0)
        follow(tail, open.seqs[--open.count]);
    free(open.seqs);
    return read;
}

/* From now on in the order in which they come, all of them, and by their state at any time. */
static void turn_to_new(struct tail *tail)
{
    struct search *search = tail->search;
    search->filter.oldest_first = true;
    search->filter.state = NULL;
    search->limit = 0;
}

/* The output of what one event runs. */
static int follow_output(struct journal_reader *reader, const struct events_options *options)
{
    int64_t seq;
    int code = EXIT_DONE;
    if (!events_find(reader, options->follow, &seq, &code))
        return code;
    return events_follow(reader, options->path, seq, options->json);
}

int events_tail(struct journal_reader *reader, struct events_options *options)
{
    if (options->follow)
        return follow_output(reader, options);
    struct error why = {""};
    struct search *search = &options->search;
    struct tail tail = {
        .reader = reader, .search = search, .state = search->filter.state, .json = options->json};
    const struct sigaction action = {.sa_handler = interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (!tail.json)
        events_table_begin(&tail.table, stdout, reader);
    bool read = show_last(&tail, &why) && (!tail.state || follow_last(&tail, &why));
    if (!tail.json)
        events_table_flush(&tail.table);
    turn_to_new(&tail);
    int code = read ? look_on(&tail) : EXIT_ENVIRONMENT;
    if (!read)
        print_failure(why.text);
    free(tail.followed);
    return code;
}
