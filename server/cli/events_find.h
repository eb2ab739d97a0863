/* What the parts of `events`, and other verbs about events, say alike. */
#ifndef TENTERHOOK_SERVER_CLI_EVENTS_FIND_H
#define TENTERHOOK_SERVER_CLI_EVENTS_FIND_H

#include "server/journal/reader.h"

/* Says on standard error why the journal cannot be read; the exit code. */
int events_read_failure(const struct journal_reader *reader);
/* The event whose id begins like this. False after saying that there is none, or that there are
 * several; `*code` is then the exit code. */
bool events_find(struct journal_reader *reader, const char *id, int64_t *seq, int *code);

#endif
