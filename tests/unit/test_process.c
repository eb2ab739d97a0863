/* As whom and within which limits a command runs: what the route file says of it, and what the
 * process gets. What only root can give is skipped without. */
#include "action_rig.h"

#include "config/loader.h"
#include "handlers/action/body_files.h"
#include "handlers/action/command.h"
#include "handlers/auth/authenticator.h"
#include "tests/unit/suite.h"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static const char *pass[] = {"PATH", "HOME", "USER"};

/* Nobody that a machine knows. */
static const gid_t some_groups[] = {54321, 54322, 54323};
static const struct process_account somebody = {.name = "somebody",
                                                .home = "/home/somebody",
                                                .shell = "/bin/false",
                                                .uid = 54320,
                                                .gid = 54321,
                                                .groups = some_groups,
                                                .group_count = 3};

static struct result run(const char *script, struct process_settings process)
{
    const char *items[] = {"/bin/sh", "-c", script};
    const struct command_settings settings = {.command = {items, 3},
                                              .program = items[0],
                                              .pass_env = {pass, 3},
                                              .cwd = "/",
                                              .timeout_ms = 30000,
                                              .kill_after_ms = 1000,
                                              .output = 65536,
                                              .process = process};
    struct result result = {.done = false};
    struct delivery delivery = rig_delivery("{}");
    ck_assert_ptr_nonnull(command_start(&settings, &rig_loop, &delivery, rig_done, &result));
    rig_wait(&result.done);
    return result;
}

static void assert_output(const char *script, struct process_settings process, const char *wanted)
{
    struct result result = run(script, process);
    ck_assert_msg(result.outcome.kind == OUTCOME_DONE, "%s: %s", result.reason,
                  result.error_output);
    ck_assert_str_eq(result.output, wanted);
    result_free(&result);
}

START_TEST(a_process_becomes_the_user)
{
    const struct process_settings process = {
        .account = &somebody, .switches = true, .no_new_privs = true, .umask = 027};
    if (geteuid() != 0)
        return;
    assert_output("id -u; id -g; id -G; umask; echo $HOME", process,
                  "54320\n54321\n54321 54322 54323\n0027\n/home/somebody\n");
    assert_output("grep -c -E '^Cap(Inh|Prm|Eff|Amb):.0*$' /proc/self/status", process, "4\n");
    assert_output("cat /dev/stdin >/dev/stdout; echo >/dev/stderr", process, "{}");
    ck_assert_uint_eq(geteuid(), 0); /* he alone, not we */
    ck_assert_int_eq(getgroups(0, NULL) == 3, 0);
}
END_TEST

/* Whatever fs.suid_dumpable says: the memory of this process was the child's for a moment. */
START_TEST(the_memory_stays_hidden)
{
    const struct process_settings process = {.account = &somebody, .switches = true};
    if (geteuid() != 0)
        return;
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    assert_output(":", process, "");
    ck_assert_int_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}
END_TEST

START_TEST(no_capabilities_are_left_without_a_user)
{
    const struct process_settings process = {.no_new_privs = true, .umask = 022};
    assert_output("grep -c -E '^CapInh:.0*$' /proc/self/status; "
                  "grep -c -E '^NoNewPrivs:.1$' /proc/self/status",
                  process, "1\n1\n");
}
END_TEST

START_TEST(limits_are_those_of_the_settings)
{
    const struct process_settings process = {
        .no_new_privs = true,
        .umask = 022,
        .nice = 3,
        .limits = {.memory = INT64_C(1) << 30, .cpu_ms = 2001, .files = 32, .file_size = 8192}};
    /* the niceness is added to our own; a build may be a nice one */
    char wanted[64];
    int nice = getpriority(PRIO_PROCESS, 0) + process.nice;
    snprintf(wanted, sizeof wanted, "1048576\n3\n4\n32\n16\n%d\n", nice < 19 ? nice : 19);
    assert_output("ulimit -v; ulimit -S -t; ulimit -H -t; ulimit -n; ulimit -f; nice", process,
                  wanted);
}
END_TEST

/* As a runner whose system allows less than the file wants: not more, and no failure. */
START_TEST(a_limit_never_goes_above_our_own)
{
    const struct process_settings process = {
        .no_new_privs = true, .umask = 022, .limits = {.files = 1 << 30}};
    assert_output("[ \"$(ulimit -H -n)\" = \"$(ulimit -S -n)\" ]", process, "");
}
END_TEST

START_TEST(what_cannot_be_given_is_the_reason)
{
    const struct process_settings process = {.account = &somebody, .switches = true};
    if (geteuid() != 0)
        return;
    const char *secret = rig_write("secret", "#!/bin/sh\n", 0700);
    const char *items[] = {secret};
    struct command_settings settings = {.command = {items, 1},
                                        .program = secret,
                                        .cwd = rig_directory,
                                        .timeout_ms = 30000,
                                        .process = process};
    struct delivery delivery = rig_delivery("{}");
    struct result result = {.done = false};
    ck_assert_ptr_nonnull(command_start(&settings, &rig_loop, &delivery, rig_done, &result));
    rig_wait(&result.done);
    ck_assert_msg(strstr(result.reason, "as user somebody: cannot enter the directory") != NULL,
                  "%s", result.reason);
    result_free(&result);
}
END_TEST

START_TEST(a_file_with_the_body_belongs_to_the_user)
{
    struct body_files files;
    struct error err = {""};
    struct stat st;
    if (geteuid() != 0)
        return;
    ck_assert_int_eq(chmod(rig_directory, 0711), 0);
    unsetenv("RUNTIME_DIRECTORY");
    body_files_init(&files, rig_path("journal.db"));
    char *path = body_files_make(&files, bytes_of_text("body"), &somebody, &err);
    ck_assert_msg(path != NULL, "%s", err.text);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_uid, somebody.uid);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(stat(files.base, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0711);
    body_file_remove(path);
    path = body_files_make(&files, bytes_of_text("body"), NULL, &err);
    ck_assert_msg(path != NULL, "%s", err.text);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_uid, geteuid());
    body_file_remove(path);
    body_files_finish(&files);
}
END_TEST

/* ---- the route file ---- */

static const struct handler_kind *const authenticators[] = {&none_authenticator.kind, NULL};
static const struct handler_kind *const actions[] = {&command_action.kind, &shell_action.kind,
                                                     NULL};
static const struct registry registry = {.authenticators = authenticators, .actions = actions};

static struct settings *load(const char *keys, struct problem_list *problems)
{
    char text[1024];
    snprintf(text, sizeof text,
             "version: 1\n"
             "server: {listen: [{address: \"127.0.0.1:0\", tls: off}]}\n"
             "journal: {path: journal.db}\n"
             "routes:\n"
             "  - {name: r, path: /r, auth: {none: true}, actions: [{shell: \":\"%s}]}\n",
             keys);
    problem_list_init(problems);
    struct settings *settings =
        settings_load(rig_write("hooks.yaml", text, 0600), &registry, problems);
    ck_assert_msg(settings != NULL, "%s", problems->first ? problems->first->text : "");
    return settings;
}

static const struct process_settings *process_of(const struct settings *settings)
{
    const struct handler *handler = &settings->routes[0].actions[0].handler;
    return action_kind_of(handler)->process(handler->settings);
}

START_TEST(defaults_change_nothing)
{
    struct problem_list problems;
    struct settings *settings = load("", &problems);
    const struct process_settings *process = process_of(settings);
    static const struct process_limits none;
    ck_assert_ptr_null(process->account);
    ck_assert(!process->switches && !process->allow_root && process->no_new_privs);
    ck_assert_int_eq(process->umask, 022);
    ck_assert_int_eq(process->nice, 0);
    ck_assert_mem_eq(&process->limits, &none, sizeof none);
    ck_assert_ptr_null(process_switches_to(process));
    ck_assert_ptr_null(process_own_variable(process, "HOME"));
    settings_destroy(settings);
    problem_list_finish(&problems);
}
END_TEST

static void assert_account(const char *keys, uid_t uid)
{
    struct problem_list problems;
    struct settings *settings = load(keys, &problems);
    const struct process_settings *process = process_of(settings);
    const struct process_account *account = process->account;
    const struct passwd *user = getpwuid(uid);
    ck_assert_ptr_nonnull(account);
    ck_assert_uint_eq(account->uid, uid);
    ck_assert_uint_eq(account->gid, user->pw_gid);
    gid_t groups[256];
    int count = 256;
    ck_assert_int_ge(getgrouplist(user->pw_name, user->pw_gid, groups, &count), 1);
    ck_assert_uint_eq(account->group_count, count);
    ck_assert_mem_eq(account->groups, groups, (size_t)count * sizeof *groups);
    ck_assert(process->switches == (geteuid() == 0));
    ck_assert_uint_eq(process->user_at.line, 5);
    ck_assert_str_eq(process_own_variable(process, "HOME"), user->pw_dir);
    ck_assert_str_eq(process_own_variable(process, "SHELL"), user->pw_shell);
    ck_assert_str_eq(process_own_variable(process, "LOGNAME"), user->pw_name);
    ck_assert_str_eq(process_own_variable(process, "USER"), user->pw_name);
    ck_assert_ptr_null(process_own_variable(process, "PATH"));
    settings_destroy(settings);
    problem_list_finish(&problems);
}

START_TEST(later_checks_know_the_places)
{
    struct problem_list problems;
    struct settings *settings =
        load(",\n     nice: 1,\n     no_new_privs: false,\n     limits: {files: 9}", &problems);
    const struct process_settings *process = process_of(settings);
    ck_assert_ptr_null(process->user_at.file);
    ck_assert_uint_eq(process->nice_at.line, 6);
    ck_assert_uint_eq(process->no_new_privs_at.line, 7);
    ck_assert_uint_eq(process->limits_at.line, 8);
    ck_assert_int_eq(process->nice, 1);
    ck_assert(!process->no_new_privs);
    ck_assert_int_eq(process->limits.files, 9);
    settings_destroy(settings);
    problem_list_finish(&problems);
}
END_TEST

START_TEST(a_user_is_a_name_or_a_number)
{
    const struct passwd *user = getpwnam("nobody");
    char keys[64];
    if (!user)
        return;
    uid_t nobody = user->pw_uid;
    assert_account(", user: nobody", nobody);
    snprintf(keys, sizeof keys, ", user: %u", (unsigned)nobody);
    assert_account(keys, nobody);
    assert_account(", user: root, allow_root: true", 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("process");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_checked_fixture(all, rig_setup, rig_teardown);
    tcase_add_test(all, a_process_becomes_the_user);
    tcase_add_test(all, the_memory_stays_hidden);
    tcase_add_test(all, no_capabilities_are_left_without_a_user);
    tcase_add_test(all, limits_are_those_of_the_settings);
    tcase_add_test(all, a_limit_never_goes_above_our_own);
    tcase_add_test(all, what_cannot_be_given_is_the_reason);
    tcase_add_test(all, a_file_with_the_body_belongs_to_the_user);
    tcase_add_test(all, defaults_change_nothing);
    tcase_add_test(all, later_checks_know_the_places);
    tcase_add_test(all, a_user_is_a_name_or_a_number);
    suite_add_tcase(suite, all);
    return suite;
}
