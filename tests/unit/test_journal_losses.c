/* The mark beside the journal: what vanishes from the journal is told with its ids, and nothing is
 * told that has not vanished. */
#include "journal_fixture.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/journal/losses.h"
#include "tests/unit/suite.h"

#include <fcntl.h>
#include <sys/wait.h>

enum { EVENTS = 40, TOLD_MAX = 64 };

static char mark_path[128];
static char ids[MARK_SLOTS + 2000][ID_TEXT_SIZE]; /* by number */

/* What the last look has told. */
static struct {
    struct journal_losses losses;
    size_t count;
    struct journal_loss items[TOLD_MAX];
    char ids[TOLD_MAX][ID_TEXT_SIZE];
} told;

static void begin(void)
{
    fixture_begin();
    snprintf(mark_path, sizeof mark_path, "%s.mark", fixture_path);
    log_configure(LOG_ERROR + 1, LOG_TEXT);
}

static void add_some(struct sqlite_journal *journal, int count)
{
    struct event event = fixture_event("", bytes_of_text("{}"));
    char id[ID_TEXT_SIZE];
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    for (int i = 0; i < count; i++) {
        id_create(clock_unix_ms(), id);
        int64_t seq = fixture_add(journal, &event, id);
        ck_assert_int_gt(seq, 0);
        memcpy(ids[seq], id, sizeof id);
    }
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
}

static void note(void *context, const struct journal_loss *loss)
{
    (void)context;
    if (told.count == TOLD_MAX)
        return;
    told.items[told.count] = *loss;
    snprintf(told.ids[told.count++], ID_TEXT_SIZE, "%s", loss->id ? loss->id : "");
}

static void look(void)
{
    struct error err = {""};
    told.count = 0;
    ck_assert_msg(losses_find(fixture_path, 5000, note, NULL, &told.losses, &err), "%s", err.text);
    ck_assert(told.losses.is_whole);
}

static void expect_nothing(void)
{
    look();
    ck_assert_int_eq(told.losses.missing, 0);
    ck_assert_int_eq(told.losses.changed, 0);
    ck_assert_uint_eq(told.count, 0);
}

static void change(const char *sql)
{
    struct sqlite db;
    struct error err;
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_KEEP, 1000, NULL, &err));
    ck_assert(sqlite_run(&db, sql));
    sqlite_close(&db);
}

/* Events 1 to EVENTS, in transactions of several. */
static void make(void)
{
    struct sqlite_journal *journal = fixture_open();
    for (int i = 0; i < EVENTS / 8; i++)
        add_some(journal, 8);
    writer_close(journal);
}

START_TEST(a_whole_journal_lacks_nothing)
{
    make();
    expect_nothing();
    ck_assert_uint_eq(told.losses.compared, EVENTS);
    ck_assert_int_eq(told.losses.newest, EVENTS);
    change("UPDATE event SET reruns = 3, failures = NULL");
    change("ALTER TABLE event ADD COLUMN later TEXT NOT NULL DEFAULT ''");
    expect_nothing();
}
END_TEST

START_TEST(the_newest_are_missing_with_their_ids_and_their_numbers_stay_free)
{
    make();
    change("DELETE FROM event WHERE seq > 35");
    for (int i = 0; i < 2; i++) {
        look();
        ck_assert_int_eq(told.losses.missing, 5);
        for (size_t j = 0; j < 5; j++) {
            ck_assert_int_eq(told.items[j].first, 36 + (int64_t)j);
            ck_assert_str_eq(told.ids[j], ids[36 + j]);
        }
        struct sqlite_journal *journal = fixture_open();
        add_some(journal, 2);
        ck_assert_int_eq(journal->last_event, 42 + 2 * i);
        writer_close(journal);
    }
}
END_TEST

START_TEST(some_in_the_middle_are_missing)
{
    make();
    change("DELETE FROM event WHERE seq IN (7, 20, 21)");
    look();
    ck_assert_int_eq(told.losses.missing, 3);
    ck_assert_str_eq(told.ids[0], ids[7]);
    ck_assert_str_eq(told.ids[2], ids[21]);
    change("INSERT INTO removed VALUES (6, 7), (20, 21)"); /* they were pruned, then */
    expect_nothing();
}
END_TEST

START_TEST(the_oldest_are_missing_while_the_mark_has_them)
{
    make();
    change("DELETE FROM event WHERE seq < 3");
    look();
    ck_assert_int_eq(told.losses.missing, 2);
    ck_assert_str_eq(told.ids[0], ids[1]);
    unlink(mark_path);
    expect_nothing();
}
END_TEST

START_TEST(all_are_missing)
{
    make();
    change("DELETE FROM event");
    look();
    ck_assert_int_eq(told.losses.missing, EVENTS);
    change("INSERT INTO removed VALUES (1, 30)");
    look();
    ck_assert_int_eq(told.losses.missing, 10);
    ck_assert_str_eq(told.ids[0], ids[31]);
}
END_TEST

START_TEST(numbers_tell_where_the_mark_says_nothing)
{
    make();
    change("DELETE FROM event WHERE seq BETWEEN 10 AND 12");
    unlink(mark_path);
    look();
    ck_assert_uint_eq(told.losses.mark, MARK_MISSING);
    ck_assert_int_eq(told.losses.missing, 3);
    ck_assert_uint_eq(told.count, 1);
    ck_assert_int_eq(told.items[0].first, 10);
    ck_assert_int_eq(told.items[0].last, 12);
    ck_assert_str_eq(told.ids[0], "");
}
END_TEST

START_TEST(a_row_that_is_another_is_told)
{
    make();
    change("UPDATE event SET client = '192.0.2.2' WHERE seq = 9");
    look();
    ck_assert_int_eq(told.losses.missing, 0);
    ck_assert_int_eq(told.losses.changed, 1);
    ck_assert(told.items[0].changed);
    ck_assert_str_eq(told.ids[0], ids[9]);
}
END_TEST

START_TEST(a_mark_that_lags_is_no_loss)
{
    make();
    int fd = open(mark_path, O_WRONLY | O_CLOEXEC);
    static const char zeros[64 * 3];
    ck_assert_int_eq(pwrite(fd, zeros, sizeof zeros, 64 * (1 + 38)), sizeof zeros);
    ck_assert_int_eq(pwrite(fd, zeros, 64, 64 * (1 + 20)), 64);
    ck_assert_int_eq(pwrite(fd, "x", 1, 64 * (1 + 25)), 1); /* damaged */
    close(fd);
    expect_nothing();
    ck_assert_int_eq(told.losses.newest, 37);
    ck_assert_uint_eq(told.losses.damaged_slots, 1);
    struct sqlite_journal *journal = fixture_open();
    add_some(journal, 3);
    writer_close(journal);
    expect_nothing();
    ck_assert_int_eq(told.losses.newest, EVENTS + 3);
}
END_TEST

START_TEST(the_mark_of_another_journal_says_nothing)
{
    char other[160], command[512];
    make();
    snprintf(other, sizeof other, "%s.other", mark_path);
    ck_assert_int_eq(rename(mark_path, other), 0);
    snprintf(command, sizeof command, "rm %s", fixture_path);
    ck_assert_int_eq(system(command), 0);
    make();
    ck_assert_int_eq(rename(other, mark_path), 0);
    expect_nothing();
    ck_assert_uint_eq(told.losses.mark, MARK_FOREIGN);
    writer_close(fixture_open());
    expect_nothing();
    ck_assert_uint_eq(told.losses.mark, MARK_FOUND);
    ck_assert_uint_eq(told.losses.compared, 0);
}
END_TEST

START_TEST(a_damaged_head_begins_it_anew)
{
    uint8_t byte;
    make();
    int fd = open(mark_path, O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(pread(fd, &byte, 1, 33), 1);
    byte ^= 1;
    ck_assert_int_eq(pwrite(fd, &byte, 1, 33), 1);
    close(fd);
    expect_nothing();
    ck_assert_uint_eq(told.losses.mark, MARK_DAMAGED);
    struct sqlite_journal *journal = fixture_open();
    add_some(journal, 1);
    writer_close(journal);
    expect_nothing();
    ck_assert_uint_eq(told.losses.compared, 1);
}
END_TEST

/* A slot is written again after so many events; two writers take turns, as during a reload. */
START_TEST(the_ring_goes_round_with_two_writers)
{
    struct sqlite_journal *writers[] = {fixture_open(), fixture_open()};
    for (int i = 0; i < MARK_SLOTS / 1000 + 2; i++)
        for (int j = 0; j < 4; j++)
            add_some(writers[j % 2], 241);
    expect_nothing();
    ck_assert_uint_eq(told.losses.compared, MARK_SLOTS);
    writer_close(writers[0]);
    writer_close(writers[1]);
    change("DELETE FROM event WHERE seq BETWEEN 100 AND 299");
    look();
    ck_assert_int_eq(told.losses.missing, 200);
    ck_assert_str_eq(told.ids[0], ""); /* out of the ring */
    ck_assert_int_eq(told.items[0].first, 100);
}
END_TEST

START_TEST(what_is_rolled_back_is_not_in_the_mark)
{
    struct event event = fixture_event("", bytes_of_text("{}"));
    make();
    struct sqlite_journal *journal = fixture_open();
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    fixture_add(journal, &event, "01a219fb-3308-72aa-9a5e-3064e1adac04");
    sqlite_fail(&journal->db, "on purpose");
    ck_assert_int_ne(writer_commit(journal), SQLITE_STATUS_OK);
    writer_close(journal);
    expect_nothing();
    ck_assert_int_eq(told.losses.newest, EVENTS);
}
END_TEST

START_TEST(a_killed_writer_leaves_nothing_to_tell)
{
    writer_close(fixture_open());
    pid_t child = fork();
    if (child == 0) {
        struct sqlite_journal *journal = fixture_open();
        for (;;)
            add_some(journal, 3);
    }
    usleep(100000);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    expect_nothing();
    ck_assert_uint_gt(told.losses.compared, 0);
}
END_TEST

START_TEST(a_mark_that_cannot_be_written_costs_no_event)
{
    make();
    unlink(mark_path);
    ck_assert_int_eq(mkdir(mark_path, 0700), 0);
    make();
    ck_assert_int_eq(rmdir(mark_path), 0);
    expect_nothing();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("journal_losses");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, begin, fixture_end);
    tcase_add_test(all, a_whole_journal_lacks_nothing);
    tcase_add_test(all, the_newest_are_missing_with_their_ids_and_their_numbers_stay_free);
    tcase_add_test(all, some_in_the_middle_are_missing);
    tcase_add_test(all, the_oldest_are_missing_while_the_mark_has_them);
    tcase_add_test(all, all_are_missing);
    tcase_add_test(all, numbers_tell_where_the_mark_says_nothing);
    tcase_add_test(all, a_row_that_is_another_is_told);
    tcase_add_test(all, a_mark_that_lags_is_no_loss);
    tcase_add_test(all, the_mark_of_another_journal_says_nothing);
    tcase_add_test(all, a_damaged_head_begins_it_anew);
    tcase_add_test(all, the_ring_goes_round_with_two_writers);
    tcase_add_test(all, what_is_rolled_back_is_not_in_the_mark);
    tcase_add_test(all, a_killed_writer_leaves_nothing_to_tell);
    tcase_add_test(all, a_mark_that_cannot_be_written_costs_no_event);
    suite_add_tcase(suite, all);
    return suite;
}
