/* The secret of a first route file. */
#ifndef TENTERHOOK_SERVER_CLI_INIT_SECRET_H
#define TENTERHOOK_SERVER_CLI_INIT_SECRET_H

#include "server/cli/init_files.h"

/* Adds its file and sets where it is. False with a sentence. */
bool init_make_secret(struct init *init, struct error *err);

#endif
