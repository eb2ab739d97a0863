/* Trees of processes: what is read from and written to the files of a cgroup, over directories that
 * look like one; and whole, in a cgroup of version 2, where one can be made. */
#include "handlers/action/process_tree.h"

#include "action_rig.h"
#include "handlers/action/command.h"
#include "server/process/containment.h"
#include "tests/unit/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct process_forest forest;

/* ---- directories that look like cgroups ---- */

static void put_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", rig_directory, name);
    FILE *file = fopen(path, "w");
    ck_assert_msg(file != NULL, "%s", path);
    fputs(text, file);
    fclose(file);
}

static const char *get_file(const char *name)
{
    static char text[256];
    char path[256];
    snprintf(path, sizeof path, "%s/%s", rig_directory, name);
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[length] = '\0';
    return text;
}

static void make_directory(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", rig_directory, name);
    ck_assert_int_eq(mkdir(path, 0700), 0);
}

static bool is_there(const char *name)
{
    return faccessat(forest.base, name, F_OK, 0) == 0;
}

static void set_up(void)
{
    rig_setup();
    forest =
        (struct process_forest){.base = open(rig_directory, O_RDONLY | O_CLOEXEC), .runner_id = 7};
    ck_assert_int_ge(forest.base, 0);
}

static void tear_down(void)
{
    close(forest.base);
    rig_teardown();
}

static struct process_tree named(const char *name)
{
    struct process_tree tree = {.forest = &forest};
    snprintf(tree.name, sizeof tree.name, "%s", name);
    return tree;
}

START_TEST(a_tree_is_a_directory)
{
    const struct process_tree_limits none = {0, 0};
    struct process_tree first, second;
    struct error err;
    ck_assert(process_tree_make(&forest, &none, &first, &err));
    ck_assert(process_tree_make(&forest, &none, &second, &err));
    ck_assert(is_there("a-7-1") && is_there("a-7-2"));
    make_directory("a-7-1/of");
    make_directory("a-7-1/of/its");
    make_directory("a-7-1/of/its/own");
    process_tree_remove(&first);
    ck_assert(!is_there("a-7-1") && is_there("a-7-2"));
    ck_assert_ptr_null(first.forest);
    make_directory("a-7-3");
    ck_assert(!process_tree_make(&forest, &none, &first, &err));
    ck_assert_int_eq(errno, EEXIST);
    ck_assert_ptr_null(first.forest);
    ck_assert_str_eq(err.text, "cannot make a cgroup for its processes: File exists");
    process_tree_remove(&second);
}
END_TEST

START_TEST(limits_are_written_where_there_are_controllers)
{
    const struct process_tree_limits limits = {1 << 30, 64};
    struct process_tree tree = named("a-7-1");
    make_directory("a-7-1");
    put_file("a-7-1/memory.max", "max");
    put_file("a-7-1/pids.max", "max");
    ck_assert(process_tree_limit(&tree, &limits));
    ck_assert_str_eq(get_file("a-7-1/memory.max"), "max");
    forest.has_memory = true;
    ck_assert(process_tree_limit(&tree, &limits));
    ck_assert_str_eq(get_file("a-7-1/memory.max"), "1073741824");
    ck_assert_str_eq(get_file("a-7-1/pids.max"), "max");
    forest.has_pids = true; /* a real file takes each write as a whole */
    ck_assert(process_tree_limit(&tree, &limits));
    ck_assert_str_eq(get_file("a-7-1/pids.max"), "64x");
}
END_TEST

START_TEST(events_are_read)
{
    static const struct {
        const char *events;
        bool lives;
    } rows[] = {
        {"populated 1\nfrozen 0\n", true},
        {"populated 0\nfrozen 1\n", false},
        {"frozen 0\npopulated 1\n", true},
        {"frozen 0\nunpopulated 1\n", false},
        {"populated 1", true},
        {"", false},
        {"populated\npopulated 1\n", true},
    };
    struct process_tree tree = named("a-7-1");
    make_directory("a-7-1");
    ck_assert_int_lt(process_tree_watch(&tree), 0);
    ck_assert(!process_tree_lives(-1));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_file("a-7-1/cgroup.events", rows[i].events);
        int watch = process_tree_watch(&tree);
        ck_assert_int_ge(watch, 0);
        ck_assert_msg(process_tree_lives(watch) == rows[i].lives, "%s", rows[i].events);
        close(watch);
    }
    ck_assert_uint_eq(process_tree_memory_kills(&tree), 0);
    put_file("a-7-1/memory.events", "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n");
    ck_assert_uint_eq(process_tree_memory_kills(&tree), 2);
}
END_TEST

static pid_t start_sleeper(void)
{
    signal(SIGTERM, SIG_DFL); /* Check's would end the test */
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        for (;;)
            pause();
    }
    setpgid(pid, pid);
    return pid;
}

static int wait_signal(pid_t pid)
{
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* Before Linux 5.14 a cgroup has no file that kills. */
START_TEST(processes_are_killed_one_by_one)
{
    char text[64];
    struct process_tree tree = named("a-7-1");
    pid_t first = start_sleeper(), second = start_sleeper();
    make_directory("a-7-1");
    put_file("a-7-1/cgroup.freeze", "0\n");
    snprintf(text, sizeof text, "%d\n0\n%d\n", (int)first, (int)second);
    put_file("a-7-1/cgroup.procs", text);
    process_tree_signal_others(&tree, first, SIGTERM);
    ck_assert_int_eq(wait_signal(second), SIGTERM);
    ck_assert_int_eq(waitpid(first, NULL, WNOHANG), 0);
    process_tree_kill(&tree);
    ck_assert_int_eq(wait_signal(first), SIGKILL);
    ck_assert_str_eq(get_file("a-7-1/cgroup.freeze"), "0\n");
    put_file("a-7-1/cgroup.kill", "");
    process_tree_kill(&tree);
    ck_assert_str_eq(get_file("a-7-1/cgroup.kill"), "1");
}
END_TEST

START_TEST(a_sweep_knows_whose_trees_are_whose)
{
    static const char *const dead[] = {"a-1-1", "a-3-12", "a-4-1"};
    static const char *const others[] = {"a-7-1", "a-2-1", "runner",  "a-1",
                                         "a-x-1", "b-1-1", "a-1-1-1", "a--1"};
    const uint64_t live[] = {2, 5};
    for (size_t i = 0; i < sizeof dead / sizeof *dead; i++)
        make_directory(dead[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        make_directory(others[i]);
    ck_assert_int_eq(fchmodat(forest.base, "a-4-1", 01700, 0),
                     0); /* kept, but nobody is in it any more */
    ck_assert_uint_eq(process_forest_sweep(&forest, live, 2), 0);
    for (size_t i = 0; i < sizeof dead / sizeof *dead; i++)
        ck_assert_msg(!is_there(dead[i]), "%s", dead[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ck_assert_msg(is_there(others[i]), "%s", others[i]);
}
END_TEST

START_TEST(a_sweep_leaves_what_is_kept_and_counts_what_stays)
{
    make_directory("a-1-1");
    make_directory("a-1-2");
    put_file("a-1-1/cgroup.events", "populated 1\n");
    put_file("a-1-1/cgroup.kill", "");
    put_file("a-1-2/cgroup.events", "populated 1\n");
    put_file("a-1-2/cgroup.kill", "");
    struct process_tree kept = named("a-1-1");
    process_tree_keep(&kept);
    ck_assert_ptr_null(kept.forest);
    ck_assert_uint_eq(process_forest_sweep(&forest, NULL, 0), 1);
    ck_assert_str_eq(get_file("a-1-1/cgroup.kill"), "");
    ck_assert_str_eq(get_file("a-1-2/cgroup.kill"), "1");
}
END_TEST

START_TEST(kept_trees_that_are_over_are_removed_now_and_then)
{
    char name[32];
    for (int i = 1; i <= 40; i++) {
        snprintf(name, sizeof name, "a-7-%d", i);
        make_directory(name);
        struct process_tree tree = named(name);
        process_tree_keep(&tree);
    }
    size_t left = 0;
    for (int i = 1; i <= 40; i++) {
        snprintf(name, sizeof name, "a-7-%d", i);
        left += is_there(name);
    }
    ck_assert_uint_lt(left, 16);
}
END_TEST

/* ---- a real one ---- */

static void assert_ended(pid_t pid)
{
    int64_t end = clock_monotonic_ns() + 10 * NS_PER_S;
    while (kill(pid, 0) == 0 && clock_monotonic_ns() < end)
        waitpid(-1, NULL, WNOHANG);
    ck_assert_int_ne(kill(pid, 0), 0);
}

static struct result run_in(struct process_forest *in, const char *script, int helpers)
{
    const char *items[] = {"/bin/sh", "-c", script}, *pass[] = {"PATH"};
    const struct command_settings settings = {.command = {items, 3},
                                              .program = items[0],
                                              .pass_env = {pass, 1},
                                              .cwd = rig_directory,
                                              .timeout_ms = 30000,
                                              .kill_after_ms = 1000,
                                              .output = 4096,
                                              .helpers = helpers,
                                              .process = {.no_new_privs = true, .umask = 022}};
    struct delivery delivery = rig_delivery("");
    struct result result = {.done = false};
    delivery.forest = in;
    ck_assert_ptr_nonnull(command_start(&settings, &rig_loop, &delivery, rig_done, &result));
    rig_wait(&result.done);
    return result;
}

/* In a process of its own, which moves from cgroup to cgroup; its exit status is 77 where it may
 * make none. */
static int live_in_cgroups(void)
{
    struct containment containment;
    struct error why;
    if (!containment_begin(&containment, "", geteuid(), getegid(), &why)) {
        printf("skipped: %s\n", why.text);
        return 77;
    }
    ck_assert(process_forest_join(&containment.forest));
    struct process_forest own = containment.forest;
    own.runner_id = 1;
    /* in a session of its own, and without the output */
    const char *leave = "setsid sleep 600 >/dev/null 2>&1 & echo $!";
    struct result killed = run_in(&own, leave, HELPERS_KILL);
    ck_assert_int_eq(killed.outcome.kind, OUTCOME_DONE);
    assert_ended(atoi(killed.output));
    struct result kept = run_in(&own, leave, HELPERS_KEEP);
    ck_assert_int_eq(kept.outcome.kind, OUTCOME_DONE);
    pid_t helper = atoi(kept.output);
    ck_assert_int_eq(kill(helper, 0), 0);
    ck_assert_uint_eq(process_forest_sweep(&containment.forest, NULL, 0), 0);
    ck_assert_int_eq(kill(helper, 0), 0);
    ck_assert_int_eq(faccessat(own.base, "a-1-1", F_OK, 0), -1);
    ck_assert_int_eq(faccessat(own.base, "a-1-2", F_OK, 0), 0);
    kill(helper, SIGKILL);
    assert_ended(helper);
    int above = dup(containment.above);
    char name[sizeof containment.name];
    memcpy(name, containment.name, sizeof name);
    containment_end(&containment);
    ck_assert_int_eq(faccessat(above, name, F_OK, 0), -1);
    close(above);
    result_free(&killed);
    result_free(&kept);
    return 0;
}

/* As some sandboxes do: the child has to move into its cgroup by itself. */
static void refuse_clone3(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

START_TEST(a_command_ends_with_all_that_it_has_started)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        if (_i == 1)
            refuse_clone3();
        exit(live_in_cgroups());
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("process_tree");
    TCase *tests = tcase_create("process_tree");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_tree_is_a_directory);
    tcase_add_test(tests, limits_are_written_where_there_are_controllers);
    tcase_add_test(tests, events_are_read);
    tcase_add_test(tests, processes_are_killed_one_by_one);
    tcase_add_test(tests, a_sweep_knows_whose_trees_are_whose);
    tcase_add_test(tests, a_sweep_leaves_what_is_kept_and_counts_what_stays);
    tcase_add_test(tests, kept_trees_that_are_over_are_removed_now_and_then);
    tcase_add_loop_test(tests, a_command_ends_with_all_that_it_has_started, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
