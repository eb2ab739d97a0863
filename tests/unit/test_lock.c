/* The two files that say which server a journal belongs to: how they are made, what is refused with
 * which words, and that nothing of them stays open. */
#include "journal_fixture.h"

#include "base/clock.h"
#include "server/journal/lock.h"
#include "tests/unit/suite.h"

#include <dirent.h>

static const struct journal_owner nobody = {65534, 65534};
static struct journal_lock lock;
static struct error err;
static char beside[128];

static void set_up(void)
{
    fixture_begin();
    err = (struct error){""};
    snprintf(beside, sizeof beside, "%s.lock", fixture_path);
}

static size_t open_files(void)
{
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

static mode_t mode_of(const char *path)
{
    struct stat what;
    ck_assert_int_eq(stat(path, &what), 0);
    return what.st_mode & 0777;
}

START_TEST(both_files_are_the_servers_alone)
{
    size_t before = open_files();
    umask(0);
    ck_assert_msg(journal_lock(fixture_path, &nobody, NULL, &lock, &err), "%s", err.text);
    ck_assert_uint_eq(mode_of(fixture_path), 0600);
    ck_assert_uint_eq(mode_of(beside), 0600);
    ck_assert_uint_eq(open_files(), before + 4);
    journal_lock_inherited(&lock);
    ck_assert(lock.file.own == -1 && lock.beside.own == -1);
    ck_assert(lock.file.shared >= 0 && lock.beside.shared >= 0);
    ck_assert_uint_eq(open_files(), before + 2);
    for (int again = 0; again < 2; again++) {
        journal_unlock(&lock);
        ck_assert(lock.file.own == -1 && lock.file.shared == -1);
        ck_assert(lock.beside.own == -1 && lock.beside.shared == -1);
        ck_assert_uint_eq(open_files(), before);
    }
    lock = journal_lock_none();
    ck_assert(lock.file.own == -1 && lock.file.shared == -1);
    ck_assert(lock.beside.own == -1 && lock.beside.shared == -1);
}
END_TEST

static bool try_lock(const char *path)
{
    size_t before = open_files();
    bool done = journal_lock(path, &nobody, NULL, &lock, &err);
    if (done)
        journal_unlock(&lock);
    ck_assert_uint_eq(open_files(), before);
    return done;
}

START_TEST(what_cannot_be_a_lock_is_named)
{
    char path[160];
    snprintf(path, sizeof path, "%s/missing/journal.db", fixture_directory);
    ck_assert(!try_lock(path));
    ck_assert_msg(strstr(err.text, "cannot open") && strstr(err.text, path), "%s", err.text);
    ck_assert_int_eq(mkdir(beside, 0700), 0);
    ck_assert(!try_lock(fixture_path));
    ck_assert_msg(strstr(err.text, beside) != NULL, "%s", err.text);
    ck_assert_int_eq(rmdir(beside), 0);
    ck_assert_int_eq(mkfifo(beside, 0600), 0);
    ck_assert(!try_lock(fixture_path));
    ck_assert_msg(strstr(err.text, "is not a regular file") != NULL, "%s", err.text);
    ck_assert_int_eq(unlink(beside), 0);
    ck_assert(try_lock(fixture_path));
}
END_TEST

START_TEST(only_the_journal_may_be_reached_through_a_link)
{
    char real[160];
    snprintf(real, sizeof real, "%s/real.db", fixture_directory);
    ck_assert_int_eq(symlink(real, fixture_path), 0);
    ck_assert(!try_lock(fixture_path)); /* what is behind it is not made */
    ck_assert_int_ne(access(real, F_OK), 0);
    fclose(fopen(real, "we"));
    ck_assert_msg(try_lock(fixture_path), "%s", err.text);
    ck_assert_int_eq(unlink(beside), 0);
    ck_assert_int_eq(symlink(real, beside), 0);
    ck_assert(!try_lock(fixture_path));
}
END_TEST

START_TEST(who_is_just_leaving_is_waited_for)
{
    struct journal_lock second;
    ck_assert(journal_lock(fixture_path, &nobody, NULL, &lock, &err));
    int64_t since = clock_monotonic_ns();
    ck_assert(!journal_lock(fixture_path, &nobody, NULL, &second, &err));
    ck_assert_int_ge(clock_monotonic_ns() - since, 700 * NS_PER_MS);
    ck_assert_ptr_nonnull(strstr(err.text, "another tenterhook"));
    journal_unlock(&lock);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("lock");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, fixture_end);
    tcase_add_test(all, both_files_are_the_servers_alone);
    tcase_add_test(all, what_cannot_be_a_lock_is_named);
    tcase_add_test(all, only_the_journal_may_be_reached_through_a_link);
    tcase_add_test(all, who_is_just_leaving_is_waited_for);
    suite_add_tcase(suite, all);
    return suite;
}
