/* Sentences of their own, because an id is what a person has typed, and a reason is the system's.
 */
#include "server/cli/events_find.h"

#include "server/options/verb.h"
#include "server/terminal/terminal.h"

int events_read_failure(const struct journal_reader *reader)
{
    struct error why = {""};
    journal_reader_explain(reader, &why);
    error_prefix(&why, "cannot read the journal");
    print_failure(why.text);
    return EXIT_ENVIRONMENT;
}

bool events_find(struct journal_reader *reader, const char *id, int64_t *seq, int *code)
{
    struct error why;
    size_t count;
    if (!journal_reader_find(reader, id, seq, &count)) {
        *code = events_read_failure(reader);
        return false;
    }
    if (count == 1)
        return true;
    error_set(&why, count ? "more than one event id begins with %s" : "there is no event %s", id);
    print_failure(why.text);
    *code = EXIT_NO;
    return false;
}
