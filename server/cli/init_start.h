/* `init --start`: the server is started, and a signed test event sent. */
#ifndef TENTERHOOK_SERVER_CLI_INIT_START_H
#define TENTERHOOK_SERVER_CLI_INIT_START_H

#include "server/cli/init_files.h"

/* Runs the lines that init prints, each printed before. systemd keeps the server where the package
 * is installed; elsewhere it is a child, and this returns when it has ended. An exit code: of the
 * server if that is not 0, else 1 if the script has not done its work. */
int init_start(struct init *init);

#endif
