/* What a person has to see wherever events of a paused route are looked at: they wait because
 * somebody, or the server itself, has said so. */
#include "server/cli/paused.h"

#include "base/clock.h"
#include "server/terminal/terminal.h"

static void print_paused(void *context, const struct paused_view *paused)
{
    FILE *out = context;
    char since[CLOCK_TEXT_SIZE];
    clock_format_unix_ms(paused->since_ms, since);
    fputs("route ", out);
    print_safe(out, paused->route);
    fprintf(out, " is paused since %s", since);
    if (paused->why.length > 0) {
        fputs(": ", out);
        print_safe(out, paused->why);
    }
    fputc('\n', out);
}

bool paused_print(struct journal_reader *reader, FILE *out)
{
    return journal_reader_paused(reader, print_paused, out);
}

void paused_print_of(const char *path, FILE *out)
{
    struct error why;
    struct journal_reader *reader = journal_reader_open(path, &why);
    if (!reader)
        return;
    paused_print(reader, out);
    journal_reader_close(reader);
}
