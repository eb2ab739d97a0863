/* The environment of a command: what is passed on, what the route file sets, and the event. */
#ifndef TENTERHOOK_HANDLERS_ACTION_ENVIRONMENT_H
#define TENTERHOOK_HANDLERS_ACTION_ENVIRONMENT_H

#include "base/arena.h"
#include "handlers/action/command.h"

/* NULL-terminated "NAME=value" in `arena`, no name twice: pass_env from our own environment (HOME,
 * USER, LOGNAME and SHELL are those of the user of the action, if it has one), then env with the
 * values that are given, then TENTERHOOK_*, of which `body_file` (NULL: none) is the path of a
 * file. NULL with `err` where a value is longer than a process can get, or without memory. */
const char *const *environment_build(struct arena *arena, const struct command_settings *settings,
                                     const char *const *env_values, const struct delivery *delivery,
                                     const char *body_file, struct error *err);

/* The value of `name` in such a list, or NULL. */
const char *environment_find(const char *const *environment, const char *name);

#endif
