/* The rules of commands that are checked when the route file is read. Each reports what is wrong,
 * and returns false where the settings cannot be used. */
#ifndef TENTERHOOK_HANDLERS_ACTION_COMMAND_CHECK_H
#define TENTERHOOK_HANDLERS_ACTION_COMMAND_CHECK_H

#include "config/load.h"
#include "handlers/action/command.h"

/* Whether the route file may set, or pass on, the environment variable `name`; else why not. */
bool command_variable_is_allowed(const char *name, struct error *err);

/* `at` is where the command stands; the settings have their templates. */
bool command_check_arguments(struct load *load, const struct node *at,
                             const struct command_settings *settings);
bool command_check_variables(struct load *load, const struct node *env, const struct node *pass_env,
                             const struct command_settings *settings);
/* A program with a slash in its name. */
bool command_check_program(struct load *load, const struct node *at, const char *path);
/* One without: only a warning. */
/* The file that the program is given to read, if it is an interpreter; NULL: none, or not known
 * before there is an event. */
const char *command_find_source(const struct command_settings *settings);
void command_check_bare_name(struct load *load, const struct node *at,
                             const struct command_settings *settings);

#endif
