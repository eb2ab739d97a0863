/* Cgroups for commands, where the system lets the server have some: made before the first child,
 * taken down by the supervisor at the end. */
#ifndef TENTERHOOK_SERVER_PROCESS_CONTAINMENT_H
#define TENTERHOOK_SERVER_PROCESS_CONTAINMENT_H

#include "handlers/action/process_tree.h"

#include <sys/types.h>

struct containment {
    struct process_forest forest; /* for the runners; its base is -1 where there are no cgroups */
    int above;                    /* the cgroup in which the server was started, open; or -1 */
    int lock;                     /* the server's own in it, locked; or -1 */
    char name[32];                /* of the server's cgroup in it */
    char path[512];               /* of the same, for the log */
    bool enables_above;           /* controllers were enabled in the cgroup above */
};

/* What it is before it begins. */
struct containment containment_none(void);

/* Makes the cgroup of the server with those for its processes and for commands, gives the latter to
 * that user, if we are root, and moves this process into it. First kills and removes what servers
 * have left there that were killed. `root` is put before the paths in which the cgroup is looked
 * for: "". False with a reason where commands get no cgroups; nothing is changed then. */
bool containment_begin(struct containment *containment, const char *root, uid_t uid, gid_t gid,
                       struct error *why);

struct containment_counts {
    bool memory, processes;
};

/* What the cgroups of commands limit: as containment_begin has found in this process, or else as
 * it would find now. */
struct containment_counts containment_counts(const char *root);

/* Which limits the cgroups of commands have, in words: "memory, processes" or "none". */
const char *containment_limits(const struct containment *containment);

/* In a child: closes what is the supervisor's. */
void containment_leave(struct containment *containment);

/* When no other process of the server lives: kills what commands have left, but not what they may
 * leave, and removes all cgroups that are empty then. */
void containment_end(struct containment *containment);

#endif
