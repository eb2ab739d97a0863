/* Whatever cgroups there are, the smallest limit that holds is found; and what follows from it. */
#include "server/process/memory_limit.h"

#include "config/loader.h"
#include "server/cli/verbs.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MIB(count) (INT64_C(count) << 20)

/* ---- a machine of files ---- */

static char root[32];

/* "NAME\nCONTENT" into the tree, with the directories on the way. */
static void make_file(const char *given)
{
    char path[1024];
    const char *content = strchr(given, '\n');
    snprintf(path, sizeof path, "%s/%.*s", root, (int)(content - given), given);
    for (char *slash = strchr(path + strlen(root) + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    ck_assert_msg(file != NULL, "%s", path);
    fputs(content + 1, file);
    fclose(file);
}

static const struct machine {
    const char *what;
    int64_t limit;
    const char *files[8];
} machines[] = {
    {"nothing at all", INT64_MAX, {NULL}},
    {"the machine alone",
     MIB(2048),
     {"proc/meminfo\nMemTotal:        2097152 kB\nMemFree: 1 kB\n"}},
    {"version 2, the least in the middle",
     MIB(64),
     {"proc/self/cgroup\n0::/a.slice/b.slice/c.service\n",
      "proc/self/mountinfo\n"
      "22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"
      "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 master:1 - cgroup2 cgroup2 rw,nsdelegate\n",
      "sys/fs/cgroup/a.slice/memory.max\nmax\n",
      "sys/fs/cgroup/a.slice/b.slice/memory.max\n67108864\n",
      "sys/fs/cgroup/a.slice/b.slice/c.service/memory.max\n134217728\n",
      "proc/meminfo\nMemTotal: 8388608 kB\n"}},
    {"version 2, no limit",
     INT64_MAX,
     {"proc/self/cgroup\n0::/a\n",
      "proc/self/mountinfo\n30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
      "sys/fs/cgroup/a/memory.max\nmax\n", "sys/fs/cgroup/memory.max\nmax\n"}},
    {"version 1 beside version 2, the limit above",
     MIB(100),
     {"proc/self/cgroup\n5:cpu,cpuacct:/elsewhere\n4:memory:/a/b\n1:name=systemd:/\n0::/x\n",
      "proc/self/mountinfo\n"
      "31 22 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
      "32 22 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
      "33 22 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
      "sys/fs/cgroup/memory/a/b/memory.limit_in_bytes\n9223372036854771712\n",
      "sys/fs/cgroup/memory/a/memory.limit_in_bytes\n104857600\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes\n9223372036854771712\n",
      "sys/fs/cgroup/cpu/elsewhere/memory.limit_in_bytes\n1\n"}},
    {"a container with a namespace",
     MIB(256),
     {"proc/self/cgroup\n0::/\n",
      "proc/self/mountinfo\n30 22 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
      "sys/fs/cgroup/memory.max\n268435456\n"}},
    {"a container that is named as the host names it",
     MIB(32),
     {"proc/self/cgroup\n4:memory:/docker/0123/inner\n",
      "proc/self/mountinfo\n33 22 0:29 /docker/0123 /sys/fs/cgroup/memory ro - cgroup cgroup "
      "rw,memory\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes\n33554432\n",
      "sys/fs/cgroup/memory/inner/memory.limit_in_bytes\n9223372036854771712\n"}},
    {"a process outside of what is mounted",
     MIB(16),
     {"proc/self/cgroup\n0::/../other\n",
      "proc/self/mountinfo\n30 22 0:26 /docker/01 /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
      "sys/fs/cgroup/memory.max\n16777216\n", "sys/fs/other/memory.max\n1\n"}},
    {"a mount of a neighbour whose name begins alike",
     MIB(16),
     {"proc/self/cgroup\n0::/docker/0123\n",
      "proc/self/mountinfo\n30 22 0:26 /docker/01 /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
      "sys/fs/cgroup/memory.max\n16777216\n"}},
    {"nonsense",
     INT64_MAX,
     {"proc/self/cgroup\n\n:\n::\n4:memory\n0:\n",
      "proc/self/mountinfo\n\n - \n - cgroup2\n1 2 3 - x y z\n",
      "proc/meminfo\nMemTotal: -1 kB\n"}},
    {"limits that are no numbers",
     INT64_MAX,
     {"proc/self/cgroup\n0::/a\n",
      "proc/self/mountinfo\n30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
      "sys/fs/cgroup/a/memory.max\n-5\n", "sys/fs/cgroup/memory.max\n\n"}},
};

START_TEST(the_smallest_limit_is_found)
{
    const struct machine *machine = &machines[_i];
    char command[64];
    snprintf(root, sizeof root, "/tmp/th-memory-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    for (size_t i = 0; i < 8 && machine->files[i]; i++)
        make_file(machine->files[i]);
    int64_t found = memory_limit_find(root);
    ck_assert_msg(found == machine->limit, "%s: %lld", machine->what, (long long)found);
    snprintf(command, sizeof command, "rm -r %s", root);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(the_real_machine_has_some_memory)
{
    int64_t found = memory_limit_find("");
    ck_assert(found > MIB(1) && found < INT64_MAX);
}
END_TEST

/* ---- what follows ---- */

static struct problem_list problems;
static struct settings *settings;

/* A file with these keys in `server`, where so much memory is. */
static void apply(const char *keys, int64_t limit)
{
    char text[1024];
    snprintf(
        text, sizeof text,
        "version: 1\n"
        "server: {listen: {address: \"127.0.0.1:0\", tls: off}%s}\n"
        "routes:\n"
        "- {name: a, path: /a, max_body: 25MiB, auth: {none: true}, actions: [{shell: \":\"}]}\n",
        keys);
    problem_list_init(&problems);
    settings = settings_load_text("t", bytes_of_text(text), &program_registry, &problems);
    ck_assert_msg(settings != NULL, "%s", problems.first ? problems.first->text : "");
    ck_assert_uint_eq(problems.count, 0);
    memory_limit_apply(settings, limit, &problems);
}

static void finish(void)
{
    settings_destroy(settings);
    problem_list_finish(&problems);
}

START_TEST(defaults_fit_into_the_memory_that_there_is)
{
    static const struct {
        int64_t limit, body_memory, connections;
        size_t warnings; /* of the route with 25 MiB */
    } rows[] = {
        {INT64_MAX, MIB(256), 4096, 0}, {MIB(8192), MIB(256), 4096, 0},
        {MIB(1056), MIB(256), 4096, 0}, {MIB(512), MIB(120), 3840, 0},
        {MIB(64), MIB(8), 256, 1},      {MIB(34), MIB(1), 32, 1},
        {MIB(8), MIB(1), 32, 1},        {1, MIB(1), 32, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        apply("", rows[i].limit);
        ck_assert_int_eq(settings->server.body_memory, rows[i].body_memory);
        ck_assert_int_eq(settings->server.connections, rows[i].connections);
        ck_assert_uint_eq(problems.warnings, rows[i].warnings);
        ck_assert_uint_eq(problems.errors, 0);
        finish();
    }
}
END_TEST

START_TEST(what_is_written_stays_and_is_warned_of_with_both_figures)
{
    apply(", body_memory: 256MiB, connections: 4096", MIB(512));
    ck_assert_uint_eq(problems.warnings, 0);
    finish();
    apply(", body_memory: 256MiB, connections: 4096", MIB(100));
    ck_assert_int_eq(settings->server.body_memory, MIB(256));
    ck_assert_int_eq(settings->server.connections, 4096);
    ck_assert_uint_eq(problems.warnings, 2);
    ck_assert_ptr_nonnull(strstr(problems.first->text, "256MiB"));
    ck_assert_ptr_nonnull(strstr(problems.first->text, "100MiB"));
    ck_assert_uint_eq(problems.first->line, 2);
    ck_assert_ptr_nonnull(strstr(problems.first->next->text, "4096 connections can take 128MiB"));
    finish();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("memory_limit");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, the_smallest_limit_is_found, 0, sizeof machines / sizeof *machines);
    tcase_add_test(all, the_real_machine_has_some_memory);
    tcase_add_test(all, defaults_fit_into_the_memory_that_there_is);
    tcase_add_test(all, what_is_written_stays_and_is_warned_of_with_both_figures);
    suite_add_tcase(suite, all);
    return suite;
}
