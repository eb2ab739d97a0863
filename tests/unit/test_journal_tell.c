/* Deliveries of `on_failure`, in every engine: when they are made, what they are told, and that no
 * copy and no replay runs them again. */
#include "engines_rig.h"
#include "handlers/action/action.h"
#include "tests/unit/suite.h"

enum { EVERY_MS = 60000 };

static struct journal_action actions[3];
static bool fails_in_crash; /* the one that tells */

static struct {
    bool some;
    char action[32], reason[64], output[32];
    unsigned attempts;
    int64_t count;
} told;

static bool hold_told(struct journal_turn *turn, int64_t action, int64_t handle,
                      const struct journal_delivery *delivery)
{
    const struct delivery_failure *failure = delivery->failure;
    told.some = failure != NULL;
    if (failure) {
        snprintf(told.action, sizeof told.action, "%.*s", (int)failure->action.length,
                 (const char *)failure->action.data);
        snprintf(told.reason, sizeof told.reason, "%.*s", (int)failure->reason.length,
                 (const char *)failure->reason.data);
        snprintf(told.output, sizeof told.output, "%.*s", (int)failure->output.length,
                 (const char *)failure->output.data);
        told.attempts = failure->attempts;
        told.count = failure->count;
    }
    return hold(turn, action, handle, delivery);
}

static struct journal *open_telling(int engine)
{
    begin(engine);
    actions[0] = (struct journal_action){.route = "alpha", .name = "1"};
    actions[1] = (struct journal_action){.route = "alpha", .name = "2"};
    actions[2] = (struct journal_action){.route = "alpha",
                                         .name = ON_FAILURE_NAME,
                                         .counts_crashes = fails_in_crash,
                                         .fails_in_crash = fails_in_crash,
                                         .tell_every_ms = EVERY_MS};
    struct journal *journal = open_with(1, actions, 3);
    rig.numbers[0] = actions[0].number;
    rig.numbers[1] = actions[1].number;
    return journal;
}

static int claim_at(struct journal *journal, int64_t handle, int64_t now_ms, int64_t *later_ms)
{
    struct journal_turn turn;
    struct journal_want want = {.handle = handle};
    make_turn(&turn);
    turn.hold = hold_told;
    turn.now_ms = turn.due_ms = now_ms;
    turn.wants = &want;
    turn.want_count = 1;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    *later_ms = turn.teller_due_ms;
    journal_turn_finish(&turn);
    return want.result;
}

/* An attempt of the delivery fails: the delivery that tells of it and may run now; 0: there is
 * none. `*later_ms`: one is due then. */
static int64_t fail_of(struct journal *journal, int64_t handle, unsigned attempt, int64_t now_ms,
                       int64_t *later_ms)
{
    struct journal_turn turn;
    const struct outcome outcome = {.kind = OUTCOME_FAILED,
                                    .exit_status = 3,
                                    .reason = "it failed",
                                    .output = bytes_of_text("out")};
    struct journal_finish what = {
        .handle = handle, .attempt = attempt, .outcome = &outcome, .ended_ms = now_ms};
    int64_t teller = 0;
    ck_assert_int_eq(claim(journal, handle), WANT_CLAIMED);
    make_turn(&turn);
    turn.now_ms = turn.due_ms = now_ms;
    turn.finish = &what;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(what.applied && turn.reruns.count <= 1);
    if (turn.reruns.count == 1) {
        ck_assert_int_eq(turn.reruns.items[0].action, actions[2].number);
        ck_assert_uint_eq(turn.reruns.items[0].bytes, 7);
        teller = turn.reruns.items[0].handle;
    }
    *later_ms = turn.teller_due_ms;
    journal_turn_finish(&turn);
    return teller;
}

/* A teller is done that was told of so many others. */
static void finish_told(struct journal *journal, int64_t handle, unsigned attempt, int64_t count)
{
    struct journal_turn turn;
    const struct outcome outcome = {.kind = OUTCOME_DONE, .reason = ""};
    struct journal_finish what = {
        .handle = handle, .attempt = attempt, .outcome = &outcome, .told = count};
    make_turn(&turn);
    turn.finish = &what;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(what.applied && what.state == DELIVERY_DONE);
    journal_turn_finish(&turn);
}

START_TEST(a_death_is_told_and_those_that_follow_are_counted)
{
    struct journal *journal = open_telling(_i);
    int64_t later_ms, first = admit(journal, "a").handle, second = admit(journal, "b").handle;
    int64_t third = admit(journal, "c").handle;
    int64_t teller = fail_of(journal, first, 1, NOW_MS, &later_ms);
    ck_assert_int_eq(teller, first + JOURNAL_TELLER_LAST);
    ck_assert_int_eq(later_ms, 0);
    ck_assert_int_eq(fail_of(journal, second, 1, NOW_MS, &later_ms), 0); /* one waits already */
    ck_assert_int_eq(later_ms, 0);
    ck_assert_int_eq(claim_at(journal, teller, NOW_MS, &later_ms), WANT_CLAIMED);
    ck_assert(told.some && told.attempts == 1 && told.count == 1);
    ck_assert_str_eq(told.action, "1");
    ck_assert_str_eq(told.reason, "it failed");
    ck_assert_str_eq(told.output, "out");
    finish_told(journal, teller, 1, told.count);

    ck_assert_int_eq(fail_of(journal, third, 1, NOW_MS + 1, &later_ms), 0);
    ck_assert_int_eq(later_ms, NOW_MS + EVERY_MS);
    teller = third + JOURNAL_TELLER_LAST;
    ck_assert_int_eq(claim_at(journal, teller, NOW_MS + 2, &later_ms), WANT_GONE);
    ck_assert_int_eq(later_ms, NOW_MS + EVERY_MS);
    ck_assert_int_eq(claim_at(journal, teller, NOW_MS + EVERY_MS, &later_ms), WANT_CLAIMED);
    ck_assert_int_eq(told.count, 0);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(what_is_tried_again_tells_nobody)
{
    struct journal *journal = open_telling(_i);
    int64_t handle = admit(journal, "a").handle;
    const struct outcome outcome = {.kind = OUTCOME_FAILED, .exit_status = 75, .reason = "later"};
    struct journal_finish what = {
        .handle = handle, .attempt = 1, .outcome = &outcome, .ended_ms = NOW_MS, .wait_ms = 1000};
    struct journal_turn turn;
    ck_assert_int_eq(claim(journal, handle), WANT_CLAIMED);
    make_turn(&turn);
    turn.finish = &what;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(what.applied && turn.reruns.count == 0 && turn.teller_due_ms == 0);
    journal_turn_finish(&turn);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(who_tells_of_failures_fails_unheard)
{
    struct journal *journal = open_telling(_i);
    int64_t later_ms, handle = admit(journal, "a").handle;
    int64_t teller = fail_of(journal, handle, 1, NOW_MS, &later_ms);
    ck_assert_int_eq(fail_of(journal, teller, 1, NOW_MS, &later_ms), 0);
    ck_assert_int_eq(later_ms, 0);
    /* what it failed to tell is told no more, but what fails next is */
    ck_assert_int_eq(fail_of(journal, handle + 1, 1, NOW_MS + EVERY_MS, &later_ms), teller);
    journal_close(journal);
    end();
}
END_TEST

/* Its own death is none of those after which a route is paused. */
START_TEST(a_crash_of_who_tells_of_failures_counts_for_no_route)
{
    fails_in_crash = true;
    struct journal *journal = open_telling(_i);
    fails_in_crash = false;
    struct journal_turn turn;
    struct journal_take_over take = {.ours = NULL};
    struct journal_streak streak = {.route = "alpha", .pause_at = 1};
    int64_t later_ms, handle = admit(journal, "a").handle;
    int64_t teller = fail_of(journal, handle, 1, NOW_MS, &later_ms);
    ck_assert_int_eq(claim_at(journal, teller, NOW_MS, &later_ms), WANT_CLAIMED);
    make_turn(&turn);
    turn.take_over = &take;
    turn.streaks = &streak;
    turn.streak_count = 1;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert_uint_eq(take.count, 1);
    ck_assert(turn.deaths && turn.deaths->handle == teller && !turn.deaths->next);
    ck_assert(streak.deaths == 0 && !streak.paused);
    journal_turn_finish(&turn);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(what_fails_while_its_event_is_told_has_another_place)
{
    struct journal *journal = open_telling(_i);
    int64_t later_ms, handle = admit(journal, "a").handle;
    int64_t teller = fail_of(journal, handle, 1, NOW_MS, &later_ms);
    ck_assert_int_eq(claim_at(journal, teller, NOW_MS, &later_ms), WANT_CLAIMED);
    ck_assert_int_eq(fail_of(journal, handle + 1, 1, NOW_MS + 1, &later_ms), 0);
    ck_assert_int_eq(later_ms, NOW_MS + EVERY_MS);
    ck_assert_int_eq(claim_at(journal, handle + JOURNAL_TELLER_FIRST, NOW_MS + EVERY_MS, &later_ms),
                     WANT_CLAIMED);
    ck_assert_str_eq(told.action, "2");
    journal_close(journal);
    end();
}
END_TEST

/* Its runner dies, it is tried again, it is dead: the count is told until one is done. */
START_TEST(what_was_counted_is_told_until_somebody_has_heard_of_it)
{
    struct journal *journal = open_telling(_i);
    struct journal_turn turn;
    int64_t later_ms, next_ms = NOW_MS + EVERY_MS, first = admit(journal, "a").handle;
    int64_t second = admit(journal, "b").handle, third = admit(journal, "c").handle;
    int64_t teller = fail_of(journal, first, 1, NOW_MS, &later_ms);
    fail_of(journal, second, 1, NOW_MS, &later_ms);
    ck_assert_int_eq(claim_at(journal, teller, NOW_MS, &later_ms), WANT_CLAIMED);
    ck_assert_int_eq(told.count, 1);
    journal_close(journal);

    journal = open_with(2, actions, 3);
    ck_assert_uint_eq(take_over(journal, &turn, 2, 0), 1);
    journal_turn_finish(&turn);
    fail_of(journal, second + 1, 1, NOW_MS, &later_ms);
    ck_assert_int_eq(claim_at(journal, teller, NOW_MS, &later_ms), WANT_CLAIMED);
    ck_assert_int_eq(told.count, 2);
    ck_assert(finish(journal, teller, 2, OUTCOME_FAILED));

    fail_of(journal, third, 1, next_ms, &later_ms);
    teller = third + JOURNAL_TELLER_LAST;
    ck_assert_int_eq(claim_at(journal, teller, next_ms, &later_ms), WANT_CLAIMED);
    ck_assert_int_eq(told.count, 2);
    finish_told(journal, teller, 1, 2);
    next_ms += EVERY_MS;
    ck_assert_int_eq(fail_of(journal, third + 1, 1, next_ms, &later_ms), teller);
    ck_assert_int_eq(claim_at(journal, teller, next_ms, &later_ms), WANT_CLAIMED);
    ck_assert_int_eq(told.count, 0);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(neither_a_copy_nor_a_replay_tells_again)
{
    struct journal *journal = open_telling(_i);
    size_t reruns;
    int64_t later_ms, handle = admit(journal, "k").handle;
    int64_t teller = fail_of(journal, handle, 1, NOW_MS, &later_ms);
    ck_assert(claim(journal, handle + 1) == WANT_CLAIMED &&
              finish(journal, handle + 1, 1, OUTCOME_DONE));
    fail_of(journal, teller, 1, NOW_MS, &later_ms);
    ck_assert_int_eq(copy_with(journal, "{\"a\":1}", "", false, &reruns).result, ADMIT_RERUN);
    ck_assert_uint_eq(reruns, 1);
    ck_assert(claim(journal, handle) == WANT_CLAIMED && finish(journal, handle, 2, OUTCOME_FAILED));
    ck_assert_int_eq(claim_at(journal, teller, NOW_MS + EVERY_MS, &later_ms), WANT_CLAIMED);
    ck_assert(finish(journal, teller, 2, OUTCOME_FAILED));
    replay_beside();
    ck_assert_int_eq(claim(journal, teller), WANT_GONE);
    ck_assert_int_eq(claim(journal, handle), WANT_CLAIMED);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(what_loses_its_action_is_told_and_what_loses_its_route_is_not)
{
    struct journal *journal = open_telling(_i);
    int64_t handle = admit(journal, "a").handle;
    journal_close(journal);
    for (int tellers = 1; tellers >= 0; tellers--) { /* all that is left of the file */
        journal = open_with(2, &actions[2], (size_t)tellers);
        struct journal_turn turn;
        struct journal_abandon abandon = {
            .actions = rig.numbers, .action_count = 1, .reason = "gone", .limit = 8};
        rig.numbers[0] = actions[tellers ? 0 : 1].number;
        make_turn(&turn);
        turn.abandon = &abandon;
        ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
        ck_assert(turn.deaths && !turn.deaths->next);
        ck_assert_uint_eq(turn.reruns.count, (size_t)tellers);
        ck_assert(tellers == 0 || turn.reruns.items[0].handle == handle + JOURNAL_TELLER_LAST);
        journal_turn_finish(&turn);
        journal_close(journal);
    }
    end();
}
END_TEST

START_TEST(a_refused_turn_tells_nobody)
{
    struct journal *journal = open_telling(_i);
    int64_t later_ms, handle = admit(journal, "a").handle;
    ck_assert_int_eq(claim(journal, handle), WANT_CLAIMED);
    lock_beside(true);
    struct journal_turn turn;
    const struct outcome outcome = {.kind = OUTCOME_FAILED, .exit_status = 3, .reason = "failed"};
    struct journal_finish what = {.handle = handle, .attempt = 1, .outcome = &outcome};
    make_turn(&turn);
    turn.finish = &what;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_NOT_NOW);
    ck_assert(turn.reruns.count == 0 && turn.teller_due_ms == 0);
    lock_beside(false);
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert_uint_eq(turn.reruns.count, 1);
    journal_turn_finish(&turn);
    ck_assert_int_eq(claim_at(journal, handle + JOURNAL_TELLER_LAST, NOW_MS, &later_ms),
                     WANT_CLAIMED);
    journal_close(journal);
    end();
}
END_TEST

/* ---- notices ---- */

/* A notice of a route in a turn of its own, with what is known of the route afterwards. */
static bool notify(struct journal *journal, int kind, int64_t heard_ms, int64_t *teller,
                   struct journal_heard *heard)
{
    struct journal_turn turn;
    struct event event = fixture_event("", bytes_of_text("{\"a\":1}"));
    event.title = bytes_of_text("no event for 1h");
    event.client = bytes_of_text("tenterhook");
    struct journal_notice notice = {.kind = kind,
                                    .route = "alpha",
                                    .event = &event,
                                    .teller = actions[2].number,
                                    .heard_ms = heard_ms};
    make_turn(&turn);
    turn.notices = &notice;
    turn.notice_count = 1;
    turn.reads_heard = true;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    *teller = turn.reruns.count > 0 ? turn.reruns.items[0].handle : 0;
    *heard = turn.heard ? *turn.heard : (struct journal_heard){0};
    ck_assert(!turn.heard || (strcmp(turn.heard->route, "alpha") == 0 && !turn.heard->next));
    ck_assert(!notice.applied || strlen(notice.id) == ID_TEXT_SIZE - 1);
    journal_turn_finish(&turn);
    return notice.applied;
}

static void hear_of(struct journal *journal, int64_t event_ms)
{
    struct journal_turn turn;
    struct journal_hear hear = {"alpha", event_ms};
    make_turn(&turn);
    turn.hears = &hear;
    turn.hear_count = 1;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    journal_turn_finish(&turn);
}

START_TEST(silence_is_told_once_until_an_event_comes)
{
    struct journal *journal = open_telling(_i);
    struct journal_heard heard;
    int64_t teller, again, later_ms;
    hear_of(journal, -(NOW_MS - 9));
    hear_of(journal, -NOW_MS); /* says nothing that is not known */
    ck_assert(notify(journal, NOTICE_SILENT, -(NOW_MS - 9), &teller, &heard));
    ck_assert(teller % JOURNAL_ACTIONS_MAX == JOURNAL_TELLER_LAST && heard.told_silence);
    ck_assert_int_eq(heard.event_ms, -(NOW_MS - 9));
    ck_assert(!notify(journal, NOTICE_SILENT, -(NOW_MS - 9), &again, &heard));
    ck_assert_int_eq(again, 0);
    ck_assert_int_eq(claim_at(journal, teller, NOW_MS, &later_ms), WANT_CLAIMED);
    ck_assert(told.some && told.attempts == 0);
    ck_assert_str_eq(told.action, "");
    ck_assert_str_eq(told.reason, "no event for 1h");
    hear_of(journal, NOW_MS);
    ck_assert(!notify(journal, NOTICE_SILENT, NOW_MS - 1, &again, &heard)); /* not known yet */
    ck_assert(!heard.told_silence && heard.event_ms == NOW_MS);
    ck_assert(notify(journal, NOTICE_SILENT, NOW_MS, &again, &heard));
    ck_assert_int_eq(again, 0); /* it waits for its time */
    journal_close(journal);
    journal = open_with(2, actions, 3);
    ck_assert(!notify(journal, NOTICE_SILENT, NOW_MS, &again, &heard));
    ck_assert(heard.told_silence);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(each_kind_of_notice_is_told_for_itself)
{
    struct journal *journal = open_telling(_i);
    struct journal_heard heard;
    int64_t teller;
    hear_of(journal, NOW_MS - 5);
    ck_assert(notify(journal, NOTICE_REFUSED, 0, &teller, &heard));
    ck_assert(heard.told_refusal && !heard.told_silence);
    ck_assert(!notify(journal, NOTICE_REFUSED, 0, &teller, &heard));
    ck_assert(notify(journal, NOTICE_SILENT, NOW_MS - 5, &teller, &heard));
    hear_of(journal, NOW_MS);
    ck_assert(notify(journal, NOTICE_REFUSED, 0, &teller, &heard) && !heard.told_silence);
    journal_close(journal);
    end();
}
END_TEST

/* A death that pauses its route: the delivery that tells of it. */
static int64_t pause_by_death(struct journal *journal, int64_t teller_action, char id[ID_TEXT_SIZE])
{
    struct journal_streak streak = {.route = "alpha", .pause_at = 1, .teller = teller_action};
    const struct outcome outcome = {.kind = OUTCOME_FAILED, .exit_status = 3, .reason = "failed"};
    int64_t teller, handle = admit(journal, "").handle;
    struct journal_finish what = {
        .handle = handle, .attempt = 1, .outcome = &outcome, .streak = &streak};
    struct journal_turn turn;
    ck_assert_int_eq(claim(journal, handle), WANT_CLAIMED);
    make_turn(&turn);
    turn.finish = &what;
    turn.streaks = &streak;
    turn.streak_count = 1;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(streak.paused && turn.reruns.count == 1);
    teller = turn.reruns.items[0].handle;
    snprintf(id, ID_TEXT_SIZE, "%s", streak.told_id);
    journal_turn_finish(&turn);
    return teller;
}

START_TEST(a_pause_is_told_in_the_turn_of_the_death_that_causes_it)
{
    struct journal *journal = open_telling(_i);
    char id[ID_TEXT_SIZE];
    int64_t later_ms, teller = pause_by_death(journal, actions[2].number, id);
    ck_assert_int_eq(claim_at(journal, teller, NOW_MS, &later_ms), WANT_CLAIMED);
    ck_assert_str_eq(held[held_count - 1].id, id);
    ck_assert(told.some && told.attempts == 0 && told.count == 1); /* the death itself */
    ck_assert_str_eq(told.action, "");
    ck_assert_str_eq(told.reason, "1 delivery died in a row");
    journal_close(journal);
    end();
}
END_TEST

START_TEST(a_pause_that_nobody_wants_to_hear_of_has_no_event)
{
    struct journal *journal = open_telling(_i);
    char id[ID_TEXT_SIZE];
    int64_t later_ms, teller = pause_by_death(journal, 0, id);
    ck_assert_str_eq(id, "");
    ck_assert_int_eq(claim_at(journal, teller, NOW_MS, &later_ms), WANT_CLAIMED);
    ck_assert_str_eq(told.reason, "failed");
    journal_close(journal);
    end();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("journal_tell");
    TCase *all = tcase_create("all");
#define EVERY(name) tcase_add_loop_test(all, name, 0, ENGINES)
    EVERY(a_death_is_told_and_those_that_follow_are_counted);
    EVERY(what_is_tried_again_tells_nobody);
    EVERY(who_tells_of_failures_fails_unheard);
    EVERY(a_crash_of_who_tells_of_failures_counts_for_no_route);
    EVERY(what_fails_while_its_event_is_told_has_another_place);
    EVERY(what_was_counted_is_told_until_somebody_has_heard_of_it);
    EVERY(neither_a_copy_nor_a_replay_tells_again);
    EVERY(what_loses_its_action_is_told_and_what_loses_its_route_is_not);
    EVERY(a_refused_turn_tells_nobody);
    EVERY(silence_is_told_once_until_an_event_comes);
    EVERY(each_kind_of_notice_is_told_for_itself);
    EVERY(a_pause_is_told_in_the_turn_of_the_death_that_causes_it);
    EVERY(a_pause_that_nobody_wants_to_hear_of_has_no_event);
    suite_add_tcase(suite, all);
    return suite;
}
