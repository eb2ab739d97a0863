/* A start brings an older journal up to its own version, a step at a time, and refuses what is
 * newer or not a journal at all. */
#include "journal_fixture.h"

#include "server/journal/losses.h"
#include "server/journal/tables.h"
#include "tests/unit/suite.h"

START_TEST(a_newer_journal_is_refused)
{
    struct error err = {""};
    struct sqlite db;
    writer_close(fixture_open());
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_KEEP, 0, NULL, &err));
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", JOURNAL_VERSION + 1);
    ck_assert(sqlite_run(&db, sql));
    sqlite_close(&db);
    ck_assert_ptr_null(fixture_try_open(0, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "newer"));
}
END_TEST

/* What makes a journal of this version one of the version before; the first is not used. */
static const char *const steps_down[JOURNAL_VERSION] = {
    NULL,
    "ALTER TABLE event DROP COLUMN failures; DROP TABLE learned;",
    "DROP TABLE horizon;",
    "ALTER TABLE event DROP COLUMN reruns; ALTER TABLE delivery DROP COLUMN stops;"
    "ALTER TABLE delivery DROP COLUMN given_up;",
    "ALTER TABLE event DROP COLUMN method; ALTER TABLE event DROP COLUMN host;"
    "ALTER TABLE event DROP COLUMN path; ALTER TABLE event DROP COLUMN title; ALTER TABLE body "
    "DROP COLUMN params;"
    "ALTER TABLE body DROP COLUMN query; ALTER TABLE body DROP COLUMN json_field;",
    "ALTER TABLE body DROP COLUMN payload;",
    "DROP INDEX delivery_keyed; DROP INDEX delivery_due; DROP INDEX delivery_fold;"
    "DROP INDEX delivery_dead; DROP TABLE attempt; DROP TABLE route; DROP TABLE removed;"
    "ALTER TABLE horizon DROP COLUMN due_offset_ms; ALTER TABLE delivery DROP COLUMN key;"
    "ALTER TABLE delivery DROP COLUMN failures; ALTER TABLE delivery DROP COLUMN replays;"
    "ALTER TABLE delivery DROP COLUMN alone; ALTER TABLE delivery DROP COLUMN wait_ms;"
    "ALTER TABLE delivery DROP COLUMN fold; ALTER TABLE delivery DROP COLUMN since_ms;"
    "ALTER TABLE delivery DROP COLUMN superseded_by; DELETE FROM learned;"};

static void make_older(int64_t version)
{
    struct error err = {""};
    struct sqlite db;
    char mark[128];
    snprintf(mark, sizeof mark, "%s.mark", fixture_path);
    unlink(mark);
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_KEEP, 0, NULL, &err));
    /* those before it were pruned */
    ck_assert(sqlite_run(&db, "UPDATE event SET seq = 5; UPDATE body SET event = 5"));
    for (int64_t at = JOURNAL_VERSION; at > version; at--)
        ck_assert(sqlite_run(&db, steps_down[at - 1]));
    snprintf(mark, sizeof mark, "PRAGMA user_version = %lld", (long long)version);
    ck_assert(sqlite_run(&db, mark));
    ck_assert(!journal_check_version(&db, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "start the server once"));
    sqlite_close(&db);
}

/* One delivery that failed, one that was given up, and one that was left often and failed then. */
static void add_dead_ones(void)
{
    struct error err = {""};
    struct sqlite db;
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_KEEP, 0, NULL, &err));
    ck_assert(sqlite_run(
        &db, "INSERT INTO delivery (seq, action, state, due_ms, attempt, takeovers, reason) VALUES"
             " (1001, 1, 'dead', 0, 1, 0, 'exited with status 1'),"
             " (1002, 1, 'dead', 0, 10, 10,"
             "  'given up: the runner was gone before it ended 10 times'),"
             " (1003, 1, 'dead', 0, 12, 11, 'exited with status 1'),"
             " (1004, 1, 'pending', 0, 2, 2, 'the runner was gone before it ended')"));
    sqlite_close(&db);
}

START_TEST(a_journal_of_an_older_version_is_brought_up)
{
    static const char *const sums[][2] = {
        {"PRAGMA user_version", "7"},
        {"SELECT count(*) FROM event WHERE failures IS NULL AND reruns = 0", "1"},
        {"SELECT group_concat(seq) FROM delivery WHERE given_up", "1002"},
        {"SELECT count(*) FROM delivery WHERE stops = 0 AND state IN ('dead', 'pending')", "4"},
        {"SELECT count(*) FROM learned, horizon", "0"},
        {"SELECT method || host || path || params || query || json_field || content || "
         "ifnull(payload, '')"
         " FROM event e JOIN body b ON b.event = e.seq",
         "{}"},
        {"SELECT count(*) FROM delivery WHERE key = 0 AND failures = 0 AND replays = 0", "4"},
        {"SELECT first || last FROM removed WHERE 0 = (SELECT count(*) FROM attempt, route)", "14"},
        {"PRAGMA integrity_check", "ok"}};
    struct error err = {""};
    struct sqlite db;
    struct sqlite_journal *journal = fixture_open();
    struct event event = fixture_event("key", bytes_of_text("{}"));
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    event.route = bytes_of_text("hook");
    ck_assert(fixture_add(journal, &event, "01a219fb-3308-72aa-9a5e-3064e1adac04"));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    writer_close(journal);
    add_dead_ones();
    make_older(_i);
    writer_close(fixture_open());
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_READ, 0, NULL, &err));
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        char text[64];
        ck_assert(sqlite_read_text(&db, sums[i][0], text, sizeof text));
        /* what was given up is found out on the way to version 4 */
        bool found_out = i != 2 || _i < 4;
        ck_assert_str_eq(text, found_out ? sums[i][1] : "");
    }
    sqlite_close(&db);
    struct journal_losses losses;
    ck_assert(losses_find(fixture_path, 1000, NULL, NULL, &losses, &err));
    ck_assert(losses.is_whole && losses.missing == 0 && losses.changed == 0);
}
END_TEST

START_TEST(a_database_of_somebody_else_is_refused_and_left_alone)
{
    struct error err = {""};
    struct sqlite db;
    char mode[16];
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_WRITE, 0, NULL, &err));
    ck_assert(sqlite_run(&db, "CREATE TABLE mine (a)"));
    sqlite_close(&db);
    ck_assert_ptr_null(fixture_try_open(0, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "not a journal"));
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_READ, 0, NULL, &err));
    ck_assert(sqlite_read_text(&db, "PRAGMA journal_mode", mode, sizeof mode));
    ck_assert_str_eq(mode, "delete");
    sqlite_close(&db);
}
END_TEST

START_TEST(migrations_run_once_and_in_order)
{
    static const struct migration steps[] = {{1, "CREATE TABLE a (x); INSERT INTO a VALUES (1);"},
                                             {2, "UPDATE a SET x = x + 10;"},
                                             {3, "UPDATE a SET nothing = 1;"}};
    struct error err = {""};
    struct sqlite db;
    int64_t number;
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_WRITE, 0, NULL, &err));
    ck_assert(journal_migrate(&db, steps, 1, &err));
    ck_assert(journal_migrate(&db, steps, 2, &err));
    ck_assert(journal_migrate(&db, steps, 2, &err));
    ck_assert(sqlite_read_number(&db, "SELECT x FROM a", &number));
    ck_assert_int_eq(number, 11);
    ck_assert(!journal_migrate(&db, steps, 3, &err)); /* cut off: nothing of it stays */
    sqlite_clear(&db);
    ck_assert(!sqlite_in_transaction(&db));
    ck_assert(sqlite_read_number(&db, "PRAGMA user_version", &number));
    ck_assert_int_eq(number, 2);
    sqlite_close(&db);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("journal_versions");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, fixture_begin, fixture_end);
    tcase_add_test(all, a_newer_journal_is_refused);
    tcase_add_loop_test(all, a_journal_of_an_older_version_is_brought_up, 1, JOURNAL_VERSION);
    tcase_add_test(all, a_database_of_somebody_else_is_refused_and_left_alone);
    tcase_add_test(all, migrations_run_once_and_in_order);
    suite_add_tcase(suite, all);
    return suite;
}
