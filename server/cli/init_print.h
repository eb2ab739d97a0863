/* What `init` tells a person. */
#ifndef TENTERHOOK_SERVER_CLI_INIT_PRINT_H
#define TENTERHOOK_SERVER_CLI_INIT_PRINT_H

#include "server/cli/init_files.h"

#include <stdio.h>

/* What has been written, or would be. */
void init_print_files(const struct init *init, bool is_dry, FILE *out);
/* What to enter at the provider, and what to do about the certificate. */
void init_print_provider(const struct init *init, bool is_dry, FILE *out);
/* How to start and try. */
void init_print_lines(const struct init *init, FILE *out);

#endif
