/* When a silence and refusals are told, and when they are not, by a clock that stands until it is
 * told to go on. What the journal would say is put into the turn. */
#include "journal_fixture.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/ipc/shared.h"
#include "server/journal/engine.h"
#include "server/runner/watch.h"
#include "tests/unit/suite.h"

enum { EXPECT_MS = 10000, TELLER = 3 };
#define UNIX_MS INT64_C(1700000000000)

int64_t __wrap_clock_boot_ms(void);
int64_t __wrap_clock_unix_ms(void);

static int64_t boot_ms;

int64_t __wrap_clock_boot_ms(void)
{
    return boot_ms;
}

int64_t __wrap_clock_unix_ms(void)
{
    return UNIX_MS + boot_ms;
}

static const struct action_kind kind = {.kind.name = "fake", .is_limited = true};
static struct settings *settings;
static struct queue queue;
static struct shared *shared;
static struct watch watch;
static struct intake intake;
static struct journal_turn turn;

/* Of two routes one expects events, and has somebody to tell. */
static void set_up(void)
{
    static struct action_settings actions[2];
    struct journal_action listed[3];
    struct error err = {""};
    log_configure(LOG_ERROR, LOG_TEXT);
    boot_ms = 1000000;
    settings = fixture_settings(&kind, 2, 1);
    actions[0] = settings->routes[0].actions[0];
    actions[1] = (struct action_settings){.name = ON_FAILURE_NAME, .handler.kind = &kind.kind};
    settings->routes[0].actions = actions;
    settings->routes[0].has_on_failure = true;
    fixture_parts[0].notice.expect_ms = EXPECT_MS;
    shared = shared_create(&err);
    ck_assert_msg(shared && queue_init(&queue, settings, &err), "%s", err.text);
    queue_list_actions(&queue, listed);
    for (size_t i = 0; i < 3; i++)
        listed[i].number = (int64_t)i + 1;
    queue_number(&queue, listed);
    ck_assert(watch_init(&watch, settings, &queue, shared, &err) && journal_turn_init(&turn, 0));
    watch_claim(&watch, true);
}

static void tear_down(void)
{
    journal_turn_finish(&turn);
    watch_finish(&watch);
    queue_finish(&queue);
}

/* A turn with so many events of the first route. */
static void fill(size_t events)
{
    static struct journal_admit admit;
    intake.count = events;
    for (size_t i = 0; i < events; i++)
        intake.items[i] = (struct intake_item){.admit = &admit};
    turn.now_ms = turn.due_ms = UNIX_MS + boot_ms;
    watch_fill(&watch, &intake, &turn);
}

static void settle(enum journal_end end, bool applied)
{
    turn.end = end;
    for (size_t i = 0; i < turn.notice_count; i++)
        turn.notices[i].applied = applied;
    watch_settle(&watch, &turn);
    engine_forget(&turn);
}

/* The journal is asked, and knows this of the first route. */
static void tell(const struct journal_heard *heard)
{
    ck_assert(watch_is_due(&watch));
    fill(0);
    ck_assert(turn.reads_heard);
    if (heard)
        ck_assert(engine_add_heard(&turn, bytes_of_text("alpha"), heard));
    settle(JOURNAL_DONE, true);
}

/* After that time: how many notices the next turn has. */
static size_t look_after(int64_t wait_ms)
{
    boot_ms += wait_ms;
    watch_look(&watch, boot_ms);
    fill(0);
    return turn.notice_count;
}

/* The last one of the turn. */
static void expect_notice(enum notice_kind wanted, const char *reason, int64_t since_ms)
{
    char text[256], since[CLOCK_TEXT_SIZE];
    const struct journal_notice *notice = &turn.notices[turn.notice_count - 1];
    clock_format_unix_ms(since_ms, since);
    snprintf(text, sizeof text,
             "{\"notice\":\"%s\",\"route\":\"alpha\",\"reason\":\"%s\",\"since\":"
             "\"%s\"}",
             notice_type(wanted), reason, since);
    ck_assert_int_eq(notice->kind, wanted);
    ck_assert_str_eq(notice->route, "alpha");
    ck_assert_int_eq(notice->teller, TELLER);
    ck_assert(bytes_equal_text(notice->event->title, reason));
    ck_assert(bytes_equal_text(notice->event->body, text));
    ck_assert(bytes_equal_text(notice->event->client, NOTICE_CLIENT));
}

START_TEST(a_route_of_which_nothing_is_known_is_expected_from_now_on)
{
    int64_t begun_ms = boot_ms;
    tell(NULL);
    ck_assert(watch_is_due(&watch)); /* to note that */
    fill(0);
    ck_assert(turn.hear_count == 1 && turn.hears[0].event_ms == -(UNIX_MS + boot_ms));
    settle(JOURNAL_DONE, true);
    ck_assert(!watch_is_due(&watch));
    ck_assert_uint_eq(look_after(EXPECT_MS - 1), 0);
    ck_assert_uint_eq(look_after(1), 1);
    expect_notice(NOTICE_SILENT, "no event for 10s", UNIX_MS + begun_ms);
    settle(JOURNAL_DONE, true);
    ck_assert_uint_eq(look_after(EXPECT_MS * 9), 0); /* once */
}
END_TEST

START_TEST(an_event_ends_a_silence_and_begins_the_next)
{
    tell(&(struct journal_heard){.event_ms = UNIX_MS + boot_ms - 4000});
    ck_assert_uint_eq(look_after(5999), 0);
    ck_assert_uint_eq(look_after(1), 1);
    settle(JOURNAL_DONE, true);
    fill(2);
    ck_assert(turn.hear_count == 1 && turn.hears[0].event_ms == turn.due_ms);
    settle(JOURNAL_DONE, true);
    ck_assert_uint_eq(look_after(EXPECT_MS - 1), 0);
    ck_assert_uint_eq(look_after(1), 1);
}
END_TEST

START_TEST(the_time_of_an_event_is_written_once_in_a_while)
{
    tell(&(struct journal_heard){.event_ms = UNIX_MS + boot_ms});
    size_t written = 0;
    for (int i = 0; i < 100; i++) {
        boot_ms += 100;
        fill(1);
        written += turn.hear_count;
        settle(JOURNAL_DONE, true);
    }
    ck_assert_uint_eq(written, 10);
    ck_assert_uint_eq(look_after(EXPECT_MS - 1), 0); /* all of them were heard */
}
END_TEST

START_TEST(what_the_journal_was_told_is_not_told_again)
{
    tell(&(struct journal_heard){
        .event_ms = UNIX_MS + boot_ms - 2 * EXPECT_MS, .told_silence = true, .told_refusal = true});
    shared_note_refused(shared_refusals_of(shared, "alpha"), boot_ms);
    ck_assert_uint_eq(look_after(2 * EXPECT_MS), 0);
}
END_TEST

START_TEST(what_the_journal_turns_down_is_asked_for_again)
{
    tell(&(struct journal_heard){.event_ms = UNIX_MS + boot_ms - EXPECT_MS});
    ck_assert_uint_eq(look_after(0), 1);
    settle(JOURNAL_DONE, false); /* an older runner has heard an event, */
    tell(&(struct journal_heard){.event_ms = UNIX_MS + boot_ms}); /* which this one learns */
    ck_assert_uint_eq(look_after(EXPECT_MS - 1), 0);
    ck_assert_uint_eq(look_after(1), 1);
    settle(JOURNAL_REFUSED, false); /* it is told by a later turn */
    ck_assert(watch_is_due(&watch));
    fill(0);
    ck_assert(turn.notice_count == 1 && turn.reads_heard);
}
END_TEST

START_TEST(refusals_are_told_of_a_route_that_had_events_and_has_none_now)
{
    struct shared_refusals *refusals = shared_refusals_of(shared, "alpha");
    static const char reason[] =
        "nothing was accepted any more, and 2 requests were refused whose credentials are wrong: "
        "was a secret changed on one side?";
    tell(&(struct journal_heard){.event_ms = UNIX_MS + boot_ms});
    shared_note_refused(refusals, boot_ms);
    shared_note_verified(refusals);
    ck_assert_uint_eq(look_after(EXPECT_MS - 1), 0);
    fill(1);
    settle(JOURNAL_DONE, true);
    int64_t begun_ms = boot_ms;
    shared_note_refused(refusals, boot_ms);
    shared_note_refused(refusals, boot_ms + 5);
    ck_assert_uint_eq(look_after(EXPECT_MS - 1), 0);
    ck_assert_uint_eq(look_after(1), 2); /* it is silent, too */
    expect_notice(NOTICE_REFUSED, reason, UNIX_MS + begun_ms);
    settle(JOURNAL_DONE, true);
    ck_assert_uint_eq(look_after(EXPECT_MS), 0);
}
END_TEST

START_TEST(a_route_that_never_had_events_tells_of_no_refusal)
{
    tell(&(struct journal_heard){.event_ms = -(UNIX_MS + boot_ms)});
    shared_note_refused(shared_refusals_of(shared, "alpha"), boot_ms);
    ck_assert_uint_eq(look_after(EXPECT_MS), 1);
    ck_assert_int_eq(turn.notices[0].kind, NOTICE_SILENT);
}
END_TEST

START_TEST(who_does_not_claim_tells_nothing)
{
    tell(&(struct journal_heard){.event_ms = UNIX_MS + boot_ms});
    watch_claim(&watch, false);
    ck_assert_uint_eq(look_after(9 * EXPECT_MS), 0);
    ck_assert_ptr_null(watch.by_route[1]); /* nor does anybody of the other route */
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("watch");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_route_of_which_nothing_is_known_is_expected_from_now_on);
    tcase_add_test(all, an_event_ends_a_silence_and_begins_the_next);
    tcase_add_test(all, the_time_of_an_event_is_written_once_in_a_while);
    tcase_add_test(all, what_the_journal_was_told_is_not_told_again);
    tcase_add_test(all, what_the_journal_turns_down_is_asked_for_again);
    tcase_add_test(all, refusals_are_told_of_a_route_that_had_events_and_has_none_now);
    tcase_add_test(all, a_route_that_never_had_events_tells_of_no_refusal);
    tcase_add_test(all, who_does_not_claim_tells_nothing);
    suite_add_tcase(suite, all);
    return suite;
}
