/* The verbs of the command line, one row each. */
#ifndef TENTERHOOK_SERVER_CLI_VERB_H
#define TENTERHOOK_SERVER_CLI_VERB_H

#include <stdbool.h>

/* Exit codes. */
enum { EXIT_DONE = 0, EXIT_NO = 1, EXIT_USAGE = 2, EXIT_ENVIRONMENT = 3 };

struct registry;

struct verb {
    const char *name;
    const char *usage;    /* "check [-c FILE]" */
    const char *sentence; /* for --help and the manual */
    /* argv[0] is the verb. Returns an exit code. */
    int (*run)(int argc, char **argv);
};

extern const struct registry program_registry; /* in registry.c: all handlers */

/* One row each, in the file that is named; listed in main.c. */
extern const struct verb serve_verb;                            /* serve.c */
extern const struct verb check_verb, explain_verb, schema_verb; /* config.c */
extern const struct verb reference_verb;                        /* config.c */
extern const struct verb events_verb;                           /* events.c */
extern const struct verb keys_verb;                             /* keys.c */
extern const struct verb replay_verb;                           /* replay.c */
extern const struct verb providers_verb;                        /* providers.c */
extern const struct verb send_verb;                             /* send.c */
extern const struct verb verify_verb;                           /* verify.c */
extern const struct verb validate_verb;                         /* validate.c */

/* Whether every option among the arguments (argv[0] is the verb) is in the verb's usage; prints the
 * one that is not, on standard error. The value of an option is skipped and never printed: it may
 * be a secret. */
bool cli_options_are_known(const struct verb *verb, int argc, char **argv);

/* -c FILE, else $TENTERHOOK_CONFIG, else /etc/tenterhook/tenterhook.yaml. */
const char *cli_config_file(const char *given);

#endif
