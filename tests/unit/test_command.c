/* Commands with real processes: whatever they do, each delivery ends once, in time, with what
 * happened, and nothing of it is left over. */
#include "action_rig.h"

#include "handlers/action/command.h"
#include "tests/unit/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *pass[] = {"PATH", "HOME"};

static struct command_settings settings_for(const char **items, size_t count)
{
    return (struct command_settings){.command = {items, count},
                                     .program = items[0],
                                     .pass_env = {pass, 2},
                                     .cwd = rig_directory,
                                     .timeout_ms = 30000,
                                     .kill_after_ms = 1000,
                                     .output = 65536,
                                     .process = {.no_new_privs = true, .umask = 022}};
}

#define COMMAND(...)                                                                               \
    settings_for((const char *[]){__VA_ARGS__},                                                    \
                 sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *))
#define SHELL(text) COMMAND("/bin/sh", "-c", text)

static struct action_run *begin(const struct command_settings *settings,
                                const struct delivery *delivery, struct result *result)
{
    *result = (struct result){.done = false};
    struct action_run *run = command_start(settings, &rig_loop, delivery, rig_done, result);
    ck_assert_ptr_nonnull(run);
    ck_assert(!result->done);
    return run;
}

static struct result run(struct command_settings settings, const char *body)
{
    struct result result;
    struct delivery delivery = rig_delivery(body);
    begin(&settings, &delivery, &result);
    rig_wait(&result.done);
    return result;
}

static void assert_no_children(void)
{
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}

static bool is_alive(pid_t pid)
{
    char path[64], state = 'Z';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    if (fscanf(file, "%*d %*s %c", &state) != 1)
        state = 'Z';
    fclose(file);
    return state != 'Z';
}

static void wait_until_dead(pid_t pid)
{
    int64_t end = clock_monotonic_ns() + 10 * NS_PER_S;
    while (is_alive(pid)) {
        ck_assert(clock_monotonic_ns() < end);
        usleep(1000);
    }
}

START_TEST(body_goes_in_and_output_comes_out)
{
    struct result result = run(SHELL("cat; echo oops >&2"), "{\"a\": 1}\n");
    ck_assert_int_eq(result.outcome.kind, OUTCOME_DONE);
    ck_assert_int_eq(result.outcome.exit_status, 0);
    ck_assert_str_eq(result.output, "{\"a\": 1}\n");
    ck_assert_str_eq(result.error_output, "oops\n");
    ck_assert_str_eq(result.reason, "");
    result_free(&result);
    assert_no_children();
}
END_TEST

static char streamed[64];

/* The command goes on once it is known that its first line has come. */
static void see_piece(void *context, struct bytes piece)
{
    ck_assert_uint_eq(((struct result *)context)->calls, 0);
    strncat(streamed, (const char *)piece.data, piece.length);
    if (strcmp(streamed, "one\n") == 0)
        rig_write("seen", "", 0600);
}

START_TEST(output_is_passed_on_while_it_runs)
{
    struct command_settings settings =
        SHELL("echo one; while [ ! -e seen ]; do sleep 0.01; done; echo no >&2; printf two");
    struct delivery delivery = rig_delivery("");
    struct result result;
    delivery.output = see_piece;
    streamed[0] = '\0';
    begin(&settings, &delivery, &result);
    rig_wait(&result.done);
    ck_assert_str_eq(streamed, "one\ntwo");
    ck_assert_str_eq(result.output, streamed);
    result_free(&result);
}
END_TEST

START_TEST(an_argument_is_never_parsed)
{
    struct result result =
        run(COMMAND("printf", "%s|", "; touch x", "$(id)", "a\nb", "'\"*", ""), "");
    ck_assert_str_eq(result.output, "; touch x|$(id)|a\nb|'\"*||");
    result_free(&result);
}
END_TEST

START_TEST(exit_and_signal_are_recorded)
{
    static const struct {
        const char *script;
        int exit_status, signal;
        const char *reason;
    } rows[] = {
        {"exit 1", 1, 0, "exited with status 1"},
        {"exit 75", 75, 0, "exited with status 75"},
        {"kill -9 $$", -1, SIGKILL, "was killed by signal 9 (Killed)"},
        {"kill -PIPE $$", -1, SIGPIPE, "was killed by signal 13 (Broken pipe)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct result result = run(SHELL(rows[i].script), "");
        ck_assert_int_eq(result.outcome.kind, OUTCOME_FAILED);
        ck_assert_int_eq(result.outcome.exit_status, rows[i].exit_status);
        ck_assert_int_eq(result.outcome.signal, rows[i].signal);
        ck_assert_str_eq(result.reason, rows[i].reason);
        result_free(&result);
    }
}
END_TEST

START_TEST(what_cannot_start_says_why)
{
    const char *plain = rig_write("plain", "echo hi\n", 0755);
    const char *locked = rig_write("locked", "#!/bin/sh\n", 0644);
    const char *orphan = rig_write("orphan", "#!/no/such/interpreter\n", 0755);
    const char *open_file = rig_write("open", "#!/bin/sh\n", 0777);
    const char *busy = rig_write("busy", "#!/bin/sh\n", 0755);
    int writing = open(busy, O_WRONLY | O_CLOEXEC);
    const struct {
        const char *program, *reason;
    } rows[] = {
        {"/no/such/program", "/no/such/program does not exist"},
        {"no-such-program-anywhere", "there is no program \"no-such-program-anywhere\" along PATH"},
        {locked, "locked may not be executed"},
        {rig_directory, "may not be executed"},
        {plain, "plain is not a program (a script needs a #! line)"},
        {orphan, "orphan needs an interpreter that does not exist"},
        {open_file, "open can be written by every user"},
        {busy, "busy is being written at the moment"},
        {"/dev/null/x", "a part of the path is not a directory"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct result result = run(COMMAND(rows[i].program), "");
        ck_assert_int_eq(result.outcome.kind, OUTCOME_FAILED);
        ck_assert_int_eq(result.outcome.exit_status, -1);
        ck_assert_msg(strstr(result.reason, rows[i].reason) != NULL, "%s", result.reason);
        result_free(&result);
    }
    close(writing);
    assert_no_children();
}
END_TEST

START_TEST(a_directory_that_is_missing_says_so)
{
    struct command_settings settings = COMMAND("true");
    settings.cwd = "/no/such/directory";
    struct result result = run(settings, "");
    ck_assert_str_eq(result.reason,
                     "cannot enter the directory /no/such/directory: No such file or directory");
    result_free(&result);
}
END_TEST

START_TEST(values_too_long_are_refused_before_exec)
{
    char *longest = malloc(140000);
    memset(longest, 'x', 140000);
    longest[139999] = '\0';
    struct delivery delivery = rig_delivery("");
    struct command_settings settings = COMMAND("true");
    struct result result;
    rig_texts[RIG_EVENT] = longest;
    begin(&settings, &delivery, &result);
    rig_wait(&result.done);
    ck_assert_int_eq(result.outcome.kind, OUTCOME_FAILED);
    ck_assert_str_eq(result.reason,
                     "the value of TENTERHOOK_EVENT is longer than a process can get (128 KiB)");
    result_free(&result);
    longest[131071 - strlen("TENTERHOOK_EVENT=")] = '\0';
    begin(&settings, &delivery, &result);
    rig_wait(&result.done);
    ck_assert_int_eq(result.outcome.kind, OUTCOME_DONE);
    result_free(&result);
    /* and all together */
    memset(longest, 'x', 130000);
    longest[130000] = '\0';
    const char *many[100] = {"true"};
    for (int i = 1; i < 100; i++)
        many[i] = longest;
    result = run(settings_for(many, 100), "");
    ck_assert_int_eq(result.outcome.kind, OUTCOME_FAILED);
    ck_assert_ptr_nonnull(strstr(result.reason, "arguments and an environment that long"));
    result_free(&result);
    free(longest);
}
END_TEST

START_TEST(the_environment_is_what_the_file_says)
{
    static const char *names[] = {"STAGE", "HOME"}, *values[] = {"a b\n$c", "/nowhere"};
    struct command_settings settings = COMMAND("/usr/bin/env", "-0");
    settings.env = (struct text_map){names, values, 2};
    setenv("SECRET_OF_THE_SERVER", "hunter2", 1);
    setenv("PATH", "/usr/bin:/bin", 1);
    struct result result;
    struct delivery delivery = rig_delivery("");
    rig_texts[RIG_EVENT] = "two\nlines";
    begin(&settings, &delivery, &result);
    rig_wait(&result.done);
    static const char expected[] = "PATH=/usr/bin:/bin\0STAGE=a b\n$c\0HOME=/nowhere\0"
                                   "TENTERHOOK_ID=0188c5a0-0000-7000-8000-000000000001\0"
                                   "TENTERHOOK_ROUTE=deploy\0TENTERHOOK_ACTION=run\0"
                                   "TENTERHOOK_EVENT=two\nlines\0TENTERHOOK_DELIVERY=d-1\0"
                                   "TENTERHOOK_ATTEMPT=1\0TENTERHOOK_CLIENT=192.0.2.1\0"
                                   "TENTERHOOK_RECEIVED=2023-11-14T22:13:20.123Z\0";
    ck_assert_uint_eq(result.outcome.output_total, sizeof expected - 1);
    ck_assert_mem_eq(result.output, expected, sizeof expected - 1);
    result_free(&result);
}
END_TEST

/* As make does: signal 32 is the library's own, and only the system call takes it. */
static void ignore_internal_signal(void)
{
    const struct {
        void (*handler)(int);
        unsigned long rest[7];
    } ignored = {.handler = SIG_IGN};
    ck_assert_int_eq(syscall(SYS_rt_sigaction, 32, &ignored, NULL, NSIG / 8), 0);
}

/* What the child sees of itself, with as much dirt around the runner as can be made. */
START_TEST(the_process_is_clean)
{
    int dirt = open("/dev/null", O_RDONLY); /* not close-on-exec */
    sigset_t blocked, before;
    ignore_internal_signal();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    mode_t mask = umask(0);
    struct result result =
        run(SHELL("i=0; while [ $i -lt 64 ]; do [ -e /proc/$$/fd/$i ] && printf '%s ' $i; "
                  "i=$((i + 1)); done; echo; "
                  "grep -E '^Sig(Blk|Ign)' /proc/$$/status | tr -d '\\t' | tr '\\n' ' '; echo; "
                  "umask; pwd; read a b c d pgrp session rest < /proc/$$/stat; "
                  "[ $pgrp = $$ ] && [ $session = $$ ] && echo leader"),
            "");
    umask(mask);
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGTERM, SIG_DFL);
    close(dirt);
    char expected[512];
    snprintf(expected, sizeof expected,
             "0 1 2 \nSigBlk:0000000000000000 SigIgn:0000000000000000 \n0022\n%s\nleader\n",
             rig_directory);
    ck_assert_str_eq(result.output, expected);
    result_free(&result);
}
END_TEST

START_TEST(standard_input_cannot_be_written)
{
    struct result result = run(SHELL("echo x > /proc/self/fd/0; echo $?; cat"), "body");
    ck_assert_ptr_nonnull(strstr(result.output, "body"));
    ck_assert_ptr_null(strstr(result.output, "0\n"));
    result_free(&result);
}
END_TEST

START_TEST(standard_input_may_be_an_envelope_or_nothing)
{
    struct command_settings settings = COMMAND("cat");
    settings.input = STDIN_EVENT;
    struct result result = run(settings, "{\n  \"a b\" : [1, 2e400]\n}");
    ck_assert_str_eq(result.output,
                     "{\"id\":\"0188c5a0-0000-7000-8000-000000000001\",\"route\":\"deploy\","
                     "\"action\":\"run\",\"event\":\"push\",\"delivery\":\"d-1\","
                     "\"received\":\"2023-11-14T22:13:20.123Z\",\"client\":\"192.0.2.1\","
                     "\"attempt\":1,\"content_type\":\"application/json\","
                     "\"headers\":{\"X-A\":\"b\"},\"payload\":{\"a b\":[1,2e400]}}\n");
    result_free(&result);
    settings.input = STDIN_NONE;
    result = run(settings, "body");
    ck_assert_str_eq(result.output, "");
    ck_assert_int_eq(result.outcome.kind, OUTCOME_DONE);
    result_free(&result);
}
END_TEST

START_TEST(a_megabyte_of_input_may_stay_unread)
{
    char *body = calloc(1, (1 << 20) + 1);
    memset(body, 'x', 1 << 20);
    struct result result = run(COMMAND("true"), body);
    ck_assert_int_eq(result.outcome.kind, OUTCOME_DONE);
    result_free(&result);
    /* and one that writes as much as it reads, in any order, does not lock up */
    result = run(SHELL("head -c 300000 /dev/zero; cat"), body);
    ck_assert_int_eq(result.outcome.kind, OUTCOME_DONE);
    ck_assert_uint_eq(result.outcome.output_total, 300000 + (1 << 20));
    result_free(&result);
    free(body);
}
END_TEST

START_TEST(one_that_ignores_term_is_killed_and_others_go_on)
{
    struct command_settings deaf = SHELL("trap '' TERM; echo up; while :; do sleep 60; done");
    struct command_settings quick = COMMAND("true");
    struct delivery delivery = rig_delivery("");
    struct result result, other;
    deaf.timeout_ms = 300;
    deaf.kill_after_ms = 300;
    int64_t began = clock_monotonic_ns();
    begin(&deaf, &delivery, &result);
    begin(&quick, &delivery, &other);
    rig_wait(&other.done);
    ck_assert(!result.done);
    rig_wait(&result.done);
    int64_t took_ms = (result.at_ns - began) / NS_PER_MS;
    ck_assert_int_eq(result.outcome.kind, OUTCOME_TIMEOUT);
    ck_assert_int_eq(result.outcome.signal, SIGKILL);
    ck_assert_str_eq(result.output, "up\n");
    ck_assert_int_ge(took_ms, 600);
    ck_assert_int_lt(took_ms, 5000);
    result_free(&result);
    result_free(&other);
    assert_no_children();
}
END_TEST

START_TEST(term_comes_first_and_a_stopped_one_wakes_for_it)
{
    struct command_settings settings =
        SHELL("trap 'echo bye; exit 3' TERM; kill -STOP $$; while :; do sleep 0.05; done");
    settings.timeout_ms = 300;
    settings.kill_after_ms = 20000;
    struct result result = run(settings, "");
    ck_assert_int_eq(result.outcome.kind, OUTCOME_TIMEOUT);
    ck_assert_int_eq(result.outcome.exit_status, 3);
    ck_assert_str_eq(result.output, "bye\n");
    result_free(&result);
}
END_TEST

/* The shell is gone at the first TERM; what it ran has the grace all the same. */
START_TEST(the_grace_is_for_the_whole_group)
{
    struct command_settings settings =
        SHELL("sh -c 'trap \"sleep 0.5; echo clean; exit 0\" TERM; echo up; "
              "while :; do sleep 0.05; done'; echo never");
    struct delivery delivery = rig_delivery("");
    struct result result;
    settings.timeout_ms = 500;
    settings.kill_after_ms = 30000;
    result = run(settings, "");
    ck_assert_int_eq(result.outcome.kind, OUTCOME_TIMEOUT);
    ck_assert_str_eq(result.output, "up\nclean\n");
    ck_assert_int_ge(result.outcome.duration_ms, 900);
    ck_assert_int_lt(result.outcome.duration_ms, 20000);
    result_free(&result);
    settings.timeout_ms = 30000;
    struct action_run *begun = begin(&settings, &delivery, &result);
    for (int i = 0; i < 25; i++)
        loop_run_once(&rig_loop, 20);
    command_stop(begun, clock_monotonic_ns() + 20 * NS_PER_S);
    rig_wait(&result.done);
    ck_assert_int_eq(result.outcome.kind, OUTCOME_INTERRUPTED);
    ck_assert_str_eq(result.output, "up\nclean\n");
    result_free(&result);
    assert_no_children();
}
END_TEST

START_TEST(the_grace_ends_for_a_group_whose_leader_is_gone)
{
    struct command_settings settings =
        SHELL("sh -c 'trap \"\" TERM; echo $$; while :; do sleep 60; done'; echo never");
    unsigned before = rig_descriptors();
    settings.timeout_ms = 500;
    settings.kill_after_ms = 400;
    struct result result = run(settings, "");
    ck_assert_int_eq(result.outcome.kind, OUTCOME_TIMEOUT);
    ck_assert_int_eq(result.outcome.signal, SIGTERM);
    ck_assert_int_ge(result.outcome.duration_ms, 900);
    ck_assert_int_lt(result.outcome.duration_ms, 20000);
    wait_until_dead((pid_t)atoi(result.output));
    ck_assert_uint_eq(rig_descriptors(), before);
    result_free(&result);
    assert_no_children();
}
END_TEST

START_TEST(a_flood_is_counted_and_its_tail_kept)
{
    struct command_settings flood =
        SHELL("head -c 67108864 /dev/zero; printf 'the end'; echo small >&2");
    struct command_settings quick = COMMAND("true");
    struct delivery delivery = rig_delivery("");
    struct result result, other;
    flood.output = 1000;
    begin(&flood, &delivery, &result);
    begin(&quick, &delivery, &other);
    rig_wait(&other.done);
    rig_wait(&result.done);
    ck_assert_int_eq(result.outcome.kind, OUTCOME_DONE);
    ck_assert_uint_eq(result.outcome.output_total, 67108864 + 7);
    ck_assert_uint_eq(result.outcome.output.length, 1000);
    ck_assert_mem_eq(result.output + 993, "the end", 7);
    ck_assert_str_eq(result.error_output, "small\n");
    result_free(&result);
    result_free(&other);
}
END_TEST

START_TEST(a_grandchild_with_the_output_is_not_waited_for)
{
    /* one leaves the group and keeps the pipe, one stays in the group */
    struct result result = run(SHELL("setsid sleep 5 & sleep 300 & echo $!; echo last words"), "");
    ck_assert_int_eq(result.outcome.kind, OUTCOME_DONE);
    ck_assert_int_lt(result.outcome.duration_ms, 4000);
    ck_assert_ptr_nonnull(strstr(result.output, "last words\n"));
    wait_until_dead((pid_t)atoi(result.output));
    result_free(&result);
    assert_no_children();
}
END_TEST

START_TEST(stop_ends_it_by_the_deadline)
{
    struct command_settings settings = SHELL("trap '' TERM; echo up; while :; do sleep 60; done");
    struct delivery delivery = rig_delivery("");
    struct result result;
    settings.kill_after_ms = 60000;
    struct action_run *begun = begin(&settings, &delivery, &result);
    for (int i = 0; i < 5; i++)
        loop_run_once(&rig_loop, 20);
    int64_t began = clock_monotonic_ns();
    command_stop(begun, began + 300 * NS_PER_MS);
    ck_assert(!result.done);
    rig_wait(&result.done);
    ck_assert_int_eq(result.outcome.kind, OUTCOME_INTERRUPTED);
    ck_assert_int_lt((result.at_ns - began) / NS_PER_MS, 3000);
    result_free(&result);
    /* one that has not begun */
    begun = begin(&settings, &delivery, &result);
    command_stop(begun, began);
    ck_assert(!result.done);
    rig_wait(&result.done);
    ck_assert_int_eq(result.outcome.kind, OUTCOME_INTERRUPTED);
    result_free(&result);
    /* one that uses the grace to finish its work */
    settings = SHELL("trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done");
    begun = begin(&settings, &delivery, &result);
    for (int i = 0; i < 10; i++)
        loop_run_once(&rig_loop, 20);
    command_stop(begun, clock_monotonic_ns() + 20 * NS_PER_S);
    rig_wait(&result.done);
    ck_assert_int_eq(result.outcome.kind, OUTCOME_DONE);
    result_free(&result);
    assert_no_children();
}
END_TEST

START_TEST(a_system_short_of_descriptors_is_waited_for)
{
    struct command_settings settings = COMMAND("true");
    struct delivery delivery = rig_delivery("");
    struct result result;
    struct rlimit before, none;
    getrlimit(RLIMIT_NOFILE, &before);
    none = (struct rlimit){.rlim_cur = 4, .rlim_max = before.rlim_max};
    begin(&settings, &delivery, &result);
    setrlimit(RLIMIT_NOFILE, &none);
    for (int i = 0; i < 5; i++)
        loop_run_once(&rig_loop, 20);
    ck_assert(!result.done);
    setrlimit(RLIMIT_NOFILE, &before);
    rig_wait(&result.done);
    ck_assert_int_eq(result.outcome.kind, OUTCOME_DONE);
    result_free(&result);
    /* but not for ever */
    settings.timeout_ms = 100;
    begin(&settings, &delivery, &result);
    setrlimit(RLIMIT_NOFILE, &none);
    rig_wait(&result.done);
    setrlimit(RLIMIT_NOFILE, &before);
    ck_assert_int_eq(result.outcome.kind, OUTCOME_FAILED);
    ck_assert_ptr_nonnull(strstr(result.reason, "Too many open files"));
    result_free(&result);
}
END_TEST

START_TEST(a_command_dies_with_its_runner)
{
    const char *pid_file = rig_path("pid");
    pid_t runner = fork();
    if (runner == 0) {
        struct command_settings settings =
            SHELL("echo $$ > pid.new; mv pid.new pid; exec sleep 300");
        struct delivery delivery = rig_delivery("");
        struct result result;
        begin(&settings, &delivery, &result);
        for (;;)
            loop_run_once(&rig_loop, 1000);
    }
    int64_t end = clock_monotonic_ns() + 10 * NS_PER_S;
    while (access(pid_file, R_OK) != 0) {
        ck_assert(clock_monotonic_ns() < end);
        usleep(1000);
    }
    int pid;
    FILE *file = fopen(pid_file, "r");
    ck_assert_int_eq(fscanf(file, "%d", &pid), 1);
    fclose(file);
    ck_assert(is_alive(pid));
    kill(runner, SIGKILL);
    waitpid(runner, NULL, 0);
    wait_until_dead(pid);
}
END_TEST

START_TEST(a_thousand_runs_leave_nothing)
{
    enum { RUNS = 1000, TOGETHER = 8 };
    struct command_settings settings = COMMAND("/bin/true");
    struct delivery delivery = rig_delivery("{}");
    struct result results[TOGETHER];
    unsigned before = rig_descriptors();
    int64_t began = clock_monotonic_ns();
    for (int i = 0; i < RUNS; i += TOGETHER) {
        for (int k = 0; k < TOGETHER; k++)
            begin(&settings, &delivery, &results[k]);
        for (int k = 0; k < TOGETHER; k++) {
            rig_wait(&results[k].done);
            ck_assert_int_eq(results[k].outcome.kind, OUTCOME_DONE);
            result_free(&results[k]);
        }
    }
    double seconds = (double)(clock_monotonic_ns() - began) / (double)NS_PER_S;
    printf("%.0f launches a second\n", RUNS / seconds);
    ck_assert_uint_eq(rig_descriptors(), before);
    assert_no_children();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("command");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, rig_setup, rig_teardown);
    tcase_set_timeout(all, 100);
    tcase_add_test(all, body_goes_in_and_output_comes_out);
    tcase_add_test(all, output_is_passed_on_while_it_runs);
    tcase_add_test(all, an_argument_is_never_parsed);
    tcase_add_test(all, exit_and_signal_are_recorded);
    tcase_add_test(all, what_cannot_start_says_why);
    tcase_add_test(all, a_directory_that_is_missing_says_so);
    tcase_add_test(all, values_too_long_are_refused_before_exec);
    tcase_add_test(all, the_environment_is_what_the_file_says);
    tcase_add_test(all, the_process_is_clean);
    tcase_add_test(all, standard_input_cannot_be_written);
    tcase_add_test(all, standard_input_may_be_an_envelope_or_nothing);
    tcase_add_test(all, a_megabyte_of_input_may_stay_unread);
    tcase_add_test(all, one_that_ignores_term_is_killed_and_others_go_on);
    tcase_add_test(all, term_comes_first_and_a_stopped_one_wakes_for_it);
    tcase_add_test(all, the_grace_is_for_the_whole_group);
    tcase_add_test(all, the_grace_ends_for_a_group_whose_leader_is_gone);
    tcase_add_test(all, a_flood_is_counted_and_its_tail_kept);
    tcase_add_test(all, a_grandchild_with_the_output_is_not_waited_for);
    tcase_add_test(all, stop_ends_it_by_the_deadline);
    tcase_add_test(all, a_system_short_of_descriptors_is_waited_for);
    tcase_add_test(all, a_command_dies_with_its_runner);
    tcase_add_test(all, a_thousand_runs_leave_nothing);
    suite_add_tcase(suite, all);
    return suite;
}
