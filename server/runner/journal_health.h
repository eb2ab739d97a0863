/* Whether the journal takes what it is given: the latch that is set by a refusal and opened by
 * proof, and the floor of free space. Each change of it is logged once. */
#ifndef TENTERHOOK_SERVER_RUNNER_JOURNAL_HEALTH_H
#define TENTERHOOK_SERVER_RUNNER_JOURNAL_HEALTH_H

#include "base/loop.h"
#include "server/ipc/control.h"
#include "server/journal/journal.h"

struct journal_health {
    struct journal *journal;
    struct loop *loop;
    const char *path; /* of the settings */
    int64_t min_free;
    bool refuses;                   /* nothing is submitted but the turn that proves */
    struct journal_refusal refusal; /* the last */
    int64_t refused_ms;             /* Unix: when that was; 0: there was none */
    char said[32];                  /* state that the log knows; "" is said when it has lasted */
    int64_t since_ns;               /* of the last change that was said */
    int64_t settles_ns;             /* when it will have lasted */
    struct loop_timer retry;
    struct journal_turn proof;
    bool proving;                 /* that turn is under way */
    struct journal_turn *put_off; /* to be submitted again */
    int64_t put_off_ns;           /* since then; 0: none is */
    bool low_space, no_outputs;   /* what the log knows */
    /* The journal was opened anew: what is in memory is to be compared with it. */
    void (*reopened)(void *owner);
    void *owner;
};

void journal_health_init(struct journal_health *health, struct journal *journal, struct loop *loop,
                         const struct journal_settings *settings, void (*reopened)(void *owner),
                         void *owner);
/* No turn is under way. */
void journal_health_finish(struct journal_health *health);

/* Before a turn is submitted: how much room it has. Events are kept above `min_free`, outputs of
 * commands above half of it; the rest is for what has to be written: claims, outcomes, and copying
 * the log. */
void journal_health_give_room(struct journal_health *health, struct journal_turn *turn);
/* Of a completed turn: false where it is not over, and is submitted again soon, because somebody
 * else holds the lock. One for which that takes too long is refused. */
bool journal_health_judge(struct journal_health *health, struct journal_turn *turn);
/* The same of a turn that nobody waits for: it is not submitted again. */
void journal_health_note(struct journal_health *health, const struct journal_turn *turn);

/* What senders meet now: ipc/control.h has the numbers. */
enum runner_state journal_health_state(const struct journal_health *health);

/* What to tell those who are refused, in seconds. */
unsigned journal_health_retry_after_s(const struct journal_health *health);

#endif
