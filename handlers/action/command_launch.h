/* One attempt to start the process of a command action. */
#ifndef TENTERHOOK_HANDLERS_ACTION_COMMAND_LAUNCH_H
#define TENTERHOOK_HANDLERS_ACTION_COMMAND_LAUNCH_H

#include "handlers/action/command.h"
#include "handlers/action/process_tree.h"
#include "handlers/action/spawn.h"

/* All of it is the caller's. */
struct launched {
    struct spawned process;
    struct process_tree tree; /* to be removed likewise */
    char *body_file;          /* to be removed when the process has ended (body_files.h), or NULL */
    char *files;              /* the same: a directory, body_files_remove() */
    int outputs[2]; /* what it writes to standard output and error; non-blocking. -1: to nobody */
};

/* As spawn_start; `launched` is written only on SPAWN_STARTED. */
enum spawn_result command_launch(const struct command_settings *settings,
                                 const struct delivery *delivery, struct launched *launched,
                                 struct error *err);

#endif
