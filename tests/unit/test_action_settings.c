/* What the route file may say of commands, shells, pipes and workers, and what is refused at load.
 */
#include "action_rig.h"

#include "config/loader.h"
#include "handlers/action/command.h"
#include "handlers/action/pipe.h"
#include "handlers/action/worker.h"
#include "handlers/auth/authenticator.h"
#include "tests/unit/suite.h"

static const struct handler_kind *const authenticators[] = {&none_authenticator.kind, NULL};
static const struct handler_kind *const actions[] = {&command_action.kind, &shell_action.kind,
                                                     &pipe_action.kind, &worker_action.kind, NULL};
static const struct registry registry = {.authenticators = authenticators, .actions = actions};

static struct problem_list problems;

static struct settings *load(const char *action)
{
    char text[2048];
    snprintf(text, sizeof text,
             "version: 1\n"
             "server: {listen: [{address: \"127.0.0.1:0\", tls: off}]}\n"
             "journal: {path: journal.db}\n"
             "routes:\n"
             "  - name: r\n"
             "    path: /r\n"
             "    auth: {none: true}\n"
             "    actions:\n"
             "      - %s\n",
             action);
    problem_list_init(&problems);
    return settings_load(rig_write("hooks.yaml", text, 0600), &registry, &problems);
}

static const void *settings_of(const struct settings *settings)
{
    return settings->routes[0].actions[0].handler.settings;
}

static void release(struct settings *settings)
{
    if (settings)
        settings_destroy(settings);
    problem_list_finish(&problems);
}

START_TEST(defaults_are_as_documented)
{
    struct settings *settings = load("command: [/bin/echo, a b]");
    ck_assert_ptr_nonnull(settings);
    ck_assert_ptr_null(problems.first);
    const struct command_settings *command = settings_of(settings);
    ck_assert_str_eq(command->program, "/bin/echo");
    ck_assert_uint_eq(command->command.count, 2);
    ck_assert_str_eq(command->cwd, rig_directory);
    ck_assert_int_eq(command->input, STDIN_BODY);
    ck_assert_int_eq(command->timeout_ms, 300000);
    ck_assert_int_eq(command->kill_after_ms, 10000);
    ck_assert_int_eq(command->output, 65536);
    ck_assert_uint_eq(command->pass_env.count, 4);
    ck_assert_str_eq(command->pass_env.items[0], "PATH");
    release(settings);
    settings = load("pipe: fifo");
    ck_assert_ptr_nonnull(settings);
    const struct pipe_settings *pipe = settings_of(settings);
    ck_assert_str_eq(pipe->path, rig_path("fifo"));
    ck_assert_int_eq(pipe->format, PIPE_JSON_LINES);
    ck_assert_int_eq(pipe->create, 0);
    release(settings);
    settings = load("worker: [/bin/cat, '-']");
    ck_assert_ptr_nonnull(settings);
    const struct worker_settings *worker = settings_of(settings);
    ck_assert_str_eq(worker->command.program, "/bin/cat");
    ck_assert_uint_eq(worker->command.command.count, 2);
    ck_assert_str_eq(worker->command.cwd, rig_directory);
    ck_assert_int_eq(worker->command.timeout_ms, 300000);
    ck_assert_int_eq(worker->command.kill_after_ms, 10000);
    ck_assert_int_eq(worker->window, 32);
    ck_assert_int_eq(worker_action.window(worker), 64);
    release(settings);
}
END_TEST

START_TEST(paths_are_relative_to_the_file)
{
    rig_write("deploy.sh", "#!/bin/sh\n", 0755);
    struct settings *settings = load("{command: [./deploy.sh], cwd: /, stdin: event}");
    ck_assert_ptr_nonnull(settings);
    ck_assert_ptr_null(problems.first);
    const struct command_settings *command = settings_of(settings);
    ck_assert_int_eq(access(command->program, X_OK), 0);
    ck_assert_int_eq(command->program[0], '/');
    ck_assert_str_eq(command->cwd, "/");
    ck_assert_int_eq(command->input, STDIN_EVENT);
    release(settings);
    settings = load("{shell: 'docker inspect -f \"{{.State}}\" x', timeout: 2s}");
    ck_assert_ptr_nonnull(settings);
    command = settings_of(settings);
    ck_assert_str_eq(command->program, "/bin/sh");
    ck_assert_uint_eq(command->command.count, 3);
    ck_assert_str_eq(command->command.items[2], "docker inspect -f \"{{.State}}\" x");
    ck_assert_int_eq(command->timeout_ms, 2000);
    release(settings);
}
END_TEST

/* Each with a part of what is said of it. */
START_TEST(what_is_refused)
{
    static const char *const rows[][2] = {
        {"command: []", "command"},
        {"command: ['']", "a command needs a program"},
        {"command: [echo, '{{payload.}}']", "an entry of \"command\": "},
        {"command: ['{{payload.x}}']", "the program of a command is fixed"},
        {"{command: [echo], cwd: '{{payload.x}}'}", "must begin with a directory"},
        {"command: [sh, -c, 'echo {{payload.x}}']", "argument 2 is a script for sh"},
        {"command: [/bin/bash, -e, -lc, '{{payload.x}}']", "argument 3 is a script for /bin/bash"},
        {"command: [env, A=b, python3.11, -Ic, 'f({{payload.x}})']", "is a script for python3.11"},
        {"command: [perl, -wE, 'say \"{{payload.x}}\"']", "argument 2 is a script for perl"},
        {"command: [node, --eval, '{{payload.x | json}}']", "argument 2 is a script for node"},
        {"command: [sudo, -u, deploy, sh, -c, '{{payload.x}}']", "argument 5 is a script for sh"},
        {"{command: [echo], env: {PATH: '{{payload.x}}:/bin'}}", "PATH cannot have values"},
        {"{command: [echo], env: {PYTHONPATH: '/{{payload.x}}'}}", "PYTHONPATH cannot have"},
        {"{shell: echo, env: {GIT_SSH_COMMAND: '{{payload.x}}'}}", "GIT_SSH_COMMAND cannot have"},
        {"{command: [echo], env: {LD_PRELOAD: x}}", "LD_PRELOAD may not be set"},
        {"{command: [echo], env: {BASH_ENV: x}}", "BASH_ENV may not be set"},
        {"{command: [echo], env: {'BASH_FUNC_x%%': x}}", "is not a name"},
        {"{command: [echo], env: {IFS: x}}", "IFS may not be set"},
        {"{command: [echo], env: {ENV: x}}", "ENV may not be set"},
        {"{command: [echo], env: {TENTERHOOK_ID: x}}", "are the server's"},
        {"{command: [echo], env: {A B: x}}", "is not a name"},
        {"{command: [echo], env: {1A: x}}", "is not a name"},
        {"{command: [echo], env: {A: '{{secret.x}}'}}", "\"A\" in \"env\": "},
        {"{command: [echo], pass_env: [LD_LIBRARY_PATH]}", "LD_LIBRARY_PATH may not be set"},
        {"{command: [echo], timeout: 0}", "timeout"},
        {"{command: [echo], stdin: file}", "stdin"},
        {"{command: [echo], output: 1GiB}", "output"},
        {"{command: [echo], format: body}", "goes with"},
        {"command: [./open]", "can be written by every user"},
        {"command: [wide/program]", "every user can replace"},
        {"shell: 'echo {{ payload.x }}'", "cannot have templates"},
        {"shell: 'echo {{header.x-y}}'", "cannot have templates"},
        {"shell: 'echo {{form[\"x\"]}}'", "cannot have templates"},
        {"shell: 'echo {{request.path}}'", "cannot have templates"},
        {"shell: 'echo {{action.name}}'", "cannot have templates"},
        {"pipe: open", "is a regular file, not a FIFO"},
        {"pipe: wide", "is a directory, not a FIFO"},
        {"pipe: /dev/null", "is a device, not a FIFO"},
        {"pipe: 'a{{payload.x}}'", "cannot be a template"},
        {"{pipe: x, create: '0440'}", "must be able to read and write"},
        {"{pipe: x, create: '7777'}", "create"},
        {"{pipe: x, format: xml}", "format"},
        {"{pipe: x, timeout: 1s}", "goes with"},
        {"worker: []", "needs a program"},
        {"worker: [cat, 7, [x]]", "an entry of \"worker\""},
        {"worker: [cat, '{{payload.x}}']", "an argument of a worker cannot have values"},
        {"{worker: [cat], env: {A: '{{payload.x}}'}}", "\"env\" of a worker cannot have values"},
        {"{worker: [cat], cwd: '/srv/{{payload.x}}'}", "\"cwd\" of a worker cannot have values"},
        {"{worker: [cat], env: {LD_PRELOAD: x}}", "LD_PRELOAD may not be set"},
        {"{worker: [cat], window: 0}", "window"},
        {"{worker: [cat], window: 1001}", "window"},
        {"{worker: [cat], timeout: 0}", "timeout"},
        {"{worker: [cat], stdin: body}", "goes with"},
        {"worker: [./open]", "can be written by every user"},
    };
    rig_write("open", "#!/bin/sh\n", 0777);
    ck_assert_int_eq(mkdir(rig_path("wide"), 0700), 0);
    rig_write("wide/program", "#!/bin/sh\n", 0755);
    ck_assert_int_eq(chmod(rig_path("wide"), 0777), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct settings *settings = load(rows[i][0]);
        ck_assert_msg(!settings, "was taken: %s", rows[i][0]);
        ck_assert_ptr_nonnull(problems.first);
        ck_assert_msg(strstr(problems.first->text, rows[i][1]), "%s: %s", rows[i][0],
                      problems.first->text);
        ck_assert_msg(problems.first->line == 9, "%s: line %u", rows[i][0], problems.first->line);
        release(settings);
    }
}
END_TEST

/* A template that is taken for text would be given to the program as it is written. */
START_TEST(a_value_anywhere_makes_templates)
{
    static const char *const rows[] = {
        "{command: [echo, a, '{{payload.x}}'], env: {A: b}}",
        "{command: [echo, a], env: {A: b, B: c, C: '{{payload.x}}'}}",
        "{command: [echo, a], cwd: '/srv/{{payload.x}}//'}",
        "{shell: echo, env: {A: b, B: '{{payload.x}}'}}",
        "{command: [echo, a, {literal: '{{payload.x}}'}], env: {A: b}, cwd: /srv/}", /* has none */
    };
    struct settings *settings = load(rows[_i]);
    ck_assert_ptr_nonnull(settings);
    const struct command_settings *command = settings_of(settings);
    ck_assert_int_eq(command->templates != NULL, _i < 4);
    if (_i == 2) {
        ck_assert_str_eq(command->cwd, "/srv/");
        ck_assert_uint_eq(command->templates->inside.count, 1);
    }
    release(settings);
}
END_TEST

START_TEST(values_beside_a_script_are_taken)
{
    static const char *const rows[] = {
        "command: [sh, -c, 'echo \"$1\"', sh, '{{payload.x}}']",
        "command: [bash, deploy.sh, -c, '{{payload.x}}']",
        "command: [python3, -I, -c, 'import sys', '{{payload.x}}']",
        "command: [sh, -eu, '{{payload.x}}']",
        "command: [shred, -c, '{{payload.x}}']",
        "command: [echo, sh, -c]",
        "{command: [echo], env: {PATH: '/bin', GIT_COMMIT: '{{payload.x}}'}}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct settings *settings = load(rows[i]);
        ck_assert_msg(settings != NULL, "%s: %s", rows[i], problems.first->text);
        release(settings);
    }
}
END_TEST

START_TEST(what_may_come_later_is_a_warning)
{
    static const char *const rows[][2] = {
        {"command: [./no-such]", "cannot be run at the moment"},
        {"command: [./plain]", "is not an executable file: chmod a+rx "},
        {"{command: [echo], cwd: no-such}", "is not a directory at the moment"},
        {"pipe: no-such", "there is no FIFO"},
    };
    rig_write("plain", "#!/bin/sh\n", 0644);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct settings *settings = load(rows[i][0]);
        ck_assert_msg(settings != NULL, "%s: %s", rows[i][0], problems.first->text);
        ck_assert_ptr_nonnull(problems.first);
        ck_assert_int_eq(problems.first->kind, PROBLEM_WARNING);
        ck_assert_msg(strstr(problems.first->text, rows[i][1]), "%s", problems.first->text);
        release(settings);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("action settings");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, rig_setup, rig_teardown);
    tcase_add_test(all, defaults_are_as_documented);
    tcase_add_test(all, paths_are_relative_to_the_file);
    tcase_add_test(all, what_is_refused);
    tcase_add_loop_test(all, a_value_anywhere_makes_templates, 0, 5);
    tcase_add_test(all, values_beside_a_script_are_taken);
    tcase_add_test(all, what_may_come_later_is_a_warning);
    suite_add_tcase(suite, all);
    return suite;
}
