/* What `check` tells of a file that is right: who runs it, and at which address each route is. */
#ifndef TENTERHOOK_SERVER_CLI_CHECK_PRINT_H
#define TENTERHOOK_SERVER_CLI_CHECK_PRINT_H

#include "config/settings.h"

#include <stdio.h>

/* The server's user, and those of actions that have another one. `unit`: the name of the unit that
 * sets the user of this process; NULL: none does. */
void check_print_users(const struct settings *settings, const char *unit, FILE *out);
/* "https://host:8443/github → deploy (github)", a line each, and how many more there are. */
void check_print_routes(const struct settings *settings, FILE *out);

#endif
