/* `tenterhook events tail --follow ID`, a part of the verb in events.c. */
#ifndef TENTERHOOK_SERVER_CLI_FOLLOW_H
#define TENTERHOOK_SERVER_CLI_FOLLOW_H

#include "server/journal/reader.h"

/* Prints the output of the commands of one event as it comes, and how each of its deliveries ends;
 * of those that have ended before, what is kept. With `json` lines as the server sends them. An
 * exit code when all have ended: 1 if one of them has not done its work. */
int events_follow(struct journal_reader *reader, const char *journal, int64_t seq, bool json);

#endif
