/* What the log says of a failure beside its reason: the last line that the command has written to
 * standard error, and the command that shows more. */
#ifndef TENTERHOOK_SERVER_RUNNER_FAILURE_LINE_H
#define TENTERHOOK_SERVER_RUNNER_FAILURE_LINE_H

#include "base/bytes.h"

enum { FAILURE_LINE_MAX = 200, FAILURE_SHOW_SIZE = 512, FAILURE_FILE_SIZE = 4096 };

/* The last line that is not blank, at most FAILURE_LINE_MAX bytes of it; empty: there is none. A
 * carriage return ends a line too: progress bars write over themselves. */
struct bytes failure_last_line(struct bytes error_output);

/* The route file that settings were loaded from (NULL: nobody knows), as a path that leads to it
 * from any directory; empty where it is not known. */
void failure_route_file(const char *file, char path[FAILURE_FILE_SIZE]);

/* `tenterhook events show ID`, with `-c FILE` where the route file is not the one that the command
 * takes anyway, or not known (NULL,
 * or empty). */
const char *failure_show_command(const char *file, const char *id, char text[FAILURE_SHOW_SIZE]);

#endif
