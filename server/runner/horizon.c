/* While a server runs, the horizon advances by the smaller of what the wall clock and the boot
 * clock have advanced. It stands still while no server runs, because nobody can tell then whether
 * time has passed or a clock was set; so it lags behind by that, and by every jump.
 *
 * It may catch up once the wall clock has kept pace with the boot clock for as long as any event is
 * kept: whatever is old by the wall clock then has been kept for that long in any case. */
#include "server/runner/horizon.h"

/* What a clock is slewed by, and what reading two clocks takes. */
enum { JUMP_MS = 60000 };

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void horizon_init(struct horizon *horizon, int64_t stored_ms, int64_t newest_ms,
                  int64_t catch_up_ms, int64_t wall_ms, int64_t boot_ms)
{
    int64_t now_ms = stored_ms > 0 ? stored_ms : newest_ms > 0 ? newest_ms : wall_ms;
    *horizon = (struct horizon){.now_ms = smaller(now_ms, wall_ms),
                                .wall_ms = wall_ms,
                                .boot_ms = boot_ms,
                                .catch_up_ms = catch_up_ms};
}

void horizon_advance(struct horizon *horizon, int64_t wall_ms, int64_t boot_ms)
{
    int64_t wall = wall_ms - horizon->wall_ms, boot = boot_ms - horizon->boot_ms;
    int64_t passed = smaller(wall, boot);
    horizon->wall_ms = wall_ms;
    horizon->boot_ms = boot_ms;
    if (wall - boot > JUMP_MS || boot - wall > JUMP_MS)
        horizon->steady_ms = 0;
    else
        horizon->steady_ms += boot;
    if (passed > 0)
        horizon->now_ms += passed;
    if (horizon->steady_ms >= horizon->catch_up_ms || horizon->now_ms > wall_ms)
        horizon->now_ms = wall_ms;
}
