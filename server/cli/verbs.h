/* The verbs of the command line, one row each, in files of their names. */
#ifndef TENTERHOOK_SERVER_CLI_VERBS_H
#define TENTERHOOK_SERVER_CLI_VERBS_H

#include "server/options/verb.h"

struct registry;

extern const struct registry program_registry; /* in registry.c: all handlers */

/* All verbs, in the order of --help. A new one is a row here, its file, and the line of that file
 * in server/meson.build. */
#define VERBS(VERB)                                                                                \
    VERB(init)                                                                                     \
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

#endif
