/* The settings of `command:` and `shell:`, and what their two files share. In the snapshot. */
#ifndef TENTERHOOK_HANDLERS_ACTION_COMMAND_H
#define TENTERHOOK_HANDLERS_ACTION_COMMAND_H

#include "handlers/action/action.h"
#include "handlers/action/process.h"
#include "handlers/action/secret_mask.h"
#include "handlers/value/template.h"

/* What becomes of the processes that a command leaves when it ends by itself. */
enum command_helpers { HELPERS_KILL, HELPERS_KEEP };
enum command_stdin { STDIN_BODY, STDIN_EVENT, STDIN_NONE };

/* The same texts as below, in their order, with the values in them. */
struct command_templates {
    struct template *arguments, *env;
    struct template inside; /* what follows cwd; no parts: nothing */
};

struct command_settings {
    /* argv, as written, at least one; for shell: /bin/sh -c TEXT */
    struct text_list command;
    const char *program; /* command[0], absolute if it holds a slash */
    const char *shell;   /* as written; NULL for `command:` */
    int input;           /* enum command_stdin */
    bool body_file;      /* the body is in a file, too */
    struct text_map env; /* as written */
    struct text_list pass_env;
    const char *cwd; /* absolute; of one with values the directories before the first */
    const struct command_templates *templates; /* NULL: nothing of it depends on the event */
    bool allow_dash;
    int64_t timeout_ms, kill_after_ms;
    int helpers;             /* enum command_helpers */
    int64_t output;          /* bytes kept of each stream */
    struct secret_mask mask; /* in the runner: what these do not show */
    struct process_settings process;
};

struct load;
struct node;

/* When all keys of an action with an argv are read, which stands under `key`: checks them, and
 * fills in what is not said. False after a problem. */
bool command_finish(struct load *load, const struct node *node, const char *key,
                    struct command_settings *settings);

/* Of every action that starts a process; see struct action_kind. */
void command_visit_places(const void *settings, const struct place_visitor *visitor);

/* What both kinds do with a delivery; the contract is that of struct action_kind. */
struct action_run *command_start(const void *settings, struct loop *loop,
                                 const struct delivery *delivery,
                                 void (*done)(void *context, const struct outcome *outcome),
                                 void *context);
void command_stop(struct action_run *run, int64_t deadline_ns);
bool command_cancel(struct action_run *run);
void command_follow(struct action_run *run, const struct output_follower *follower);

/* Of every action that starts a process: what it is given is its arguments, its `env`, and what
 * `pass_env` names. */
bool command_learn_secrets(void *settings, const struct secret_index *secrets);

#endif
