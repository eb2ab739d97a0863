/* The keys of every action that starts a process: its environment, its directory, its end. The
 * settings of such an action begin with a struct command_settings. */
#ifndef TENTERHOOK_HANDLERS_ACTION_PROCESS_ROWS_H
#define TENTERHOOK_HANDLERS_ACTION_PROCESS_ROWS_H

#include "handlers/action/command_texts.h"
#include "handlers/action/process.h"

#define COMMAND_TEXT_SCHEMA                                                                        \
    "{\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"object\", \"required\": [\"literal\"], "    \
    "\"additionalProperties\": false, \"properties\": {\"literal\": {\"type\": \"string\"}}}]}"

#define PROCESS_FIELD(name) offsetof(struct command_settings, name)

#define PROCESS_ROWS                                                                               \
    {.name = "env",                                                                                \
     .example = "{BRANCH: \"{{payload.ref}}\"}",                                                   \
     .type = ROW_CUSTOM,                                                                           \
     .read = command_read_env,                                                                     \
     .syntax = "a map of strings, also with values of the event (`{{payload.ref}}`)",              \
     .json_schema = "{\"type\": \"object\", \"additionalProperties\": " COMMAND_TEXT_SCHEMA "}",   \
     .sentence =                                                                                   \
         "Additional environment variables of the process; no data of the sender becomes a "       \
         "name."},                                                                                 \
        {"pass_env", ROW_TEXTS, PROCESS_FIELD(pass_env),                                           \
         "Variables of the server's environment that are passed to the process; no others are "    \
         "passed.",                                                                                \
         "[PATH, HOME, TZ, LANG]"},                                                                \
        {.name = "cwd",                                                                            \
         .example = "/srv/app",                                                                    \
         .type = ROW_CUSTOM,                                                                       \
         .read = command_read_cwd,                                                                 \
         .syntax = "a path, also with values of the event (`/srv/{{path.app}}`)",                  \
         .json_schema = "{\"type\": \"string\"}",                                                  \
         .sentence =                                                                               \
             "The directory in which the process starts; without it, the directory of this "       \
             "file. A path with values must lead to a directory below the fixed part before "      \
             "the first value."},                                                                  \
        {"user",                                                                                   \
         ROW_TEXT,                                                                                 \
         PROCESS_FIELD(process.user),                                                              \
         "The user, by name or number, as whom the process runs, with the groups of that user; "   \
         "needs a server that is started as root. Without it, whom `server.user` names.",          \
         NULL,                                                                                     \
         1,                                                                                        \
         256},                                                                                     \
        {"allow_root", ROW_BOOL, PROCESS_FIELD(process.allow_root), "`true`: `user` may be root.", \
         "false"},                                                                                 \
        {"no_new_privs", ROW_BOOL, PROCESS_FIELD(process.no_new_privs),                            \
         "`false`: the process may gain rights by a program that gives some, such as sudo.",       \
         "true"},                                                                                  \
        {"umask", ROW_MODE, PROCESS_FIELD(process.umask),                                          \
         "The rights that files which the process makes do not get.", "\"022\""},                  \
        {"nice",                                                                                   \
         ROW_INTEGER,                                                                              \
         PROCESS_FIELD(process.nice),                                                              \
         "Is added to the niceness of the server: 19 runs when nobody else wants to; below 0 "     \
         "needs a server that is started as root.",                                                \
         "0",                                                                                      \
         -20,                                                                                      \
         19},                                                                                      \
        {"limits", ROW_SECTION, PROCESS_FIELD(process.limits), "What the process may use.",        \
         .section = &process_limits_section},                                                      \
        {.name = "helpers",                                                                        \
         .type = ROW_CHOICE,                                                                       \
         .offset = PROCESS_FIELD(helpers),                                                         \
         .choices = (const char *const[]){"kill", "keep", NULL},                                   \
         .default_text = "kill",                                                                   \
         .sentence =                                                                               \
             "What becomes of the processes that a command has started and left when it ends by "  \
             "itself: they are killed, or they live on. At `timeout`, and when the server stops "  \
             "before that end, they are ended with the command in any case. A helper that writes " \
             "to the outputs of the command gets SIGPIPE once that has ended, unless `output` is " \
             "0: then they are /dev/null."},                                                       \
    {                                                                                              \
        "kill_after", ROW_DURATION, PROCESS_FIELD(kill_after_ms),                                  \
            "The time from SIGTERM until the processes that are left are killed.", "10s", 0,       \
            3600 * INT64_C(1000)                                                                   \
    }

#endif
