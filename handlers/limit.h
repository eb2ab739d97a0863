/* Token buckets (generic cell rate algorithm): one 64-bit theoretical arrival time each, in shared
 * memory, moved by compare-and-swap. */
#ifndef TENTERHOOK_HANDLERS_LIMIT_H
#define TENTERHOOK_HANDLERS_LIMIT_H

#include "handlers/request.h"

struct limit_table; /* lives in memory given by the caller, shared between processes */

/* Bytes for a table of `slots` entries (rounded up to a power of two). */
size_t limit_table_size(size_t slots);
/* Makes a table in zeroed memory of that size, with a random seed. */
struct limit_table *limit_table_init(void *memory, size_t slots);

/* Takes one token from every limit of `route` that is `per` what is asked, all or none.
 * `now_ns` is monotonic. Returns 0 when admitted, else the milliseconds until it would be. */
int64_t limit_take(struct limit_table *table, const struct route *route, enum rate_limit_per per,
                   const struct client_address *client, int64_t now_ns);

#endif
