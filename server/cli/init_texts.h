/* The texts of a first route: the route file, its script, and what renews a certificate. */
#ifndef TENTERHOOK_SERVER_CLI_INIT_TEXTS_H
#define TENTERHOOK_SERVER_CLI_INIT_TEXTS_H

#include "server/cli/init_files.h"

/* Adds their files, the route file last. False with a sentence. */
bool init_make_texts(struct init *init, struct error *err);

#endif
