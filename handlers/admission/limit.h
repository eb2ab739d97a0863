/* Token buckets (generic cell rate algorithm): one 64-bit theoretical arrival time each, in shared
 * memory, moved by compare-and-swap. */
#ifndef TENTERHOOK_HANDLERS_ADMISSION_LIMIT_H
#define TENTERHOOK_HANDLERS_ADMISSION_LIMIT_H

#include "handlers/request.h"

enum { LIMITS_PER_ROUTE_MAX = 16 };

enum rate_limit_per { PER_CLIENT, PER_ROUTE };

struct rate_limit {
    int64_t count, period_ms; /* rate: count in period */
    int64_t burst; /* default: what the rate brings in a second, at most count, at least 1 */
    int per;       /* enum rate_limit_per */
};

/* The key `rate_limit` of a route. */
struct limit_settings {
    struct section_list limits; /* of struct rate_limit */
};

extern const struct route_part limit_route_part;

static inline const struct limit_settings *limit_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_LIMIT];
}

struct limit_place;
struct limit_table; /* lives in memory given by the caller, shared between processes */

/* Bytes for a table of at least `slots` buckets. */
size_t limit_table_size(size_t slots);
/* Makes a table in zeroed memory of that size, aligned to 64 bytes, with a random seed. */
struct limit_table *limit_table_init(void *memory, size_t slots);

/* What limit_take has taken, so that it can be given back. Zeroed: nothing. */
struct limit_tokens {
    size_t count;
    struct limit_token {
        struct limit_place *place;
        uint64_t key, after, step;
    } items[LIMITS_PER_ROUTE_MAX];
};

/* Whether the route has a limit that is `per` what is asked. */
bool limit_is_set(const struct route *route, enum rate_limit_per per);

/* Takes one token from every limit of `route` that is `per` what is asked, all or none. `now_ns` is
 * monotonic and less than 20 years. Returns 0 when admitted, else the milliseconds, at least 1,
 * after which it would be if nobody else took a token before. What was taken is in `*tokens`, which
 * may be NULL.
 *
 * In any span of time a bucket admits at most burst + rate x span; under constant demand it admits
 * that many less at most one. Rates that do not divide a second are met from below, to within a
 * twelfth of a nanosecond a token. Buckets are known by the route's name, the limit's place in
 * its list, and the limit itself: they outlive a reload, but a limit that was changed begins with a
 * full bucket. */
int64_t limit_take(struct limit_table *table, const struct route *route, enum rate_limit_per per,
                   const struct client_address *client, int64_t now_ns,
                   struct limit_tokens *tokens);

/* The same of one limit that is not in the route's list, for a client. */
int64_t limit_take_apart(struct limit_table *table, const struct route *route,
                         const struct rate_limit *limit, const struct client_address *client,
                         int64_t now_ns);

/* For a request that was not let in after all: as if its tokens had never been taken. */
void limit_give_back(struct limit_tokens *tokens);

#endif
