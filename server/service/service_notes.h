/* What of a unit a check does not look at. */
#ifndef TENTERHOOK_SERVER_SERVICE_SERVICE_NOTES_H
#define TENTERHOOK_SERVER_SERVICE_SERVICE_NOTES_H

#include "server/service/service_file.h"

/* A line on standard error for each setting that changes what the server can do and is not looked
 * at, and for each value that is not understood. */
void service_print_notes(const struct service *unit);

#endif
