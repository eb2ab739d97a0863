/* The time by which events are old enough to be pruned. It follows the wall clock, but never faster
 * than time passes: a clock that jumps forward makes no event old. */
#ifndef TENTERHOOK_SERVER_RUNNER_HORIZON_H
#define TENTERHOOK_SERVER_RUNNER_HORIZON_H

#include <stdint.h>

/* All in milliseconds; wall times since 1970, boot times since the machine started, sleep included.
 */
struct horizon {
    int64_t now_ms;           /* what pruning takes for the wall's time */
    int64_t wall_ms, boot_ms; /* when it was last advanced */
    int64_t steady_ms;   /* boot time for which the wall clock has not jumped, in this process */
    int64_t catch_up_ms; /* so long, and it is believed */
};

/* `stored_ms`: what the journal has of an earlier run; 0: nothing, and `newest_ms` is when its
 * newest event was received (0: there is none). `catch_up_ms`: the longest time that an event is
 * kept. */
void horizon_init(struct horizon *horizon, int64_t stored_ms, int64_t newest_ms,
                  int64_t catch_up_ms, int64_t wall_ms, int64_t boot_ms);
void horizon_advance(struct horizon *horizon, int64_t wall_ms, int64_t boot_ms);

#endif
