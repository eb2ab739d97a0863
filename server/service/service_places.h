/* What a unit's sandbox makes of a path. */
#ifndef TENTERHOOK_SERVER_SERVICE_SERVICE_PLACES_H
#define TENTERHOOK_SERVER_SERVICE_SERVICE_PLACES_H

#include "server/service/service_file.h"

/* The name of the setting by which an absolute path is hidden, or another one stands there; NULL:
 * none does. */
const char *service_hides(const struct service *unit, const char *path);
/* The same of one where nothing can be written, and of one that cannot be executed. */
const char *service_keeps_read_only(const struct service *unit, const char *path);
const char *service_keeps_from_running(const struct service *unit, const char *path);

/* Whether a start gives the directory of StateDirectory= that a path is in, with all that it holds,
 * to the unit's user, who we are: systemd does so if the directory has another owner. */
bool service_gives_away(const struct service *unit, const char *path);

#endif
