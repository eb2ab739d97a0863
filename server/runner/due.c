/* Nothing here looks at deliveries: the journal has an index of those that wait for their time, and
 * tells in one look which have become due since the last one, and when the next is. */
#include "server/runner/due.h"

#include "base/clock.h"

/* It has woken the loop: the next turn sees to the rest. */
static void wake_loop(struct loop_timer *timer)
{
    (void)timer;
}

void due_init(struct due *due, struct loop *loop)
{
    *due = (struct due){.loop = loop, .offset_unread = true};
    retry_clock_init(&due->clock, 0, clock_unix_ms(), clock_boot_ms());
    loop_timer_init(&due->timer, wake_loop, due);
}

void due_finish(struct due *due)
{
    loop_timer_remove(due->loop, &due->timer);
}

void due_read_anew(struct due *due)
{
    due->unread = due->unread_again = true;
}

void due_begin(struct due *due)
{
    due->offset_unread = true;
    due_read_anew(due);
}

void due_note(struct due *due, int64_t due_ms)
{
    if (due->next_ms == 0 || due_ms < due->next_ms)
        due->next_ms = due_ms;
}

static int64_t present_ms(struct due *due)
{
    return retry_clock_advance(&due->clock, clock_unix_ms(), clock_boot_ms());
}

/* A clock that has jumped is noticed at the next look, which the poll of the journal brings. */
bool due_is_due(struct due *due)
{
    return due->offset_unread || due->unread ||
           (due->next_ms > 0 && (present_ms(due) >= due->next_ms || due->clock.has_jumped));
}

void due_fill(struct due *due, struct journal_turn *turn, bool claims)
{
    turn->due_ms = present_ms(due);
    turn->reads_due_offset = due->offset_unread;
    turn->puts_due_offset = due->clock.has_jumped && !due->offset_unread;
    turn->due_offset_ms = due->clock.offset_ms;
    turn->reads_due = claims && !due->offset_unread && due_is_due(due);
    /* at first, the queue is read from its beginning */
    turn->due_after_ms = due->woken_ms > 0 ? due->woken_ms : turn->due_ms;
    due->unread_again = false;
}

bool due_settle(struct due *due, const struct journal_turn *turn)
{
    if (turn->reads_due_offset) {
        retry_clock_init(&due->clock, turn->due_offset_ms, clock_unix_ms(), clock_boot_ms());
        due->offset_unread = false;
    }
    if (turn->puts_due_offset && turn->due_offset_ms == due->clock.offset_ms)
        due->clock.has_jumped = false;
    if (turn->reads_due) {
        due->unread = due->unread_again;
        due->next_ms = turn->next_due_ms;
        due->woken_ms = turn->due_ms;
    }
    if (turn->pulls_in)
        due_read_anew(due);
    if (turn->teller_due_ms > 0)
        due_note(due, turn->teller_due_ms);
    return turn->reads_due && turn->woken_more;
}

/* Without memory for the timer the poll of the journal wakes the loop. */
void due_arm(struct due *due, bool claims)
{
    int64_t wait_ms = due->next_ms - due->clock.now_ms;
    if (due->next_ms == 0 || !claims)
        loop_timer_remove(due->loop, &due->timer);
    else
        loop_timer_set(due->loop, &due->timer,
                       clock_monotonic_ns() + (wait_ms > 0 ? wait_ms : 0) * NS_PER_MS);
}
