/* The networks of an ip-whitelist, as our route file wants them. */
#ifndef TENTERHOOK_SERVER_IMPORT_NETWORK_H
#define TENTERHOOK_SERVER_IMPORT_NETWORK_H

#include "base/arena.h"

/* Reads addresses and networks that blanks separate. `*is_odd` is set if `webhook` lets more
 * through: it takes an IPv6 address without a prefix for a /32. False: one of them is neither. */
bool networks_read(struct bytes text, struct arena *arena, struct bytes **networks, size_t *count,
                   bool *is_odd);

#endif
