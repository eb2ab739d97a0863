/* As whom, and within which limits, the process of an action runs: read and checked with the route
 * file, obeyed by the child that becomes the program. */
#ifndef TENTERHOOK_HANDLERS_ACTION_PROCESS_H
#define TENTERHOOK_HANDLERS_ACTION_PROCESS_H

#include "config/load.h"

#include <sys/types.h>

/* 0: no limit of ours. */
struct process_limits {
    int64_t memory; /* bytes */
    int64_t cpu_ms;
    int64_t files, processes;
    int64_t file_size; /* bytes */
};

/* What the system knows of a user, looked up once. In the snapshot. */
struct process_account {
    const char *name, *home, *shell;
    uid_t uid;
    gid_t gid;
    const gid_t *groups; /* supplementary ones */
    size_t group_count;
};

struct process_settings {
    const char *user; /* as written; NULL: whom the server's processes become */
    /* no file where it is not said */
    struct position user_at, nice_at, no_new_privs_at, limits_at;
    const struct process_account *account; /* of `user`; NULL without one, or offline */
    bool switches; /* it has to become that user: the server was started as root */
    bool allow_root, no_new_privs;
    int64_t umask, nice; /* `nice` is added to the server's own */
    struct process_limits limits;
};

extern const struct row_section process_limits_section;

/* When all keys of the action at `node` are read: looks the user up. False after a problem. */
bool process_finish(struct load *load, const struct node *node, struct process_settings *settings);

/* What NAME (of HOME, USER, LOGNAME, SHELL) is for the user of these settings; NULL: the server's
 * own variable holds. */
const char *process_own_variable(const struct process_settings *settings, const char *name);

/* Whom the process becomes, and to whom what it is given is to belong; NULL: it stays as we are. */
static inline const struct process_account *
process_switches_to(const struct process_settings *settings)
{
    return settings->switches ? settings->account : NULL;
}

#endif
