/* What a command is given of an event: its arguments, its variables and its directory, as the
 * templates of the route file make them. */
#ifndef TENTERHOOK_HANDLERS_ACTION_COMMAND_VALUES_H
#define TENTERHOOK_HANDLERS_ACTION_COMMAND_VALUES_H

#include "handlers/action/command.h"
#include "handlers/value/value_context.h"

struct command_given {
    const char **arguments; /* of the length of settings->command, and NULL */
    const char **env;       /* the values of settings->env.names, in their order */
    const char *inside;     /* of settings->cwd, a relative path; NULL: cwd itself */
};

/* Fills `given` in, with memory of `arena`; settings without templates need no `values`. False with
 * the sentence for whoever sent the event, which names the value: one that is missing, holds a NUL,
 * is too long for a process, begins with
 * "-" as an argument without `allow_dash`, or leads out of cwd. errno is ENOMEM without memory. */
bool command_fill(const struct command_settings *settings, struct value_context *values,
                  struct arena *arena, struct command_given *given, struct error *why);

/* The same for who only wants to know whether it works, or to see it: try_values of both kinds of
 * command (action.h). */
bool command_try_values(const void *settings, struct value_context *values,
                        const struct value_sink *sink, struct error *why);

#endif
