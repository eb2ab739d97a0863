/* Runs a check as a unit would run the server: as its user, with its variables and credentials. */
#ifndef TENTERHOOK_SERVER_CLI_SERVICE_RUN_H
#define TENTERHOOK_SERVER_CLI_SERVICE_RUN_H

#include "server/cli/service_file.h"

/* `run` is called in a process of its own, and its exit code returned. An exit code of the
 * environment after saying why it cannot be run so. */
int service_run(const struct service *unit, int (*run)(void *context), void *context);

#endif
