/* What is committed is there afterwards, whoever opens the file; what failed has left no trace. */
#include "journal_fixture.h"

#include "base/clock.h"
#include "server/journal/lock.h"
#include "server/journal/tables.h"
#include "tests/unit/suite.h"

#include <fcntl.h>
#include <sys/wait.h>

static size_t pending(struct sqlite_journal *journal, int64_t *first)
{
    int64_t seqs[16], action = 1;
    size_t count = 0;
    ck_assert(deliveries_find_pending(journal, action, 0, clock_unix_ms(), seqs, NULL, 16, &count));
    if (count > 0 && first)
        *first = seqs[0];
    return count;
}

static bool note_attempt(void *context, int64_t action, const struct journal_delivery *delivery)
{
    ck_assert_int_eq(action, 1);
    *(unsigned *)context = delivery->attempt;
    return true;
}

static bool take_nothing(void *context, int64_t action, const struct journal_delivery *delivery)
{
    ck_assert_int_eq(action, 1);
    *(unsigned *)context = delivery->attempt;
    return false;
}

/* The reason of the last delivery that died without an action. */
static char death_reason[128];

static void note_death(void *context, const struct stored_death *death)
{
    (void)context;
    ck_assert(bytes_equal_text(death->route, "alpha") && bytes_equal_text(death->action, "1"));
    ck_assert(id_valid(death->id) && bytes_equal_text(death->client, "192.0.2.1"));
    snprintf(death_reason, sizeof death_reason, "%.*s", (int)death->reason.length,
             death->reason.data);
}

static unsigned claim(struct sqlite_journal *journal, int64_t delivery, uint64_t runner_id)
{
    unsigned attempt = 0;
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    const struct claim what = {
        .delivery = delivery, .runner_id = runner_id, .now_ms = clock_unix_ms(), .is_alone = true};
    ck_assert(deliveries_claim(journal, &what, note_attempt, note_death, &attempt));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    return attempt;
}

static void finish(struct sqlite_journal *journal, int64_t delivery, uint64_t runner_id,
                   enum outcome_kind kind)
{
    struct outcome outcome = {.kind = kind,
                              .exit_status = kind == OUTCOME_DONE ? 0 : 7,
                              .reason = "it ended with 7",
                              .output = bytes_of_text("out")};
    char sql[80];
    int64_t attempt;
    bool applied;
    snprintf(sql, sizeof sql, "SELECT attempt FROM delivery WHERE seq = %lld", (long long)delivery);
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    ck_assert(sqlite_read_number(&journal->db, sql, &attempt));
    const struct ended_attempt ended = {.delivery = delivery,
                                        .runner_id = runner_id,
                                        .attempt = (unsigned)attempt,
                                        .outcome = &outcome,
                                        .ended_ms = clock_unix_ms()};
    ck_assert(deliveries_finish(journal, &ended, &applied));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
}

START_TEST(committed_is_there_after_reopening)
{
    struct sqlite_journal *journal = fixture_open();
    int64_t seq = fixture_add_committed(journal, "k1");
    writer_close(journal);
    journal = fixture_open();
    int64_t delivery = 0;
    ck_assert_uint_eq(pending(journal, &delivery), 1);
    ck_assert_int_eq(delivery, delivery_seq(seq, 0));
    struct stat what;
    ck_assert_int_eq(stat(fixture_path, &what), 0);
    ck_assert_int_eq(what.st_mode & 0777, 0600);
    writer_close(journal);
}
END_TEST

START_TEST(rolled_back_has_left_no_trace)
{
    struct sqlite_journal *journal = fixture_open();
    fixture_add_committed(journal, "k1");
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    fixture_add_event(journal, "k2", bytes_of_text("{}"));
    ck_assert(!events_add_delivery(journal, 1, 0, 1, 0)); /* its number is taken */
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_FAILED);
    ck_assert_int_eq(writer_probe(journal), SQLITE_STATUS_OK);
    ck_assert_uint_eq(pending(journal, NULL), 1);
    writer_close(journal);
}
END_TEST

START_TEST(a_delivery_is_claimed_once)
{
    struct sqlite_journal *one = fixture_open(), *two = fixture_open();
    int64_t delivery = delivery_seq(fixture_add_committed(one, "k1"), 0);
    ck_assert_uint_eq(claim(one, delivery, 1), 1);
    ck_assert_uint_eq(claim(two, delivery, 2), 0);
    finish(two, delivery, 2, OUTCOME_FAILED); /* not its own: nothing happens */
    finish(one, delivery, 1, OUTCOME_INTERRUPTED);
    ck_assert_uint_eq(pending(one, NULL), 1);
    ck_assert_uint_eq(claim(two, delivery, 2), 2);
    finish(two, delivery, 2, OUTCOME_DONE);
    ck_assert_uint_eq(pending(one, NULL), 0);
    writer_close(one);
    writer_close(two);
}
END_TEST

static enum journal_left left_by_one(void *context, uint64_t runner_id,
                                     const struct journal_due *delivery)
{
    (void)context, (void)delivery;
    return runner_id == 1 ? LEFT_COUNTED : LEFT_NOT;
}

static enum journal_left left_patiently(void *context, uint64_t runner_id,
                                        const struct journal_due *delivery)
{
    (void)context, (void)delivery, (void)runner_id;
    return LEFT_PATIENTLY;
}

/* What is pending has nothing to wait for, not even for a clock that was set back to catch up. */
START_TEST(a_clock_that_was_set_back_holds_up_nothing)
{
    struct sqlite_journal *journal = fixture_open();
    int64_t delivery = delivery_seq(fixture_add_committed(journal, "k1"), 0), seqs[2];
    int64_t day_before = clock_unix_ms() - INT64_C(86400000);
    size_t count = 0;
    ck_assert(deliveries_find_pending(journal, 1, 0, day_before, seqs, NULL, 2, &count) &&
              count == 1);
    ck_assert_uint_eq(claim(journal, delivery, 1), 1);
    finish(journal, delivery, 1, OUTCOME_INTERRUPTED);
    ck_assert(deliveries_find_pending(journal, 1, 0, day_before, seqs, NULL, 2, &count) &&
              count == 1);
    ck_assert_uint_eq(claim(journal, delivery, 1), 2);
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    ck_assert(
        deliveries_take_over(journal, clock_unix_ms(), left_patiently, note_death, NULL, &count));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    ck_assert(deliveries_find_pending(journal, 1, 0, day_before, seqs, NULL, 2, &count) &&
              count == 1);
    writer_close(journal);
}
END_TEST

static void count_death(void *context, const struct stored_death *death)
{
    ck_assert(bytes_equal_text(death->reason, "no such route"));
    ++*(size_t *)context;
}

static void note_left(void *context, int64_t action)
{
    *(int64_t *)context = action;
}

START_TEST(only_what_the_dead_ran_is_taken_over)
{
    struct sqlite_journal *journal = fixture_open();
    int64_t first = delivery_seq(fixture_add_committed(journal, "k1"), 0);
    int64_t second = delivery_seq(fixture_add_committed(journal, "k2"), 0);
    int64_t found = 0;
    size_t count = 0;
    claim(journal, first, 1);
    claim(journal, second, 2);
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    ck_assert(
        deliveries_take_over(journal, clock_unix_ms(), left_by_one, note_death, NULL, &count));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(pending(journal, &found), 1);
    ck_assert_int_eq(found, first);
    writer_close(journal);
}
END_TEST

START_TEST(a_delivery_that_is_not_taken_stays_pending)
{
    struct sqlite_journal *journal = fixture_open();
    int64_t delivery = delivery_seq(fixture_add_committed(journal, "k1"), 0);
    for (int i = 0; i < 20; i++) {
        unsigned attempt = 0;
        ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
        const struct claim what = {.delivery = delivery, .runner_id = 1, .now_ms = 1};
        ck_assert(deliveries_claim(journal, &what, take_nothing, note_death, &attempt));
        ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
        ck_assert_uint_eq(attempt, 1);
        ck_assert_uint_eq(pending(journal, NULL), 1);
    }
    ck_assert_uint_eq(claim(journal, delivery, 1), 1);
    writer_close(journal);
}
END_TEST

START_TEST(a_delivery_without_its_event_is_dead)
{
    struct sqlite_journal *journal = fixture_open();
    struct error err = {""};
    struct sqlite db;
    int64_t delivery = delivery_seq(fixture_add_committed(journal, "k1"), 0);
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_KEEP, 0, NULL, &err));
    ck_assert(sqlite_run(&db, "DELETE FROM body"));
    sqlite_close(&db);
    ck_assert_uint_eq(claim(journal, delivery, 1), 0);
    ck_assert_uint_eq(pending(journal, NULL), 0);
    ck_assert_ptr_nonnull(strstr(death_reason, "no longer in the journal"));
    writer_close(journal);
}
END_TEST

START_TEST(what_kills_every_runner_is_given_up)
{
    struct sqlite_journal *journal = fixture_open();
    int64_t delivery = delivery_seq(fixture_add_committed(journal, "k1"), 0);
    int deaths = 0;
    size_t count = 0;
    while (pending(journal, NULL) > 0 && deaths < 100) {
        claim(journal, delivery, 1);
        ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
        deliveries_take_over(journal, clock_unix_ms(), left_by_one, note_death, NULL, &count);
        ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
        deaths++;
    }
    ck_assert_int_eq(deaths, 3); /* the third time it ran alone */
    ck_assert_ptr_nonnull(strstr(death_reason, "given up"));
    writer_close(journal);
}
END_TEST

START_TEST(what_waits_sees_any_number_of_runners_die)
{
    struct sqlite_journal *journal = fixture_open();
    int64_t delivery = delivery_seq(fixture_add_committed(journal, "k1"), 0), left = 0;
    size_t count = 0;
    ck_assert(deliveries_read_left(journal, note_left, &left));
    ck_assert_int_eq(left, 0);
    for (int i = 0; i < 30; i++) {
        ck_assert_uint_eq(claim(journal, delivery, 1), i + 1);
        ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
        ck_assert(deliveries_take_over(journal, 1, left_patiently, note_death, NULL, &count));
        ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
        ck_assert_uint_eq(count, 1);
    }
    ck_assert_uint_eq(pending(journal, NULL), 1);
    ck_assert(deliveries_read_left(journal, note_left, &left));
    ck_assert_int_eq(left, 1);
    claim(journal, delivery, 2);
    finish(journal, delivery, 2, OUTCOME_DONE);
    left = 0;
    ck_assert(deliveries_read_left(journal, note_left, &left));
    ck_assert_int_eq(left, 0);
    writer_close(journal);
}
END_TEST

START_TEST(every_delivery_that_is_abandoned_is_told)
{
    struct sqlite_journal *journal = fixture_open();
    size_t count = 0, deaths = 0;
    for (int i = 0; i < 150; i++)
        fixture_add_committed(journal, "");
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    ck_assert(
        deliveries_abandon(journal, 1, "no such route", 1, 140, count_death, &deaths, &count));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    ck_assert(count == 140 && deaths == 140);
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    ck_assert(
        deliveries_abandon(journal, 1, "no such route", 1, 140, count_death, &deaths, &count));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    ck_assert(count == 10 && deaths == 150);
    ck_assert_uint_eq(pending(journal, NULL), 0);
    writer_close(journal);
}
END_TEST

START_TEST(the_other_connection_is_noticed)
{
    struct sqlite_journal *one = fixture_open(), *two = fixture_open();
    writer_changed(one);
    fixture_add_committed(one, "k1");
    ck_assert(!writer_changed(one));
    ck_assert(writer_changed(two));
    ck_assert(!writer_changed(two));
    fixture_add_committed(two, "k2");
    ck_assert(writer_changed(one));
    writer_close(one);
    writer_close(two);
}
END_TEST

START_TEST(a_lock_that_is_held_is_busy)
{
    struct sqlite_journal *one = fixture_open(), *two = fixture_open();
    ck_assert_int_eq(writer_begin(one), SQLITE_STATUS_OK);
    ck_assert_int_eq(writer_begin(two), SQLITE_STATUS_BUSY);
    ck_assert_int_eq(writer_commit(one), SQLITE_STATUS_OK);
    ck_assert_int_eq(writer_begin(two), SQLITE_STATUS_OK);
    ck_assert_int_eq(writer_commit(two), SQLITE_STATUS_OK);
    writer_close(one);
    writer_close(two);
}
END_TEST

static const struct journal_owner nobody = {65534, 65534};

START_TEST(one_server_owns_the_journal)
{
    struct journal_lock first, second;
    struct error err = {""};
    ck_assert(journal_lock(fixture_path, &nobody, NULL, &first, &err));
    writer_close(fixture_open());
    int64_t start = clock_monotonic_ns();
    ck_assert(!journal_lock(fixture_path, &nobody, NULL, &second, &err));
    ck_assert_int_lt(clock_monotonic_ns() - start, NS_PER_S);
    ck_assert_ptr_nonnull(strstr(err.text, "another tenterhook"));
    journal_unlock(&first);
    ck_assert(journal_lock(fixture_path, &nobody, NULL, &second, &err));
    journal_unlock(&second);
}
END_TEST

static bool give_up(void *owner, int64_t waited_ms)
{
    (void)owner;
    (void)waited_ms;
    return false;
}

static bool leave_at_last(void *owner, int64_t waited_ms)
{
    (void)waited_ms;
    journal_unlock(owner);
    return true;
}

START_TEST(what_is_left_of_a_server_is_waited_for_and_a_living_one_is_not)
{
    struct journal_lock left, next;
    struct error err = {""};
    const struct journal_wait none = {give_up, NULL}, some = {leave_at_last, &left};
    ck_assert(journal_lock(fixture_path, &nobody, NULL, &left, &err));
    ck_assert(!journal_lock(fixture_path, &nobody, &some, &next, &err)); /* is not asked for */
    ck_assert_ptr_nonnull(strstr(err.text, "another tenterhook"));
    journal_lock_inherited(&left);
    ck_assert(!journal_lock(fixture_path, &nobody, NULL, &next, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "that is gone"));
    ck_assert(!journal_lock(fixture_path, &nobody, &none, &next, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "that is gone"));
    ck_assert(journal_lock(fixture_path, &nobody, &some, &next, &err));
    journal_unlock(&next);
}
END_TEST

static void assert_locked(const char *path)
{
    struct journal_lock lock;
    struct error err = {""};
    ck_assert(!journal_lock(path, &nobody, NULL, &lock, &err));
    ck_assert_msg(strstr(err.text, "another tenterhook"), "%s", err.text);
}

START_TEST(it_owns_it_under_every_name)
{
    struct journal_lock lock;
    struct error err = {""};
    char other[128];
    ck_assert(journal_lock(fixture_path, &nobody, NULL, &lock, &err));
    snprintf(other, sizeof other, "%s/./journal.db", fixture_directory);
    assert_locked(other);
    snprintf(other, sizeof other, "%s/link.db", fixture_directory);
    ck_assert_int_eq(symlink("journal.db", other), 0);
    assert_locked(other);
    snprintf(other, sizeof other, "%s/hard.db", fixture_directory);
    ck_assert_int_eq(link(fixture_path, other), 0);
    assert_locked(other);
    snprintf(other, sizeof other, "%s.lock", fixture_path);
    ck_assert_int_eq(unlink(other), 0);
    assert_locked(fixture_path);
    ck_assert_int_eq(unlink(fixture_path), 0); /* the lock beside it is there again */
    ck_assert(journal_lock(fixture_path, &nobody, NULL, &lock, &err));
    ck_assert_int_eq(unlink(fixture_path), 0);
    assert_locked(fixture_path);
    journal_unlock(&lock);
}
END_TEST

static uid_t owner_of(const char *path)
{
    struct stat what;
    ck_assert_int_eq(lstat(path, &what), 0);
    return what.st_uid;
}

START_TEST(what_root_makes_belongs_to_whom_the_server_becomes)
{
    struct journal_lock lock;
    struct error err = {""};
    char beside[128], stranger[128];
    if (geteuid() != 0)
        return;
    snprintf(beside, sizeof beside, "%s.lock", fixture_path);
    snprintf(stranger, sizeof stranger, "%s/root's", fixture_directory);
    close(open(beside, O_RDWR | O_CREAT, 0600)); /* of an earlier start */
    ck_assert(journal_lock(fixture_path, &nobody, NULL, &lock, &err));
    journal_unlock(&lock);
    ck_assert(owner_of(beside) == 65534 && owner_of(fixture_path) == 65534);
    /* but nothing behind a link that the user may have put there */
    close(open(stranger, O_RDWR | O_CREAT, 0600));
    ck_assert_int_eq(unlink(fixture_path) | symlink(stranger, fixture_path), 0);
    ck_assert(journal_lock(fixture_path, &nobody, NULL, &lock, &err));
    journal_unlock(&lock);
    ck_assert_int_eq(owner_of(stranger), 0);
    ck_assert_int_eq(unlink(stranger), 0);
    ck_assert(!journal_lock(fixture_path, &nobody, NULL, &lock, &err)); /* nor is it made */
    ck_assert_int_eq(unlink(fixture_path) | unlink(beside), 0);
    ck_assert_int_eq(symlink("/dev/null", beside), 0);
    ck_assert(!journal_lock(fixture_path, &nobody, NULL, &lock, &err));
}
END_TEST

START_TEST(a_missing_directory_is_said)
{
    struct error err = {""};
    const struct journal_settings nowhere = {.path = "/nonexistent/journal.db"};
    ck_assert_ptr_null(writer_open(&nowhere, 0, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "No such file"));
}
END_TEST

START_TEST(a_full_file_fails_and_recovers)
{
    struct sqlite_journal *journal = fixture_open();
    static uint8_t body[200000];
    struct error err = {""};
    fixture_add_committed(journal, "k1");
    ck_assert(prune_limit_pages(&journal->db, 20));
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    fixture_add_event(journal, "k2", bytes_of(body, sizeof body));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_FULL);
    ck_assert(prune_limit_pages(&journal->db, 100000));
    ck_assert_int_eq(writer_probe(journal), SQLITE_STATUS_OK);
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    fixture_add_event(journal, "k2", bytes_of(body, sizeof body));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    ck_assert(writer_reopen(journal, &err));
    ck_assert_uint_eq(pending(journal, NULL), 2);
    writer_close(journal);
}
END_TEST

START_TEST(reopening_misses_an_event_that_was_acknowledged)
{
    struct sqlite_journal *journal = fixture_open();
    struct error err = {""};
    struct sqlite db;
    fixture_add_committed(journal, "k1");
    fixture_add_committed(journal, "k2");
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_KEEP, 0, NULL, &err));
    ck_assert(sqlite_run(&db, "DELETE FROM event WHERE seq = 2"));
    sqlite_close(&db);
    ck_assert(!writer_reopen(journal, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "is not there"));
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_BROKEN);
    writer_close(journal);
}
END_TEST

static int64_t count_rows(const char *sql)
{
    struct error err = {""};
    struct sqlite db;
    int64_t number = -1;
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_READ, 100, NULL, &err));
    ck_assert(sqlite_read_number(&db, sql, &number));
    sqlite_close(&db);
    return number;
}

/* No key and no failures are told from those that are empty. */
START_TEST(what_is_empty_is_null)
{
    struct sqlite_journal *journal = fixture_open();
    fixture_add_committed(journal, "");
    fixture_add_committed(journal, "k");
    writer_close(journal);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM event WHERE dedupe_key IS NULL"), 1);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM event WHERE dedupe_key = x'6b'"), 1);
    ck_assert_int_eq(count_rows("SELECT count(*) FROM event WHERE failures IS NULL"), 2);
}
END_TEST

START_TEST(a_kill_in_the_middle_of_a_transaction_loses_nothing)
{
    struct sqlite_journal *journal = fixture_open();
    fixture_add_committed(journal, "k1");
    writer_close(journal);
    pid_t child = fork();
    if (child == 0) {
        journal = fixture_open();
        fixture_add_committed(journal, "k2");
        writer_begin(journal);
        fixture_add_event(journal, "k3", bytes_of_text("{}"));
        kill(getpid(), SIGKILL);
    }
    waitpid(child, NULL, 0);
    journal = fixture_open();
    ck_assert_uint_eq(pending(journal, NULL), 2);
    writer_close(journal);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("journal");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, fixture_begin, fixture_end);
    tcase_add_test(all, committed_is_there_after_reopening);
    tcase_add_test(all, rolled_back_has_left_no_trace);
    tcase_add_test(all, a_delivery_is_claimed_once);
    tcase_add_test(all, a_clock_that_was_set_back_holds_up_nothing);
    tcase_add_test(all, only_what_the_dead_ran_is_taken_over);
    tcase_add_test(all, a_delivery_that_is_not_taken_stays_pending);
    tcase_add_test(all, a_delivery_without_its_event_is_dead);
    tcase_add_test(all, what_kills_every_runner_is_given_up);
    tcase_add_test(all, what_waits_sees_any_number_of_runners_die);
    tcase_add_test(all, every_delivery_that_is_abandoned_is_told);
    tcase_add_test(all, the_other_connection_is_noticed);
    tcase_add_test(all, a_lock_that_is_held_is_busy);
    tcase_add_test(all, one_server_owns_the_journal);
    tcase_add_test(all, what_is_left_of_a_server_is_waited_for_and_a_living_one_is_not);
    tcase_add_test(all, it_owns_it_under_every_name);
    tcase_add_test(all, what_root_makes_belongs_to_whom_the_server_becomes);
    tcase_add_test(all, a_missing_directory_is_said);
    tcase_add_test(all, a_full_file_fails_and_recovers);
    tcase_add_test(all, reopening_misses_an_event_that_was_acknowledged);
    tcase_add_test(all, what_is_empty_is_null);
    tcase_add_test(all, a_kill_in_the_middle_of_a_transaction_loses_nothing);
    suite_add_tcase(suite, all);
    return suite;
}
