/* One attempt to start the process of a command action. */
#ifndef TENTERHOOK_HANDLERS_ACTION_COMMAND_LAUNCH_H
#define TENTERHOOK_HANDLERS_ACTION_COMMAND_LAUNCH_H

#include "handlers/action/command.h"
#include "handlers/action/started.h"

/* All of it is the caller's. */
struct launched {
    struct started started;
    char *body_file; /* to be removed when the process has ended (body_files.h), or NULL */
    char *files;     /* the same: a directory, body_files_remove() */
    int outputs[2];  /* what it writes to standard output and error; non-blocking. -1: to nobody */
};

/* As spawn_start; `launched` is written only on SPAWN_STARTED. */
enum spawn_result command_launch(const struct command_settings *settings,
                                 const struct delivery *delivery, struct launched *launched,
                                 struct error *err);

/* Parts of it, for whoever else starts a process with such settings. The plan has its environment,
 * and gets the program. False with `err`, and with an errno that spawn_errno_is_passing knows where
 * it may be found later. */
bool command_find_program(const struct command_settings *settings, struct arena *arena,
                          struct spawn_plan *plan, struct error *err);
/* A cgroup in the forest (NULL: there is none) for the plan, which borrows it. As spawn_start. */
enum spawn_result command_make_tree(const struct command_settings *settings,
                                    struct process_forest *forest, struct spawn_plan *plan,
                                    struct process_tree *tree, struct error *err);

/* The files of the form that the delivery is, in a directory for its process: to be removed with
 * body_files_remove; NULL in `*files`: it has none. As spawn_start: a full disk may have room
 * later.
 */
enum spawn_result command_put_files(const struct command_settings *settings,
                                    const struct delivery *delivery, char **files,
                                    struct error *err);
/* A pipe, whose end `own` (0: to read) is ours and does not block. Theirs belongs to the user of
 * the process, because programs open /dev/stdout anew. False with errno; what is open then is the
 * caller's. */
bool command_open_pipe(const struct command_settings *settings, int own, int *ours, int *theirs);

#endif
