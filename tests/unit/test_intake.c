/* What a batch of frames puts into a turn, and how long a turn proves that the journal takes
 * something. */
#include "held_journal.h"
#include "journal_fixture.h"

#include "handlers/auth/authenticator.h"
#include "handlers/provider/provisioned_keys.h"
#include "server/runner/intake.h"
#include "tests/unit/suite.h"

static const struct action_kind kind = {.kind.name = "fake", .is_limited = true};

static const char *provisions(const void *settings)
{
    (void)settings;
    return "sender";
}

static const struct authenticator provider = {.kind.name = "provider", .provisions = provisions};

static struct settings *settings;
static struct intake intake;
static struct dispatch dispatch;
static struct journal_turn turn;

static void set_up(void)
{
    struct error err = {""};
    struct journal_action actions[6];
    held_begin();
    settings = fixture_settings(&kind, 3, 2);
    memset(&intake, 0, sizeof intake);
    intake.settings = settings;
    ck_assert(dispatch_init(&dispatch, settings, &held.loop, &err));
    ck_assert_uint_eq(dispatch.queue.action_count, 6);
    queue_list_actions(&dispatch.queue, actions);
    for (size_t i = 0; i < 6; i++)
        actions[i].number = 100 + (int64_t)i;
    queue_number(&dispatch.queue, actions);
    ck_assert(journal_turn_init(&turn, 0));
}

static void tear_down(void)
{
    journal_turn_finish(&turn);
    dispatch_finish(&dispatch);
    loop_finish(&held.loop);
}

/* A batch of one. */
static struct intake_item *fill(struct event_frame frame)
{
    intake.items[0] = (struct intake_item){.frame = frame};
    intake.count = 1;
    intake.admit_count = intake.learn_count = 0;
    intake.is_asked = false;
    intake_fill(&intake, &turn, &dispatch);
    return &intake.items[0];
}

START_TEST(the_longest_window_of_a_route_with_one_counts)
{
    static const struct {
        int64_t windows_ms[3];
        bool off[3];
        int64_t longest_ms;
    } cases[] = {{{5, 9, 7}, {false, false, false}, 9},
                 {{5, 9, 7}, {false, true, false}, 7},
                 {{5, 9, 7}, {true, true, true}, 0},
                 {{1, 0, 0}, {false, false, false}, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t j = 0; j < 3; j++) {
            fixture_parts[j].dedupe.window_ms = cases[i].windows_ms[j];
            fixture_parts[j].dedupe.off = cases[i].off[j];
        }
        ck_assert_int_eq(intake_window_ms(settings), cases[i].longest_ms);
    }
}
END_TEST

START_TEST(an_event_is_admitted_as_its_route_says)
{
    struct event_frame frame = {.route = 1, .event = fixture_event("k", bytes_of_text("{}"))};
    struct route_queue *queue = &dispatch.queue.routes[1];
    for (int i = 0; i < 8; i++) {
        bool off = i & 1, keep = i & 2, failed = i & 4;
        fixture_parts[1].dedupe.off = off;
        fixture_parts[1].dedupe.dead = keep ? DEDUPE_DEAD_KEEP : DEDUPE_DEAD_RERUN;
        fixture_parts[1].dedupe.window_ms = 77;
        frame.event.failures = bytes_of_text(failed ? "[1]" : "");
        queue->actions[0].more = queue->actions[1].more = false;
        const struct journal_admit *admit = fill(frame)->admit;
        ck_assert(admit == &intake.admits[0] && turn.admits == admit && turn.admit_count == 1);
        ck_assert(bytes_equal_text(admit->event->route, "beta"));
        ck_assert_uint_eq(admit->event->dedupe_key.length, !off);
        ck_assert(admit->window_ms == 77 && admit->keeps_dead == keep);
        ck_assert((admit->dead_reason != NULL) == failed);
        ck_assert(admit->actions == queue->numbers);
        ck_assert_uint_eq(admit->action_count, 2);
        ck_assert(queue->actions[0].more == !failed && queue->actions[1].more == !failed);
        ck_assert(turn.learn_count == 0 && turn.question_bytes == 0 && !turn.proves);
    }
}
END_TEST

START_TEST(an_event_has_the_actions_that_were_chosen)
{
    static const struct {
        uint64_t chosen;
        size_t count;
        int64_t first, last;
    } cases[] = {{0, 2, 102, 103}, {3, 2, 102, 103}, {1, 1, 102, 102}, {2, 1, 103, 103}};
    struct event_frame frame = {.route = 1, .event = fixture_event("k", bytes_of_text("{}"))};
    struct route_queue *queue = &dispatch.queue.routes[1];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        frame.actions = cases[i].chosen;
        queue->actions[0].more = queue->actions[1].more = false;
        const struct journal_admit *admit = fill(frame)->admit;
        ck_assert_uint_eq(admit->action_count, cases[i].count);
        ck_assert_int_eq(admit->actions[0], cases[i].first);
        ck_assert_int_eq(admit->actions[admit->action_count - 1], cases[i].last);
        ck_assert(queue->actions[0].more == (cases[i].chosen != 2));
        ck_assert(queue->actions[1].more == (cases[i].chosen != 1));
    }
}
END_TEST

/* What has no room is put into the turn, where a copy is known, and not into the queue. */
START_TEST(an_event_without_room_is_not_to_become_pending)
{
    const struct event_frame frame = {.route = 1, .event = fixture_event("k", bytes_of_text("{}"))};
    struct route_queue *queue = &dispatch.queue.routes[1];
    dispatch.backlog.routes[1].limit.max = 3;
    for (int i = 0; i < 2; i++)
        intake.items[i] = (struct intake_item){.frame = frame};
    intake.count = 2;
    intake_fill(&intake, &turn, &dispatch);
    ck_assert(!turn.admits[0].queue_full && intake.items[0].room == BACKLOG_ROOM);
    ck_assert(turn.admits[1].queue_full && intake.items[1].room == BACKLOG_ROUTE_FULL);
    ck_assert_int_eq(dispatch.backlog.routes[1].deliveries, 2);
    queue->actions[0].more = queue->actions[1].more = false;
    ck_assert(fill(frame)->admit->queue_full && !queue->actions[0].more);
    struct event_frame refused = frame; /* by its schema: it does not wait */
    refused.event.failures = bytes_of_text("[1]");
    ck_assert(!fill(refused)->admit->queue_full);
    dispatch.backlog.all.limit.max = 1;
    struct event_frame other = frame;
    other.route = 0;
    ck_assert_int_eq(fill(other)->room, BACKLOG_ALL_FULL);
}
END_TEST

START_TEST(a_key_has_a_length)
{
    static struct handler handler = {.kind = &provider.kind};
    static struct route routes[3];
    static char key[PROVISIONED_KEY_MAX + 1];
    static const struct {
        size_t length;
        bool taken;
    } cases[] = {{PROVISIONED_KEY_MIN - 1, false},
                 {PROVISIONED_KEY_MIN, true},
                 {PROVISIONED_KEY_MAX, true},
                 {PROVISIONED_KEY_MAX + 1, false}};
    memcpy(routes, settings->routes, sizeof routes);
    routes[2].authenticators = &handler;
    routes[2].authenticator_count = 1;
    settings->routes = routes;
    memset(key, 'k', sizeof key);
    struct event_frame frame = {.route = 2, .learns = true};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        frame.event.body = bytes_of(key, cases[i].length);
        const struct intake_item *item = fill(frame);
        ck_assert_uint_eq(turn.learn_count, cases[i].taken);
        ck_assert((item->learn != NULL) == cases[i].taken && !item->admit);
        if (!item->learn)
            continue;
        ck_assert_str_eq(turn.learns[0].route, "gamma");
        ck_assert_str_eq(turn.learns[0].provider, "sender");
        ck_assert_uint_eq(turn.learns[0].key.length, cases[i].length);
    }
    frame.event.body = bytes_of(key, PROVISIONED_KEY_MIN);
    for (int i = 0; i <= INTAKE_LEARNS; i++)
        intake.items[i] = (struct intake_item){.frame = frame};
    intake.count = INTAKE_LEARNS + 1;
    intake.learn_count = 0;
    intake_fill(&intake, &turn, &dispatch); /* more than a turn takes */
    ck_assert_uint_eq(turn.learn_count, INTAKE_LEARNS);
    ck_assert_ptr_null(intake.items[INTAKE_LEARNS].learn);
    frame.route = 1; /* whose sender delivers none */
    ck_assert_ptr_null(fill(frame)->learn);
}
END_TEST

/* A question is answered by writing, unless a turn of the last second has written something. */
START_TEST(a_turn_that_has_written_proves_it_for_a_second)
{
    static const struct {
        enum journal_end end;
        bool proves;
        size_t count;
        enum journal_admitted results[2];
        bool written;
    } cases[] = {
        {JOURNAL_DONE, true, 0, {0}, true},
        {JOURNAL_DONE, false, 0, {0}, false},
        {JOURNAL_DONE, false, 1, {ADMIT_ACCEPTED}, true},
        {JOURNAL_DONE, false, 1, {ADMIT_DUPLICATE}, false},
        {JOURNAL_DONE, false, 1, {ADMIT_NO_ROOM}, false},
        {JOURNAL_DONE, false, 2, {ADMIT_ACCEPTED, ADMIT_NO_ROOM}, true},
        {JOURNAL_DONE, false, 2, {ADMIT_DUPLICATE, ADMIT_ACCEPTED}, true},
        {JOURNAL_DONE, false, 2, {ADMIT_NO_ROOM, ADMIT_DUPLICATE}, false},
        {JOURNAL_REFUSED, true, 1, {ADMIT_ACCEPTED}, false},
    };
    const struct event_frame question = {.asks = true};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        intake.written_ns = 0;
        intake.count = 0;
        for (size_t j = 0; j < cases[i].count; j++)
            intake.admits[j].result = cases[i].results[j];
        turn.admits = intake.admits;
        turn.admit_count = cases[i].count;
        turn.end = cases[i].end;
        turn.proves = cases[i].proves;
        intake_answer(&intake, &turn, NULL, 1);
        fill(question);
        ck_assert_uint_eq(turn.question_bytes, 4096);
        ck_assert_int_eq(turn.proves, !cases[i].written);
        if (!cases[i].written)
            continue;
        held_pass(NS_PER_S - 1);
        fill(question);
        ck_assert(!turn.proves);
        held_pass(1);
        fill(question);
        ck_assert(turn.proves);
    }
    intake.count = 0;
    intake_answer(&intake, NULL, NULL, 1); /* there was no turn */
    ck_assert(!intake.is_asked && intake.count == 0);
    intake_fill(&intake, &turn, &dispatch); /* nobody asks */
    ck_assert(turn.question_bytes == 0 && !turn.proves && turn.admit_count == 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("intake");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, the_longest_window_of_a_route_with_one_counts);
    tcase_add_test(all, an_event_is_admitted_as_its_route_says);
    tcase_add_test(all, an_event_has_the_actions_that_were_chosen);
    tcase_add_test(all, an_event_without_room_is_not_to_become_pending);
    tcase_add_test(all, a_key_has_a_length);
    tcase_add_test(all, a_turn_that_has_written_proves_it_for_a_second);
    suite_add_tcase(suite, all);
    return suite;
}
