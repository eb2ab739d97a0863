/* The settings of `worker:`, and what the runner has to do with all workers together: to see them
 * end before it ends itself. */
#ifndef TENTERHOOK_HANDLERS_ACTION_WORKER_H
#define TENTERHOOK_HANDLERS_ACTION_WORKER_H

#include "handlers/action/command.h"

/* In the snapshot. */
struct worker_settings {
    struct command_settings command; /* first; without templates */
    int64_t window;                  /* events that it has and has not answered, at most */
};

/* What `worker:` does with a delivery; the contract is that of struct action_kind. */
void worker_prepare(const void *settings, const struct action_place *place);
struct action_run *worker_start(const void *settings, struct loop *loop,
                                const struct delivery *delivery,
                                void (*done)(void *context, const struct outcome *outcome),
                                void *context);
void worker_stop(struct action_run *run, int64_t deadline_ns);
bool worker_cancel(struct action_run *run);

/* No further events are written; workers that have answered all they have, or until `deadline_ns`,
 * end, the rest is ended by then. Again with an earlier deadline: that one holds. */
void workers_leave(int64_t deadline_ns);

/* How many processes there are. */
size_t workers_count(void);

/* Kills what is there and forgets all workers; none may have an event any more. */
void workers_finish(void);

#endif
