/* Runs a check as a unit would run the server: as its user, with its variables and credentials. */
#ifndef TENTERHOOK_SERVER_SERVICE_SERVICE_RUN_H
#define TENTERHOOK_SERVER_SERVICE_SERVICE_RUN_H

#include "server/service/service_file.h"

/* `run` is called in a process of its own, and its exit code returned. `assumed` are the names of
 * credentials that the unit has but nobody can read here, NULL-terminated. An exit code of the
 * environment after saying why it cannot be run so. */
int service_run(struct service *unit, int (*run)(void *context, const char *const *assumed),
                void *context);

/* Whether this process has the user that the unit names. */
bool service_user_is_own(const struct service *unit);

/* The route file of the unit's command, with its specifiers replaced; NULL: it names none. */
const char *service_config_file(const struct service *unit);

#endif
