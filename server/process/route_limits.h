/* What holds for each route of a route file, as lines of JSON for operators (docs/operations.md).
 */
#ifndef TENTERHOOK_SERVER_PROCESS_ROUTE_LIMITS_H
#define TENTERHOOK_SERVER_PROCESS_ROUTE_LIMITS_H

#include "base/buffer.h"
#include "config/settings.h"

/* A line for each route, {"route":NAME,"limits":{"actions":[…],…}}: its limits, and those of its
 * actions with their retries. False where the buffer is full. */
bool route_limits_put(struct buffer *out, const struct settings *settings);

#endif
