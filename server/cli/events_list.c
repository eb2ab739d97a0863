/* `tenterhook events list`: the newest first, as JSON or as a table. The end of a list that was cut
 * by its limit names the command for the next page, to a terminal only. */
#include "server/cli/events_find.h"
#include "server/cli/events_json.h"
#include "server/cli/events_parts.h"
#include "server/cli/events_table.h"
#include "server/cli/paused.h"
#include "server/options/verb.h"

struct listing {
    const struct events_options *options;
    struct events_table table;
    int64_t rows;
    char last[64]; /* id */
};

static bool list_event(void *context, const struct event_copy *event)
{
    struct listing *listing = context;
    struct event_view view = event_copy_as_view(event);
    if (listing->options->json)
        events_json_row(stdout, &view);
    else
        events_table_add(&listing->table, &view);
    listing->rows++;
    snprintf(listing->last, sizeof listing->last, "%.*s", (int)event->event.id.length,
             (const char *)event->event.id.data);
    return ferror(stdout) == 0; /* else its reader has gone */
}

static void print_more(const struct listing *listing)
{
    const struct search *search = &listing->options->search;
    if (listing->rows == search->limit && listing->table.screen.is_terminal) {
        fputs("more: add --before ", stderr);
        print_safe(stderr, bytes_of_text(listing->last));
        fputc('\n', stderr);
    }
}

int events_list(struct journal_reader *reader, struct events_options *options)
{
    struct error why = {""};
    struct search *search = &options->search;
    struct listing listing = {.options = options};
    search->filter.oldest_first = search->after && !search->before;
    if (!options->json && !paused_print(reader, stderr))
        return events_read_failure(reader);
    if (!options->json)
        events_table_begin(&listing.table, stdout, reader);
    bool read = search_walk(search, reader, list_event, &listing, &why);
    if (!options->json)
        events_table_flush(&listing.table);
    if (!read) {
        print_failure(why.text);
        return EXIT_ENVIRONMENT;
    }
    print_more(&listing);
    search_tell_unjudged(search);
    return EXIT_DONE;
}
