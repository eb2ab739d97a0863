/* A copy takes the place of the journal, and nothing of the journal before is lost or read by the
 * next server. */
#include "journal_fixture.h"

#include "server/journal/backup.h"
#include "tests/unit/suite.h"

#include <fcntl.h>
#include <sys/wait.h>

static char copy_path[128];
static struct restore_result result;

static const char *beside(const char *path, const char *suffix)
{
    static char names[4][4096 + 128];
    static unsigned next;
    char *name = names[next++ % 4];
    snprintf(name, sizeof names[0], "%s%s", path, suffix);
    return name;
}

/* One that was killed leaves its log. */
static void add_events(int count, bool killed)
{
    pid_t child = fork();
    if (child == 0) {
        struct sqlite_journal *journal = fixture_open();
        for (int i = 0; i < count; i++) {
            char id[ID_TEXT_SIZE];
            struct event event = fixture_event("k", bytes_of_text("{}"));
            id_create(1700000000000, id);
            writer_begin(journal);
            fixture_add(journal, &event, id);
            writer_commit(journal);
        }
        if (!killed)
            writer_close(journal);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

static int64_t count_events(const char *path)
{
    struct error err = {""};
    struct sqlite db;
    int64_t number = -1;
    ck_assert_msg(sqlite_open(&db, path, SQLITE_MODE_READ, 100, NULL, &err), "%s", err.text);
    ck_assert(sqlite_read_number(&db, "SELECT count(*) FROM event", &number));
    sqlite_close(&db);
    return number;
}

/* A copy with one event. */
static void set_up(void)
{
    struct backup_result made;
    struct error err = {""};
    fixture_begin();
    snprintf(copy_path, sizeof copy_path, "%s/copy.db", fixture_directory);
    add_events(1, false);
    ck_assert(journal_backup(fixture_path, copy_path, NULL, NULL, &made, &err));
}

static void restore(void)
{
    struct error err = {""};
    ck_assert_msg(journal_restore(copy_path, fixture_path, 65534, 65534, NULL, NULL, &result, &err),
                  "%s", err.text);
    ck_assert_int_ne(access(beside(fixture_path, "-wal"), F_OK), 0);
    ck_assert_int_ne(access(beside(fixture_path, ".part"), F_OK), 0);
    ck_assert_int_eq(count_events(fixture_path), 1);
}

START_TEST(the_journal_before_is_kept_with_its_log)
{
    static const char mark[] = "of the one before";
    add_events(3, true);
    int fd = open(beside(fixture_path, ".mark"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert(fd >= 0 && write(fd, mark, sizeof mark) == sizeof mark && close(fd) == 0);
    restore();
    ck_assert_int_ne(access(beside(result.kept, "-wal"), F_OK), 0); /* it is in the file */
    ck_assert_int_eq(count_events(result.kept), 4);
    ck_assert_int_eq(access(beside(result.kept, ".mark"), F_OK), 0);
    ck_assert_int_ne(access(beside(fixture_path, ".mark"), F_OK), 0);
}
END_TEST

/* What cannot be read is kept as it is. */
START_TEST(a_damaged_journal_is_kept_beside)
{
    char noise[100] = "";
    add_events(3, true);
    int fd = open(fixture_path, O_WRONLY | O_CLOEXEC);
    ck_assert(fd >= 0 && pwrite(fd, noise, sizeof noise, 0) == sizeof noise && close(fd) == 0);
    restore();
    ck_assert_int_eq(access(result.kept, F_OK), 0);
    ck_assert_int_eq(access(beside(result.kept, "-wal"), F_OK), 0);
}
END_TEST

START_TEST(a_log_without_a_journal_is_kept_beside)
{
    add_events(3, true);
    ck_assert_int_eq(truncate(fixture_path, 0), 0); /* what a lock makes where there is none */
    restore();
    ck_assert_int_eq(access(beside(result.kept, "-wal"), F_OK), 0);
}
END_TEST

START_TEST(an_empty_file_is_replaced)
{
    ck_assert_int_eq(truncate(fixture_path, 0), 0);
    restore();
    ck_assert_str_eq(result.kept, "");
}
END_TEST

START_TEST(a_link_stays_one)
{
    struct stat what;
    ck_assert_int_eq(rename(fixture_path, beside(fixture_directory, "/real.db")), 0);
    ck_assert_int_eq(symlink("real.db", fixture_path), 0);
    restore();
    ck_assert(lstat(fixture_path, &what) == 0 && S_ISLNK(what.st_mode));
    ck_assert(strstr(result.kept, "/real.db.before-"));
}
END_TEST

START_TEST(who_owns_the_journal_owns_the_copy)
{
    struct stat what;
    if (geteuid() != 0)
        return;
    ck_assert_int_eq(chown(fixture_path, 1, 2), 0);
    restore();
    ck_assert(stat(fixture_path, &what) == 0 && what.st_uid == 1 && what.st_gid == 2);
    ck_assert_int_eq(what.st_mode & 0777, 0600);
}
END_TEST

START_TEST(what_is_refused_changes_nothing)
{
    struct error err = {""};
    add_events(1, true);
    ck_assert_int_eq(truncate(copy_path, 5000), 0);
    ck_assert(!journal_restore(copy_path, fixture_path, 65534, 65534, NULL, NULL, &result, &err));
    ck_assert_str_eq(result.kept, "");
    ck_assert_int_eq(access(beside(fixture_path, "-wal"), F_OK), 0);
    ck_assert_int_ne(access(beside(fixture_path, ".part"), F_OK), 0);
    ck_assert_int_eq(count_events(fixture_path), 2);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("restore");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, fixture_end);
    tcase_add_test(all, the_journal_before_is_kept_with_its_log);
    tcase_add_test(all, a_damaged_journal_is_kept_beside);
    tcase_add_test(all, a_log_without_a_journal_is_kept_beside);
    tcase_add_test(all, an_empty_file_is_replaced);
    tcase_add_test(all, a_link_stays_one);
    tcase_add_test(all, who_owns_the_journal_owns_the_copy);
    tcase_add_test(all, what_is_refused_changes_nothing);
    suite_add_tcase(suite, all);
    return suite;
}
