/* Each way in which the files of an open database are no longer those that were opened, and what is
 * saved then. SQLite writes them; the test cuts, replaces and fills them with what it wants. */
#include "journal_fixture.h"

#include "server/journal/sqlite_files.h"
#include "tests/unit/suite.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { LOG_HEADER = 32, FRAME_HEADER = 24, PAGE = 512, FRAME = FRAME_HEADER + PAGE };
enum { SALT_SIZE = 8, SALT_IN_LOG = 16, SALT_IN_FRAME = 8 };

/* The beginning of the index: twice the header, then what is in the database already. */
struct index_copy {
    struct {
        uint32_t version, unused, changes;
        uint8_t is_initialised, is_big_endian;
        uint16_t page_size;
        uint32_t frames, pages, frame_checksum[2];
        uint8_t salt[SALT_SIZE];
        uint32_t checksum[2];
    } header[2];
    uint32_t copied;
};

static struct sqlite_files files;
static sqlite3 *handle;
static struct index_copy *shown; /* the file itself */
static int index_fd;             /* closing it would drop SQLite's locks */
static char log_path[128], index_path[128];

static void run(sqlite3 *on, const char *sql)
{
    char *message = NULL;
    ck_assert_msg(sqlite3_exec(on, sql, NULL, NULL, &message) == SQLITE_OK, "%s: %s", sql, message);
}

static sqlite3 *open_database(void)
{
    sqlite3 *made;
    ck_assert_int_eq(sqlite3_open(fixture_path, &made), SQLITE_OK);
    run(made, "PRAGMA page_size = 512; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
    return made;
}

static void add_rows(sqlite3 *on, int count)
{
    for (int i = 0; i < count; i++)
        run(on, "INSERT INTO t VALUES (hex(randomblob(100)))");
}

static int count_rows(sqlite3 *on)
{
    sqlite3_stmt *statement;
    ck_assert_int_eq(sqlite3_prepare_v2(on, "SELECT count(*) FROM t", -1, &statement, NULL),
                     SQLITE_OK);
    int count = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int(statement, 0) : -1;
    sqlite3_finalize(statement);
    return count;
}

static void set_up(void)
{
    struct error err = {""};
    fixture_begin();
    snprintf(log_path, sizeof log_path, "%s-wal", fixture_path);
    snprintf(index_path, sizeof index_path, "%s-shm", fixture_path);
    handle = open_database();
    run(handle, "CREATE TABLE t (x)");
    add_rows(handle, 5);
    ck_assert_msg(sqlite_files_note(&files, handle, &err), "%s", err.text);
    index_fd = open(index_path, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(index_fd, 0);
    shown = mmap(NULL, sizeof *shown, PROT_READ | PROT_WRITE, MAP_SHARED, index_fd, 0);
    ck_assert_ptr_ne(shown, MAP_FAILED);
}

static void tear_down(void)
{
    munmap(shown, sizeof *shown);
    sqlite3_close(handle);
    close(index_fd);
    fixture_end();
}

static enum files_fault check(void)
{
    struct error err = {""};
    return sqlite_files_check(&files, &err);
}

/* Of the log's end as the index knows it. */
static off_t log_end(void)
{
    return LOG_HEADER + (off_t)shown->header[0].frames * FRAME;
}

static void set_header(uint32_t frames, const void *salt)
{
    for (int i = 0; i < 2; i++) {
        shown->header[i].frames = frames;
        memcpy(shown->header[i].salt, salt, SALT_SIZE);
    }
}

/* Zeros from there to there, as behind a cut. */
static void make_hole(off_t from, off_t to)
{
    static const uint8_t zeros[65536];
    int fd = open(log_path, O_WRONLY | O_CLOEXEC);
    ck_assert_int_eq(pwrite(fd, zeros, (size_t)(to - from), from), to - from);
    close(fd);
}

static void put_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, size, file), size);
    fclose(file);
}

static unsigned count_foreign(void)
{
    unsigned count = 0;
    DIR *directory = opendir(fixture_directory);
    for (struct dirent *entry; (entry = readdir(directory));)
        count += strstr(entry->d_name, "-wal.foreign-") != NULL;
    closedir(directory);
    return count;
}

/* ---- what is in place ---- */

START_TEST(what_sqlite_does_itself_is_no_fault)
{
    ck_assert_int_eq(check(), FILES_IN_PLACE);
    ck_assert_uint_eq(files.frames, shown->header[0].frames);
    ck_assert_uint_gt(files.frames, 5);
    ck_assert(memcmp(files.salt, shown->header[0].salt, SALT_SIZE) == 0);
    add_rows(handle, 3);
    ck_assert(!sqlite_files_too_late(&files) && check() == FILES_IN_PLACE);
    run(handle, "PRAGMA wal_checkpoint(FULL)");
    ck_assert(!sqlite_files_too_late(&files) && check() == FILES_IN_PLACE);
    add_rows(handle, 1); /* begins the log anew */
    ck_assert_uint_lt(shown->header[0].frames, files.frames);
    ck_assert(!sqlite_files_too_late(&files) && check() == FILES_IN_PLACE);
    ck_assert_uint_eq(files.frames, shown->header[0].frames);
    run(handle, "PRAGMA wal_checkpoint(TRUNCATE)");
    ck_assert(!sqlite_files_too_late(&files) && check() == FILES_IN_PLACE);
    ck_assert_uint_eq(files.frames, 0);
}
END_TEST

START_TEST(nothing_is_said_of_what_was_not_noted)
{
    files.handle = NULL;
    ck_assert_int_eq(unlink(log_path), 0);
    ck_assert_int_eq(check(), FILES_IN_PLACE);
}
END_TEST

/* ---- what is gone ---- */

START_TEST(a_database_that_is_gone_or_empty_is_told_apart)
{
    struct error err = {""};
    char moved[160];
    snprintf(moved, sizeof moved, "%s.moved", fixture_path);
    ck_assert_int_eq(rename(fixture_path, moved), 0);
    ck_assert_int_eq(sqlite_files_check(&files, &err), FILES_DATABASE_GONE);
    ck_assert_str_eq(err.text, "the file is no longer at its path");
    put_file(fixture_path, "x", 1); /* another one */
    ck_assert_int_eq(check(), FILES_DATABASE_GONE);
    ck_assert_int_eq(rename(moved, fixture_path), 0);
    ck_assert_int_eq(check(), FILES_IN_PLACE);
    run(handle, "PRAGMA wal_checkpoint(FULL)");
    ck_assert_int_eq(truncate(fixture_path, PAGE), 0);
    ck_assert_int_eq(check(), FILES_IN_PLACE); /* SQLite notices that */
    ck_assert_int_eq(truncate(fixture_path, 0), 0);
    ck_assert_int_eq(check(), FILES_DATABASE_GONE);
}
END_TEST

START_TEST(a_log_or_an_index_that_is_gone_or_another_is_noticed)
{
    const char *const paths[] = {log_path, index_path};
    char moved[160];
    for (int i = 0; i < 2; i++) {
        struct error err = {""};
        snprintf(moved, sizeof moved, "%s.moved", paths[i]);
        ck_assert_int_eq(rename(paths[i], moved), 0);
        ck_assert_int_eq(sqlite_files_check(&files, &err), FILES_LOG_GONE);
        ck_assert_str_eq(err.text,
                         "its log (-wal) or the log's index (-shm) is no longer at its path");
        put_file(paths[i], "another", 7);
        ck_assert_int_eq(check(), FILES_LOG_GONE);
        ck_assert_int_eq(rename(moved, paths[i]), 0);
        ck_assert_int_eq(check(), FILES_IN_PLACE);
    }
}
END_TEST

START_TEST(files_that_are_not_there_are_not_noted)
{
    struct sqlite_files others;
    struct error err = {""};
    ck_assert_int_eq(unlink(index_path), 0);
    ck_assert(!sqlite_files_note(&others, handle, &err) && strstr(err.text, "-shm is not there"));
    ck_assert_ptr_null(others.handle);
    ck_assert_int_eq(unlink(log_path), 0);
    ck_assert(!sqlite_files_note(&others, handle, &err) && strstr(err.text, "-wal is not there"));
    ck_assert_ptr_null(others.handle);
}
END_TEST

/* ---- what is cut ---- */

/* The log ends before its last frame does; or what was there in the last look is a hole. */
START_TEST(a_log_that_is_shorter_or_has_a_hole_is_cut)
{
    add_rows(handle, 2);
    ck_assert_int_eq(check(), FILES_IN_PLACE);
    off_t looked = log_end();
    add_rows(handle, 2);
    off_t end = log_end();
    const struct {
        off_t size, hole, hole_end;
        bool cut;
    } cases[] = {
        {end, 0, 0, false},
        {end + 1, 0, 0, false},
        {end - 1, 0, 0, true},
        {LOG_HEADER, 0, 0, true},
        {0, 0, 0, true},
        {end, SALT_IN_LOG, SALT_IN_LOG + SALT_SIZE, true},
        {end, looked - FRAME + SALT_IN_FRAME, looked - FRAME + SALT_IN_FRAME + SALT_SIZE, true},
        {end, looked - FRAME + SALT_IN_FRAME + SALT_SIZE - 1,
         looked - FRAME + SALT_IN_FRAME + SALT_SIZE, true},
        /* what was added since is judged by the next look */
        {end, looked, end, false},
    };
    static uint8_t kept[65536];
    int fd = open(log_path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(pread(fd, kept, (size_t)end, 0), end);
    close(fd);
    const struct sqlite_files before = files;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {""};
        files = before;
        put_file(log_path, kept, (size_t)end);
        ck_assert_int_eq(truncate(log_path, cases[i].size), 0);
        if (cases[i].hole_end > 0)
            make_hole(cases[i].hole, cases[i].hole_end);
        ck_assert_msg((sqlite_files_check(&files, &err) == FILES_LOG_CUT) == cases[i].cut,
                      "case %zu", i);
        ck_assert_str_eq(err.text, cases[i].cut ? "its log (-wal) was truncated" : "");
        files = before;
        shown->copied = shown->header[0].frames - 1;
        ck_assert_msg(sqlite_files_too_late(&files) == cases[i].cut, "case %zu", i);
        shown->copied = shown->header[0].frames; /* nothing of it is needed */
        ck_assert_msg(!sqlite_files_too_late(&files), "case %zu", i);
        shown->copied = 0;
    }
    files = before;
    files.frames = 0; /* a first look has nothing to compare with */
    make_hole(LOG_HEADER, end);
    ck_assert_int_eq(check(), FILES_IN_PLACE);
}
END_TEST

/* More was there in the last look than the index knows: the end that it knows is looked at. */
START_TEST(a_log_that_was_begun_anew_is_looked_at_as_far_as_it_goes)
{
    ck_assert_int_eq(check(), FILES_IN_PLACE);
    run(handle, "PRAGMA wal_checkpoint(FULL)");
    add_rows(handle, 1);
    ck_assert_uint_gt(files.frames, shown->header[0].frames);
    off_t last = log_end() - FRAME + SALT_IN_FRAME;
    const struct sqlite_files before = files;
    ck_assert_int_eq(check(), FILES_IN_PLACE);
    files = before;
    make_hole(last, last + SALT_SIZE);
    ck_assert_int_eq(check(), FILES_LOG_CUT);
}
END_TEST

/* The index was made anew by another process, from what was left. */
START_TEST(an_index_that_knows_less_than_before_tells_of_a_cut)
{
    static const uint8_t none[SALT_SIZE] = {0};
    ck_assert_int_eq(check(), FILES_IN_PLACE);
    const uint32_t frames = files.frames;
    uint8_t salt[SALT_SIZE], other[SALT_SIZE] = {1};
    memcpy(salt, files.salt, SALT_SIZE);
    const struct {
        uint32_t before, now;
        const uint8_t *salt;
        bool cut;
    } cases[] = {{frames, frames, salt, false}, {frames, frames - 1, salt, true},
                 {frames, 0, salt, true},       {frames - 1, frames, salt, false},
                 {frames, 0, none, true},       {0, 0, none, false},
                 {frames, 0, other, false},     {frames - 1, frames - 1, salt, false}};
    const struct sqlite_files before = files;
    const struct index_copy kept = *shown;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t lost = 77;
        files = before;
        files.frames = cases[i].before;
        set_header(cases[i].now, cases[i].salt);
        ck_assert_msg((check() == FILES_LOG_CUT) == cases[i].cut, "case %zu", i);
        ck_assert_uint_eq(files.frames, cases[i].cut ? cases[i].before : cases[i].now);
        *shown = kept;
        if (!cases[i].cut)
            continue;
        set_header(cases[i].now, cases[i].salt);
        ck_assert_int_eq(sqlite_files_rescue(&files, &lost), RESCUE_LOST);
        ck_assert_uint_eq(lost, cases[i].before - cases[i].now);
        ck_assert_uint_eq(shown->header[0].is_initialised, 1); /* it is right */
        *shown = kept;
    }
    files = before;
}
END_TEST

/* Another process is just writing it, or there is none yet. */
START_TEST(an_index_that_is_not_valid_proves_nothing)
{
    ck_assert_int_eq(check(), FILES_IN_PLACE);
    ck_assert_int_eq(truncate(log_path, LOG_HEADER), 0);
    const struct index_copy kept = *shown;
    for (int way = 0; way < 3; way++) {
        if (way == 2)
            shown->header[0].is_initialised = shown->header[1].is_initialised = 0;
        else
            shown->header[way].changes++;
        ck_assert_int_eq(check(), FILES_IN_PLACE);
        ck_assert(!sqlite_files_too_late(&files));
        *shown = kept;
    }
    ck_assert_int_eq(check(), FILES_LOG_CUT);
    ck_assert(sqlite_files_too_late(&files));
}
END_TEST

/* ---- rescue ---- */

START_TEST(a_log_that_was_removed_is_copied_and_a_foreign_one_put_aside)
{
    static const uint8_t foreign[100] = {1};
    for (int way = 0; way < 3; way++) { /* nothing there, an empty file, one with something */
        uint32_t lost = 77;
        ck_assert_int_eq(unlink(log_path), 0);
        if (way > 0)
            put_file(log_path, foreign, way == 1 ? 0 : sizeof foreign);
        ck_assert_int_eq(sqlite_files_rescue(&files, &lost), RESCUE_DONE);
        ck_assert_uint_eq(lost, 77);
        ck_assert_uint_eq(shown->copied, shown->header[0].frames);
        ck_assert_uint_eq(count_foreign(), way == 2);
        ck_assert_int_eq(access(log_path, F_OK), way == 1 ? 0 : -1);
        if (way == 1)
            continue;
        put_file(log_path, "", 0);
    }
}
END_TEST

START_TEST(a_reader_in_the_way_is_waited_for)
{
    uint32_t lost = 77;
    sqlite3 *reader = open_database();
    run(reader, "BEGIN");
    ck_assert_int_eq(count_rows(reader), 5);
    add_rows(handle, 2);
    ck_assert_int_eq(unlink(log_path), 0);
    put_file(log_path, "foreign", 7);
    ck_assert_int_eq(sqlite_files_rescue(&files, &lost), RESCUE_LATER);
    ck_assert_uint_eq(count_foreign(), 0); /* not before it is over */
    run(reader, "COMMIT");
    ck_assert_int_eq(sqlite_files_rescue(&files, &lost), RESCUE_DONE);
    ck_assert_uint_eq(count_foreign(), 1);
    sqlite3_close(reader);
}
END_TEST

/* What the index says of a log that is cut is no use to who opens it next. */
START_TEST(what_a_cut_has_taken_is_counted_and_the_index_forgotten)
{
    const uint32_t frames = shown->header[0].frames;
    ck_assert_int_eq(check(), FILES_IN_PLACE);
    const struct index_copy kept = *shown;
    ck_assert_int_eq(truncate(log_path, LOG_HEADER + FRAME), 0);
    for (uint32_t copied = frames - 2; copied <= frames; copied++) {
        uint32_t lost = 77;
        *shown = kept;
        shown->copied = copied;
        ck_assert_int_eq(sqlite_files_rescue(&files, &lost),
                         copied < frames ? RESCUE_LOST : RESCUE_DONE);
        ck_assert_uint_eq(lost, frames - copied);
        ck_assert_uint_eq(shown->header[0].is_initialised, 0);
        ck_assert_uint_eq(shown->header[1].is_initialised, 0);
        ck_assert_uint_eq(shown->copied, 0);
    }
}
END_TEST

/* A read makes it anew first; what it then says counts. */
START_TEST(an_index_that_was_destroyed_is_made_anew_before_the_rescue)
{
    uint32_t lost = 77;
    memset(shown, 0, sizeof *shown);
    ck_assert_int_eq(sqlite_files_rescue(&files, &lost), RESCUE_DONE);
    ck_assert_uint_eq(lost, 77);
    ck_assert_uint_eq(shown->copied, shown->header[0].frames);
    ck_assert_uint_gt(shown->copied, 5);
}
END_TEST

/* All was copied when the log was removed; another process has begun one at its place. */
START_TEST(the_log_that_others_have_begun_is_left_to_them)
{
    uint32_t lost = 77;
    run(handle, "PRAGMA wal_checkpoint(FULL)");
    ck_assert_int_eq(check(), FILES_IN_PLACE);
    ck_assert_int_eq(unlink(log_path), 0);
    pid_t other = fork();
    if (other == 0) {
        sqlite3 *own = open_database();
        add_rows(own, 3);
        _exit(0); /* as if it was killed */
    }
    int status = -1;
    ck_assert_int_eq(waitpid(other, &status, 0), other);
    ck_assert_int_eq(status, 0);
    const uint32_t frames = shown->header[0].frames;
    ck_assert_int_eq(check(), FILES_LOG_GONE);
    ck_assert_int_eq(sqlite_files_rescue(&files, &lost), RESCUE_DONE);
    ck_assert_uint_eq(lost, 77);
    ck_assert_uint_eq(shown->header[0].frames, frames);
    ck_assert_uint_eq(shown->header[0].is_initialised, 1);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_close(handle);
    handle = open_database();
    ck_assert_int_eq(count_rows(handle), 8);
    ck_assert_uint_eq(count_foreign(), 0);
}
END_TEST

/* ... but one of another salt, or a piece of one, is not theirs. */
START_TEST(a_log_with_another_salt_is_not_theirs)
{
    static uint8_t header[LOG_HEADER];
    ck_assert_int_eq(check(), FILES_IN_PLACE);
    const struct index_copy kept = *shown;
    const struct {
        size_t size, changed;
        bool theirs;
    } cases[] = {{LOG_HEADER, LOG_HEADER, true},
                 {SALT_IN_LOG + SALT_SIZE, LOG_HEADER, true},
                 {SALT_IN_LOG + SALT_SIZE - 1, LOG_HEADER, false},
                 {LOG_HEADER, SALT_IN_LOG, false},
                 {LOG_HEADER, SALT_IN_LOG + SALT_SIZE - 1, false},
                 {LOG_HEADER, SALT_IN_LOG - 1, true}};
    uint8_t salt[SALT_SIZE] = {8, 7, 6, 5, 4, 3, 2, 1};
    ck_assert_int_eq(unlink(log_path), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t lost = 77;
        *shown = kept;
        set_header(kept.header[0].frames, salt);
        memset(header, 0, sizeof header);
        memcpy(header + SALT_IN_LOG, salt, SALT_SIZE);
        if (cases[i].changed < LOG_HEADER)
            header[cases[i].changed] ^= 1;
        put_file(log_path, header, cases[i].size);
        enum files_rescue made = sqlite_files_rescue(&files, &lost);
        ck_assert_msg(made == (cases[i].theirs ? RESCUE_DONE : RESCUE_LOST), "case %zu", i);
        ck_assert_msg(shown->header[0].is_initialised == cases[i].theirs, "case %zu", i);
        ck_assert_uint_eq(lost, cases[i].theirs ? 77 : kept.header[0].frames);
    }
}
END_TEST

/* The one that is open is read by SQLite as well: it is nobody else's. */
START_TEST(a_log_in_its_place_is_not_theirs)
{
    uint32_t lost = 77;
    ck_assert_int_eq(check(), FILES_IN_PLACE);
    ck_assert_int_eq(truncate(log_path, LOG_HEADER), 0); /* it still has the salt */
    ck_assert_int_eq(sqlite_files_rescue(&files, &lost), RESCUE_LOST);
    ck_assert_uint_gt(lost, 5);
    ck_assert_uint_ne(lost, 77);
    ck_assert_uint_eq(count_foreign(), 0);
}
END_TEST

/* ---- before anything is open ---- */

START_TEST(a_log_without_its_database_is_told)
{
    static const uint8_t bytes[LOG_HEADER + 1] = {1};
    char path[128], log[160];
    snprintf(path, sizeof path, "%s/other.db", fixture_directory);
    snprintf(log, sizeof log, "%s-wal", path);
    const struct {
        int database, log; /* sizes; -1: none */
        const char *told;
    } cases[] = {{-1, -1, NULL},         {0, -1, NULL},
                 {-1, LOG_HEADER, NULL}, {-1, LOG_HEADER + 1, "is missing"},
                 {0, LOG_HEADER, NULL},  {0, LOG_HEADER + 1, "is empty"},
                 {1, LOG_HEADER, NULL},  {1, LOG_HEADER + 1, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {""};
        unlink(path), unlink(log);
        if (cases[i].database >= 0)
            put_file(path, bytes, (size_t)cases[i].database);
        if (cases[i].log >= 0)
            put_file(log, bytes, (size_t)cases[i].log);
        bool told = sqlite_files_orphaned(path, &err);
        ck_assert_msg(told == (cases[i].told != NULL), "case %zu", i);
        ck_assert_msg(strstr(err.text, told ? cases[i].told : "") != NULL, "%s", err.text);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("sqlite_files");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, what_sqlite_does_itself_is_no_fault);
    tcase_add_test(all, nothing_is_said_of_what_was_not_noted);
    tcase_add_test(all, a_database_that_is_gone_or_empty_is_told_apart);
    tcase_add_test(all, a_log_or_an_index_that_is_gone_or_another_is_noticed);
    tcase_add_test(all, files_that_are_not_there_are_not_noted);
    tcase_add_test(all, a_log_that_is_shorter_or_has_a_hole_is_cut);
    tcase_add_test(all, a_log_that_was_begun_anew_is_looked_at_as_far_as_it_goes);
    tcase_add_test(all, an_index_that_knows_less_than_before_tells_of_a_cut);
    tcase_add_test(all, an_index_that_is_not_valid_proves_nothing);
    tcase_add_test(all, a_log_that_was_removed_is_copied_and_a_foreign_one_put_aside);
    tcase_add_test(all, a_reader_in_the_way_is_waited_for);
    tcase_add_test(all, what_a_cut_has_taken_is_counted_and_the_index_forgotten);
    tcase_add_test(all, an_index_that_was_destroyed_is_made_anew_before_the_rescue);
    tcase_add_test(all, the_log_that_others_have_begun_is_left_to_them);
    tcase_add_test(all, a_log_with_another_salt_is_not_theirs);
    tcase_add_test(all, a_log_in_its_place_is_not_theirs);
    tcase_add_test(all, a_log_without_its_database_is_told);
    suite_add_tcase(suite, all);
    return suite;
}
