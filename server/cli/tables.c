/* Both tables are printed from the rows that the program writes and answers with, so that they
 * cannot differ from what it does. Rows of reply_rows[] below status 400 are no errors: what they
 * are called stands in the log, not in the body. */
#include "server/cli/tables.h"

#include "base/wrap.h"
#include "handlers/verdict.h"
#include "server/ipc/log_events.h"

#include <string.h>

static const char *const level_names[] = {"debug", "info", "warning", "error"};

static void print_levels(const struct log_event_row *event, FILE *out)
{
    fputs(level_names[event->level], out);
    if (event->worst != event->level)
        fprintf(out, " to %s", level_names[event->worst]);
}

static void print_log_table(FILE *out)
{
    fputs("\n# What the log says\n\nA line is the time, the level, the process, the event and its "
          "fields; in JSON these are `time`,\n`level`, `process` and `event`. A field in brackets "
          "may be missing. Of fields with strokes between\nthem a line has one. `lost_lines` "
          "counts the lines before it that were not read.\n\n| event | level | fields | what it "
          "says |\n|---|---|---|---|\n",
          out);
    for (size_t i = 0; i < LOG_EVENT_COUNT; i++) {
        fprintf(out, "| `%s` | ", log_events[i].name);
        print_levels(&log_events[i], out);
        fprintf(out, " | %s | %s |\n", log_events[i].fields, log_events[i].sentence);
    }
}

static void print_replies(unsigned first, unsigned last, FILE *out)
{
    for (size_t i = 0; i < REPLY_COUNT; i++) {
        const struct reply_row *row = &reply_rows[i];
        if (row->status < first || row->status > last)
            continue;
        fprintf(out, "| `%s` | %u | %s | %s%s%s |\n", row->code, row->status, row->text, row->cause,
                row->retry ? " The answer has `Retry-After`." : "",
                row->close ? " The connection is closed." : "");
    }
}

void tables_print(FILE *out)
{
    print_log_table(out);
    fputs("\n# What is answered to a request that is not refused\n\n"
          "A preset may say another status or body for its sender (`tenterhook providers NAME`), "
          "and `respond`\n"
          "for a route.\n\n"
          "| answer | status | message | when |\n|---|---|---|---|\n",
          out);
    print_replies(200, 299, out);
    fputs("\n# What is answered to a request that is refused\n\n"
          "The body is `{\"error\": …, \"message\": …}`, and the line `refused` of the log has the "
          "error as\n"
          "`code`, with a `reason` that the sender does not see.\n\n"
          "| error | status | message | when |\n|---|---|---|---|\n",
          out);
    print_replies(400, 599, out);
}

/* "  label text" */
static void print_part(const char *label, const char *text, unsigned width, FILE *out)
{
    unsigned at = 2 + (unsigned)strlen(label);
    fprintf(out, "  %s", label);
    wrap_print(out, text, at, at, width);
}

static void print_remedy(const char *remedy, unsigned width, FILE *out)
{
    if (remedy)
        print_part("what to do: ", remedy, width, out);
}

bool tables_explain(const char *name, unsigned width, FILE *out)
{
    const struct log_event_row *event = log_event_find(name);
    bool found = event != NULL;
    if (event) {
        fprintf(out, "%s (an event of the log)\n", name);
        print_part("", event->sentence, width, out);
        fputs("  level: ", out);
        print_levels(event, out);
        fputc('\n', out);
        print_part("fields: ", event->fields, width, out);
        print_remedy(event->remedy, width, out);
    }
    for (size_t i = 0; i < REPLY_COUNT; i++) {
        const struct reply_row *row = &reply_rows[i];
        if (row->status == 0 || strcmp(row->code, name) != 0)
            continue;
        fprintf(out, "%s (%s)\n", name, row->status < 400 ? "an answer" : "the error of an answer");
        print_part("", row->cause, width, out);
        fprintf(out, "  status: %u\n", row->status);
        print_part("message: ", row->text, width, out);
        print_remedy(row->remedy, width, out);
        found = true;
    }
    return found;
}
