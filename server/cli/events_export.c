/* `tenterhook events export`: whole events as lines of JSON, the oldest first, to standard output.
 * A line says its id, so what was cut off goes on with --after ID. A body that is JSON stands in
 * the line as JSON, without the blanks between its parts; any other one as base64, and with
 * --exact each of them, byte for byte. */
#include "base/encoding.h"
#include "base/json_text.h"
#include "handlers/content/content.h"
#include "server/cli/events_find.h"
#include "server/cli/events_json.h"
#include "server/cli/events_parts.h"
#include "server/options/verb.h"
#include "server/terminal/output.h"

#include <stdlib.h>

struct exporting {
    const struct events_options *options;
    struct journal_reader *reader;
    struct events_json json;
    bool is_json;  /* the body of the event under way, by the event */
    bool is_short; /* of memory */
};

static bool put_json_body(struct exporting *exporting, struct bytes body)
{
    struct bytes payload;
    struct buffer compact;
    if (!content_stored_payload(body, true, bytes_of(NULL, 0), NULL, &payload))
        return false;
    buffer_init(&compact, SIZE_MAX / 2);
    bool good = json_append_compact(&compact, payload);
    if (good) {
        fputs(",\"body\":", exporting->json.out);
        print_json(exporting->json.out, buffer_bytes(&compact));
    }
    buffer_finish(&compact);
    return good;
}

static void put_base64_body(struct exporting *exporting, struct bytes body)
{
    char *text = malloc(BASE64_SIZE(body.length));
    exporting->is_short |= !text;
    if (!text)
        return;
    base64_encode(body, text);
    fprintf(exporting->json.out, ",\"body_base64\":\"%s\"", text);
    free(text);
}

static void export_stored(void *context, const struct event *stored)
{
    struct exporting *exporting = context;
    events_json_stored(&exporting->json, stored);
    if (!exporting->is_json || exporting->options->exact || !put_json_body(exporting, stored->body))
        put_base64_body(exporting, stored->body);
}

static void export_delivery(void *context, const struct delivery_view *delivery)
{
    struct exporting *exporting = context;
    events_json_delivery(&exporting->json, delivery);
}

/* In memory first: what reads the lines may stop for long, and half a line is of no use. */
static bool export_event(void *context, const struct event_copy *event)
{
    struct exporting *exporting = context;
    struct journal_reader *reader = exporting->reader;
    struct event_view view = event_copy_as_view(event);
    struct page page;
    exporting->is_short = !page_begin(&page);
    if (exporting->is_short)
        return false;
    exporting->json = (struct events_json){.out = page.out, .reader = reader};
    exporting->is_json = event->event.body_is_json;
    events_json_event(&exporting->json, &view);
    journal_reader_body(reader, event->seq, export_stored, exporting);
    journal_reader_deliveries(reader, event->seq, export_delivery, exporting);
    events_json_end(&exporting->json);
    if (journal_reader_is_well(reader) && !exporting->is_short)
        return page_end(&page); /* false: its reader has gone */
    page_drop(&page);
    return false;
}

int events_export(struct journal_reader *reader, struct events_options *options)
{
    struct error why = {""};
    struct exporting exporting = {.options = options, .reader = reader};
    options->search.filter.oldest_first = true;
    bool read = search_walk(&options->search, reader, export_event, &exporting, &why);
    if (!read)
        print_failure(why.text);
    else if (!journal_reader_is_well(reader))
        return events_read_failure(reader);
    else if (exporting.is_short)
        print_failure("no memory for an event");
    search_tell_unjudged(&options->search);
    return !read || exporting.is_short ? EXIT_ENVIRONMENT : EXIT_DONE;
}
