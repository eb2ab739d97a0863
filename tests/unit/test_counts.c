/* What the runner counts of what waits is what the journal has, after each of many turns at random:
 * under limits, with what gives way to newer events, in bursts, alone, and with who tells of
 * failures. */
#include "journal_fixture.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/runner/dispatch.h"
#include "tests/unit/suite.h"

enum { RUNNER = 7, RUNS = 16, TURNS = 200, KEYS = 4 };

static struct action_run {
    void (*done)(void *context, const struct outcome *outcome);
    void *context;
    bool stops;
} runs[RUNS];

static struct journal *journal;
static struct loop loop;
static struct dispatch dispatch;
static struct journal_turn next;
static uint64_t random_state;

static uint64_t pick(uint64_t below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (random_state >> 33) % below;
}

static struct action_run *start(const void *settings, struct loop *on,
                                const struct delivery *delivery,
                                void (*done)(void *context, const struct outcome *outcome),
                                void *context)
{
    size_t place = 0;
    (void)settings;
    (void)on;
    (void)delivery;
    while (place < RUNS && runs[place].done)
        place++;
    ck_assert_uint_lt(place, RUNS);
    runs[place] = (struct action_run){done, context, false};
    return &runs[place];
}

static void stop(struct action_run *run, int64_t deadline_ns)
{
    (void)deadline_ns;
    run->stops = true;
}

static struct retry_settings retry = {
    .rules = {.attempts = 3, .backoff_ms = 20, .max_backoff_ms = 20, .on = {.start = true}}};
static const struct row_section *const action_parts[] = {&retry_keys, NULL};
static const struct registry registry = {.action_parts = action_parts};
static void *parts[] = {&retry};
static const struct action_kind kind = {
    .kind.name = "fake", .start = start, .stop = stop, .is_limited = true, .counts_crashes = true};

static const struct counted_case {
    int64_t max; /* of `concurrency`; 0: none */
    bool has_keys, cancels, folds, has_crashed;
    int64_t slots; /* 0: 3 */
} cases[] = {{0},
             {.max = 1, .has_keys = true},
             {.max = 1, .has_keys = true, .cancels = true},
             {.max = 1, .cancels = true},
             {.max = 2, .has_keys = true, .folds = true},
             {.folds = true},
             {.has_crashed = true},
             {.has_crashed = true, .slots = 1},
             {.max = 1, .has_keys = true, .has_crashed = true}};

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
static void turn(const struct counted_case *what, size_t count)
{
    static int number;
    static struct journal_admit admits[4];
    static struct event events[4];
    static char ids[4][16];
    static int64_t keys[4];
    struct route_queue *route = &dispatch.queue.routes[0];
    next.now_ms = clock_unix_ms();
    dispatch_fill(&dispatch, &next);
    next.admits = admits;
    next.admit_count = count;
    for (size_t i = 0; i < count; i++) {
        snprintf(ids[i], sizeof ids[i], "%d", number++);
        events[i] = fixture_event(ids[i], bytes_of_text("{}"));
        events[i].received_ms = next.now_ms;
        keys[i] = 1 + (int64_t)pick(KEYS);
        admits[i] = (struct journal_admit){
            .event = &events[i], .window_ms = 1, .actions = route->numbers, .action_count = 1};
        admits[i].keys = what->has_keys ? &keys[i] : NULL;
        admits[i].fold = (struct journal_fold){what->folds ? 1 + (int64_t)pick(KEYS) : 0, 10, 30};
        if (what->cancels)
            journal_places_add(&admits[i].cancels, 0);
        ck_assert_int_eq(backlog_reserve(&dispatch.backlog, route, 1, events[i].body.length),
                         BACKLOG_ROOM);
        dispatch_push(&dispatch, &next, i);
    }
    dispatch_choose(&dispatch, &next);
    journal_submit(journal, &next);
}

static void end_one(struct action_run *run, const struct outcome *outcome)
{
    struct action_run ended = *run;
    static const struct outcome stopped = {
        .kind = OUTCOME_INTERRUPTED, .exit_status = -1, .signal = 15, .reason = "was ended"};
    run->done = NULL;
    ended.done(ended.context, ended.stops ? &stopped : outcome);
}

static void end_some(void)
{
    static const struct outcome outcomes[] = {
        {.kind = OUTCOME_DONE, .exit_status = 0, .reason = ""},
        {.kind = OUTCOME_FAILED, .exit_status = 1, .reason = "for good"},
        {.kind = OUTCOME_FAILED, .exit_status = -1, .not_started = true, .reason = "not now"},
        {.kind = OUTCOME_INTERRUPTED, .exit_status = -1, .later_ms = 15, .reason = "later"}};
    for (size_t i = 0; i < RUNS; i++)
        if (runs[i].done && pick(2))
            end_one(&runs[i], &outcomes[pick(4)]);
}

static void set_up(const struct counted_case *what)
{
    struct error err = {""};
    struct journal_action actions[2];
    fixture_begin();
    memset(runs, 0, sizeof runs);
    ck_assert(loop_init(&loop, &err));
    struct settings *settings = fixture_settings(&kind, 1, 1);
    struct route *route = (struct route *)&settings->routes[0];
    settings->server.commands = what->slots ? what->slots : 3;
    settings->registry = &registry;
    settings->journal.queue_max = 1000000;
    route->actions[0].parts = route->actions[1].parts = parts;
    route->actions[1].name = ON_FAILURE_NAME;
    route->actions[1].handler.kind = &kind.kind;
    route->has_on_failure = true;
    fixture_parts[0].notice.tell_every_ms = 50;
    fixture_parts[0].concurrency.max = what->max;
    fixture_parts[0].concurrency.per.text = what->has_keys ? "payload.key" : NULL;
    fixture_parts[0].concurrency.when_full =
        what->cancels ? CONCURRENCY_CANCEL_RUNNING : CONCURRENCY_WAIT;
    ck_assert_msg(dispatch_init(&dispatch, settings, &loop, &err), "%s", err.text);
    queue_list_actions(&dispatch.queue, actions);
    const struct journal_setup setup = {.settings = &settings->journal,
                                        .loop = &loop,
                                        .runner_id = RUNNER,
                                        .actions = actions,
                                        .action_count = dispatch.queue.action_count};
    journal = sqlite_engine.open(&setup, &err);
    ck_assert_msg(journal != NULL, "%s", err.text);
    dispatch_begin(&dispatch, journal, actions);
    ck_assert(journal_turn_init(&next, QUEUE_DUE));
    next.hold = take;
    next.completed = completed;
}

static void tear_down(void)
{
    dispatch_finish(&dispatch);
    journal_turn_finish(&next);
    journal_close(journal);
    loop_finish(&loop);
    fixture_end();
}

/* All is counted, and nothing is to be counted again. */
static void count_all(const struct counted_case *what)
{
    for (int i = 0; i < 1000 && !(dispatch.backlog.is_counted && !dispatch.backlog.is_wanted &&
                                  !dispatch.backlog.is_under_way && !dispatch_is_due(&dispatch));
         i++) {
        if (!dispatch_is_due(&dispatch))
            loop_run_once(&loop, 1100);
        turn(what, 0);
    }
    ck_assert(!dispatch.backlog.is_wanted);
}

static int64_t ask(const char *text)
{
    const char *const sql[] = {text};
    struct error err = {""};
    struct sqlite db;
    int64_t number = -1;
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_READ, 1000, sql, &err));
    struct query query = sqlite_query_values(&db, 0, NULL, 0);
    while (query_next(&query))
        number = query_number(&query, 0);
    sqlite_close(&db);
    return number;
}

/* In this process nobody else writes: these are as if their runner had been killed twice. */
static void crash_some(void)
{
    struct sqlite *db = &((struct sqlite_journal *)journal)->db;
    ck_assert(sqlite_run(db, "UPDATE delivery SET takeovers = 2 WHERE state = 'pending'"
                             " AND (seq >> 8) % 3 = 0"));
}

static void compare(int at)
{
    const struct backlog *backlog = &dispatch.backlog;
    ck_assert(!backlog->is_wanted && !backlog->is_under_way);
    int64_t waiting =
        ask("SELECT count(*) FROM delivery WHERE state = 'pending' AND seq & 255 < 254");
    ck_assert_msg(backlog->all.deliveries == waiting && backlog->all.bytes == 2 * waiting,
                  "turn %d: %lld counted, %lld wait", at, (long long)backlog->all.deliveries,
                  (long long)waiting);
    ck_assert_int_eq(backlog->routes[0].deliveries, waiting);
}

/* Nothing comes any more, and all that waits is carried out. */
static void carry_out(const struct counted_case *what)
{
    static const struct outcome done = {.kind = OUTCOME_DONE, .exit_status = 0, .reason = ""};
    for (int i = 0; i < 10 * TURNS && ask("SELECT count(*) FROM delivery WHERE state IN"
                                          " ('pending', 'running')") > 0;
         i++) {
        for (size_t j = 0; j < RUNS; j++)
            if (runs[j].done)
                end_one(&runs[j], &done);
        if (!dispatch_is_due(&dispatch))
            loop_run_once(&loop, 1100);
        turn(what, 0);
    }
    ck_assert_int_eq(ask("SELECT count(*) FROM delivery WHERE state IN ('pending', 'running')"), 0);
}

START_TEST(what_is_counted_is_what_waits)
{
    const struct counted_case *what = &cases[_i];
    log_configure(LOG_ERROR + 1, LOG_TEXT);
    random_state = 1 + (uint64_t)_i;
    set_up(what);
    dispatch_claim(&dispatch);
    count_all(what);
    for (int i = 0; i < TURNS; i++) {
        turn(what, pick(5) ? 0 : 1 + pick(3));
        if (what->has_crashed && i % 10 == 0)
            crash_some();
        end_some();
        compare(i);
        if (pick(4) == 0)
            loop_run_once(&loop, 10);
    }
    ck_assert_int_gt(ask("SELECT count(*) FROM delivery WHERE state = 'done'"), 2);
    carry_out(what);
    tear_down();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("counts");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, what_is_counted_is_what_waits, 0, sizeof cases / sizeof *cases);
    suite_add_tcase(suite, all);
    return suite;
}
