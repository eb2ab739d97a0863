/* A journal that holds each turn until the test says how it ends, and clocks that the test moves.
 * The program is linked with --wrap for the three clocks. All of it is static. */
#ifndef TENTERHOOK_TESTS_HELD_JOURNAL_H
#define TENTERHOOK_TESTS_HELD_JOURNAL_H

#include "base/clock.h"
#include "server/journal/journal.h"

#include <check.h>

static struct {
    struct journal journal;
    struct loop loop;
    struct journal_turn *turn; /* under way; NULL: none */
    int64_t wall_ms, boot_ms, monotonic_ns;
    int64_t free_bytes; /* -1: not known */
} held;

int64_t __wrap_clock_monotonic_ns(void);
int64_t __wrap_clock_monotonic_ns(void)
{
    return held.monotonic_ns;
}

int64_t __wrap_clock_unix_ms(void);
int64_t __wrap_clock_unix_ms(void)
{
    return held.wall_ms;
}

int64_t __wrap_clock_boot_ms(void);
int64_t __wrap_clock_boot_ms(void)
{
    return held.boot_ms;
}

static inline void held_submit(struct journal *journal, struct journal_turn *turn)
{
    ck_assert_ptr_eq(journal, &held.journal);
    ck_assert_ptr_null(held.turn);
    held.turn = turn;
}

static inline bool held_space(struct journal *journal, int64_t *bytes)
{
    (void)journal;
    *bytes = held.free_bytes;
    return held.free_bytes >= 0;
}

static inline void held_begin(void)
{
    static const struct journal_engine engine = {
        .name = "held", .submit = held_submit, .space = held_space};
    struct error err = {""};
    held.journal = (struct journal){.engine = &engine};
    held.turn = NULL;
    held.wall_ms = INT64_C(1700000000000);
    held.boot_ms = 5000;
    held.monotonic_ns = 1000 * NS_PER_S;
    held.free_bytes = INT64_C(1) << 40;
    ck_assert(loop_init(&held.loop, &err));
}

static inline void held_pass(int64_t ns)
{
    held.monotonic_ns += ns;
    held.wall_ms += ns / NS_PER_MS;
    held.boot_ms += ns / NS_PER_MS;
}

/* Until the timer is due; what is left of it is run. How long that was. */
static inline int64_t held_wait(const struct loop_timer *timer)
{
    ck_assert_uint_ne(timer->slot, 0);
    int64_t wait_ns = timer->due_ns - held.monotonic_ns;
    if (wait_ns > 0)
        held_pass(wait_ns);
    loop_run_once(&held.loop, 0);
    return wait_ns;
}

static inline void held_end(enum journal_end end)
{
    struct journal_turn *turn = held.turn;
    ck_assert_ptr_nonnull(turn);
    held.turn = NULL;
    turn->end = end;
    turn->completed(turn);
}

#endif
