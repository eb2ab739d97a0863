/* One attempt to start the process of a worker. */
#ifndef TENTERHOOK_HANDLERS_ACTION_WORKER_LAUNCH_H
#define TENTERHOOK_HANDLERS_ACTION_WORKER_LAUNCH_H

#include "handlers/action/command_launch.h"

/* All of it is the caller's. */
struct worker_launched {
    struct started started;
    int pipes[3]; /* our ends of its standard input, output and error; non-blocking */
};

/* As spawn_start; `launched` is written only on SPAWN_STARTED. In a cgroup of the forest, if there
 * is one (NULL: none). `route` and `action` are in its environment. */
enum spawn_result worker_launch(const struct command_settings *settings,
                                struct process_forest *forest, const char *route,
                                const char *action, struct worker_launched *launched,
                                struct error *err);

#endif
