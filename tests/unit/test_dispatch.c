/* An outcome waits a moment for a transaction that is made anyway, and no longer than that. */
#include "journal_fixture.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/runner/dispatch.h"
#include "tests/unit/suite.h"

enum { RUNNER = 7, TRIES = 100 };

/* What has started and not ended. */
static struct action_run {
    void (*done)(void *context, const struct outcome *outcome);
    void *context;
    bool after_crash; /* told */
} runs[8];

static size_t started;

static struct action_run *start(const void *settings, struct loop *on,
                                const struct delivery *delivery,
                                void (*done)(void *context, const struct outcome *outcome),
                                void *context)
{
    (void)settings;
    (void)on;
    ck_assert_uint_lt(started, sizeof runs / sizeof *runs);
    runs[started] = (struct action_run){done, context, delivery->after_crash};
    return &runs[started++];
}

static int64_t stop_ns; /* the deadline of the last stop */

static void stop(struct action_run *run, int64_t deadline_ns)
{
    (void)run;
    stop_ns = deadline_ns;
}

static int64_t recall_ms(const void *settings)
{
    (void)settings;
    return 3000;
}

static struct retry_settings retry = {
    .rules = {.attempts = 3, .backoff_ms = 40, .max_backoff_ms = 40, .on = {.start = true}}};
static const struct row_section *const action_parts[] = {&retry_keys, NULL};
static const struct registry registry = {.action_parts = action_parts};
static void *parts[] = {&retry};

static const struct action_kind kind = {.kind.name = "fake",
                                        .start = start,
                                        .stop = stop,
                                        .is_limited = true,
                                        .counts_crashes = true,
                                        .must_be_recalled = true,
                                        .recall_ms = recall_ms};

static struct journal *journal;
static struct loop loop;
static struct dispatch dispatch;
static struct journal_turn next;

static bool is_due(void)
{
    return dispatch_is_due(&dispatch);
}

static bool take(struct journal_turn *turn, int64_t action, int64_t handle,
                 const struct journal_delivery *delivery)
{
    (void)turn;
    return dispatch_take(&dispatch, action, handle, delivery);
}

static void completed(struct journal_turn *turn)
{
    ck_assert_int_eq(turn->end, JOURNAL_DONE);
    dispatch_settle(&dispatch, turn);
}

/* One turn, in which that many events come. */
static void turn(size_t count)
{
    static int number;
    static struct journal_admit admits[8];
    static struct event events[8];
    static char keys[8][16];
    struct route_queue *route = &dispatch.queue.routes[0];
    next.now_ms = clock_unix_ms();
    dispatch_fill(&dispatch, &next);
    next.admits = admits;
    next.admit_count = count;
    for (size_t i = 0; i < count; i++) {
        snprintf(keys[i], sizeof keys[i], "%d", number++);
        events[i] = fixture_event(keys[i], bytes_of_text("{}"));
        admits[i] = (struct journal_admit){
            .event = &events[i], .window_ms = 1, .actions = route->numbers, .action_count = 1};
        dispatch_push(&dispatch, &next, i);
    }
    dispatch_choose(&dispatch, &next);
    journal_submit(journal, &next);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(admits[i].result, ADMIT_ACCEPTED);
}

static void end_as(const struct outcome *outcome)
{
    started--;
    runs[started].done(runs[started].context, outcome);
}

static void end_one(void)
{
    end_as(&(struct outcome){.kind = OUTCOME_DONE, .reason = ""});
}

static void set_up(void)
{
    struct error err = {""};
    log_configure(LOG_ERROR, LOG_TEXT);
    fixture_begin();
    started = 0;
    ck_assert(loop_init(&loop, &err));
    struct settings *settings = fixture_settings(&kind, 1, 1);
    settings->server.commands = 1;
    settings->registry = &registry;
    settings->routes[0].actions[0].parts = parts;
    ck_assert_msg(dispatch_init(&dispatch, settings, &loop, &err), "%s", err.text);
    struct journal_action action;
    queue_list_actions(&dispatch.queue, &action);
    const struct journal_setup setup = {.settings = &settings->journal,
                                        .loop = &loop,
                                        .runner_id = RUNNER,
                                        .actions = &action,
                                        .action_count = 1};
    journal = sqlite_engine.open(&setup, &err);
    ck_assert_msg(journal != NULL, "%s", err.text);
    dispatch_begin(&dispatch, journal, &action);
    ck_assert(journal_turn_init(&next, QUEUE_DUE));
    next.hold = take;
    next.completed = completed;
    dispatch_claim(&dispatch);
    while (is_due()) /* what a start has to do */
        turn(0);
}

static void tear_down(void)
{
    dispatch_finish(&dispatch);
    journal_turn_finish(&next);
    journal_close(journal);
    loop_finish(&loop);
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
    struct sqlite db;
    text[0] = '\0';
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_READ, 1000, sql, &err));
    struct query query = sqlite_query_values(&db, 0, NULL, 0);
    while (query_next(&query)) {
        struct bytes row = query_bytes(&query, 0);
        size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "%.*s;", (int)row.length, row.data);
    }
    sqlite_close(&db);
    return text;
}

/* What the loop brings, until something has started. */
static int64_t wait_start(void)
{
    int64_t begun_ms = clock_unix_ms();
    while (started == 0) {
        loop_run_once(&loop, is_due() ? 0 : -1);
        if (is_due())
            turn(0);
    }
    return clock_unix_ms() - begun_ms;
}

START_TEST(what_has_failed_starts_again_when_it_is_due)
{
    const struct outcome failed = {
        .kind = OUTCOME_FAILED, .exit_status = -1, .not_started = true, .reason = "not now"};
    turn(1);
    for (int i = 1; i < 3; i++) {
        end_as(&failed);
        turn(0);
        ck_assert_str_eq(states(), i == 1 ? "pending 1 0 1;" : "pending 2 0 1;");
        int64_t waited_ms = wait_start(); /* the timer wakes the loop */
        ck_assert_int_ge(waited_ms, 15);
        ck_assert_int_lt(waited_ms, 5000);
    }
    end_as(&failed);
    turn(0);
    ck_assert_str_eq(states(), "dead 3 0 1;");
}
END_TEST

START_TEST(what_is_wanted_later_costs_no_attempt_of_the_budget)
{
    struct outcome later = {
        .kind = OUTCOME_INTERRUPTED, .exit_status = -1, .later_ms = 5, .reason = "later"};
    turn(1);
    for (int i = 0; i < 6; i++) {
        end_as(&later);
        turn(0);
        wait_start();
    }
    later.later_ms = 300;
    end_as(&later);
    turn(0);
    turn(1); /* another one has the slot meanwhile */
    ck_assert_str_eq(states(), "pending 7 0 1;running 1 7 1;");
    end_one();
    turn(0);
    wait_start();
    end_one();
    turn(0);
    ck_assert_str_eq(states(), "done 8 0 1;done 1 0 1;");
}
END_TEST

START_TEST(what_must_not_run_twice_is_dead_after_a_stop)
{
    const struct outcome ended = {
        .kind = OUTCOME_INTERRUPTED, .exit_status = -1, .signal = 15, .reason = "was ended"};
    retry.on_crash = _i == 0 ? ON_CRASH_RETRY : ON_CRASH_FAIL;
    turn(1);
    dispatch_stop(&dispatch, true, clock_monotonic_ns());
    end_as(&ended);
    dispatch_hold(&dispatch);
    turn(0);
    ck_assert_str_eq(states(), _i == 0 ? "pending 1 0 1;" : "dead 1 0 1;");
    retry.on_crash = ON_CRASH_RETRY;
}
END_TEST

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

/* A replay, or an older runner, may have journalled something for an action that is gone. */
START_TEST(what_others_have_written_is_looked_through_for_orphans)
{
    for (int looked = 0; looked < 2; looked++) {
        ck_assert(!is_due());
        dispatch.orphans_due = looked;
        next.now_ms = clock_unix_ms();
        next.admit_count = 0;
        dispatch_fill(&dispatch, &next);
        ck_assert(!dispatch.orphans_due && (next.abandon != NULL) == looked);
        dispatch_choose(&dispatch, &next);
        next.question_bytes = 1; /* so that it is a transaction */
        struct sqlite_journal *beside = fixture_open();
        ck_assert_int_eq(writer_probe(beside), SQLITE_STATUS_OK);
        writer_close(beside);
        journal_submit(journal, &next);
        next.question_bytes = 0;
        ck_assert(next.changed && dispatch.orphans_due && is_due());
        while (is_due())
            turn(0);
    }
}
END_TEST

START_TEST(who_leaves_asks_for_nothing)
{
    dispatch_hold(&dispatch);
    next.look_count = next.want_count = 3;
    next.reads_open = true;
    dispatch_fill(&dispatch, &next);
    ck_assert(next.look_count == 0 && next.want_count == 0 && !next.reads_open);
    ck_assert(!next.take_over && !next.abandon && !next.finish);
}
END_TEST

/* Another runner is gone; what it left is taken over, and not what is under way here. */
START_TEST(what_runs_here_is_not_taken_over)
{
    turn(2);
    ck_assert_uint_eq(started, 1);
    dispatch_gone(&dispatch, 5);
    while (is_due())
        turn(0);
    ck_assert_str_eq(states(), "running 1 7 1;pending 0 0 0;");
    end_one();
    dispatch_gone(&dispatch, 5);
    while (started == 0)
        turn(0); /* its outcome with it */
    ck_assert_str_eq(states(), "done 1 0 1;running 1 7 1;");
}
END_TEST

START_TEST(all_that_a_refused_turn_was_to_claim_goes_back)
{
    enum { MANY = 3 };
    dispatch.queue.slots = MANY;
    const struct route_queue *queue = &dispatch.queue.routes[0];
    struct journal_admit admits[MANY];
    struct event event = fixture_event("", bytes_of_text("{}"));
    dispatch_fill(&dispatch, &next);
    next.admits = admits;
    next.admit_count = MANY;
    for (size_t i = 0; i < MANY; i++) {
        admits[i] = (struct journal_admit){
            .event = &event, .actions = queue->numbers, .action_count = queue->action_count};
        dispatch_push(&dispatch, &next, i);
    }
    dispatch_choose(&dispatch, &next);
    ck_assert_uint_eq(dispatch.reserved_count, MANY);
    ck_assert_uint_eq(dispatch.queue.slots_used, MANY);
    next.end = JOURNAL_REFUSED;
    dispatch.takeover_due = true; /* somebody has gone meanwhile */
    dispatch_settle(&dispatch, &next);
    ck_assert(dispatch.takeover_due);
    ck_assert_uint_eq(dispatch.queue.slots_used, 0);
    ck_assert_uint_eq(dispatch.queue.slot_bytes, 0);
    ck_assert(dispatch.reserved_count == 0 && dispatch.reserved_bytes == 0);
}
END_TEST

/* For want of memory, and not because we stop it. */
START_TEST(what_is_interrupted_by_itself_pauses_the_claims)
{
    struct outcome outcome = {.kind = OUTCOME_INTERRUPTED, .exit_status = -1, .reason = ""};
    turn(1);
    started = 0;
    runs[0].done(runs[0].context, &outcome);
    ck_assert_int_gt(dispatch.claims_resume_ns, clock_monotonic_ns());
    turn(0);
    ck_assert_uint_eq(started, 0);
    ck_assert_str_eq(states(), "pending 1 0 1;");
}
END_TEST

START_TEST(what_is_interrupted_beside_others_runs_again)
{
    struct outcome done = {.kind = OUTCOME_DONE, .reason = ""};
    struct outcome stopped = {.kind = OUTCOME_INTERRUPTED, .exit_status = -1, .reason = ""};
    dispatch.queue.slots = 2;
    turn(2);
    while (started < 2)
        turn(0);
    dispatch_stop(&dispatch, true, 0);
    started = 0;
    runs[0].done(runs[0].context, &stopped);
    runs[1].done(runs[1].context, &done);
    dispatch.stops = false;
    turn(0);
    while (is_due())
        turn(0);
    ck_assert_uint_eq(started, 1);
    ck_assert_str_eq(states(), "running 2 7 1;done 1 0 1;");
}
END_TEST

START_TEST(a_recall_takes_the_time_of_its_kind_also_for_what_starts_then)
{
    turn(1);
    while (started < 1)
        turn(0);
    ck_assert_int_eq(dispatch_recall_ns(&dispatch), 3 * NS_PER_S);
    dispatch_recall(&dispatch, 100);
    ck_assert_int_eq(stop_ns, 100 + 3 * NS_PER_S);
    stop_ns = 0;
    dispatch.queue.slots = 2;
    turn(1); /* as one that was under way */
    while (started < 2)
        turn(0);
    ck_assert_int_eq(stop_ns, 100 + 3 * NS_PER_S);
    dispatch_stop(&dispatch, true, 50);
    ck_assert_int_eq(stop_ns, 50);
}
END_TEST

/* More old runners than anybody has: the first are remembered. */
START_TEST(runners_that_live_are_counted)
{
    for (uint64_t i = 1; i <= DISPATCH_RUNNERS_MAX + 2; i++)
        dispatch_leave_alone(&dispatch, i);
    ck_assert_uint_eq(dispatch.live_count, DISPATCH_RUNNERS_MAX);
    ck_assert_uint_eq(dispatch.live[DISPATCH_RUNNERS_MAX - 1], DISPATCH_RUNNERS_MAX);
    dispatch_gone(&dispatch, 1);
    dispatch_gone(&dispatch, 99);
    ck_assert_uint_eq(dispatch.live_count, DISPATCH_RUNNERS_MAX - 1);
    for (size_t i = 0; i < dispatch.live_count; i++)
        ck_assert_uint_ne(dispatch.live[i], 1);
}
END_TEST

/* What had a process, and was interrupted by our stop within a minute of its start. */
START_TEST(a_stop_soon_after_the_start_may_be_its_doing)
{
    static const struct {
        enum outcome_kind kind;
        int exit_status, signal;
        int64_t after_ns;
        bool early;
    } rows[] = {
        {OUTCOME_INTERRUPTED, -1, 15, 0, true}, {OUTCOME_INTERRUPTED, 0, 0, 0, true},
        {OUTCOME_INTERRUPTED, -1, 0, 0, false}, {OUTCOME_INTERRUPTED, -1, 15, 61 * NS_PER_S, false},
        {OUTCOME_FAILED, 1, 0, 0, false},       {OUTCOME_DONE, 0, 0, 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct outcome outcome = {.kind = rows[i].kind,
                                  .exit_status = rows[i].exit_status,
                                  .signal = rows[i].signal,
                                  .reason = ""};
        if (started == 0)
            turn(1);
        while (started == 0)
            turn(0);
        dispatch_note_stop(&dispatch);
        dispatch.leaving_ns += rows[i].after_ns;
        dispatch_stop(&dispatch, true, 0);
        started--;
        runs[started].done(runs[started].context, &outcome);
        next.now_ms = clock_unix_ms();
        next.admit_count = 0;
        dispatch_fill(&dispatch, &next);
        ck_assert_ptr_nonnull(next.finish);
        ck_assert_msg(next.finish->stopped_early == rows[i].early, "row %zu", i);
        dispatch.stops = false;
        dispatch.leaving_ns = 0;
        dispatch_choose(&dispatch, &next);
        journal_submit(journal, &next);
    }
}
END_TEST

START_TEST(a_takeover_that_was_refused_is_due_again)
{
    for (int taken_over = 0; taken_over < 2; taken_over++) {
        dispatch.takeover_due = taken_over;
        dispatch_fill(&dispatch, &next);
        ck_assert((next.take_over != NULL) == taken_over && !dispatch.takeover_due);
        dispatch_choose(&dispatch, &next);
        next.end = JOURNAL_REFUSED;
        dispatch_settle(&dispatch, &next);
        ck_assert(dispatch.takeover_due == taken_over);
    }
}
END_TEST

/* Another file may be at the path now. */
START_TEST(a_journal_that_was_opened_again_is_read_from_the_beginning)
{
    turn(3);
    struct action_queue *action = &dispatch.queue.routes[0].actions[0];
    ck_assert_uint_eq(action->count, 2);
    dispatch_recover(&dispatch);
    ck_assert(dispatch.takeover_due && dispatch.queue.unread);
    ck_assert(action->count == 0 && action->loaded_to == 0);
    while (is_due())
        turn(0);
    ck_assert_str_eq(states(), "running 1 7 1;pending 0 0 0;pending 0 0 0;");
    ck_assert_uint_eq(action->count, 2);
}
END_TEST

START_TEST(the_first_delivery_after_a_crash_is_told)
{
    for (int crashed = 0; crashed < 2; crashed++) {
        dispatch.queue.routes[0].actions[0].after_crash = crashed;
        turn(1);
        while (started == 0)
            turn(0);
        ck_assert(runs[0].after_crash == crashed);
        ck_assert(!dispatch.queue.routes[0].actions[0].after_crash);
        end_one();
        turn(0);
    }
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
    tcase_add_test(all, what_others_have_written_is_looked_through_for_orphans);
    tcase_add_test(all, who_leaves_asks_for_nothing);
    tcase_add_test(all, what_runs_here_is_not_taken_over);
    tcase_add_test(all, all_that_a_refused_turn_was_to_claim_goes_back);
    tcase_add_test(all, what_is_interrupted_by_itself_pauses_the_claims);
    tcase_add_test(all, what_is_interrupted_beside_others_runs_again);
    tcase_add_test(all, a_recall_takes_the_time_of_its_kind_also_for_what_starts_then);
    tcase_add_test(all, runners_that_live_are_counted);
    tcase_add_test(all, a_stop_soon_after_the_start_may_be_its_doing);
    tcase_add_test(all, a_takeover_that_was_refused_is_due_again);
    tcase_add_test(all, what_has_failed_starts_again_when_it_is_due);
    tcase_add_test(all, what_is_wanted_later_costs_no_attempt_of_the_budget);
    tcase_add_loop_test(all, what_must_not_run_twice_is_dead_after_a_stop, 0, 2);
    tcase_add_test(all, a_journal_that_was_opened_again_is_read_from_the_beginning);
    tcase_add_test(all, the_first_delivery_after_a_crash_is_told);
    suite_add_tcase(suite, all);
    return suite;
}
