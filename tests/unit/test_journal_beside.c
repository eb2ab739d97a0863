/* What stands beside the runner: the process that copies the log, people who edit and who read. */
#include "journal_fixture.h"
#include "log_tail.h"

#include "base/clock.h"
#include "server/ipc/shared.h"
#include "server/journal/checkpoint.h"
#include "server/journal/editor.h"
#include "server/journal/private.h"
#include "server/journal/reader.h"
#include "tests/unit/suite.h"

static const struct replay_choice replay_all = {.state = NULL};

static struct shared shared;
static struct sqlite_journal *journal;
static struct error err;

static void set_up(void)
{
    fixture_begin();
    memset(&shared, 0, sizeof shared);
    err = (struct error){""};
    journal = NULL;
}

static void tear_down(void)
{
    if (journal)
        writer_close(journal);
    fixture_end();
}

/* An event with two deliveries. */
static int64_t add(size_t bytes)
{
    static uint8_t body[2 << 20];
    char id[ID_TEXT_SIZE];
    int64_t actions[2], seq = 0;
    struct event event = fixture_event("k", bytes_of(body, bytes));
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    id_create(clock_unix_ms(), id);
    ck_assert(events_find_action(journal, "alpha", "1", &actions[0]) &&
              events_find_action(journal, "alpha", "2", &actions[1]));
    seq = fixture_add(journal, &event, id);
    ck_assert(events_add_delivery(journal, seq, 0, actions[0], 0) &&
              events_add_delivery(journal, seq, 1, actions[1], 0));
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    return seq;
}

static void change(const char *sql)
{
    struct sqlite db;
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_KEEP, 2000, NULL, &err));
    ck_assert(sqlite_begin(&db) && sqlite_run(&db, sql) && sqlite_commit(&db));
    sqlite_close(&db);
}

static int64_t ask(const char *sql)
{
    const char *const list[] = {sql};
    struct sqlite db;
    ck_assert_msg(sqlite_open(&db, fixture_path, SQLITE_MODE_READ, 2000, list, &err), "%s",
                  err.text);
    struct query query = sqlite_query_values(&db, 0, NULL, 0);
    int64_t got = query_next(&query) ? query_number(&query, 0) : -1;
    while (query_next(&query))
        continue;
    sqlite_close(&db);
    return got;
}

/* ---- the copying of the log ---- */

static off_t size_of_file(void)
{
    struct stat what;
    return stat(fixture_path, &what) == 0 ? what.st_size : -1;
}

static void say_pages(unsigned pages)
{
    atomic_store(&shared.journal_pages, pages);
}

START_TEST(a_log_is_copied_when_it_has_grown_long)
{
    struct checkpoint *checkpoint = checkpoint_create(fixture_path, &shared);
    for (int i = 0; i < 2; i++) /* nobody has made it yet, which is no failure */
        ck_assert_int_eq(checkpoint_look(checkpoint, &err), CHECKPOINT_WAITS);
    journal = fixture_open();
    add(1 << 20);
    say_pages(CHECKPOINT_PAGES - 1);
    ck_assert_int_eq(checkpoint_look(checkpoint, &err), CHECKPOINT_FINE);
    ck_assert_int_lt(size_of_file(), 1 << 20);
    say_pages(CHECKPOINT_PAGES);
    ck_assert_int_eq(checkpoint_look(checkpoint, &err), CHECKPOINT_FINE);
    ck_assert_int_ge(size_of_file(), 1 << 20);
    add(2 << 20);
    ck_assert_int_eq(checkpoint_look(checkpoint, &err), CHECKPOINT_FINE); /* as it was told */
    ck_assert_int_lt(size_of_file(), 3 << 20);
    say_pages(CHECKPOINT_PAGES + 1);
    ck_assert_int_eq(checkpoint_look(checkpoint, &err), CHECKPOINT_FINE);
    ck_assert_int_ge(size_of_file(), 3 << 20);
    checkpoint_destroy(checkpoint);
    checkpoint_destroy(NULL);
}
END_TEST

START_TEST(a_log_that_is_removed_is_saved)
{
    char log[128];
    struct checkpoint *checkpoint = checkpoint_create(fixture_path, &shared);
    journal = fixture_open();
    int64_t seq = add(1000);
    ck_assert_int_eq(checkpoint_look(checkpoint, &err), CHECKPOINT_FINE);
    snprintf(log, sizeof log, "%s-wal", fixture_path);
    ck_assert_int_eq(unlink(log), 0);
    log_tail_begin();
    ck_assert_int_eq(checkpoint_look(checkpoint, &err), CHECKPOINT_FINE);
    expect_log("journal_rescued");
    writer_close(journal);
    journal = NULL;
    ck_assert_int_eq(ask("SELECT seq FROM event"), seq); /* without its log */
    checkpoint_destroy(checkpoint);
}
END_TEST

START_TEST(that_the_file_is_gone_is_said_once)
{
    char moved[128];
    struct checkpoint *checkpoint = checkpoint_create(fixture_path, &shared);
    writer_close(fixture_open());
    snprintf(moved, sizeof moved, "%s.moved", fixture_path);
    for (int round = 0; round < 2; round++) {
        ck_assert_int_eq(checkpoint_look(checkpoint, &err), CHECKPOINT_FINE);
        ck_assert_int_eq(rename(fixture_path, moved), 0);
        ck_assert_int_eq(checkpoint_look(checkpoint, &err), CHECKPOINT_FINE); /* it is let go */
        int found = round == 0 ? CHECKPOINT_FAILED : CHECKPOINT_WAITS;
        ck_assert_int_eq(checkpoint_look(checkpoint, &err), found);
        ck_assert_ptr_nonnull(strstr(err.text, "journal.db"));
        ck_assert_int_eq(checkpoint_look(checkpoint, &err), CHECKPOINT_WAITS);
        ck_assert_int_eq(rename(moved, fixture_path), 0);
    }
    ck_assert_int_eq(checkpoint_look(checkpoint, &err), CHECKPOINT_FINE);
    say_pages(CHECKPOINT_PAGES); /* a copy proves that it is fine again */
    ck_assert_int_eq(checkpoint_look(checkpoint, &err), CHECKPOINT_FINE);
    ck_assert_int_eq(rename(fixture_path, moved), 0);
    ck_assert_int_eq(checkpoint_look(checkpoint, &err), CHECKPOINT_FINE);
    ck_assert_int_eq(checkpoint_look(checkpoint, &err), CHECKPOINT_FAILED);
    checkpoint_destroy(checkpoint);
}
END_TEST

START_TEST(it_does_not_stand_in_the_way_of_who_has_the_lock)
{
    struct checkpoint *checkpoint = checkpoint_create(fixture_path, &shared);
    journal = fixture_open();
    ck_assert_int_eq(checkpoint_look(checkpoint, &err), CHECKPOINT_FINE);
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    say_pages(CHECKPOINT_PAGES);
    ck_assert_int_eq(checkpoint_look(checkpoint, &err), CHECKPOINT_WAITS);
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    ck_assert_int_eq(checkpoint_look(checkpoint, &err), CHECKPOINT_FINE);
    checkpoint_destroy(checkpoint);
}
END_TEST

/* ---- people who edit ---- */

#define PENDING "SELECT count(*) FROM delivery WHERE state = 'pending'"

static struct journal_edit *begin_edit(void)
{
    struct journal_edit *edit = journal_edit_open(fixture_path, &err);
    ck_assert_msg(edit != NULL, "%s", err.text);
    ck_assert_msg(journal_edit_begin(edit, &err), "%s", err.text);
    return edit;
}

START_TEST(a_replay_begins_anew_with_what_is_dead_or_with_all)
{
    size_t count = 9;
    journal = fixture_open();
    int64_t first = add(10), second = add(10);
    change("UPDATE delivery SET state = 'dead', takeovers = 3, stops = 3, given_up = 1, due_ms = 7,"
           " runner = 1, ended_ms = 5, reason = 'why' WHERE seq % 256 = 0");
    change("UPDATE delivery SET state = 'done' WHERE seq % 256 = 1");
    change("UPDATE event SET failures = '[]'");
    for (int round = 0; round < 2; round++) { /* the first is not committed */
        struct journal_edit *edit = begin_edit();
        ck_assert(journal_edit_replay(edit, first, &replay_dead, &count, &err));
        ck_assert_uint_eq(count, 1);
        if (round == 1) {
            ck_assert(journal_edit_commit(edit, &err));
        } else {
            ck_assert(journal_edit_replay(edit, first, &replay_dead, &count, &err));
            ck_assert_uint_eq(count, 0);
        }
        journal_edit_close(edit);
        ck_assert_int_eq(ask(PENDING), round);
    }
    ck_assert_int_eq(ask("SELECT takeovers + stops + given_up + due_ms + (runner IS NOT NULL) +"
                         " (ended_ms IS NOT NULL) + (reason IS NOT NULL) FROM delivery WHERE"
                         " state = 'pending'"),
                     0);
    ck_assert_int_eq(ask("SELECT count(*) FROM event WHERE failures IS NULL"), 1);
    struct journal_edit *edit = begin_edit();
    ck_assert(journal_edit_replay(edit, second, &replay_all, &count, &err));
    ck_assert_uint_eq(count, 2);
    ck_assert(journal_edit_replay(edit, second + 1, &replay_all, &count, &err)); /* there is none */
    ck_assert_uint_eq(count, 0);
    ck_assert(journal_edit_commit(edit, &err));
    journal_edit_close(edit);
    journal_edit_close(NULL);
    ck_assert_int_eq(ask(PENDING), 3);
}
END_TEST

START_TEST(a_replay_takes_what_is_chosen)
{
    static const struct {
        struct replay_choice choice;
        size_t wanted;
    } rows[] = {{{.state = "superseded"}, 1}, {{.state = "superseded"}, 0}, {{.state = "done"}, 1},
                {{.action = "nothing"}, 0},   {{.state = "pending"}, 0},    {{.action = NULL}, 0}};
    size_t count = 9;
    journal = fixture_open();
    int64_t event = add(10);
    change("UPDATE delivery SET state = 'superseded', superseded_by = 'x' WHERE seq % 256 = 0");
    change("UPDATE delivery SET state = 'done' WHERE seq % 256 = 1");
    change("INSERT INTO delivery (seq, action, state, due_ms, attempt, takeovers)"
           " SELECT seq + 254, action, 'dead', 0, 1, 0 FROM delivery WHERE seq % 256 = 1");
    struct journal_edit *edit = begin_edit();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert(journal_edit_replay(edit, event, &rows[i].choice, &count, &err));
        ck_assert_msg(count == rows[i].wanted, "%zu: %zu", i, count);
    }
    ck_assert(journal_edit_commit(edit, &err));
    journal_edit_close(edit);
    ck_assert_int_eq(ask(PENDING), 2);
    ck_assert_int_eq(ask("SELECT count(*) FROM delivery WHERE superseded_by IS NOT NULL"), 0);
    ck_assert_int_eq(ask("SELECT count(*) FROM delivery WHERE state = 'dead'"), 1); /* a notice */
}
END_TEST

START_TEST(keys_of_one_route_are_forgotten)
{
    size_t count = 9;
    bool added;
    journal = fixture_open();
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    for (int i = 0; i < 3; i++)
        events_learn(journal, i < 2 ? "alpha" : "beta", i == 0 ? "asana" : "notion",
                     bytes_of_text("0123456789abcdef"), 1, &added);
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    struct journal_edit *edit = begin_edit();
    ck_assert(journal_edit_forget_keys(edit, "gamma", &count, &err) && count == 0);
    ck_assert(journal_edit_forget_keys(edit, "alpha", &count, &err));
    ck_assert_uint_eq(count, 2);
    ck_assert(journal_edit_commit(edit, &err));
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK); /* it stands in nobody's way */
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    journal_edit_close(edit);
    ck_assert_int_eq(ask("SELECT count(*) FROM learned WHERE route = 'beta'"), 1);
    ck_assert_int_eq(ask("SELECT count(*) FROM learned WHERE route <> ''"), 1);
}
END_TEST

START_TEST(what_cannot_be_edited_is_named)
{
    ck_assert_ptr_null(journal_edit_open(fixture_path, &err));
    ck_assert_ptr_nonnull(strstr(err.text, fixture_path));
    writer_close(fixture_open());
    change("PRAGMA user_version = 99");
    err = (struct error){""};
    ck_assert_ptr_null(journal_edit_open(fixture_path, &err));
    ck_assert_msg(strstr(err.text, fixture_path) == err.text, "%s", err.text);
}
END_TEST

/* Each call says that it failed, and why. */
START_TEST(a_statement_that_fails_is_a_failure)
{
    size_t count = 0;
    journal = fixture_open();
    int64_t seq = add(10);
    change("UPDATE delivery SET state = 'dead'");
    for (int i = 0; i < 2; i++) {
        change(i == 0 ? "CREATE TRIGGER no BEFORE UPDATE ON delivery BEGIN"
                        " SELECT raise(ABORT, 'not this'); END"
                      : "DROP TRIGGER no; CREATE TRIGGER no BEFORE DELETE ON learned BEGIN"
                        " SELECT raise(ABORT, 'not this'); END;"
                        " INSERT INTO learned SELECT 'alpha', 'asana', x'00', 1");
        struct journal_edit *edit = begin_edit();
        err = (struct error){""};
        bool done = i == 0 ? journal_edit_replay(edit, seq, &replay_dead, &count, &err)
                           : journal_edit_forget_keys(edit, "alpha", &count, &err);
        ck_assert(!done);
        ck_assert_ptr_nonnull(strstr(err.text, "not this"));
        ck_assert(!journal_edit_commit(edit, &err));
        ck_assert(journal_edit_begin(edit, &err)); /* it is over with that */
        journal_edit_close(edit);
    }
    change("DROP TRIGGER no");
}
END_TEST

/* ---- people who read ---- */

static void expect_delivery(void *context, const struct delivery_view *delivery)
{
    unsigned *count = context;
    if ((*count)++ > 0) {
        ck_assert(bytes_equal_text(delivery->action, "2"));
        ck_assert(delivery->started_ms == -1 && delivery->ended_ms == -1);
        ck_assert(delivery->duration_ms == -1 && delivery->exit_status == -1);
        ck_assert(delivery->signal == -1 && delivery->reason.length == 0);
        return;
    }
    ck_assert(bytes_equal_text(delivery->action, "1"));
    ck_assert(bytes_equal_text(delivery->state, "dead"));
    ck_assert(bytes_equal_text(delivery->reason, "why"));
    ck_assert(delivery->attempt == 2 && delivery->takeovers == 3 && delivery->stops == 4);
    ck_assert(delivery->started_ms == 5 && delivery->ended_ms == 6 && delivery->duration_ms == 7);
    ck_assert(delivery->exit_status == 8 && delivery->signal == 9);
}

static void expect_key(void *context, const struct provisioned_view *learned)
{
    unsigned *count = context;
    ck_assert_str_eq(learned->route, *count == 0 ? "al" : "beta-long");
    ck_assert_str_eq(learned->provider, *count == 0 ? "asana" : "notion");
    ck_assert_int_eq(learned->provisioned_ms, 11 + *count);
    ck_assert(bytes_equal_text(learned->key, "0123456789abcdef"));
    ++*count;
}

static void note_event(void *context, const struct event_view *event)
{
    (void)event;
    ++*(unsigned *)context;
}

static void note_body(void *context, const struct event *stored)
{
    ck_assert(bytes_equal_text(stored->headers, "{}"));
    ck_assert_uint_eq(stored->body.length, 10);
    ++*(unsigned *)context;
}

START_TEST(all_columns_are_read)
{
    unsigned count = 0;
    bool added;
    journal = fixture_open();
    int64_t seq = add(10), newest = 0;
    ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
    events_learn(journal, "al", "asana", bytes_of_text("0123456789abcdef"), 11, &added);
    events_learn(journal, "beta-long", "notion", bytes_of_text("0123456789abcdef"), 12, &added);
    ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    change("UPDATE delivery SET state = 'dead', reason = 'why', attempt = 2, takeovers = 3,"
           " stops = 4, started_ms = 5, ended_ms = 6, duration_ms = 7, exit_status = 8, signal = 9"
           " WHERE seq % 256 = 0");
    struct journal_reader *reader = journal_reader_open(fixture_path, &err);
    ck_assert_msg(reader != NULL, "%s", err.text);
    ck_assert(journal_reader_deliveries(reader, seq, expect_delivery, &count) && count == 2);
    count = 0;
    ck_assert(journal_reader_provisioned(reader, expect_key, &count) && count == 2);
    count = 0;
    ck_assert(journal_reader_event(reader, seq, note_event, &count) && count == 1);
    ck_assert(!journal_reader_event(reader, seq + 1, note_event, &count) && count == 1);
    ck_assert(journal_reader_body(reader, seq, note_body, &count) && count == 2);
    ck_assert(!journal_reader_body(reader, seq + 1, note_body, &count) && count == 2);
    ck_assert(journal_reader_newest(reader, &newest) && newest == seq);
    ck_assert(!journal_reader_changed(reader));
    add(10);
    ck_assert(journal_reader_changed(reader) && !journal_reader_changed(reader));
    journal_reader_close(reader);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("journal_beside");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, a_log_is_copied_when_it_has_grown_long);
    tcase_add_test(all, a_log_that_is_removed_is_saved);
    tcase_add_test(all, that_the_file_is_gone_is_said_once);
    tcase_add_test(all, it_does_not_stand_in_the_way_of_who_has_the_lock);
    tcase_add_test(all, a_replay_begins_anew_with_what_is_dead_or_with_all);
    tcase_add_test(all, a_replay_takes_what_is_chosen);
    tcase_add_test(all, keys_of_one_route_are_forgotten);
    tcase_add_test(all, what_cannot_be_edited_is_named);
    tcase_add_test(all, a_statement_that_fails_is_a_failure);
    tcase_add_test(all, all_columns_are_read);
    suite_add_tcase(suite, all);
    return suite;
}
