/* Where the server may make cgroups and where not, over directories that look like a machine; and
 * nothing is left where it may not. */
#include "server/process/containment.h"

#include "tests/unit/suite.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static char root[64];

static void make_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *slash = strchr(path + strlen(root) + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    if (!text)
        return;
    FILE *file = fopen(path, "w");
    ck_assert_msg(file != NULL, "%s", path);
    fputs(text, file);
    fclose(file);
}

static void set_up(void)
{
    snprintf(root, sizeof root, "/tmp/th-containment-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void tear_down(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    ck_assert_int_eq(system(command), 0);
}

/* A machine on which this process is in /cg/unit of version 2. */
static void make_machine(void)
{
    make_file("proc/self/cgroup", "4:memory:/a\n0::/unit\n");
    make_file("proc/self/mountinfo", "30 22 0:26 / /cg rw - cgroup2 cgroup2 rw\n");
    make_file("cg/unit/cgroup.procs", "");
}

static bool unit_has_directories(void)
{
    char path[128];
    struct dirent *entry;
    bool found = false;
    snprintf(path, sizeof path, "%s/cg/unit", root);
    DIR *entries = opendir(path);
    while (entries && (entry = readdir(entries)))
        found |= entry->d_type == DT_DIR && entry->d_name[0] != '.';
    if (entries)
        closedir(entries);
    return found;
}

static void assert_refused(const char *reason)
{
    struct containment containment;
    struct error why;
    ck_assert(!containment_begin(&containment, root, geteuid(), getegid(), &why));
    ck_assert_msg(strstr(why.text, reason) != NULL, "%s", why.text);
    ck_assert_int_eq(containment.forest.base, -1);
    ck_assert_int_eq(containment.above, -1);
    ck_assert_int_eq(containment.lock, -1);
    containment_end(&containment);
}

START_TEST(version_2_has_to_be_mounted)
{
    make_file("proc/self/cgroup", "4:memory:/a\n");
    make_file("proc/self/mountinfo", "30 22 0:26 / /cg rw - cgroup cgroup rw,memory\n");
    assert_refused("no cgroups of version 2 are mounted");
}
END_TEST

START_TEST(systemd_has_to_delegate)
{
    make_machine();
    make_file("run/systemd/system/x", "");
    assert_refused("systemd has not delegated the cgroup /cg/unit: the unit needs Delegate=yes");
    ck_assert(!unit_has_directories());
}
END_TEST

/* A cgroup that is no cgroup cannot be entered: as far as this gets, it is undone. */
START_TEST(what_cannot_be_entered_is_undone)
{
    char path[128];
    make_machine();
    assert_refused("no cgroup can be made and entered in /cg/unit: No such file or directory");
    ck_assert(!unit_has_directories());
    make_file("run/systemd/system/x", "");
    snprintf(path, sizeof path, "%s/cg/unit", root);
    if (setxattr(path, "user.delegate", "1", 1, 0) != 0)
        return; /* the file system has none */
    assert_refused("no cgroup can be made and entered in");
    /* a unit with DelegateSubgroup= */
    make_file("proc/self/cgroup", "0::/unit/sub\n");
    make_file("cg/unit/sub/x", NULL);
    assert_refused("no cgroup can be made and entered in /cg/unit: ");
    make_file("proc/self/cgroup", "0::/unit\n");
    setxattr(path, "user.delegate", "0", 1, 0);
    assert_refused("has not delegated");
}
END_TEST

START_TEST(only_what_a_server_has_left_is_swept)
{
    static const char *const others[] = {"tenterhook-abc/x", "tenterhook-/x", "other-1.0/x",
                                         "tenterhook-2.0/server/x"};
    char path[128];
    struct stat st;
    make_machine();
    make_file("cg/unit/tenterhook-1.0/server/x", NULL);
    make_file("cg/unit/tenterhook-1.0/commands/runner/x", NULL);
    make_file("cg/unit/tenterhook-1.0/commands/a-3-1/x", NULL);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(path, sizeof path, "cg/unit/%s", others[i]);
        make_file(path, NULL);
    }
    make_file("cg/unit/tenterhook-2.0/server/cgroup.events", "populated 1\n");
    assert_refused("no cgroup can be made and entered in");
    snprintf(path, sizeof path, "%s/cg/unit/tenterhook-1.0", root);
    ck_assert_int_ne(stat(path, &st), 0);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(path, sizeof path, "%s/cg/unit/%s", root, others[i]);
        *strrchr(path, '/') = '\0';
        ck_assert_msg(stat(path, &st) == 0, "%s", path);
    }
}
END_TEST

static void assert_counts(bool memory, bool processes, const char *what)
{
    struct containment_counts counts = containment_counts(root);
    ck_assert_msg(counts.memory == memory, "memory: %s", what);
    ck_assert_msg(counts.processes == processes, "processes: %s", what);
}

START_TEST(limits_hold_where_the_controllers_are)
{
    static const struct {
        const char *controllers, *enabled, *systemd;
        bool memory, processes;
    } rows[] = {
        {"cpu memory pids\n", "\n", NULL, false, false}, /* what is not ours is not enabled */
        {"cpu memory pids\n", "memory pids\n", NULL, true, true},
        {"cpu memory pids\n", "memory\n", NULL, true, false},
        {"cpu memory pids\n", "pids\n", NULL, false, true},
        {"cpu memory pids\n", "memory pids\n", "run/systemd/system/x", false, false},
    };
    assert_counts(false, false, "no machine");
    make_machine();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        make_file("cg/unit/cgroup.controllers", rows[i].controllers);
        make_file("cg/unit/cgroup.subtree_control", rows[i].enabled);
        if (rows[i].systemd)
            make_file(rows[i].systemd, "");
        assert_counts(rows[i].memory, rows[i].processes, rows[i].enabled);
    }
    char path[128];
    snprintf(path, sizeof path, "%s/cg/unit", root);
    if (setxattr(path, "trusted.delegate", "1", 1, 0) != 0 &&
        setxattr(path, "user.delegate", "1", 1, 0) != 0)
        return; /* the file system has none */
    make_file("cg/unit/cgroup.subtree_control", "\n");
    assert_counts(true, true, "delegated");
    ck_assert(!unit_has_directories());
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("containment");
    TCase *tests = tcase_create("containment");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, version_2_has_to_be_mounted);
    tcase_add_test(tests, systemd_has_to_delegate);
    tcase_add_test(tests, what_cannot_be_entered_is_undone);
    tcase_add_test(tests, only_what_a_server_has_left_is_swept);
    tcase_add_test(tests, limits_hold_where_the_controllers_are);
    suite_add_tcase(suite, tests);
    return suite;
}
