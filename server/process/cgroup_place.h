/* Which cgroup the process is in, as a directory. */
#ifndef TENTERHOOK_SERVER_PROCESS_CGROUP_PLACE_H
#define TENTERHOOK_SERVER_PROCESS_CGROUP_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct cgroup_hierarchy {
    const char *type;       /* of its file system: cgroup2, or cgroup for version 1 */
    const char *controller; /* it is mounted for; NULL: all of them */
};

struct cgroup_place {
    char directory[2 * PATH_MAX];
    size_t mounted; /* so much of it is the mount point */
};

/* The cgroup of this process, or the lowest one above it that is mounted; no slash at its end.
 * `root` is put before the paths that are read: "". False where none is mounted. */
bool cgroup_find_own(const char *root, const struct cgroup_hierarchy *hierarchy,
                     struct cgroup_place *place);

#endif
