/* When deliveries are due that wait for their time: the retry clock, and the timer that wakes the
 * loop for the next of them. Which they are the journal knows. */
#ifndef TENTERHOOK_SERVER_RUNNER_DUE_H
#define TENTERHOOK_SERVER_RUNNER_DUE_H

#include "base/loop.h"
#include "server/journal/journal.h"
#include "server/runner/retry_clock.h"

struct due {
    struct loop *loop;
    struct retry_clock clock;
    bool offset_unread; /* of the clock: to be asked before anything else */
    bool unread;        /* when the next is due is not known */
    bool unread_again;  /* since that was asked */
    int64_t next_ms;    /* 0: there is none */
    int64_t woken_ms;   /* what is due up to then is in the queue */
    struct loop_timer timer;
};

void due_init(struct due *due, struct loop *loop);
void due_finish(struct due *due);
/* An older runner may have changed the clock: everything is to be read. */
void due_begin(struct due *due);
/* What is due may be something else than was told: it is to be read. */
void due_read_anew(struct due *due);
/* Something is due then, by the retry clock. */
void due_note(struct due *due, int64_t due_ms);
/* Whether there is something to ask or to wake. */
bool due_is_due(struct due *due);
/* Puts the time and the questions into a turn; `claims`: of a runner that claims. */
void due_fill(struct due *due, struct journal_turn *turn, bool claims);
/* What a turn that is done has told, before what it has written, which may be due earlier. True
 * where not all that is due was told: the queue is to be read from its beginning. */
bool due_settle(struct due *due, const struct journal_turn *turn);
/* Sets the timer, or removes it. */
void due_arm(struct due *due, bool claims);

#endif
