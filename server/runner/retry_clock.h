/* The clock by which deliveries are due: it goes on from one start of the server to the next as the
 * wall clock does, but does not jump when that is set. */
#ifndef TENTERHOOK_SERVER_RUNNER_RETRY_CLOCK_H
#define TENTERHOOK_SERVER_RUNNER_RETRY_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* All in milliseconds; wall times since 1970, boot times since the machine started, sleep included.
 */
struct retry_clock {
    int64_t offset_ms;        /* what it is ahead of the wall clock; the journal keeps it */
    int64_t now_ms;           /* never goes back */
    int64_t wall_ms, boot_ms; /* when it was last advanced */
    bool has_jumped;          /* the offset is another one than the journal has */
};

/* `offset_ms` as stored. */
void retry_clock_init(struct retry_clock *clock, int64_t offset_ms, int64_t wall_ms,
                      int64_t boot_ms);
/* Returns its present. */
int64_t retry_clock_advance(struct retry_clock *clock, int64_t wall_ms, int64_t boot_ms);

#endif
