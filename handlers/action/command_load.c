/* `command:` and `shell:` as they stand in the route file: their rows and the checks at load. They
 * differ only in where the argv comes from; command_run.c carries out both. */
#include "handlers/action/command.h"

#include "config/load.h"
#include "handlers/action/command_check.h"
#include "handlers/action/command_texts.h"
#include "handlers/action/command_values.h"
#include "handlers/action/process_rows.h"
#include "handlers/action/spawn.h"

#include <sys/stat.h>

static const char *const input_choices[] = {"body", "event", "none", NULL};

#define FIELD(name) offsetof(struct command_settings, name)

static const struct row process_rows[] = {
    {"stdin", ROW_CHOICE, FIELD(input),
     "The standard input of the process: the raw body, the event as a JSON envelope, or nothing. "
     "It is a file, so the process may read it at its own pace, or not at all.",
     "body", .choices = input_choices},
    {"body_file", ROW_BOOL, FIELD(body_file),
     "`true`: `TENTERHOOK_BODY_FILE` names a file with the body, as `stdin: body` gives it, that "
     "nobody else can read and that is removed when the command has ended.",
     "false"},
    {"allow_dash", ROW_BOOL, FIELD(allow_dash),
     "Whether an argument may begin with `-` where a value of the event is its beginning; "
     "otherwise such an event is answered 422.",
     "false"},
    {"timeout", ROW_DURATION, FIELD(timeout_ms),
     "The time that the command may run before its processes receive SIGTERM.", "5m", 1,
     7 * 86400 * INT64_C(1000)},
    {"output", ROW_SIZE, FIELD(output),
     "How much of the standard output, and how much of the standard error, is stored with the "
     "outcome: the last bytes of each.",
     "64KiB", 0, 16 * 1024 * 1024},
    PROCESS_ROWS,
};

static const struct row_section process_section = {
    .name = "process",
    .sentence = "How the process of a command or shell action is run.",
    .rows = process_rows,
    .row_count = ROW_COUNT(process_rows),
};

static const struct row command_row = {
    .name = "command",
    .example = "[./deploy.sh, \"{{payload.ref}}\"]",
    .type = ROW_CUSTOM,
    .read = command_read_arguments,
    .flags = ROW_REQUIRED,
    .syntax = "a list of strings, also with values of the event (`{{payload.ref}}`)",
    .json_schema = "{\"type\": \"array\", \"items\": " COMMAND_TEXT_SCHEMA "}",
    .sentence = "The program and its arguments, started without a shell. A program with a slash is "
                "relative to the directory of this file; a program without one is searched for in "
                "PATH at each delivery. Text with braces of its own is `{literal: '{{.State}}'}`."};

static const struct row shell_row = {
    "shell",
    ROW_TEXT,
    FIELD(shell),
    "A script for /bin/sh -c. Values of the event are in its environment (TENTERHOOK_EVENT and so "
    "on) and on its standard input, never in its text.",
    .flags = ROW_REQUIRED,
    .example = "./deploy.sh && ./notify.sh"};

/* The place of `key` if it is there, else of the whole action. */
static const struct node *place_of(const struct node *node, const char *key)
{
    const struct node *found = node->kind == NODE_MAPPING ? tree_find(node, key) : NULL;
    return found ? found : node;
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
    bool good = process_finish(load, node, &settings->process);
    return command_check_variables(load, place_of(node, "env"), place_of(node, "pass_env"),
                                   settings) &&
           good;
}

bool command_finish(struct load *load, const struct node *node, const char *key,
                    struct command_settings *settings)
{
    const struct node *at = place_of(node, key);
    bool good = finish_process(load, node, settings);
    if (!command_check_arguments(load, at, settings))
        return false;
    settings->program = settings->command.items[0];
    if (strchr(settings->program, '/')) {
        settings->program = load_path(load, at, settings->program);
        good = settings->program && command_check_program(load, at, settings->program) && good;
    } else {
        command_check_bare_name(load, at, settings);
    }
    command_drop_unused_templates(settings);
    return good;
}

static bool finish_command(struct load *load, const struct node *node, void *data)
{
    return command_finish(load, node, "command", data);
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

static const struct process_settings *process_of(const void *data)
{
    const struct command_settings *settings = data;
    return &settings->process;
}

void command_visit_places(const void *data, const struct place_visitor *visitor)
{
    const struct command_settings *settings = data;
    if (settings->program)
        visitor->visit(visitor->context, PLACE_PROGRAM, settings->program);
    if (settings->program && command_find_source(settings))
        visitor->visit(visitor->context, PLACE_SOURCE, command_find_source(settings));
    for (size_t i = 1; settings->program && i < settings->command.count; i++)
        visitor->visit(visitor->context, PLACE_ARGUMENT, settings->command.items[i]);
    if (settings->shell)
        visitor->visit(visitor->context, PLACE_SCRIPT, settings->shell);
    if (settings->cwd)
        visitor->visit(visitor->context, PLACE_DIRECTORY, settings->cwd);
}

/* The two differ in the key that chooses them. */
#define PROCESS_ACTION(key, reader, text)                                                          \
    {                                                                                              \
        .kind = {.name = #key,                                                                     \
                 .sentence = text,                                                                 \
                 .value = &key##_row,                                                              \
                 .beside = &process_section,                                                       \
                 .settings_size = sizeof(struct command_settings),                                 \
                 .finish = reader},                                                                \
        .is_limited = true, .counts_crashes = true, .output_kept = output_kept,                    \
        .process = process_of, .try_values = command_try_values,                                   \
        .visit_references = command_visit_references, .learn_secrets = command_learn_secrets,      \
        .visit_places = command_visit_places, .start = command_start, .stop = command_stop,        \
        .cancel = command_cancel, .follow = command_follow,                                        \
    }

const struct action_kind command_action =
    PROCESS_ACTION(command, finish_command,
                   "Runs a program, with the event in its environment and on its standard input.");

const struct action_kind shell_action = PROCESS_ACTION(
    shell, finish_shell,
    "Runs a script with /bin/sh, with the event in its environment and on its standard input.");
