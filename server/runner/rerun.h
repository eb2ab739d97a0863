/* What a copy of an event that is in the journal brings about: nothing, another run of what is dead
 * of the first, or an event of its own. */
#ifndef TENTERHOOK_SERVER_RUNNER_RERUN_H
#define TENTERHOOK_SERVER_RUNNER_RERUN_H

#include "server/ipc/frame.h"
#include "server/runner/dispatch.h"

struct rerun {
    enum { RERUN_NOTHING, RERUN_DEAD, RERUN_NEW_EVENT } what;
    /* RERUN_NOTHING: why, and whether people can replay the first */
    enum frame_duplicate why;
    bool can_replay;
    /* RERUN_DEAD: the deliveries that are pending again */
    struct journal_dead deliveries[JOURNAL_ACTIONS_MAX];
    size_t count;
};

/* In a transaction, which is over before anything of it is said: decides on a copy, which `route`
 * has accepted, of event `first`. */
void rerun_decide(struct rerun *rerun, const struct dispatch *dispatch, const struct route *route,
                  int64_t first, const struct event *copy);
/* In the same transaction, of RERUN_DEAD. False where it failed, and the transaction with it. */
bool rerun_begin(const struct rerun *rerun, struct dispatch *dispatch, int64_t first);

#endif
