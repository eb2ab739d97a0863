/* What the parts of `tenterhook events` share. */
#ifndef TENTERHOOK_SERVER_CLI_EVENTS_H
#define TENTERHOOK_SERVER_CLI_EVENTS_H

#include "server/journal/reader.h"

#include <stdio.h>

struct events_options {
    const char *config, *journal, *route, *state;
    int64_t limit;
    bool json, body;
    const char *operands[2];
    int operand_count;
};

/* One line of a list. */
void events_put_row(FILE *out, const struct events_options *options,
                    const struct event_view *event);
/* Says what has failed; the exit code. */
int events_failed(const struct journal_reader *reader);

/* An exit code; goes on until SIGINT or SIGTERM, or until its output is closed. */
int events_tail(struct journal_reader *reader, const struct events_options *options);

#endif
