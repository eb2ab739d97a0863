/* `tenterhook events show`: all of one event, gathered in memory while the journal is read. */
#include "server/cli/events_find.h"
#include "server/cli/events_json.h"
#include "server/cli/events_parts.h"
#include "server/cli/events_text.h"
#include "server/options/verb.h"
#include "server/terminal/output.h"

/* Of the two, one is shown. */
struct showing {
    bool json;
    struct events_json as_json;
    struct events_text as_text;
};

static void show_event(void *context, const struct event_view *event)
{
    struct showing *showing = context;
    if (showing->json)
        events_json_event(&showing->as_json, event);
    else
        events_text_event(&showing->as_text, event);
}

static void show_stored(void *context, const struct event *stored)
{
    struct showing *showing = context;
    if (showing->json)
        events_json_stored(&showing->as_json, stored);
    else
        events_text_stored(&showing->as_text, stored);
}

static void show_delivery(void *context, const struct delivery_view *delivery)
{
    struct showing *showing = context;
    if (showing->json)
        events_json_delivery(&showing->as_json, delivery);
    else
        events_text_delivery(&showing->as_text, delivery);
}

static bool put_all(struct journal_reader *reader, int64_t seq, struct showing *showing)
{
    if (!journal_reader_event(reader, seq, show_event, showing))
        return false;
    journal_reader_body(reader, seq, show_stored, showing);
    if (!journal_reader_deliveries(reader, seq, show_delivery, showing))
        return false;
    if (showing->json)
        events_json_end(&showing->as_json);
    return true;
}

static int show_all(struct journal_reader *reader, int64_t seq,
                    const struct events_options *options)
{
    struct page page;
    if (!page_begin(&page))
        return EXIT_ENVIRONMENT;
    struct showing showing = {
        .json = options->json,
        .as_json = {.out = page.out, .reader = reader},
        .as_text = {
            .out = page.out, .screen = screen_look(), .reader = reader, .raw = options->raw}};
    bool read = put_all(reader, seq, &showing);
    page_end(&page);
    if (read && showing.as_text.is_dead && showing.as_text.screen.is_terminal) {
        fputs("\nto run it again: tenterhook replay ", stdout);
        print_safe(stdout, bytes_of_text(options->id));
        fputc('\n', stdout);
    }
    return read ? EXIT_DONE : events_read_failure(reader);
}

static void write_body(void *context, const struct event *stored)
{
    struct page *page = context;
    print_bytes(page->out, stored->body, print_is_for_terminal());
}

static int show_body(struct journal_reader *reader, int64_t seq)
{
    struct page page;
    if (!page_begin(&page))
        return EXIT_ENVIRONMENT;
    bool there = journal_reader_body(reader, seq, write_body, &page);
    page_end(&page);
    if (there)
        return EXIT_DONE;
    fputs("tenterhook: the body is no longer stored\n", stderr);
    return EXIT_NO;
}

int events_show(struct journal_reader *reader, struct events_options *options)
{
    int64_t seq;
    int code;
    if (!events_find(reader, options->id, &seq, &code))
        return code;
    return options->body ? show_body(reader, seq) : show_all(reader, seq, options);
}
