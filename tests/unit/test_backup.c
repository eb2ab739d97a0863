/* A copy is the journal of one moment, whatever other processes do to it meanwhile. */
#include "journal_fixture.h"

#include "base/clock.h"
#include "server/journal/backup.h"
#include "server/journal/backup_file.h"
#include "tests/unit/suite.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

static char copy_path[128];

static void set_up(void)
{
    fixture_begin();
    snprintf(copy_path, sizeof copy_path, "%s/copy.db", fixture_directory);
}

static int64_t read_number(const char *path, const char *sql)
{
    struct error err = {""};
    struct sqlite db;
    int64_t number = -1;
    ck_assert_msg(sqlite_open(&db, path, SQLITE_MODE_COPY, 0, NULL, &err), "%s", err.text);
    ck_assert_msg(sqlite_read_number(&db, sql, &number), "%s", sql);
    sqlite_close(&db);
    return number;
}

static int64_t back_up(void)
{
    struct backup_result result = {0};
    struct error err = {""};
    struct stat what;
    ck_assert_msg(journal_backup(fixture_path, copy_path, NULL, NULL, &result, &err), "%s",
                  err.text);
    ck_assert_int_eq(stat(copy_path, &what), 0);
    ck_assert(what.st_size == result.bytes && (what.st_mode & 0777) == 0600);
    ck_assert_msg(journal_verify(copy_path, true, NULL, NULL, &err), "%s", err.text);
    return result.bytes;
}

/* As the verb does: in a process of its own, which makes itself nicer in the end. */
static void back_up_apart(void)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        back_up();
        _exit(0);
    }
    ck_assert(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}

static void expect_refusal(const char *reason)
{
    struct backup_result result;
    struct error err = {""};
    ck_assert(!journal_backup(fixture_path, copy_path, NULL, NULL, &result, &err));
    ck_assert_msg(strstr(err.text, reason) != NULL, "%s is not in: %s", reason, err.text);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    ck_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* An event that is done. */
static void add(struct sqlite_journal *journal, struct bytes body)
{
    char id[ID_TEXT_SIZE], sql[96];
    int64_t action;
    struct event event = fixture_event("", body);
    id_create(clock_unix_ms(), id);
    ck_assert(events_find_action(journal, "alpha", "1", &action));
    int64_t seq = fixture_add(journal, &event, id);
    ck_assert(seq > 0 && events_add_delivery(journal, seq, 0, action, 0));
    snprintf(sql, sizeof sql, "UPDATE delivery SET state = 'done' WHERE seq = %lld",
             (long long)delivery_seq(seq, 0));
    ck_assert(sqlite_run(&journal->db, sql));
}

static void add_committed(struct sqlite_journal *journal, size_t bytes)
{
    static uint8_t body[64 << 10];
    ck_assert_uint_le(bytes, sizeof body);
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    add(journal, bytes_of(body, bytes));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
}

enum { EVENTS = 300 }; /* at the beginning */

static _Atomic int64_t *committed; /* bytes of bodies, by the process that writes */

/* As many as there are in the beginning go, however short the steps of pruning are on this machine:
 * the file stays as long as it is. */
static void prune(struct sqlite_journal *journal, unsigned *kept, unsigned turn)
{
    enum { KEPT = 400 };
    const struct prune_keep keep = {.oldest_done = true, .until_ms = INT64_MAX};
    struct pruned pruned;
    int64_t position = 0;
    while (*kept > KEPT) {
        ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
        ck_assert(prune_step(&journal->db, &keep, &position, &pruned));
        ck_assert_uint_le(pruned.gone, *kept);
        *kept -= (unsigned)pruned.gone;
        position = pruned.ended ? 0 : position;
        if (turn % 16 == 0)
            prune_shrink(&journal->db);
        ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    }
}

/* A runner: events of all sizes come and go, pages are given back, the log is copied. */
_Noreturn static void write_until_killed(void)
{
    struct sqlite_journal *journal = fixture_open();
    unsigned kept = EVENTS;
    writer_be_patient(journal, true);
    for (unsigned i = 0;; i++) {
        add_committed(journal, i * 7919 % (64 << 10));
        *committed += i * 7919 % (64 << 10);
        kept++;
        prune(journal, &kept, i);
        writer_tend(journal);
    }
}

static int64_t log_bytes(void)
{
    char path[128];
    struct stat what;
    snprintf(path, sizeof path, "%s-wal", fixture_path);
    return stat(path, &what) == 0 ? what.st_size : 0;
}

/* A copy exchanges its transaction when the log is as long as the runner lets it be. Where it has
 * to wait for the processor meanwhile the log is longer, but it is emptied again and again. */
static void expect_short_log(void)
{
    enum { LONGEST = SQLITE_LOG_PAGES * (SQLITE_PAGE_BYTES + 24) };
    ck_assert(log_bytes() < LONGEST || log_bytes() < *committed / 2);
}

START_TEST(a_copy_is_one_moment_while_others_write)
{
    enum { COPIES = 6 };
    committed =
        mmap(NULL, sizeof *committed, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne((void *)committed, MAP_FAILED);
    struct sqlite_journal *journal = fixture_open();
    for (int i = 0; i < EVENTS; i++)
        add_committed(journal, 20000);
    writer_close(journal);
    int64_t newest = 0;
    pid_t child = fork();
    if (child == 0)
        write_until_killed();
    for (int i = 0; i < COPIES; i++) {
        back_up_apart();
        expect_short_log();
        int64_t last = read_number(copy_path, "SELECT max(seq) FROM event");
        ck_assert_int_ge(last, newest);
        newest = last;
        /* every event whole, every number accounted for */
        ck_assert_int_eq(read_number(copy_path, "SELECT count(*) FROM event e LEFT JOIN body b"
                                                " ON b.event = e.seq LEFT JOIN delivery d"
                                                " ON d.seq = e.seq * 256"
                                                " WHERE length(b.content) IS NOT e.size"
                                                " OR d.state IS NOT 'done'"),
                         0);
        ck_assert_int_eq(read_number(copy_path, "SELECT (SELECT count(*) FROM event) +"
                                                " (SELECT coalesce(sum(last - first + 1), 0)"
                                                "  FROM removed)"),
                         last);
    }
    ck_assert_int_gt(newest, 300);
    kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    munmap((void *)committed, sizeof *committed);
}
END_TEST

START_TEST(a_journal_that_nobody_uses_is_copied)
{
    struct sqlite_journal *journal = fixture_open();
    writer_close(journal);
    ck_assert_int_gt(back_up(), 0);
    ck_assert_int_eq(read_number(copy_path, "SELECT count(*) FROM event"), 0);
    journal = fixture_open();
    add_committed(journal, 40000);
    writer_close(journal);
    back_up(); /* in the place of the older one */
    ck_assert_int_eq(read_number(copy_path, "SELECT count(*) FROM event"), 1);
}
END_TEST

START_TEST(what_a_killed_process_left_in_the_log_is_copied)
{
    pid_t child = fork();
    if (child == 0) {
        add_committed(fixture_open(), 100);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    back_up();
    ck_assert_int_eq(read_number(copy_path, "SELECT count(*) FROM event"), 1);
}
END_TEST

START_TEST(nothing_else_is_replaced)
{
    char log[160];
    struct sqlite_journal *journal = fixture_open();
    writer_close(journal);
    write_file(copy_path, "a letter, long enough to be a header of a database, which it is not, "
                          "by far");
    expect_refusal("is not a copy of a journal");
    unlink(copy_path);
    ck_assert_int_eq(link(fixture_path, copy_path), 0);
    expect_refusal("is the journal itself");
    unlink(copy_path);
    snprintf(log, sizeof log, "%s-wal", copy_path);
    write_file(log, "a log");
    expect_refusal("that is a log");
    unlink(log);
    ck_assert_int_eq(mkdir(copy_path, 0700), 0);
    expect_refusal("is not a copy of a journal");
}
END_TEST

START_TEST(who_is_interrupted_leaves_the_older_copy)
{
    char part[160];
    struct sqlite_journal *journal = fixture_open();
    writer_close(journal);
    back_up();
    ck_assert(journal_backup_part(copy_path, part, sizeof part));
    write_file(part, "precious, and by its name nothing else");
    expect_refusal("is not what a backup of yours has left");
    unlink(part);
    write_file(part, "");
    ck_assert_int_eq(truncate(part, 8192), 0); /* of one that was killed */
    back_up();
    ck_assert_int_ne(access(part, F_OK), 0);
    rename(fixture_path, part); /* no journal any more */
    struct backup_result result;
    struct error err = {""};
    ck_assert(!journal_backup("/nowhere/journal.db", copy_path, NULL, NULL, &result, &err));
    ck_assert_int_eq(access(copy_path, F_OK), 0);
}
END_TEST

START_TEST(a_damaged_file_is_no_journal)
{
    struct error err = {""};
    struct sqlite_journal *journal = fixture_open();
    for (int i = 0; i < 20; i++)
        add_committed(journal, 3000);
    writer_close(journal);
    ck_assert_msg(journal_verify(fixture_path, true, NULL, NULL, &err), "%s", err.text);
    int fd = open(fixture_path, O_WRONLY | O_CLOEXEC);
    char noise[4096];
    memset(noise, 0xa5, sizeof noise);
    ck_assert_int_eq(pwrite(fd, noise, sizeof noise, 2 * 4096), sizeof noise);
    close(fd);
    ck_assert(!journal_verify(fixture_path, true, NULL, NULL, &err));
    ck_assert(strstr(err.text, "damaged") || strstr(err.text, "malformed"));
    ck_assert(!journal_verify("/dev/null", true, NULL, NULL, &err));
    ck_assert(!journal_verify("/nowhere", true, NULL, NULL, &err));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("backup");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, set_up, fixture_end);
    tcase_add_test(all, a_copy_is_one_moment_while_others_write);
    tcase_add_test(all, a_journal_that_nobody_uses_is_copied);
    tcase_add_test(all, what_a_killed_process_left_in_the_log_is_copied);
    tcase_add_test(all, nothing_else_is_replaced);
    tcase_add_test(all, who_is_interrupted_leaves_the_older_copy);
    tcase_add_test(all, a_damaged_file_is_no_journal);
    suite_add_tcase(suite, all);
    return suite;
}
