/* A process that was started, with the tree of all that it starts: they are signalled and ended
 * together. */
#ifndef TENTERHOOK_HANDLERS_ACTION_STARTED_H
#define TENTERHOOK_HANDLERS_ACTION_STARTED_H

#include "handlers/action/process.h"
#include "handlers/action/process_tree.h"
#include "handlers/action/spawn.h"

struct started {
    struct spawned process;   /* pidfd -1: there is none */
    struct process_tree tree; /* without a forest: its process group is all that there is */
};

/* Sends the signal to its group and to the rest of its tree, to each process once. */
void started_signal(const struct started *started, int signal);

/* Whether there is a process in the tree. */
bool started_tree_lives(const struct started *started);

/* How a process has ended. */
struct started_end {
    siginfo_t info;        /* as spawn_reap */
    uint64_t memory_kills; /* of its processes, by the kernel, for limits.memory */
    bool leaves;           /* processes that were killed and do not end */
};

/* Of one that has ended: reaps it. What is left of its group is killed, and its tree is removed; if
 * `keeps`, both live on. There is neither a process nor a tree then. */
void started_reap(struct started *started, const struct process_limits *limits, bool keeps,
                  struct started_end *end);

#endif
