/* The parts of `tenterhook events`, one file each: list, show, tail, export. */
#ifndef TENTERHOOK_SERVER_CLI_EVENTS_H
#define TENTERHOOK_SERVER_CLI_EVENTS_H

#include "server/cli/search.h"

struct events_options {
    const char *config, *journal;
    struct search search;
    bool json, body, raw, exact;
    const char *operands[2];
    int operand_count;
};

/* Each returns an exit code. */
int events_list(struct journal_reader *reader, struct events_options *options);
int events_show(struct journal_reader *reader, struct events_options *options);
/* Goes on until SIGINT or SIGTERM, or until its output is closed. */
int events_tail(struct journal_reader *reader, struct events_options *options);
int events_export(struct journal_reader *reader, struct events_options *options);

/* Says on standard error why the journal cannot be read; the exit code. */
int events_read_failure(const struct journal_reader *reader);
/* The event whose id begins like this. False after saying that there is none, or that there are
 * several; `*code` is then the exit code. */
bool events_find(struct journal_reader *reader, const char *id, int64_t *seq, int *code);

#endif
