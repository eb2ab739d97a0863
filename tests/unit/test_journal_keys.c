/* What every engine does with keys: the first of each is found, a newer event supersedes older
 * ones in the transaction that admits it, and nothing that is to run is forgotten. */
#include "engines_rig.h"
#include "tests/unit/suite.h"

enum { HEADS = 16 };

static int64_t keys[2];

/* An event with these keys of its two deliveries. */
static struct journal_admit admit_keyed(struct journal *journal, const char *id, int64_t first,
                                        int64_t second, bool cancels)
{
    struct admission what = admission(id, "{}");
    keys[0] = first;
    keys[1] = second;
    what.admit.keys = keys;
    if (cancels)
        journal_places_add(&what.admit.cancels, 0);
    return admit_at(journal, what, NOW_MS);
}

/* What a look finds among the deliveries of both actions; `heads` may be more than `room`. */
static struct journal_key_look look_at(struct journal *journal, struct journal_key_look what,
                                       struct journal_head heads[HEADS])
{
    struct journal_turn turn;
    make_turn(&turn);
    turn.due_ms = NOW_MS;
    what.actions = rig.numbers;
    what.action_count = what.action_count ? what.action_count : 2;
    what.heads = heads;
    what.room = what.room ? what.room : HEADS;
    turn.key_looks = &what;
    turn.key_look_count = 1;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    journal_turn_finish(&turn);
    return what;
}

static struct journal_key_look after(int64_t key)
{
    return (struct journal_key_look){.scope = KEYS_AFTER, .key = key};
}

static struct journal_key_look one(int64_t key)
{
    return (struct journal_key_look){.scope = KEYS_ONE, .key = key};
}

START_TEST(the_first_of_each_key_is_found)
{
    struct journal_head heads[HEADS];
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_admit events[4];
    static const int64_t first[] = {5, 3, 5, 9}, second[] = {0, 3, 7, 5};
    for (size_t i = 0; i < 4; i++)
        events[i] =
            admit_keyed(journal, (char[]){(char)('a' + i), '\0'}, first[i], second[i], false);
    struct journal_key_look what = look_at(journal, after(0), heads);
    ck_assert(what.count == 4 && !what.goes_on);
    ck_assert(heads[0].key == 3 && heads[0].handle == events[1].handle && heads[0].more);
    ck_assert(heads[1].key == 5 && heads[1].handle == events[0].handle && heads[1].more);
    ck_assert(heads[2].key == 7 && heads[2].handle == events[2].handle + 1 && !heads[2].more);
    ck_assert(heads[3].key == 9 && heads[3].action == rig.numbers[0] && heads[3].bytes == 2);
    what = after(3);
    what.room = 1;
    what = look_at(journal, what, heads);
    ck_assert(what.count == 1 && what.goes_on && what.reached == 5 && heads[0].key == 5);
    ck_assert_int_eq(claim(journal, events[0].handle), WANT_CLAIMED);
    what = look_at(journal, one(5), heads);
    ck_assert(what.count == 1 && heads[0].handle == events[2].handle && heads[0].more);
    ck_assert_uint_eq(look_at(journal, one(4), heads).count, 0);
    what = one(5);
    what.action_count = 1; /* of the first action alone */
    ck_assert(look_at(journal, what, heads).count == 1 && !heads[0].more);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(what_has_no_key_is_found_too)
{
    struct journal_head heads[HEADS];
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_admit keyed = admit_keyed(journal, "a", 5, 5, false);
    struct journal_admit plain = admit(journal, "b");
    struct journal_key_look what = {.scope = KEYS_NONE};
    what = look_at(journal, what, heads);
    ck_assert(what.count == 1 && what.goes_on && heads[0].handle == plain.handle);
    what = (struct journal_key_look){.scope = KEYS_NONE, .after = plain.handle};
    ck_assert(look_at(journal, what, heads).count == 1 && heads[0].handle == plain.handle + 1);
    what.after = plain.handle + 1;
    what = look_at(journal, what, heads);
    ck_assert(what.count == 0 && !what.goes_on);
    what = (struct journal_key_look){.scope = KEYS_ANY};
    what = look_at(journal, what, heads);
    ck_assert(what.count == 1 && heads[0].handle == keyed.handle && heads[0].more);
    journal_close(journal);
    end();
}
END_TEST

/* One that is not due is the first of its key, or none, as it is asked. */
START_TEST(what_waits_for_its_time_is_first_or_passed_over)
{
    struct journal_head heads[HEADS];
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_turn turn;
    struct journal_admit first = admit_keyed(journal, "a", 5, 6, false);
    struct journal_admit next = admit_keyed(journal, "b", 5, 6, false);
    const struct outcome failed = {.kind = OUTCOME_FAILED, .exit_status = 75, .reason = "later"};
    struct journal_finish ended = {.handle = first.handle,
                                   .attempt = 1,
                                   .outcome = &failed,
                                   .ended_ms = NOW_MS,
                                   .wait_ms = 500};
    ck_assert_int_eq(claim(journal, first.handle), WANT_CLAIMED);
    make_turn(&turn);
    turn.due_ms = NOW_MS;
    turn.finish = &ended;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    journal_turn_finish(&turn);
    ck_assert_uint_eq(look_at(journal, one(5), heads).count, 1);
    ck_assert(heads[0].handle == first.handle && heads[0].due_ms == NOW_MS + 500 && heads[0].more);
    struct journal_key_look due = one(5);
    due.only_due = true;
    ck_assert_uint_eq(look_at(journal, due, heads).count, 1);
    ck_assert(heads[0].handle == next.handle && !heads[0].more);
    journal_close(journal);
    end();
}
END_TEST

/* The state of the first delivery of an event. */
static enum delivery_state state_of(struct journal *journal, const char *id)
{
    struct journal_turn turn;
    struct journal_track what = {.id = id, .route = "alpha"};
    make_turn(&turn);
    turn.tracks = &what;
    turn.track_count = 1;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(what.count == 2);
    enum delivery_state state = what.progress->state;
    journal_turn_finish(&turn);
    return state;
}

static struct journal_watch watch(struct journal *journal, int64_t handle)
{
    struct journal_turn turn;
    struct journal_watch what = {.handle = handle};
    make_turn(&turn);
    turn.watches = &what;
    turn.watch_count = 1;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    journal_turn_finish(&turn);
    return what;
}

START_TEST(a_newer_event_takes_the_place_of_older_ones)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_admit runs = admit_keyed(journal, "a", 5, 0, true);
    ck_assert_int_eq(claim(journal, runs.handle), WANT_CLAIMED);
    struct journal_admit other = admit_keyed(journal, "b", 6, 0, true);
    struct journal_admit waits = admit_keyed(journal, "c", 5, 0, true);
    struct journal_watch seen = watch(journal, runs.handle);
    ck_assert(!seen.is_over && strcmp(seen.by, waits.id) == 0);
    struct journal_admit last = admit_keyed(journal, "d", 5, 0, true);
    ck_assert_int_eq(state_of(journal, runs.id), DELIVERY_RUNNING);
    ck_assert_int_eq(state_of(journal, other.id), DELIVERY_PENDING);
    ck_assert_int_eq(state_of(journal, waits.id), DELIVERY_SUPERSEDED);
    ck_assert_int_eq(state_of(journal, last.id), DELIVERY_PENDING);
    ck_assert_int_eq(claim(journal, waits.handle), WANT_GONE);
    /* it is stopped, and then does not run again; a copy is a duplicate of what is over */
    ck_assert(finish(journal, runs.handle, 1, OUTCOME_INTERRUPTED));
    ck_assert_int_eq(state_of(journal, runs.id), DELIVERY_SUPERSEDED);
    ck_assert(watch(journal, runs.handle).is_over);
    struct journal_admit copy = admit_keyed(journal, "c", 5, 0, true);
    ck_assert(copy.result == ADMIT_DUPLICATE);
    ck_assert_int_eq(state_of(journal, last.id), DELIVERY_PENDING);
    journal_close(journal);
    end();
}
END_TEST

/* Done is done, dead is dead; a crash, too, leaves nothing to be run again. */
START_TEST(how_one_ends_that_is_to_give_way)
{
    static const struct {
        enum outcome_kind kind;
        enum delivery_state state;
    } cases[] = {{OUTCOME_DONE, DELIVERY_DONE},
                 {OUTCOME_FAILED, DELIVERY_DEAD},
                 {OUTCOME_INTERRUPTED, DELIVERY_SUPERSEDED}};
    struct journal_turn turn;
    struct journal_take_over take = {0};
    begin(_i);
    rig.actions[0].fails_in_crash = true;
    struct journal *journal = open_journal(1);
    for (size_t i = 0; i < 3; i++) {
        char older[] = {(char)('a' + i), '\0'}, newer[] = {(char)('k' + i), '\0'};
        struct journal_admit runs = admit_keyed(journal, older, 5 + (int64_t)i, 0, true);
        ck_assert_int_eq(claim(journal, runs.handle), WANT_CLAIMED);
        admit_keyed(journal, newer, 5 + (int64_t)i, 0, true);
        ck_assert(finish(journal, runs.handle, 1, cases[i].kind));
        ck_assert_int_eq(state_of(journal, runs.id), cases[i].state);
    }
    struct journal_admit left = admit_keyed(journal, "x", 20, 0, true);
    ck_assert_int_eq(claim(journal, left.handle), WANT_CLAIMED);
    admit_keyed(journal, "y", 20, 0, true);
    make_turn(&turn);
    turn.take_over = &take;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    journal_turn_finish(&turn);
    ck_assert_int_eq(state_of(journal, left.id), DELIVERY_SUPERSEDED);
    journal_close(journal);
    end();
}
END_TEST

/* Without keys all of the action gives way, and nothing of another. */
START_TEST(without_keys_all_of_the_action_gives_way)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_admit first = admit_keyed(journal, "a", 0, 0, true);
    struct journal_admit last = admit_keyed(journal, "b", 0, 0, true);
    ck_assert_int_eq(state_of(journal, first.id), DELIVERY_SUPERSEDED);
    ck_assert_int_eq(state_of(journal, last.id), DELIVERY_PENDING);
    ck_assert_uint_eq(pending(journal, 1), 2);
    journal_close(journal);
    end();
}
END_TEST

/* ---- bursts ---- */

static struct journal_admit admit_folded(struct journal *journal, const char *id, int64_t fold,
                                         int64_t at_ms)
{
    struct journal_turn turn;
    struct admission what = admission(id, "{}");
    make_turn(&turn);
    turn.now_ms = turn.due_ms = what.event.received_ms = at_ms;
    what.admit.event = &what.event;
    what.admit.fold = (struct journal_fold){fold, 100, 250};
    what.admit.keys = keys;
    keys[0] = keys[1] = at_ms;
    turn.admits = &what.admit;
    turn.admit_count = 1;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    /* the key of a delivery that gave way is its own */
    for (size_t i = 0; i < turn.superseded.count; i++)
        ck_assert_int_lt(turn.superseded.items[i].key, at_ms);
    ck_assert(turn.superseded.count == 0 || turn.superseded.items[0].key >= NOW_MS);
    journal_turn_finish(&turn);
    return what.admit;
}

START_TEST(a_burst_becomes_its_last_event)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_admit first = admit_folded(journal, "a", 7, NOW_MS);
    struct journal_admit other = admit_folded(journal, "b", 8, NOW_MS + 10);
    struct journal_admit next = admit_folded(journal, "c", 7, NOW_MS + 90);
    struct journal_admit last = admit_folded(journal, "d", 7, NOW_MS + 180);
    ck_assert_int_eq(first.due_ms, NOW_MS + 100);
    ck_assert_int_eq(other.due_ms, NOW_MS + 110);
    ck_assert_int_eq(next.due_ms, NOW_MS + 190);
    ck_assert_int_eq(last.due_ms, NOW_MS + 250); /* since the first of them */
    ck_assert_int_eq(state_of(journal, first.id), DELIVERY_SUPERSEDED);
    ck_assert_int_eq(state_of(journal, next.id), DELIVERY_SUPERSEDED);
    ck_assert_int_eq(state_of(journal, other.id), DELIVERY_PENDING);
    ck_assert_int_eq(state_of(journal, last.id), DELIVERY_PENDING);
    ck_assert_uint_eq(pending(journal, 0), 0); /* none is due */
    /* what has begun is no part of the next burst */
    ck_assert_int_eq(claim(journal, last.handle), WANT_CLAIMED);
    struct journal_admit again = admit_folded(journal, "e", 7, NOW_MS + 260);
    ck_assert_int_eq(state_of(journal, last.id), DELIVERY_RUNNING);
    ck_assert_int_eq(again.due_ms,
                     NOW_MS + 261); /* its other delivery has waited for long enough */
    journal_close(journal);
    end();
}
END_TEST

/* What has died in its burst and is run again by a copy is not folded into the next. */
START_TEST(what_is_run_again_is_no_part_of_a_burst)
{
    struct journal_turn turn;
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_admit first = admit_folded(journal, "a", 7, NOW_MS);
    struct journal_abandon all = {
        .actions = rig.numbers, .action_count = 2, .reason = "gone", .limit = 10};
    make_turn(&turn);
    turn.abandon = &all;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    journal_turn_finish(&turn);
    ck_assert_int_eq(state_of(journal, first.id), DELIVERY_DEAD);
    ck_assert_int_eq(admit_folded(journal, "a", 7, NOW_MS + 1).result, ADMIT_RERUN);
    ck_assert_uint_eq(pending(journal, 0), 1);
    struct journal_admit next = admit_folded(journal, "b", 7, NOW_MS + 200);
    ck_assert_int_eq(next.due_ms, NOW_MS + 300);
    ck_assert_int_eq(state_of(journal, first.id), DELIVERY_PENDING);
    journal_close(journal);
    end();
}
END_TEST

/* What an older runner has under way is told to the one that takes over. */
START_TEST(what_runs_elsewhere_is_told_with_its_key)
{
    struct journal_turn turn;
    const uint64_t live[] = {1};
    struct journal_take_over take = {.live = live, .live_count = 1};
    begin(_i);
    struct journal *older = open_journal(1), *newer = open_journal(2);
    struct journal_admit runs = admit_keyed(older, "a", 5, 6, false);
    ck_assert_int_eq(claim(older, runs.handle), WANT_CLAIMED);
    make_turn(&turn);
    turn.take_over = &take;
    ck_assert_int_eq(submit(newer, &turn), JOURNAL_DONE);
    ck_assert(take.count == 0 && turn.running.count == 1);
    ck_assert(turn.running.items[0].handle == runs.handle && turn.running.items[0].key == 5 &&
              turn.running.items[0].action == rig.numbers[0]);
    journal_turn_finish(&turn);
    ck_assert(!watch(newer, runs.handle).is_over);
    ck_assert(finish(older, runs.handle, 1, OUTCOME_DONE));
    ck_assert(watch(newer, runs.handle).is_over);
    journal_close(older);
    journal_close(newer);
    end();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("journal_keys");
    TCase *all = tcase_create("all");
#define EVERY(name) tcase_add_loop_test(all, name, 0, ENGINES)
    EVERY(the_first_of_each_key_is_found);
    EVERY(what_has_no_key_is_found_too);
    EVERY(what_waits_for_its_time_is_first_or_passed_over);
    EVERY(a_newer_event_takes_the_place_of_older_ones);
    EVERY(how_one_ends_that_is_to_give_way);
    EVERY(without_keys_all_of_the_action_gives_way);
    EVERY(a_burst_becomes_its_last_event);
    EVERY(what_is_run_again_is_no_part_of_a_burst);
    EVERY(what_runs_elsewhere_is_told_with_its_key);
    suite_add_tcase(suite, all);
    return suite;
}
