/* How much memory the server may use, and what of it bodies may. */
#ifndef TENTERHOOK_SERVER_PROCESS_MEMORY_LIMIT_H
#define TENTERHOOK_SERVER_PROCESS_MEMORY_LIMIT_H

#include "config/settings.h"

/* The smallest of the limits that hold for this process, in bytes: of its cgroup and those above
 * it, in version 1 and 2, and the memory of the machine. INT64_MAX where nothing can be found out.
 * `root` stands before all paths: "". */
int64_t memory_limit_find(const char *root);

/* Of what `limit` leaves beside the processes (32 MiB), bodies and connections get a quarter each:
 * lowers server.body_memory and server.connections where they were not written and are more. Where
 * they were written, warns if they can take more than half of the limit; also of routes whose
 * bodies the lowered body_memory does not take. */
void memory_limit_apply(struct settings *settings, int64_t limit, struct problem_list *problems);

#endif
