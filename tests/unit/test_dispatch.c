/* An outcome waits a moment for a transaction that is made anyway, and no longer than that. */
#include "journal_fixture.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/runner/dispatch.h"
#include "tests/unit/suite.h"

enum { MARK = 7, TRIES = 100 };

/* What has started and not ended. */
static struct action_run {
    void (*done)(void *context, const struct outcome *outcome);
    void *context;
} runs[8];

static size_t started;

static struct action_run *start(const void *settings, struct loop *on,
                                const struct delivery *delivery,
                                void (*done)(void *context, const struct outcome *outcome),
                                void *context)
{
    (void)settings;
    (void)on;
    (void)delivery;
    ck_assert_uint_lt(started, sizeof runs / sizeof *runs);
    runs[started] = (struct action_run){done, context};
    return &runs[started++];
}

static const struct action_kind kind = {
    .kind.name = "fake", .start = start, .is_limited = true, .must_be_recalled = true};

static struct journal *journal;
static struct loop loop;
static struct dispatch dispatch;
static struct store store;

static bool is_due(void)
{
    bool work = false;
    ck_assert(dispatch_prepare(&dispatch, &work));
    return work;
}

/* One turn, in which that many events come. */
static void turn(size_t events)
{
    static int number;
    char key[16], id[ID_TEXT_SIZE];
    const struct route *route = dispatch.lanes.groups[0].lanes[0].route;
    is_due();
    ck_assert_int_eq(journal_begin(journal), STORE_OK);
    dispatch_write_ended(&dispatch, &store);
    for (size_t i = 0; i < events; i++) {
        int64_t seq;
        snprintf(key, sizeof key, "%d", number++);
        struct event_frame event = fixture_event(key, bytes_of_text("{}"));
        id_create(clock_unix_ms(), id);
        ck_assert(journal_add_event(journal, id, "alpha", &event, &seq));
        struct journal_delivery given = {.attempt = 1, .id = bytes_of_text(id), .body = event.body};
        dispatch_add(&dispatch, route, seq, &given);
    }
    dispatch_write(&dispatch);
    ck_assert_int_eq(journal_commit(journal), STORE_OK);
    dispatch_settle(&dispatch, true);
}

static void end_one(void)
{
    struct outcome outcome = {.kind = OUTCOME_DONE, .reason = ""};
    started--;
    runs[started].done(runs[started].context, &outcome);
}

static void set_up(void)
{
    struct error err = {""};
    log_configure(LOG_ERROR, LOG_TEXT);
    fixture_begin();
    journal = fixture_open();
    started = 0;
    ck_assert(loop_init(&loop, &err));
    struct settings *settings = fixture_settings(&kind, 1, 1);
    settings->server.commands = 1;
    ck_assert_msg(dispatch_init(&dispatch, settings, journal, &loop, MARK, &err), "%s", err.text);
    dispatch_claim(&dispatch);
    while (is_due()) /* what a start has to do */
        turn(0);
}

static void tear_down(void)
{
    dispatch_finish(&dispatch);
    loop_finish(&loop);
    journal_close(journal);
    fixture_end();
}

/* An event is carried out; true if its outcome could wait. On a busy machine its time may be over
 * before we have looked. */
static bool outcome_waits(void)
{
    turn(1);
    ck_assert_uint_eq(started, 1);
    end_one();
    return !is_due();
}

static void until_an_outcome_waits(void)
{
    for (int i = 0; i < TRIES; i++) {
        if (outcome_waits())
            return;
        turn(0);
    }
    ck_abort_msg("an outcome is always written at once");
}

/* The state of each delivery of the journal, as a letter. */
static const char *states(void)
{
    static const char *const sql[] = {
        "SELECT state || ' ' || attempt || ' ' || coalesce(runner, 0) || ' '"
        " || (started_ms IS NOT NULL) FROM delivery ORDER BY seq"};
    static char text[256];
    struct error err = {""};
    struct database db;
    text[0] = '\0';
    ck_assert(database_open(&db, fixture_path, DATABASE_READ, 1000, sql, &err));
    struct query query = database_query_values(&db, 0, NULL, 0);
    while (query_next(&query)) {
        struct bytes row = query_bytes(&query, 0);
        size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "%.*s;", (int)row.length, row.data);
    }
    database_close(&db);
    return text;
}

START_TEST(what_can_be_carried_out_at_once_is_journalled_as_running)
{
    turn(3); /* there is one slot */
    ck_assert_str_eq(states(), "running 1 7 1;pending 0 0 0;pending 0 0 0;");
    end_one();
    turn(0);
    ck_assert_str_eq(states(), "done 1 0 1;pending 0 0 0;pending 0 0 0;");
    turn(1); /* one that waits goes first */
    ck_assert_str_eq(states(), "done 1 0 1;running 1 7 1;pending 0 0 0;pending 0 0 0;");
    dispatch_hold(&dispatch);
    end_one();
    turn(1);
    ck_assert_str_eq(states(), "done 1 0 1;done 1 0 1;pending 0 0 0;pending 0 0 0;pending 0 0 0;");
}
END_TEST

START_TEST(an_outcome_goes_with_the_next_event)
{
    until_an_outcome_waits();
    ck_assert_uint_eq(dispatch_running(&dispatch, true), 1);
    ck_assert_uint_eq(dispatch_running(&dispatch, false), 1); /* it must be recalled */
    turn(1);
    ck_assert_uint_eq(dispatch.ended.count, 0);
    ck_assert(is_due()); /* the second event's delivery can have the slot now */
    turn(0);
    ck_assert_uint_eq(dispatch_running(&dispatch, true), 1);
    end_one();
    turn(0);
    ck_assert_uint_eq(dispatch_running(&dispatch, true), 0);
}
END_TEST

START_TEST(an_outcome_alone_is_written_within_milliseconds)
{
    until_an_outcome_waits();
    int64_t since = clock_monotonic_ns();
    while (!is_due())
        loop_run_once(&loop, -1); /* it is woken for that */
    ck_assert_int_lt(clock_monotonic_ns() - since, 5 * NS_PER_S);
    turn(0);
    ck_assert(!is_due());
    ck_assert_uint_eq(dispatch_running(&dispatch, true), 0);
}
END_TEST

START_TEST(an_outcome_that_others_wait_for_is_due)
{
    turn(3);
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(started, 1); /* there is one slot */
        end_one();
        ck_assert(is_due());
        turn(0); /* gives the slot back */
        ck_assert(is_due());
        turn(0);
    }
    end_one();
    turn(0);
}
END_TEST

START_TEST(who_leaves_writes_at_once)
{
    until_an_outcome_waits();
    dispatch_hold(&dispatch);
    ck_assert(is_due());
    turn(0);
    ck_assert_uint_eq(dispatch_running(&dispatch, true), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("dispatch");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, what_can_be_carried_out_at_once_is_journalled_as_running);
    tcase_add_test(all, an_outcome_goes_with_the_next_event);
    tcase_add_test(all, an_outcome_alone_is_written_within_milliseconds);
    tcase_add_test(all, an_outcome_that_others_wait_for_is_due);
    tcase_add_test(all, who_leaves_writes_at_once);
    suite_add_tcase(suite, all);
    return suite;
}
