/* While the server runs the boot clock tells how much time has passed. Where the wall clock says
 * something else it was set, and the offset takes that back. What a clock is slewed by is not worth
 * a write: up to JUMP_MS at a time the wall clock is believed. While no server runs nobody can
 * tell; a clock that was set back then is made up for by `delivery.wait_ms`. */
#include "server/runner/retry_clock.h"

enum { JUMP_MS = 5000 };

void retry_clock_init(struct retry_clock *clock, int64_t offset_ms, int64_t wall_ms,
                      int64_t boot_ms)
{
    *clock = (struct retry_clock){.offset_ms = offset_ms,
                                  .now_ms = wall_ms + offset_ms,
                                  .wall_ms = wall_ms,
                                  .boot_ms = boot_ms};
}

int64_t retry_clock_advance(struct retry_clock *clock, int64_t wall_ms, int64_t boot_ms)
{
    int64_t jump_ms = (wall_ms - clock->wall_ms) - (boot_ms - clock->boot_ms);
    if (jump_ms > JUMP_MS || jump_ms < -JUMP_MS) {
        clock->offset_ms -= jump_ms;
        clock->has_jumped = true;
    }
    clock->wall_ms = wall_ms;
    clock->boot_ms = boot_ms;
    if (wall_ms + clock->offset_ms > clock->now_ms)
        clock->now_ms = wall_ms + clock->offset_ms;
    return clock->now_ms;
}
