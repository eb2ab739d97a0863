/* Files with bodies: private, gone when they are removed, and gone with a runner that was killed.
 */
#include "handlers/action/body_files.h"
#include "tests/unit/suite.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64], journal[96], base[128];
static struct error err;

static void set_up(void)
{
    snprintf(directory, sizeof directory, "/tmp/th-body-files-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(journal, sizeof journal, "%s/journal.db", directory);
    snprintf(base, sizeof base, "%s-bodies", journal);
    unsetenv("RUNTIME_DIRECTORY");
}

static void tear_down(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    ck_assert_int_eq(system(command), 0);
}

static size_t count_entries(const char *path)
{
    DIR *entries = opendir(path);
    struct dirent *entry;
    size_t count = 0;
    ck_assert_ptr_nonnull(entries);
    while ((entry = readdir(entries)))
        count += entry->d_name[0] != '.';
    closedir(entries);
    return count;
}

static unsigned mode_of(const char *path)
{
    struct stat st;
    ck_assert_int_eq(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

static char *make(struct body_files *files, const char *body)
{
    char *path = body_files_make(files, bytes_of_text(body), NULL, &err);
    ck_assert_msg(path != NULL, "%s", err.text);
    return path;
}

START_TEST(a_file_is_private_and_holds_the_body)
{
    struct body_files files;
    char text[16] = "";
    body_files_init(&files, journal);
    ck_assert_int_ne(access(base, F_OK), 0); /* nothing is made before it is needed */
    char *path = make(&files, "{\"a\":1}"), *empty = make(&files, "");
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fread(text, 1, sizeof text, file), 7);
    fclose(file);
    ck_assert_str_eq(text, "{\"a\":1}");
    ck_assert_uint_eq(mode_of(path), 0600);
    ck_assert_uint_eq(mode_of(base), 0700);
    ck_assert_uint_eq(mode_of(files.own), 0700);
    ck_assert_uint_eq(count_entries(files.own), 2);
    body_file_remove(path);
    body_file_remove(empty);
    body_file_remove(NULL);
    ck_assert_uint_eq(count_entries(files.own), 0);
    body_files_finish(&files);
    ck_assert_uint_eq(count_entries(base), 0);
}
END_TEST

START_TEST(what_a_dead_runner_has_left_is_removed_and_nothing_else)
{
    struct body_files dead, alive, next;
    body_files_init(&dead, journal);
    body_files_init(&alive, journal);
    body_files_init(&next, journal);
    body_files_sweep(&next); /* nothing is there */
    free(make(&dead, "x"));
    free(make(&dead, "y"));
    char *kept = make(&alive, "z");
    body_files_sweep(&next);
    ck_assert_uint_eq(count_entries(base), 2);
    close(dead.lock); /* as the system does */
    body_files_sweep(&next);
    ck_assert_uint_eq(count_entries(base), 1);
    ck_assert_int_eq(access(kept, F_OK), 0);
    body_file_remove(kept);
    body_files_finish(&alive);
}
END_TEST

START_TEST(a_directory_of_others_is_refused)
{
    struct body_files files;
    body_files_init(&files, journal);
    ck_assert_int_eq(mkdir(base, 0700), 0);
    ck_assert_int_eq(chmod(base, 0750), 0);
    ck_assert_ptr_null(body_files_make(&files, bytes_of_text("x"), NULL, &err));
    ck_assert_int_eq(errno, EPERM);
    ck_assert_ptr_nonnull(strstr(err.text, base));
    ck_assert_int_eq(rmdir(base), 0);
    ck_assert_int_eq(symlink(directory, base), 0);
    ck_assert_ptr_null(body_files_make(&files, bytes_of_text("x"), NULL, &err));
    body_files_sweep(&files);
    ck_assert_int_eq(unlink(base), 0);
    body_file_remove(make(&files, "x"));
    body_files_finish(&files);
}
END_TEST

START_TEST(the_runtime_directory_is_taken_if_it_can_be_written)
{
    struct body_files files;
    char text[256];
    snprintf(text, sizeof text, "%s:/tmp", directory);
    setenv("RUNTIME_DIRECTORY", text, 1);
    body_files_init(&files, journal);
    snprintf(text, sizeof text, "%s/bodies", directory);
    ck_assert_str_eq(files.base, text);
    static const char *const others[] = {"", "relative", "/nonexistent/x", ":/tmp"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        setenv("RUNTIME_DIRECTORY", others[i], 1);
        body_files_init(&files, journal);
        ck_assert_str_eq(files.base, base);
    }
}
END_TEST

START_TEST(a_path_that_is_too_long_is_said_to_be)
{
    static char long_path[PATH_MAX];
    struct body_files files;
    for (size_t length = PATH_MAX - 60; length < PATH_MAX; length++) {
        memset(long_path, 'x', length);
        long_path[0] = '/';
        body_files_init(&files, long_path);
        body_files_sweep(&files);
        ck_assert_ptr_null(body_files_make(&files, bytes_of_text("x"), NULL, &err));
        ck_assert_int_eq(errno, ENAMETOOLONG);
        body_files_finish(&files);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("body_files");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_file_is_private_and_holds_the_body);
    tcase_add_test(all, what_a_dead_runner_has_left_is_removed_and_nothing_else);
    tcase_add_test(all, a_directory_of_others_is_refused);
    tcase_add_test(all, the_runtime_directory_is_taken_if_it_can_be_written);
    tcase_add_test(all, a_path_that_is_too_long_is_said_to_be);
    suite_add_tcase(suite, all);
    return suite;
}
