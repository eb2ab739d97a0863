/* The verbs of the command line, one row each, in files of their names. */
#ifndef TENTERHOOK_SERVER_CLI_VERB_H
#define TENTERHOOK_SERVER_CLI_VERB_H

#include <stdbool.h>

/* Exit codes. */
enum { EXIT_DONE = 0, EXIT_NO = 1, EXIT_USAGE = 2, EXIT_ENVIRONMENT = 3 };

struct registry;
struct settings;

struct verb {
    const char *name;
    const char *usage;    /* "check [-c FILE]" */
    const char *sentence; /* for --help and the manual */
    /* argv[0] is the verb. Returns an exit code. */
    int (*run)(int argc, char **argv);
};

extern const struct registry program_registry; /* in registry.c: all handlers */

/* All verbs, in the order of --help. A new one is a row here, its file, and the line of that file
 * in server/meson.build. */
#define VERBS(VERB)                                                                                \
    VERB(serve)                                                                                    \
    VERB(check)   /* config.c */                                                                   \
    VERB(explain) /* config.c */                                                                   \
    VERB(schema)  /* config.c */                                                                   \
    VERB(verify)                                                                                   \
    VERB(providers)                                                                                \
    VERB(send)                                                                                     \
    VERB(reference) /* config.c */                                                                 \
    VERB(events)                                                                                   \
    VERB(replay)                                                                                   \
    VERB(pause)                                                                                    \
    VERB(resume) /* pause.c */                                                                     \
    VERB(cancel)                                                                                   \
    VERB(status)                                                                                   \
    VERB(reload)                                                                                   \
    VERB(diff)                                                                                     \
    VERB(validate)                                                                                 \
    VERB(import)                                                                                   \
    VERB(keys)                                                                                     \
    VERB(prune)                                                                                    \
    VERB(backup)                                                                                   \
    VERB(restore)

#define VERB_DECLARE(name) extern const struct verb name##_verb;
VERBS(VERB_DECLARE)

/* Whether every option among the arguments (argv[0] is the verb) is in the verb's usage; prints the
 * one that is not, on standard error. The value of an option is skipped and never printed: it may
 * be a secret. */
bool cli_options_are_known(const struct verb *verb, int argc, char **argv);

/* -c FILE, else $TENTERHOOK_CONFIG if it is not empty, else /etc/tenterhook/tenterhook.yaml. */
const char *cli_config_file(const char *given);

/* The route file, for a verb that needs no secrets; NULL after printing its problems. The caller
 * calls settings_destroy. */
struct settings *cli_load_settings(const char *given);
/* The same for a verb that only wants to know where the journal is: see settings_load_alone. */
struct settings *cli_load_alone(const char *given);
bool cli_has_route(const struct settings *settings, const char *name);

#endif
