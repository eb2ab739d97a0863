/* `command:` and `shell:` as they stand in the route file: their rows and the checks at load. They
 * differ only in where the argv comes from; command_run.c carries out both. */
#include "handlers/action/command.h"

#include "config/load.h"
#include "handlers/action/command_texts.h"
#include "handlers/action/command_values.h"
#include "handlers/action/spawn.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const input_choices[] = {"body", "event", "none", NULL};

#define FIELD(name) offsetof(struct command_settings, name)

#define TEXT_SCHEMA                                                                                \
    "{\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"object\", \"required\": [\"literal\"], "    \
    "\"additionalProperties\": false, \"properties\": {\"literal\": {\"type\": \"string\"}}}]}"

static const struct row process_rows[] = {
    {"stdin", ROW_CHOICE, FIELD(input),
     "The standard input of the process: the raw body, the event as a JSON envelope, or nothing. "
     "It is a file, so the process may read it at its own pace, or not at all.",
     "body", .choices = input_choices},
    {"body_file", ROW_BOOL, FIELD(body_file),
     "`true`: `TENTERHOOK_BODY_FILE` names a file with the body, as `stdin: body` gives it, that "
     "nobody else can read and that is removed when the command has ended.",
     "false"},
    {.name = "env",
     .type = ROW_CUSTOM,
     .read = command_read_env,
     .syntax = "a map of strings, also with values of the event (`{{payload.ref}}`)",
     .json_schema = "{\"type\": \"object\", \"additionalProperties\": " TEXT_SCHEMA "}",
     .sentence = "Additional environment variables of the process; no data of the sender becomes a "
                 "name."},
    {"pass_env", ROW_TEXTS, FIELD(pass_env),
     "Variables of the server's environment that are passed to the process; no others are passed.",
     "[PATH, HOME, TZ, LANG]"},
    {.name = "cwd",
     .type = ROW_CUSTOM,
     .read = command_read_cwd,
     .syntax = "a path, also with values of the event (`/srv/{{path.app}}`)",
     .json_schema = "{\"type\": \"string\"}",
     .sentence = "The directory in which the process starts; without it, the directory of this "
                 "file. A path with values must lead to a directory below the fixed part before "
                 "the first value."},
    {"allow_dash", ROW_BOOL, FIELD(allow_dash),
     "Whether an argument may begin with `-` where a value of the event is its beginning; "
     "otherwise such an event is answered 422.",
     "false"},
    {"timeout", ROW_DURATION, FIELD(timeout_ms),
     "The time that the process may run before its process group receives SIGTERM.", "5m", 1,
     7 * 86400 * INT64_C(1000)},
    {"kill_after", ROW_DURATION, FIELD(kill_after_ms),
     "The time from SIGTERM until the remaining processes of the group are killed.", "10s", 0,
     3600 * INT64_C(1000)},
    {"output", ROW_SIZE, FIELD(output),
     "How much of the standard output, and how much of the standard error, is stored with the "
     "outcome: the last bytes of each.",
     "64KiB", 0, 16 * 1024 * 1024},
};

static const struct row_section process_section = {
    .name = "process",
    .sentence = "How the process of a command or shell action is run.",
    .rows = process_rows,
    .row_count = ROW_COUNT(process_rows),
};

static const struct row command_row = {
    .name = "command",
    .type = ROW_CUSTOM,
    .read = command_read_arguments,
    .flags = ROW_REQUIRED,
    .syntax = "a list of strings, also with values of the event (`{{payload.ref}}`)",
    .json_schema = "{\"type\": \"array\", \"items\": " TEXT_SCHEMA "}",
    .sentence = "The program and its arguments, started without a shell. A program with a slash is "
                "relative to the directory of this file; a program without one is searched for in "
                "PATH at each delivery. Text with braces of its own is `{literal: '{{.State}}'}`."};

static const struct row shell_row = {
    "shell", ROW_TEXT, FIELD(shell),
    "A script for /bin/sh -c. Values of the event are in its environment (TENTERHOOK_EVENT and so "
    "on) and on its standard input, never in its text.",
    .flags = ROW_REQUIRED};

/* Names by which the loader, a shell or a language would be made to run something else, and ours. A
 * trailing star stands for any rest. */
static const char *const forbidden_variables[] = {
    "LD_*", "BASH_*", "BASHOPTS", "SHELLOPTS", "ENV", "IFS", "PS4", "GCONV_PATH", "TENTERHOOK_*"};

static bool variable_matches(const char *name, const char *pattern)
{
    size_t length = strlen(pattern);
    return pattern[length - 1] == '*' ? strncmp(name, pattern, length - 1) == 0
                                      : strcmp(name, pattern) == 0;
}

/* Those that a file may set, but no sender. */
static const char *const steering_variables[] = {"PATH",
                                                 "HOME",
                                                 "EDITOR",
                                                 "VISUAL",
                                                 "PAGER",
                                                 "LESSOPEN",
                                                 "PROMPT_COMMAND",
                                                 "PYTHON*",
                                                 "PERL5*",
                                                 "RUBYOPT",
                                                 "RUBYLIB",
                                                 "NODE_*",
                                                 "JAVA_*",
                                                 "_JAVA_OPTIONS",
                                                 "GIT_SSH",
                                                 "GIT_SSH_*",
                                                 "GIT_EXEC*",
                                                 "GIT_CONF*",
                                                 "GIT_DIR",
                                                 "GIT_PAGER",
                                                 "GIT_EDITOR",
                                                 "GIT_EXTERNAL_DIFF",
                                                 "GIT_PROXY_COMMAND",
                                                 "GIT_ASKPASS",
                                                 "SSH_ASKPASS"};

bool command_variable_is_allowed(const char *name, struct error *err)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char rest[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789.-";
    if (*name == '\0' || !strchr(letters, *name) || name[strspn(name, rest)] != '\0')
        return error_set(err,
                         "\"%s\" is not a name for an environment variable (letters, digits, "
                         "_ . and -, no digit first)",
                         name);
    for (size_t i = 0; i < sizeof forbidden_variables / sizeof *forbidden_variables; i++)
        if (variable_matches(name, forbidden_variables[i]))
            return error_set(err, "the environment variable %s may not be set: %s", name,
                             strncmp(name, "TENTERHOOK_", 11) == 0
                                 ? "names that begin with TENTERHOOK_ are the server's"
                                 : "it changes what programs run");
    return true;
}

/* The place of `key` if it is there, else of the whole action. */
static const struct node *place_of(const struct node *node, const char *key)
{
    const struct node *found = node->kind == NODE_MAPPING ? tree_find(node, key) : NULL;
    return found ? found : node;
}

static bool is_steering(const char *name)
{
    for (size_t i = 0; i < sizeof steering_variables / sizeof *steering_variables; i++)
        if (variable_matches(name, steering_variables[i]))
            return true;
    return false;
}

static bool check_variables(struct load *load, const struct node *node,
                            const struct command_settings *settings)
{
    struct error err;
    bool good = true;
    for (size_t i = 0; i < settings->env.count; i++) {
        if (!command_variable_is_allowed(settings->env.names[i], &err))
            good = load_problem(load, place_of(node, "env"), "%s", err.text);
        else if (is_steering(settings->env.names[i]) &&
                 !template_is_literal(&settings->templates->env[i]))
            good = load_problem(load, place_of(node, "env"),
                                "the environment variable %s cannot have values of the event: it "
                                "changes what programs run",
                                settings->env.names[i]);
        else if (strlen(settings->env.names[i]) + 1 + strlen(settings->env.values[i]) >
                 SPAWN_TEXT_MAX)
            good = load_problem(load, place_of(node, "env"), "%s is longer than a process can get",
                                settings->env.names[i]);
    }
    for (size_t i = 0; i < settings->pass_env.count; i++)
        if (!command_variable_is_allowed(settings->pass_env.items[i], &err))
            good = load_problem(load, place_of(node, "pass_env"), "%s", err.text);
    return good;
}

/* A program that is missing is only a warning: it may be deployed later, and until then each
 * delivery fails for a reason that is kept with it. */
static bool check_program(struct load *load, const struct node *at, const char *path)
{
    struct error err;
    struct stat st;
    if (!spawn_program_is_safe(path, &err))
        return load_problem(load, at, "%s", err.text);
    if (stat(path, &st) != 0)
        load_warning(load, at, "%s cannot be run at the moment: %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode) || access(path, X_OK) != 0)
        load_warning(load, at, "%s is not an executable file", path);
    return true;
}

/* Programs that take what follows one of these options for a script. */
static const struct interpreter {
    const char *name; /* a version may follow */
    const char *letters;
} interpreters[] = {{"sh", "c"},    {"bash", "c"}, {"dash", "c"},  {"ash", "c"},  {"ksh", "c"},
                    {"mksh", "c"},  {"zsh", "c"},  {"fish", "c"},  {"su", "c"},   {"python", "c"},
                    {"perl", "eE"}, {"ruby", "e"}, {"node", "ep"}, {"php", "rR"}, {"lua", "e"}};

static const struct interpreter *find_interpreter(const char *program)
{
    const char *slash = strrchr(program, '/'), *name = slash ? slash + 1 : program;
    for (size_t i = 0; i < sizeof interpreters / sizeof *interpreters; i++) {
        size_t length = strlen(interpreters[i].name);
        if (strncmp(name, interpreters[i].name, length) == 0 &&
            name[length + strspn(name + length, "0123456789.")] == '\0')
            return &interpreters[i];
    }
    return NULL;
}

/* -c, and -ec too; --eval. */
static bool is_script_option(const struct interpreter *interpreter, const char *argument)
{
    if (argument[1] != '-')
        return strpbrk(argument, interpreter->letters) != NULL;
    return strcmp(argument, "--eval") == 0 || strcmp(argument, "--print") == 0 ||
           strcmp(argument, "--command") == 0;
}

/* The place in the list of the script that the interpreter at `at` is given; 0: it gets none. */
static size_t find_script(const struct text_list *command, size_t at)
{
    const struct interpreter *interpreter = find_interpreter(command->items[at]);
    for (size_t i = at + 1; interpreter && i + 1 < command->count; i++) {
        if (command->items[i][0] != '-')
            return 0;
        if (is_script_option(interpreter, command->items[i]))
            return i + 1;
    }
    return 0;
}

/* `sh -c "deploy {{payload.ref}}"` would run what the sender writes, also behind `env` or `sudo`.
 */
static bool check_scripts(struct load *load, const struct node *at,
                          const struct command_settings *settings)
{
    for (size_t i = 0; i < settings->command.count; i++) {
        size_t script = find_script(&settings->command, i);
        if (script > 0 && !template_is_literal(&settings->templates->arguments[script]))
            return load_problem(load, at,
                                "argument %zu is a script for %s, which cannot have values of the "
                                "event: give them as arguments behind it (\"$1\" in a shell) or in "
                                "\"env\"",
                                script, settings->command.items[i]);
    }
    return true;
}

static bool is_along_path(const char *name)
{
    char file[PATH_MAX];
    struct bytes rest = bytes_of_text(getenv("PATH") ? getenv("PATH") : "");
    while (rest.length > 0) {
        struct bytes folder = bytes_split(&rest, ':');
        snprintf(file, sizeof file, "%.*s/%s", (int)folder.length, (const char *)folder.data, name);
        if (access(file, X_OK) == 0)
            return true;
    }
    return false;
}

/* A bare name is looked for along PATH, never beside the route file, as in a shell. */
static void check_bare_name(struct load *load, const struct node *at, const char *name)
{
    struct stat st;
    const char *beside = load_path(load, at, name);
    if (beside && stat(beside, &st) == 0 && S_ISREG(st.st_mode) && !is_along_path(name))
        load_warning(load, at, "%s is not along PATH; did you mean ./%s?", name, name);
}

static bool check_arguments(struct load *load, const struct node *at,
                            const struct command_settings *settings)
{
    if (settings->command.count == 0 || settings->command.items[0][0] == '\0')
        return load_problem(load, at, "a command needs a program: [program, argument …]");
    if (!template_is_literal(&settings->templates->arguments[0]))
        return load_problem(
            load, at, "the program of a command is fixed: it cannot have values of the event");
    for (size_t i = 0; i < settings->command.count; i++) {
        if (strlen(settings->command.items[i]) > SPAWN_TEXT_MAX)
            return load_problem(load, at, "an argument is longer than a process can get");
    }
    return check_scripts(load, at, settings);
}

/* What both kinds have in common, once the argv is there. */
static bool finish_process(struct load *load, const struct node *node,
                           struct command_settings *settings)
{
    struct stat st;
    if (!settings->cwd)
        /* a copy: the sources go with the problems of the run, the settings stay */
        settings->cwd = arena_copy_text(load_arena(load), node->source->directory);
    if (!settings->cwd)
        return load_problem(load, node, "no memory");
    if (stat(settings->cwd, &st) != 0 || !S_ISDIR(st.st_mode))
        load_warning(load, place_of(node, "cwd"), "%s is not a directory at the moment",
                     settings->cwd);
    return check_variables(load, node, settings);
}

static bool finish_command(struct load *load, const struct node *node, void *data)
{
    struct command_settings *settings = data;
    const struct node *at = place_of(node, "command");
    bool good = finish_process(load, node, settings);
    if (!check_arguments(load, at, settings))
        return false;
    settings->program = settings->command.items[0];
    if (strchr(settings->program, '/')) {
        settings->program = load_path(load, at, settings->program);
        good = settings->program && check_program(load, at, settings->program) && good;
    } else {
        check_bare_name(load, at, settings->program);
    }
    command_drop_unused_templates(settings);
    return good;
}

/* "{{payload.ref}}" was meant to be a template; "{{.State}}" is some other program's. */
static bool holds_template(const char *text)
{
    for (const char *at = strstr(text, "{{"); at; at = strstr(at + 1, "{{"))
        if (reference_begins(bytes_trim(bytes_of_text(at + 2))))
            return true;
    return false;
}

/* A script has none, but its variables and its directory may: the argv beside them is literal. */
static bool keep_shell_templates(struct load *load, struct command_settings *settings)
{
    struct command_templates *templates = (struct command_templates *)settings->templates;
    if (!command_drop_unused_templates(settings))
        return true;
    templates->arguments =
        arena_alloc_array(load_arena(load), settings->command.count, sizeof *templates->arguments);
    if (!templates->arguments)
        return load_no_memory(load);
    for (size_t i = 0; i < settings->command.count; i++)
        if (!template_literal(bytes_of_text(settings->command.items[i]), load_arena(load),
                              &templates->arguments[i]))
            return load_no_memory(load);
    return true;
}

static bool finish_shell(struct load *load, const struct node *node, void *data)
{
    struct command_settings *settings = data;
    const struct node *at = place_of(node, "shell");
    bool good = finish_process(load, node, settings);
    const char **items = arena_alloc_array(load_arena(load), 3, sizeof *items);
    if (!items)
        return load_problem(load, at, "out of memory");
    if (holds_template(settings->shell))
        return load_problem(load, at,
                            "a script cannot have templates ({{…}}): values of the event are in "
                            "the environment (\"$TENTERHOOK_EVENT\")");
    if (strlen(settings->shell) > SPAWN_TEXT_MAX)
        return load_problem(load, at, "the script is longer than 128 KiB; put it in a file");
    items[0] = "/bin/sh";
    items[1] = "-c";
    items[2] = settings->shell;
    settings->command = (struct text_list){.items = items, .count = 3};
    settings->program = items[0];
    return keep_shell_templates(load, settings) && good;
}

static int64_t output_kept(const void *data)
{
    const struct command_settings *settings = data;
    return settings->output;
}

const struct action_kind command_action = {
    .kind = {.name = "command",
             .sentence = "Runs a program, with the event in its environment and on its standard "
                         "input.",
             .value = &command_row,
             .beside = &process_section,
             .settings_size = sizeof(struct command_settings),
             .finish = finish_command},
    .is_limited = true,
    .counts_crashes = true,
    .output_kept = output_kept,
    .try_values = command_try_values,
    .visit_references = command_visit_references,
    .start = command_start,
    .stop = command_stop,
};

const struct action_kind shell_action = {
    .kind = {.name = "shell",
             .sentence = "Runs a script with /bin/sh, with the event in its environment and on its "
                         "standard input.",
             .value = &shell_row,
             .beside = &process_section,
             .settings_size = sizeof(struct command_settings),
             .finish = finish_shell},
    .is_limited = true,
    .counts_crashes = true,
    .output_kept = output_kept,
    .try_values = command_try_values,
    .visit_references = command_visit_references,
    .start = command_start,
    .stop = command_stop,
};
