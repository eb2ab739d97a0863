/* The process tree of an attempt, whatever its processes do to get away: a cgroup of version 2 for
 * each attempt, below a directory of cgroups that the supervisor has made for commands. */
#ifndef TENTERHOOK_HANDLERS_ACTION_PROCESS_TREE_H
#define TENTERHOOK_HANDLERS_ACTION_PROCESS_TREE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The directory in which the trees of all runners are. A tree is the cgroup a-RUNNER-NUMBER in it;
 * "runner", in which the runners themselves are, is beside them. */
struct process_forest {
    int base;           /* the directory, open; -1: trees have no cgroups */
    uint64_t runner_id; /* of the runner that makes trees in it */
    uint64_t made, kept;
    bool has_memory, has_pids; /* the controllers that trees have */
};

enum { PROCESS_TREE_NAME_SIZE = 48 };

struct process_tree {
    struct process_forest *forest; /* NULL: it has no cgroup */
    char name[PROCESS_TREE_NAME_SIZE];
};

/* What all processes of a tree may have together; 0: no limit. Only where the forest has the
 * controller. */
struct process_tree_limits {
    int64_t memory; /* bytes */
    int64_t processes;
};

/* ---- one tree ---- */

/* Makes the cgroup. False with errno and `err`; `tree` then has none. */
bool process_tree_make(struct process_forest *forest, const struct process_tree_limits *limits,
                       struct process_tree *tree, struct error *err);
/* Sets the limits of a tree that is there; false with errno. */
bool process_tree_limit(const struct process_tree *tree, const struct process_tree_limits *limits);

/* The directory of the cgroup, for a process that is to be in it; close-on-exec, the caller's. -1
 * with errno. */
int process_tree_open(const struct process_tree *tree);

/* Sends the signal to each process of the tree that is not in the process group. */
void process_tree_signal_others(const struct process_tree *tree, pid_t group, int signal);

/* Kills all processes at once. What a kernel before Linux 5.14 lets get away is killed by the next
 * call. */
void process_tree_kill(const struct process_tree *tree);

/* A descriptor that has EPOLLPRI when process_tree_lives may have changed since that was asked with
 * it; close-on-exec, the caller's. -1 with errno. */
int process_tree_watch(const struct process_tree *tree);
/* Whether there is a process in the tree; `watch` is of process_tree_watch. */
bool process_tree_lives(int watch);

/* How many of its processes the kernel has killed for the limit on memory. */
uint64_t process_tree_memory_kills(const struct process_tree *tree);

/* Its processes may live on: from now on nobody kills them, whoever sweeps. */
void process_tree_keep(struct process_tree *tree);
/* Removes the cgroup, if it is empty, and those in it. */
void process_tree_remove(struct process_tree *tree);
/* Removes the cgroup of a tree that is over, which takes one call as a rule. False if it is not, or
 * has cgroups in it: nothing is changed then. */
bool process_tree_remove_empty(struct process_tree *tree);

/* ---- all trees ---- */

/* Moves the calling process to the runners. False with errno. */
bool process_forest_join(const struct process_forest *forest);

/* Kills and removes the trees of all runners but the forest's own and `live`, those that are kept
 * excepted. Waits two seconds at most. How many trees have processes that do not end. */
size_t process_forest_sweep(const struct process_forest *forest, const uint64_t *live,
                            size_t live_count);

#endif
