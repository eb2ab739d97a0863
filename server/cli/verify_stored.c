/* Events are read a page at a time and tried one after the other, so a year of them takes the
 * memory of one. Nothing of the journal is changed, and nothing is run. Secrets are not asked for:
 * who sent these events has been found out before. */
#include "server/cli/verify_stored.h"

#include "base/clock.h"
#include "base/json_text.h"
#include "server/cli/event_copy.h"
#include "server/cli/events_find.h"
#include "server/cli/verify_print.h"
#include "server/journal/notice_event.h"
#include "server/options/verb.h"
#include "server/pipeline/pipeline.h"
#include "server/pipeline/stored_event.h"
#include "server/terminal/terminal.h"

#include <stdio.h>

enum { PAGE = 100, EVENT_MEMORY = 256 << 20 };

struct trying {
    const struct verify_selection *selection;
    const struct pipeline *pipeline;
    struct journal_reader *reader;
    struct arena arena; /* of one event */
    struct verify_past past;
    bool is_complete; /* there was memory for all of the event */
    size_t events, different, not_tried;
    int64_t seqs[PAGE], last, not_before_ms;
    size_t seq_count;
};

/* ---- one event ---- */

static void keep_delivery(void *context, const struct delivery_view *delivery)
{
    struct trying *trying = context;
    struct verify_past *past = &trying->past;
    if (delivery->is_notice) /* no action of the event */
        return;
    char *action = arena_copy_bytes(&trying->arena, delivery->action);
    char *state = arena_copy_bytes(&trying->arena, delivery->state);
    trying->is_complete &= action && state;
    if (action && state && past->delivery_count < PAST_DELIVERIES_MAX)
        past->deliveries[past->delivery_count++] = (struct past_delivery){
            bytes_of(action, delivery->action.length), bytes_of(state, delivery->state.length)};
}

/* False after saying why it cannot be read. */
static bool read_event(struct trying *trying, int64_t seq)
{
    struct journal_reader *reader = trying->reader;
    struct event_copy copy;
    trying->is_complete = event_copy_row(reader, seq, &trying->arena, &copy) &&
                          event_copy_body(reader, seq, &trying->arena, &copy);
    trying->past = (struct verify_past){.event = copy.event, .has_body = copy.has_body};
    if (trying->is_complete)
        journal_reader_deliveries(reader, seq, keep_delivery, trying);
    if (!journal_reader_is_well(reader))
        return events_read_failure(reader) == EXIT_DONE;
    if (!trying->is_complete)
        print_failure("no memory for an event");
    return trying->is_complete;
}

static void walk(struct trying *trying, struct exchange *exchange, struct verdict *verdict)
{
    exchange_init(exchange, trying->pipeline);
    *verdict = stored_event_begin(exchange, &trying->past.event)
                   ? pipeline_stored(exchange)
                   : verdict_refuse(REPLY_MEMORY_FULL, "no memory for the headers");
    if (verdict->reply == REPLY_NONE)
        *verdict = exchange->quarantine;
    if (verdict->reply == REPLY_NONE)
        verdict->reply = REPLY_ACCEPTED;
    verify_past_compare(&trying->past, exchange, verdict, &trying->arena);
    *verdict = pipeline_format_response(exchange, "", *verdict);
}

/* ---- by its id ---- */

static int show_one(struct trying *trying, int64_t seq)
{
    struct exchange exchange;
    struct verify_result result = {.exchange = &exchange, .past = &trying->past};
    if (!read_event(trying, seq))
        return EXIT_ENVIRONMENT;
    if (bytes_equal_text(trying->past.event.client, NOTICE_CLIENT)) {
        print_failure("the event is a notice of the server: nobody has sent it");
        return EXIT_ENVIRONMENT;
    }
    if (!trying->past.has_body) {
        print_failure("the body of the event is no longer stored");
        return EXIT_ENVIRONMENT;
    }
    walk(trying, &exchange, &result.verdict);
    verify_print_result(&result, trying->selection->json);
    exchange_finish(&exchange);
    return trying->past.difference_count ? EXIT_NO : EXIT_DONE;
}

static int try_one(struct trying *trying)
{
    const char *id = trying->selection->id;
    int64_t seq;
    size_t count;
    struct error why;
    if (!journal_reader_find(trying->reader, id, &seq, &count))
        return events_read_failure(trying->reader);
    if (count == 1)
        return show_one(trying, seq);
    error_set(&why, count ? "more than one event id begins with %s" : "there is no event %s", id);
    print_failure(why.text);
    return EXIT_ENVIRONMENT;
}

/* ---- all of a route ---- */

static void print_line(const struct verify_past *past)
{
    char received[CLOCK_TEXT_SIZE];
    clock_format_unix_ms(past->event.received_ms, received);
    print_safe(stdout, past->event.id);
    printf("  %s", received);
    for (size_t i = 0; i < past->difference_count; i++) {
        fputs(i ? "; " : "  ", stdout);
        print_safe(stdout, bytes_of_text(past->differences[i].text));
    }
    putchar('\n');
}

static void print_json_line(const struct verify_past *past)
{
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    buffer_append_text(&out, "{\"route\":");
    json_append_string(&out, past->event.route);
    verify_past_append(past, &out);
    buffer_append_text(&out, "}\n");
    print_json(stdout, buffer_bytes(&out));
    buffer_finish(&out);
}

static void list_one(struct trying *trying)
{
    struct exchange exchange;
    struct verdict verdict;
    trying->events++;
    if (!trying->past.has_body) {
        trying->not_tried++;
        return;
    }
    walk(trying, &exchange, &verdict);
    exchange_finish(&exchange);
    if (trying->past.difference_count == 0)
        return;
    trying->different++;
    if (trying->selection->json)
        print_json_line(&trying->past);
    else
        print_line(&trying->past);
}

static void select_event(void *context, const struct event_view *view)
{
    struct trying *trying = context;
    trying->last = view->seq;
    bool is_sent = !bytes_equal_text(view->event.client, NOTICE_CLIENT);
    if (is_sent && view->event.received_ms >= trying->not_before_ms)
        trying->seqs[trying->seq_count++] = view->seq;
}

static bool try_page(struct trying *trying)
{
    bool good = true;
    for (size_t i = 0; good && i < trying->seq_count; i++) {
        arena_init(&trying->arena, EVENT_MEMORY);
        good = read_event(trying, trying->seqs[i]);
        if (good)
            list_one(trying);
        arena_finish(&trying->arena);
    }
    return good;
}

static void print_summary(const struct trying *trying)
{
    if (trying->selection->json) {
        printf("{\"events\":%zu,\"different\":%zu,\"not_tried\":%zu}\n", trying->events,
               trying->different, trying->not_tried);
        return;
    }
    printf("%zu event%s, %zu would be different", trying->events, trying->events == 1 ? "" : "s",
           trying->different);
    if (trying->not_tried)
        printf("; %zu could not be tried, because the body is no longer stored", trying->not_tried);
    putchar('\n');
}

static int try_all(struct trying *trying)
{
    const struct verify_selection *selection = trying->selection;
    int64_t before;
    if (selection->since_ms)
        trying->not_before_ms = clock_unix_ms() - selection->since_ms;
    do {
        struct event_filter filter = {
            .route = selection->route, .after = trying->last, .limit = PAGE, .oldest_first = true};
        before = trying->last;
        trying->seq_count = 0;
        if (!journal_reader_list(trying->reader, &filter, select_event, trying))
            return events_read_failure(trying->reader);
        if (!try_page(trying))
            return EXIT_ENVIRONMENT;
    } while (trying->last != before);
    print_summary(trying);
    return trying->different ? EXIT_NO : EXIT_DONE;
}

int verify_stored(const struct verify_selection *selection, const struct settings *settings)
{
    struct pipeline pipeline;
    struct error err = {""};
    struct trying trying = {.selection = selection, .pipeline = &pipeline};
    if (!pipeline_init(&pipeline, settings, NULL, NULL, &err)) {
        print_failure(err.text);
        return EXIT_ENVIRONMENT;
    }
    int code = EXIT_ENVIRONMENT;
    trying.reader = journal_reader_open(settings->journal.path, &err);
    arena_init(&trying.arena, EVENT_MEMORY);
    if (trying.reader)
        code = selection->id ? try_one(&trying) : try_all(&trying);
    else
        print_failure(err.text);
    arena_finish(&trying.arena);
    if (trying.reader)
        journal_reader_close(trying.reader);
    pipeline_finish(&pipeline);
    return code;
}
