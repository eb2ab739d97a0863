/* `tenterhook events tail`, a part of the verb in events.c. */
#ifndef TENTERHOOK_SERVER_CLI_TAIL_H
#define TENTERHOOK_SERVER_CLI_TAIL_H

#include "server/journal/reader.h"

/* Events of `route` (NULL: of all), as a table or as JSON. An exit code; goes on until SIGINT or
 * SIGTERM, or until its output is closed. */
int events_tail(struct journal_reader *reader, const char *route, bool json);

#endif
