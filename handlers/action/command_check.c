/* What a sender writes must never choose what runs: neither as a program, nor as a script that an
 * interpreter is given, nor by a variable that steers one. What is only missing is a warning,
 * because it may be deployed later. */
#include "handlers/action/command_check.h"

#include "handlers/action/spawn.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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

static bool is_steering(const char *name)
{
    for (size_t i = 0; i < sizeof steering_variables / sizeof *steering_variables; i++)
        if (variable_matches(name, steering_variables[i]))
            return true;
    return false;
}

bool command_check_variables(struct load *load, const struct node *env, const struct node *pass_env,
                             const struct command_settings *settings)
{
    struct error err;
    bool good = true;
    for (size_t i = 0; i < settings->env.count; i++) {
        if (!command_variable_is_allowed(settings->env.names[i], &err))
            good = load_problem(load, env, "%s", err.text);
        else if (is_steering(settings->env.names[i]) &&
                 !template_is_literal(&settings->templates->env[i]))
            good = load_problem(load, env,
                                "the environment variable %s cannot have values of the event: it "
                                "changes what programs run",
                                settings->env.names[i]);
        else if (strlen(settings->env.names[i]) + 1 + strlen(settings->env.values[i]) >
                 SPAWN_TEXT_MAX)
            good = load_problem(load, env, "%s is longer than a process can get",
                                settings->env.names[i]);
    }
    for (size_t i = 0; i < settings->pass_env.count; i++)
        if (!command_variable_is_allowed(settings->pass_env.items[i], &err))
            good = load_problem(load, pass_env, "%s", err.text);
    return good;
}

/* A program that is missing is only a warning: it may be deployed later, and until then each
 * delivery fails for a reason that is kept with it. */
bool command_check_program(struct load *load, const struct node *at, const char *path)
{
    struct error err;
    struct stat st;
    if (!spawn_program_is_safe(path, &err))
        return load_problem(load, at, "%s", err.text);
    if (stat(path, &st) != 0)
        load_warning(load, at, "%s cannot be run at the moment: %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        load_warning(load, at, "%s is not an executable file", path);
    else if (access(path, X_OK) != 0) /* an interpreter has to read it, too */
        load_warning(load, at, "%s is not an executable file: chmod a+rx %s", path, path);
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

const char *command_find_source(const struct command_settings *settings)
{
    const struct text_list *command = &settings->command;
    const char *first = command->count > 1 ? command->items[1] : "";
    bool is_file = first[0] == '/' && !strstr(first, "{{") && find_interpreter(command->items[0]);
    return is_file ? first : NULL;
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

/* A bare name is looked for along PATH, never beside the route file, as in a shell. */
void command_check_bare_name(struct load *load, const struct node *at,
                             const struct command_settings *settings)
{
    char path[SPAWN_PATH_MAX + 1];
    struct stat st;
    const char *name = settings->program, *search = getenv("PATH");
    const char *beside = load_path(load, at, name);
    if (beside && stat(beside, &st) == 0 && S_ISREG(st.st_mode) &&
        !spawn_find_program(name, search ? search : SPAWN_USUAL_PATH, settings->cwd, path,
                            sizeof path, NULL))
        load_warning(load, at, "%s is not along PATH; did you mean ./%s?", name, name);
}

/* Their rights come from a set-user-ID bit, which no_new_privs takes the effect from. */
static void warn_of_privileges(struct load *load, const struct node *at,
                               const struct command_settings *settings)
{
    static const char *const programs[] = {"sudo", "su", "doas", "pkexec", "newgrp", "sg"};
    const struct process_account *account = settings->process.account;
    const char *path = settings->command.items[0], *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (!settings->process.no_new_privs || (account && account->uid == 0))
        return;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (strcmp(name, programs[i]) == 0)
            load_warning(load, at,
                         "%s gains no rights here: \"user\" runs a command as another user, and "
                         "\"no_new_privs: false\" lets %s work",
                         name, name);
}

bool command_check_arguments(struct load *load, const struct node *at,
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
    if (!check_scripts(load, at, settings))
        return false;
    warn_of_privileges(load, at, settings);
    return true;
}
