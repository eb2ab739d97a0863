/* A log that has lost something is told from one that a crash has left, and neither is taken for a
 * first start. */
#include "journal_fixture.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/journal/editor.h"
#include "server/journal/log_walk.h"
#include "server/journal/private.h"
#include "server/journal/reader.h"
#include "server/journal/sqlite.h"
#include "server/journal/tables.h"
#include "tests/unit/suite.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

enum { TRANSACTIONS = 6, FRAMES_MAX = 256, LOG_HEADER = 32, FRAME = 24 + 4096 };

/* As the writer left it. */
static struct {
    uint8_t *data;
    size_t size;
    unsigned frames, commits[FRAMES_MAX], commit_count; /* from 1 */
} made;

static char log_path[128];

static void add(struct sqlite_journal *journal)
{
    char id[ID_TEXT_SIZE];
    int64_t seq, action;
    struct event event = fixture_event("", bytes_of_text("{\"some\":\"body\"}"));
    id_create(clock_unix_ms(), id);
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    ck_assert(events_find_action(journal, "alpha", "1", &action) &&
              (seq = fixture_add(journal, &event, id)) &&
              events_add_delivery(journal, seq, 0, action, 0));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
}

static void write_log(const uint8_t *data, size_t size)
{
    int fd = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
    close(fd);
}

static unsigned get_big(const uint8_t *data)
{
    return (unsigned)data[0] << 24 | (unsigned)data[1] << 16 | (unsigned)data[2] << 8 | data[3];
}

static void read_made(void)
{
    struct stat what;
    int fd = open(log_path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(fstat(fd, &what), 0);
    made.size = (size_t)what.st_size;
    made.data = malloc(made.size);
    ck_assert_int_eq(read(fd, made.data, made.size), what.st_size);
    close(fd);
    made.frames = (unsigned)((made.size - LOG_HEADER) / FRAME);
    made.commit_count = 0;
    for (unsigned i = 1; i <= made.frames && i < FRAMES_MAX; i++)
        if (get_big(made.data + LOG_HEADER + (i - 1) * FRAME + 4) != 0)
            made.commits[made.commit_count++] = i;
}

/* A log of several transactions whose writer was killed. */
static void set_up(void)
{
    fixture_begin();
    snprintf(log_path, sizeof log_path, "%s-wal", fixture_path);
    writer_close(fixture_open());
    pid_t child = fork();
    if (child == 0) {
        struct sqlite_journal *journal = fixture_open();
        for (int i = 0; i < TRANSACTIONS; i++)
            add(journal);
        kill(getpid(), SIGKILL);
    }
    waitpid(child, NULL, 0);
    log_configure(LOG_ERROR + 1, LOG_TEXT);
    read_made();
    ck_assert_uint_ge(made.commit_count, TRANSACTIONS);
}

static void tear_down(void)
{
    free(made.data);
    fixture_end();
}

static struct log_walk walk_over(const uint8_t *data, size_t size)
{
    struct log_walk walk;
    write_log(data, size);
    int fd = open(log_path, O_RDONLY | O_CLOEXEC);
    ck_assert(log_walk(fd, &walk));
    close(fd);
    return walk;
}

static size_t count_events(struct sqlite_journal *journal)
{
    int64_t seqs[64];
    size_t count = 0;
    ck_assert(deliveries_find_pending(journal, 1, 0, INT64_MAX, seqs, NULL, 64, &count));
    return count;
}

START_TEST(a_whole_log_is_not_damaged)
{
    struct log_walk walk = walk_over(made.data, made.size);
    ck_assert(!walk.damaged && walk.broken == 0);
    ck_assert_uint_eq(walk.frames, made.frames);
    struct sqlite_journal *journal = fixture_open();
    ck_assert_uint_eq(count_events(journal), TRANSACTIONS);
    writer_close(journal);
}
END_TEST

/* A bit of any frame that a whole transaction and the beginning of another stand behind. */
START_TEST(a_flipped_bit_is_found_wherever_a_later_transaction_stands)
{
    unsigned last = made.commits[made.commit_count - 1];
    unsigned before = made.commits[made.commit_count - 2];
    /* the page's number, the size in a commit frame, salts, both checksums, the page */
    static const unsigned places[] = {2, 6, 9, 13, 17, 21, 30, 4000};
    for (unsigned frame = 1; frame <= last; frame++) {
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            uint8_t *byte = made.data + LOG_HEADER + (frame - 1) * FRAME + places[i];
            *byte ^= 0x10;
            struct log_walk walk = walk_over(made.data, made.size);
            *byte ^= 0x10;
            /* without the checksum in front of it, a commit frame is not known to be valid */
            bool is_checksum = places[i] == 17 || places[i] == 21;
            ck_assert_msg(walk.damaged == (frame + is_checksum < before), "frame %u of %u, byte %u",
                          frame, last, places[i]);
            ck_assert_uint_eq(walk.broken, frame);
            if (!walk.damaged || is_checksum)
                continue;
            unsigned behind = 0;
            for (unsigned j = 0; j < made.commit_count; j++)
                behind += made.commits[j] > frame;
            ck_assert_uint_eq(walk.transactions_behind, behind);
            ck_assert_uint_eq(walk.frames_behind, last - frame);
        }
    }
}
END_TEST

START_TEST(a_flipped_bit_in_the_header_is_found)
{
    for (unsigned i = 0; i < LOG_HEADER; i++) {
        if (i >= 4 && i < 8) /* the version: SQLite does not open that */
            continue;
        made.data[i] ^= 1;
        struct log_walk walk = walk_over(made.data, made.size);
        made.data[i] ^= 1;
        ck_assert_msg(walk.damaged || i < 4, "byte %u", i);
    }
}
END_TEST

/* Any part of the last transaction, its commit frame included, and nothing behind it; also torn
 * between the first words of a frame and the rest. */
START_TEST(what_a_power_cut_leaves_is_no_damage)
{
    unsigned last = made.commits[made.commit_count - 1];
    unsigned first = made.commits[made.commit_count - 2] + 1;
    static const uint8_t zeros[FRAME];
    for (unsigned subset = 0; subset < 1u << (last - first + 1); subset++) {
        uint8_t *copy = malloc(made.size);
        memcpy(copy, made.data, made.size);
        for (unsigned frame = first; frame <= last; frame++)
            if (subset & 1u << (frame - first))
                memcpy(copy + LOG_HEADER + (frame - 1) * FRAME, zeros, FRAME);
        struct log_walk walk = walk_over(copy, made.size);
        ck_assert_msg(!walk.damaged, "subset %x", subset);
        for (unsigned frame = first; frame <= last; frame++)
            memset(copy + LOG_HEADER + (frame - 1) * FRAME + 4, 1, 4);
        ck_assert_msg(!walk_over(copy, made.size).damaged, "torn, subset %x", subset);
        free(copy);
    }
    for (size_t size = 0; size < made.size; size += 1000)
        ck_assert(!walk_over(made.data, size).damaged);
}
END_TEST

/* Killed in the middle of a transaction, again and again: what is left in the log is no damage. */
START_TEST(what_crashes_leave_is_no_damage)
{
    static uint8_t body[100000];
    for (int round = 0; round < 8; round++) {
        pid_t child = fork();
        if (child == 0) {
            struct sqlite_journal *journal = fixture_open();
            for (int i = 0; i < round; i++)
                add(journal);
            writer_begin(journal);
            struct event event = fixture_event("", bytes_of(body, sizeof body));
            fixture_add(journal, &event, "01a219fb-3308-72aa-9a5e-3064e1adac04");
            kill(getpid(), SIGKILL);
        }
        waitpid(child, NULL, 0);
        struct log_walk walk;
        int fd = open(log_path, O_RDONLY | O_CLOEXEC);
        ck_assert(log_walk(fd, &walk) && !walk.damaged);
        close(fd);
    }
}
END_TEST

static void break_log(void)
{
    uint8_t *byte = made.data + LOG_HEADER + (made.commits[1] - 1) * FRAME + 1000;
    *byte ^= 4;
    write_log(made.data, made.size);
}

START_TEST(a_damaged_log_is_refused_and_left_alone)
{
    struct error err = {""};
    struct stat before, after;
    break_log();
    ck_assert_int_eq(stat(fixture_path, &before), 0);
    ck_assert_ptr_null(fixture_try_open(1000, &err));
    ck_assert_msg(strstr(err.text, "is damaged"), "%s", err.text);
    ck_assert_msg(strstr(err.text, "damaged: continue"), "%s", err.text);
    ck_assert_ptr_null(journal_edit_open(fixture_path, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "is damaged"));
    ck_assert_int_eq(stat(fixture_path, &after), 0);
    ck_assert(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
    ck_assert_int_eq(stat(log_path, &after), 0);
    ck_assert_int_eq(after.st_size, (off_t)made.size);
}
END_TEST

static unsigned count_copies(void)
{
    unsigned count = 0;
    DIR *directory = opendir(fixture_directory);
    for (struct dirent *entry; (entry = readdir(directory));)
        count += strstr(entry->d_name, ".damaged-") != NULL;
    closedir(directory);
    return count;
}

/* Of a file, with its size; a copy of it where `copy` is such a name's end. */
static uint8_t *read_whole(const char *end, size_t *size)
{
    char path[400];
    DIR *directory = opendir(fixture_directory);
    uint8_t *bytes = malloc(1 << 20);
    *size = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        size_t length = strlen(entry->d_name);
        const char *copy = strstr(entry->d_name, ".damaged-");
        bool is_log = length > 4 && strcmp(entry->d_name + length - 4, "-wal") == 0;
        if (end ? !copy || is_log != (strcmp(end, "-wal") == 0)
                : strcmp(entry->d_name, "journal.db") != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", fixture_directory, entry->d_name);
        FILE *file = fopen(path, "re");
        *size = fread(bytes, 1, 1 << 20, file);
        fclose(file);
    }
    closedir(directory);
    return bytes;
}

START_TEST(told_to_it_goes_on_and_keeps_a_copy)
{
    const struct journal_settings settings = {.path = fixture_path, .damaged = DAMAGED_CONTINUE};
    struct error err = {""};
    size_t before, size;
    break_log();
    uint8_t *file = read_whole(NULL, &before);
    struct sqlite_journal *journal = writer_open(&settings, 1000, &err);
    ck_assert_msg(journal != NULL, "%s", err.text);
    ck_assert_uint_eq(count_copies(), 2);
    uint8_t *copy = read_whole("", &size), *log_copy = read_whole("-wal", &before);
    ck_assert(before == made.size && memcmp(log_copy, made.data, before) == 0);
    ck_assert(size > 0 && memcmp(copy, file, size) == 0);
    free(file), free(copy), free(log_copy);
    size_t left = count_events(journal);
    ck_assert(left > 0 && left < TRANSACTIONS);
    struct stat log;
    ck_assert_int_eq(stat(log_path, &log), 0);
    ck_assert_int_eq(log.st_size, 0); /* begun anew */
    add(journal);
    writer_close(journal);
    journal = fixture_open();
    ck_assert_uint_eq(count_events(journal), left + 1);
    writer_close(journal);
    ck_assert_uint_eq(count_copies(), 2);
}
END_TEST

/* SQLite would remove the log of an empty database as a leftover. */
START_TEST(a_log_without_its_database_is_no_first_start)
{
    struct error err = {""};
    struct sqlite db;
    struct stat log;
    for (int way = 0; way < 2; way++) {
        ck_assert_int_eq(way == 0 ? unlink(fixture_path) : mknod(fixture_path, 0100600, 0), 0);
        ck_assert_ptr_null(fixture_try_open(1000, &err));
        ck_assert_ptr_nonnull(strstr(err.text, way == 0 ? "is missing" : "is empty"));
        ck_assert(!sqlite_open(&db, fixture_path, SQLITE_MODE_READ, 0, NULL, &err));
        ck_assert_ptr_nonnull(strstr(err.text, "log with committed events is still there"));
        ck_assert_int_eq(stat(log_path, &log), 0);
        ck_assert_int_eq(log.st_size, (off_t)made.size);
    }
}
END_TEST

START_TEST(the_reset_bug_is_known_by_the_version)
{
    static const struct {
        int version;
        bool has_bug;
    } rows[] = {{3006023, false}, {3007000, true},  {3040001, true}, {3044005, true},
                {3044006, false}, {3044999, false}, {3045000, true}, {3050006, true},
                {3050007, false}, {3051000, true},  {3051002, true}, {3051003, false},
                {3052000, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_msg(sqlite_version_has_reset_bug(rows[i].version) == rows[i].has_bug, "%d",
                      rows[i].version);
}
END_TEST

/* What follows the events would be silent for ever. */
START_TEST(who_reads_notices_that_the_files_are_others)
{
    struct error err = {""};
    struct sqlite_journal *journal = fixture_open();
    struct journal_reader *reader = journal_reader_open(fixture_path, &err);
    ck_assert_msg(reader != NULL, "%s", err.text);
    ck_assert(!journal_reader_changed(reader));
    add(journal);
    ck_assert(journal_reader_changed(reader) && journal_reader_is_well(reader));
    ck_assert_int_eq(unlink(log_path), 0);
    ck_assert(journal_reader_changed(reader) && !journal_reader_is_well(reader));
    ck_assert(!journal_reader_explain(reader, &err) &&
              strstr(err.text, "is no longer at its path"));
    journal_reader_close(reader);
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_BROKEN);
    ck_assert(writer_reopen(journal, &err));
    ck_assert_uint_eq(count_events(journal), TRANSACTIONS + 1);
    writer_close(journal);
}
END_TEST

/* As the checkpointer does it. Whether it was told not to judge. */
static bool come_too_late(void)
{
    struct sqlite db;
    struct error err = {""};
    if (!sqlite_open(&db, fixture_path, SQLITE_MODE_KEEP, 1000, NULL, &err))
        return false;
    bool noted = journal_check_version(&db, &err) && sqlite_note_files(&db, &err);
    sqlite_clear(&db);
    if (noted && !sqlite_is_in_place(&db))
        sqlite_rescue(&db, &err);
    sqlite_close(&db);
    return !noted && strstr(err.text, "not the one that another process writes");
}

/* It opens the journal when the log is gone already: an empty one, by the index of the old. */
START_TEST(who_comes_too_late_for_a_log_spoils_nothing)
{
    struct error err = {""};
    struct sqlite_journal *journal = fixture_open();
    add(journal);
    ck_assert_int_eq(unlink(log_path), 0);
    pid_t late = fork();
    if (late == 0)
        _exit(come_too_late() ? 0 : 1);
    int status = -1;
    ck_assert_int_eq(waitpid(late, &status, 0), late);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_BROKEN);
    ck_assert_msg(writer_reopen(journal, &err), "%s", err.text);
    ck_assert_uint_eq(count_events(journal), TRANSACTIONS + 1);
    writer_close(journal);
}
END_TEST

/* The checkpointer has found it, and SQLite goes on from what is left. */
START_TEST(who_did_not_see_that_the_log_was_cut_notices_that_events_are_gone)
{
    for (int left = 0; left < 2; left++) {
        struct error err = {""};
        struct sqlite checkpointer;
        struct sqlite_journal *journal = fixture_open();
        ck_assert(sqlite_open(&checkpointer, fixture_path, SQLITE_MODE_KEEP, 1000, NULL, &err));
        ck_assert(journal_check_version(&checkpointer, &err) &&
                  sqlite_note_files(&checkpointer, &err));
        add(journal);
        add(journal);
        ck_assert(sqlite_is_in_place(&checkpointer));
        ck_assert_int_eq(truncate(log_path, left * (LOG_HEADER + 3 * FRAME + 2000)), 0);
        ck_assert(!sqlite_is_in_place(&checkpointer) && sqlite_rescue(&checkpointer, &err));
        ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_BROKEN);
        ck_assert_msg(writer_reopen(journal, &err), "%s", err.text);
        add(journal);
        writer_close(journal);
    }
}
END_TEST

/* ---- the lock ---- */

START_TEST(the_lock_is_held_by_one_and_not_kept_from_who_waits)
{
    struct sqlite_lock one, two;
    struct error err = {""};
    ck_assert(sqlite_lock_open(&one, fixture_path, &err));
    ck_assert(sqlite_lock_open(&two, fixture_path, &err));
    ck_assert(sqlite_lock_take(&one, 0) && sqlite_lock_take(&one, 0));
    ck_assert(!sqlite_lock_take(&two, 20));
    sqlite_lock_give(&one);
    ck_assert(!sqlite_lock_take(&two, 0));
    sqlite_lock_give(&one);
    ck_assert(sqlite_lock_take(&two, 0));
    sqlite_lock_close(&two); /* lets go */
    ck_assert(sqlite_lock_take(&one, 0));
    sqlite_lock_close(&one);
}
END_TEST

START_TEST(who_waits_in_vain_for_the_lock_says_so)
{
    struct sqlite_lock lock;
    struct sqlite db;
    struct error err = {""};
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_WRITE, 10, NULL, &err));
    ck_assert(sqlite_lock_open(&lock, fixture_path, &err));
    ck_assert(sqlite_lock_take(&lock, 0));
    ck_assert(!sqlite_begin(&db));
    ck_assert_int_eq(sqlite_status(&db), SQLITE_STATUS_BUSY);
    sqlite_explain(&db, &err);
    ck_assert_str_eq(err.text, "database is locked (5)");
    sqlite_lock_close(&lock);
    sqlite_clear(&db);
    ck_assert(sqlite_begin(&db) && sqlite_commit(&db));
    sqlite_close(&db);
}
END_TEST

START_TEST(who_waits_for_the_lock_comes_before_who_has_had_it)
{
    struct error err = {""};
    int ready[2];
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t greedy = fork();
    if (greedy == 0) {
        struct sqlite_lock lock;
        sqlite_lock_open(&lock, fixture_path, &err);
        sqlite_lock_take(&lock, 0);
        ck_assert_int_eq(write(ready[1], "", 1), 1);
        for (;;) { /* never leaves it for longer than this takes */
            usleep(2000);
            sqlite_lock_give(&lock);
            sqlite_lock_take(&lock, 1000);
        }
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    struct sqlite_lock lock;
    ck_assert(sqlite_lock_open(&lock, fixture_path, &err));
    for (int i = 0; i < 20; i++) {
        ck_assert(sqlite_lock_take(&lock, 5000));
        sqlite_lock_give(&lock);
    }
    kill(greedy, SIGKILL);
    waitpid(greedy, NULL, 0);
    ck_assert(sqlite_lock_take(&lock, 5000)); /* gone with its process */
    sqlite_lock_close(&lock);
}
END_TEST

START_TEST(a_lock_file_that_was_removed_is_made_anew)
{
    struct sqlite_lock one, two;
    struct error err = {""};
    ck_assert(sqlite_lock_open(&one, fixture_path, &err));
    ck_assert_int_eq(unlink(one.path), 0);
    ck_assert(sqlite_lock_open(&two, fixture_path, &err));
    ck_assert(sqlite_lock_take(&one, 0));
    ck_assert(!sqlite_lock_take(&two, 0));
    sqlite_lock_close(&one);
    ck_assert(one.fd == -1 && one.held == 0);
    sqlite_lock_close(&one); /* there is nothing to close */
    ck_assert(sqlite_lock_take(&two, 0));
    sqlite_lock_close(&two);
}
END_TEST

/* What SQLite's machine does for a statement of the writer. */
static bool explains(struct sqlite_journal *journal, int which, const char *opcode)
{
    static char text[1024];
    static const char *sql[SQL_COUNT];
    struct sqlite *db = &journal->db;
    const char *const *before = db->sql;
    bool found = false;
    snprintf(text, sizeof text, "EXPLAIN %s", before[which]);
    sql[which] = text;
    db->sql = sql;
    struct query query = sqlite_query_values(db, which, NULL, 0);
    while (query_next(&query))
        found |= bytes_equal_text(query_bytes(&query, 1), opcode);
    db->sql = before;
    ck_assert_int_eq(sqlite_status(db), SQLITE_STATUS_OK);
    return found;
}

START_TEST(what_is_written_for_each_event_builds_no_tree)
{
    struct sqlite_journal *journal = fixture_open();
    ck_assert(explains(journal, SQL_ADD_DELIVERY, "MakeRecord"));
    ck_assert(!explains(journal, SQL_ADD_BODY, "OpenEphemeral"));
    ck_assert(!explains(journal, SQL_CLAIM, "OpenEphemeral"));
    ck_assert(!explains(journal, SQL_FINISH, "OpenEphemeral"));
    ck_assert(!explains(journal, SQL_TAKE_OVER, "OpenEphemeral"));
    writer_close(journal);
    journal = fixture_open();
    ck_assert(!explains(journal, SQL_ADD_DELIVERY, "OpenEphemeral"));
    writer_close(journal);
}
END_TEST

START_TEST(a_state_that_cannot_be_is_found_at_the_start)
{
    struct error err = {""};
    struct sqlite db;
    struct sqlite_journal *journal = fixture_open();
    add(journal);
    writer_close(journal);
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_WRITE, 1000, NULL, &err));
    ck_assert(!sqlite_run(&db, "UPDATE delivery SET state = 'odd'"));
    sqlite_clear(&db);
    ck_assert(sqlite_run(&db, "PRAGMA ignore_check_constraints = ON;"
                              "UPDATE delivery SET state = 'odd'"));
    sqlite_close(&db);
    ck_assert_ptr_null(fixture_try_open(1000, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "the journal is damaged: CHECK"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("journal_damage");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_whole_log_is_not_damaged);
    tcase_add_test(all, what_is_written_for_each_event_builds_no_tree);
    tcase_add_test(all, a_state_that_cannot_be_is_found_at_the_start);
    tcase_add_test(all, a_flipped_bit_is_found_wherever_a_later_transaction_stands);
    tcase_add_test(all, a_flipped_bit_in_the_header_is_found);
    tcase_add_test(all, what_a_power_cut_leaves_is_no_damage);
    tcase_add_test(all, what_crashes_leave_is_no_damage);
    tcase_add_test(all, a_damaged_log_is_refused_and_left_alone);
    tcase_add_test(all, told_to_it_goes_on_and_keeps_a_copy);
    tcase_add_test(all, a_log_without_its_database_is_no_first_start);
    tcase_add_test(all, the_reset_bug_is_known_by_the_version);
    tcase_add_test(all, who_reads_notices_that_the_files_are_others);
    tcase_add_test(all, who_comes_too_late_for_a_log_spoils_nothing);
    tcase_add_test(all, who_did_not_see_that_the_log_was_cut_notices_that_events_are_gone);
    tcase_add_test(all, the_lock_is_held_by_one_and_not_kept_from_who_waits);
    tcase_add_test(all, who_waits_in_vain_for_the_lock_says_so);
    tcase_add_test(all, who_waits_for_the_lock_comes_before_who_has_had_it);
    tcase_add_test(all, a_lock_file_that_was_removed_is_made_anew);
    suite_add_tcase(suite, all);
    return suite;
}
