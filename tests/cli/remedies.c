/* Prints the tables of docs/troubleshooting.md from the rows that the program answers and logs
 * with; remedies.py compares. Exit 1, with a line on standard error, if a refusal or a warning has
 * no remedy. */
#include "handlers/verdict.h"
#include "server/ipc/log_events.h"

#include <stdio.h>
#include <stdlib.h>

static int status = EXIT_SUCCESS;

/* `remedy`, which must be there. */
static const char *remedy_of(const char *name, const char *remedy)
{
    if (remedy)
        return remedy;
    fprintf(stderr, "%s has no remedy\n", name);
    status = EXIT_FAILURE;
    return "";
}

static void print_status(unsigned code)
{
    for (size_t i = 0; i < REPLY_COUNT; i++) {
        const struct reply_row *row = &reply_rows[i];
        if (row->status == code)
            printf("| %u | `%s` | %s | %s |\n", code, row->code, row->cause,
                   remedy_of(row->code, row->remedy));
    }
}

int main(void)
{
    fputs("<!-- answers -->\n| status | error | when | what to do |\n|---|---|---|---|\n", stdout);
    for (unsigned code = 400; code < 600; code++)
        print_status(code);
    fputs("<!-- events -->\n| event | what it says | what to do |\n|---|---|---|\n", stdout);
    for (size_t i = 0; i < LOG_EVENT_COUNT; i++) {
        const struct log_event_row *event = &log_events[i];
        if (event->worst >= LOG_WARNING || event->remedy)
            printf("| `%s` | %s | %s |\n", event->name, event->sentence,
                   remedy_of(event->name, event->remedy));
    }
    return status;
}
