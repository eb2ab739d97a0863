/* What a unit's sandbox takes away from the actions of a route file. */
#ifndef TENTERHOOK_SERVER_SERVICE_SERVICE_SANDBOX_H
#define TENTERHOOK_SERVER_SERVICE_SERVICE_SANDBOX_H

#include "config/settings.h"
#include "server/service/service_file.h"

/* Warns at the place of each action that it breaks; a journal that could not be written is an
 * error. */
void service_sandbox_check(const struct service *unit, const struct settings *settings,
                           struct problem_list *problems);

#endif
