/* What may be a name: of routes and actions, of environment variables. */
#ifndef TENTERHOOK_CONFIG_NAMES_H
#define TENTERHOOK_CONFIG_NAMES_H

#include <stdbool.h>

enum { NAME_LENGTH_MAX = 64 };

/* Letters, digits, "-", "_" and ".", not first; 1 to 64: it stands in logs, metrics, file names and
 * on command lines. */
bool name_valid(const char *name);

/* [A-Za-z_][A-Za-z0-9_]* */
bool env_name_valid(const char *name);

#endif
