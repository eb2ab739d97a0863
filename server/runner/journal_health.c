/* A turn that is refused is answered by refusing everything until one proves the opposite: it is
 * tried as often as the refusal says. So the state clears by itself, without a restart, when the
 * space or the disk is back.
 *
 * Another process that holds the journal's lock (a backup, a person with sqlite3) is waited for:
 * the turn is put off until the lock is free or two seconds are over. */
#include "server/runner/journal_health.h"

#include "base/clock.h"
#include "server/ipc/log_events.h"

#include <stdio.h>
#include <string.h>

#define BUSY_PATIENCE_NS (2 * NS_PER_S)
#define BUSY_PAUSE_NS (20 * NS_PER_MS)
#define SETTLE_NS (2 * NS_PER_S)

enum { SPACE_RETRY_AFTER_S = 30, ROOM_AGAIN = 1 << 20 };

static void latch(struct journal_health *health, const struct journal_refusal *refusal)
{
    int64_t now = clock_monotonic_ns();
    if (strcmp(health->said, refusal->state) != 0) {
        log_write(LOG_JOURNAL_REFUSES, log_text("state", refusal->state),
                  log_text("reason", refusal->reason.text));
        health->since_ns = now;
        snprintf(health->said, sizeof health->said, "%s", refusal->state);
    }
    health->refuses = true;
    health->refusal = *refusal;
    health->refused_ms = clock_unix_ms();
    loop_timer_set(health->loop, &health->retry, now + refusal->retry_ns);
}

/* Room for one page is not yet room for what waits: the log hears of it when it has lasted. */
static void unlatch(struct journal_health *health)
{
    health->refuses = false;
    health->settles_ns = clock_monotonic_ns() + SETTLE_NS;
    loop_timer_set(health->loop, &health->retry, health->settles_ns);
}

static void say_unlatched(struct journal_health *health)
{
    int64_t now = clock_monotonic_ns();
    if (health->said[0] == '\0')
        return;
    if (now < health->settles_ns) { /* the timer served for something else in between */
        loop_timer_set(health->loop, &health->retry, health->settles_ns);
        return;
    }
    log_write(LOG_JOURNAL_ACCEPTS, log_text("after", health->said),
              log_number("ms", (now - health->since_ns - SETTLE_NS) / NS_PER_MS));
    health->said[0] = '\0';
    health->since_ns = now;
}

static void proof_completed(struct journal_turn *turn)
{
    struct journal_health *health = turn->owner;
    health->proving = false;
    if (turn->anew && turn->end == JOURNAL_DONE)
        health->reopened(health->owner);
    if (turn->end == JOURNAL_DONE)
        unlatch(health);
    else
        latch(health, &turn->refusal);
}

/* The timer has served for a turn that waited for the lock: what else it was set for still comes,
 * or a refusal would last for ever. */
static void submit_put_off(struct journal_health *health)
{
    struct journal_turn *turn = health->put_off;
    health->put_off = NULL;
    if (health->refuses)
        loop_timer_set(health->loop, &health->retry,
                       clock_monotonic_ns() + health->refusal.retry_ns);
    else
        say_unlatched(health);
    journal_submit(health->journal, turn);
}

static void retry_is_due(struct loop_timer *timer)
{
    struct journal_health *health = timer->owner;
    if (health->put_off) {
        submit_put_off(health);
    } else if (!health->refuses) {
        say_unlatched(health);
    } else if (!health->proving) {
        health->proving = true;
        health->proof.now_ms = clock_unix_ms();
        journal_submit(health->journal, &health->proof);
    }
}

void journal_health_init(struct journal_health *health, struct journal *journal, struct loop *loop,
                         const struct journal_settings *settings, void (*reopened)(void *owner),
                         void *owner)
{
    *health = (struct journal_health){.journal = journal,
                                      .loop = loop,
                                      .path = settings->path,
                                      .min_free = settings->min_free,
                                      .since_ns = clock_monotonic_ns(),
                                      .reopened = reopened,
                                      .owner = owner};
    journal_turn_init(&health->proof, 0);
    health->proof.owner = health;
    health->proof.completed = proof_completed;
    health->proof.proves = true;
    loop_timer_init(&health->retry, retry_is_due, health);
}

void journal_health_finish(struct journal_health *health)
{
    loop_timer_remove(health->loop, &health->retry);
    journal_turn_finish(&health->proof);
}

/* ---- space ---- */

void journal_health_give_room(struct journal_health *health, struct journal_turn *turn)
{
    int64_t free = 0;
    /* what cannot be asked is found out by the commit */
    bool known = health->journal->engine->space(health->journal, &free);
    turn->room = known ? free - health->min_free : INT64_MAX;
    turn->output_room = health->min_free / 2;
    if (turn->room < ROOM_AGAIN || !(health->low_space || health->no_outputs))
        return;
    log_write(LOG_SPACE_ENOUGH, log_number("free_bytes", free),
              log_number("min_free", health->min_free));
    health->low_space = health->no_outputs = false;
}

static void say_no_room(const struct journal_health *health, const struct journal_turn *turn,
                        bool *said, const char *reason)
{
    int64_t free = turn->room + health->min_free; /* without the log's content, maybe below 0 */
    if (!*said)
        log_write(LOG_SPACE_LOW, log_text("path", health->path),
                  log_number("free_bytes", free > 0 ? free : 0),
                  log_number("min_free", health->min_free), log_text("reason", reason));
    *said = true;
}

/* ---- a turn ---- */

/* Whether it is worth waiting on. */
static bool wait_for_lock(struct journal_health *health, struct journal_turn *turn)
{
    int64_t now = clock_monotonic_ns();
    if (health->put_off_ns == 0)
        health->put_off_ns = now;
    if (now - health->put_off_ns > BUSY_PATIENCE_NS ||
        !loop_timer_set(health->loop, &health->retry, now + BUSY_PAUSE_NS))
        return false;
    health->put_off = turn;
    return true;
}

bool journal_health_judge(struct journal_health *health, struct journal_turn *turn)
{
    if (turn->end == JOURNAL_NOT_NOW && wait_for_lock(health, turn))
        return false;
    health->put_off_ns = 0;
    if (turn->end == JOURNAL_NOT_NOW)
        turn->end = JOURNAL_REFUSED;
    journal_health_note(health, turn);
    return true;
}

void journal_health_note(struct journal_health *health, const struct journal_turn *turn)
{
    if (turn->events_refused)
        say_no_room(health, turn, &health->low_space, "new events are refused");
    if (turn->outputs_dropped)
        say_no_room(health, turn, &health->no_outputs, "outputs of commands are not kept");
    if (turn->end == JOURNAL_REFUSED)
        latch(health, &turn->refusal);
}

/* The floor is looked at again where it was hit: without events no turn would. */
enum runner_state journal_health_state(const struct journal_health *health)
{
    int64_t free = 0;
    if (health->refuses)
        return strcmp(health->refusal.state, "full") == 0 ? RUNNER_NO_SPACE : RUNNER_REFUSES;
    if (!health->low_space || !health->journal->engine->space(health->journal, &free))
        return RUNNER_STORES;
    return free - health->min_free < ROOM_AGAIN ? RUNNER_NO_SPACE : RUNNER_STORES;
}

unsigned journal_health_retry_after_s(const struct journal_health *health)
{
    if (health->refuses)
        return health->refusal.retry_after_s;
    return health->low_space ? SPACE_RETRY_AFTER_S : 1;
}
