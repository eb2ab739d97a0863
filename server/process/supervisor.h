/* The supervisor: the server, from its start to its end. */
#ifndef TENTERHOOK_SERVER_PROCESS_SUPERVISOR_H
#define TENTERHOOK_SERVER_PROCESS_SUPERVISOR_H

#include "base/error.h"

struct registry;

/* Also the exit codes of `serve`. */
enum supervisor_end {
    SUPERVISOR_STOPPED = 0, /* it was told to stop */
    SUPERVISOR_REFUSED = 1, /* the route file has errors */
    SUPERVISOR_FAILED = 3,  /* the environment does not let it serve */
};

/* Serves the route file `file` until SIGTERM. `registry` lists what a route may be made of. Prints
 * problems of the file to standard error; any other reason is in `err`, which is empty otherwise.
 */
enum supervisor_end supervisor_run(const char *file, const struct registry *registry,
                                   struct error *err);

#endif
