/* What the child of spawn.c does between its birth and its program. */
#ifndef TENTERHOOK_HANDLERS_ACTION_SPAWN_CHILD_H
#define TENTERHOOK_HANDLERS_ACTION_SPAWN_CHILD_H

#include "handlers/action/process.h"
#include "handlers/action/spawn_plan.h"

#include <errno.h>
#include <sys/resource.h>

/* Where a child has failed. */
enum spawn_step {
    STEP_TREE,
    STEP_SETUP,
    STEP_NICE,
    STEP_USER,
    STEP_LIMITS,
    STEP_DIRECTORY,
    STEP_INSIDE,
    STEP_FILE,
    STEP_EXEC,
};

struct spawn_child {
    const struct spawn_plan *plan;
    const struct process_settings *process;
    pid_t parent;
    rlim_t descriptors; /* the soft limit on its own; 0: ours */
    int cgroup;         /* the directory of the one that it is to be in; -1: our own */
    bool enters_cgroup; /* it was not born in it */
    int begins[2];      /* a pipe whose end says that it is the program; or -1 */
    enum { HELD_NOT, HELD_STOPPED, HELD_LONG } held_up; /* and killed for it */
    const char *volatile program;                       /* the last that was tried */
    volatile enum spawn_step step;
    volatile int failure; /* errno; 0: the program has taken over */
};

/* Whether errno `number` of execve lets the search go on. */
static inline bool spawn_errno_is_absence(int number)
{
    return number == ENOENT || number == EACCES || number == ENOTDIR;
}

/* For clone(CLONE_VM), with all signals blocked. Never returns: the argument, a
 * struct spawn_child, says whether the program has taken over. */
int spawn_child_main(void *argument);

#endif
