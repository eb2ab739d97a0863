/* What a process is made of: by whoever starts it, for the child that becomes it. */
#ifndef TENTERHOOK_HANDLERS_ACTION_SPAWN_PLAN_H
#define TENTERHOOK_HANDLERS_ACTION_SPAWN_PLAN_H

#include <stdbool.h>

struct process_settings; /* process.h */
struct process_tree;     /* process_tree.h */

/* All borrowed for the call. */
struct spawn_plan {
    const char *program;            /* a path: spawn_find_program makes one of a bare name */
    const char *const *others;      /* NULL-terminated, tried in their order where it is not there
                                       or may not be executed; NULL: none */
    const char *const *arguments;   /* NULL-terminated, with argv[0] */
    const char *const *environment; /* NULL-terminated "NAME=value", the whole of it */
    const char *directory;          /* where it starts, */
    const char *inside; /* or a path below it, over no link that leads out; NULL: none */
    const char *file;   /* one that it must be able to read; NULL: none */
    int stdio[3];       /* what becomes 0, 1 and 2; close-on-exec */
    const struct process_settings *process; /* as whom, with which limits; NULL: our own user,
                                               umask 022, no_new_privs */
    const struct process_tree *tree;        /* in whose cgroup it is born; NULL: in ours */
    /* These limits are a control group's: the process gets none itself. */
    bool memory_in_cgroup, processes_in_cgroup;
};

#endif
