/* What a turn means, on every engine: SQLite's, and the one in memory completing at once and later.
 * Nothing here knows when a turn is completed. */
#include "engines_rig.h"
#include "tests/unit/suite.h"

/* ---- what a turn promises ---- */

START_TEST(accept)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_turn turn;
    ck_assert(journal->is_new);
    struct journal_admit one = admit(journal, "one"), two = admit(journal, "two");
    ck_assert(one.result == ADMIT_ACCEPTED && two.result == ADMIT_ACCEPTED);
    ck_assert(id_valid(bytes_of_text(one.id)) && strcmp(one.id, two.id) != 0);
    ck_assert(one.handle > 0 && one.handle + 1 < two.handle && two.handle < JOURNAL_HANDLE_END);
    struct journal_look looks[] = {{.action = rig.numbers[0], .room = 9},
                                   {.action = rig.numbers[1], .room = 9}};
    make_turn(&turn);
    turn.looks = looks;
    turn.look_count = 2;
    turn.reads_open = true;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(looks[0].count == 2 && looks[1].count == 2 && turn.due_count == 4);
    ck_assert(turn.due[0].handle == one.handle && turn.due[1].handle == two.handle);
    ck_assert(turn.due[2].handle == one.handle + 1 && turn.due[3].handle == two.handle + 1);
    ck_assert_uint_eq(turn.due[3].bytes, 7);
    ck_assert(turn.open.count == 2 && turn.open.items[0] == rig.numbers[0]);
    journal_turn_finish(&turn);
    journal_close(journal);
    journal = open_journal(2); /* and it is there for the next */
    ck_assert(!journal->is_new && pending(journal, 0) == 2);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(duplicates_within_the_window_and_beyond)
{
    begin(_i);
    struct journal *journal = open_journal(1), *other = open_journal(2);
    struct journal_admit first = admit(journal, "k");
    struct journal_admit copy = admit(journal, "k");
    ck_assert(copy.result == ADMIT_DUPLICATE && copy.why == DUPLICATE_OPEN && !copy.can_replay);
    ck_assert_str_eq(copy.id, first.id);
    copy = admit(other, "k"); /* however it has come */
    ck_assert(copy.result == ADMIT_DUPLICATE && strcmp(copy.id, first.id) == 0);
    ck_assert_int_eq(admit(journal, "").result, ADMIT_ACCEPTED);
    ck_assert_int_eq(admit(journal, "").result, ADMIT_ACCEPTED);
    struct admission beta = admission("k", "{}");
    beta.event.route = bytes_of_text("beta");
    ck_assert_int_eq(admit_at(journal, beta, NOW_MS).result, ADMIT_ACCEPTED);
    copy = admit_at(journal, admission("k", "{}"), NOW_MS + WINDOW_MS - 1);
    ck_assert_int_eq(copy.result, ADMIT_DUPLICATE);
    copy = admit_at(journal, admission("k", "{}"), NOW_MS + WINDOW_MS);
    ck_assert(copy.result == ADMIT_ACCEPTED && strcmp(copy.id, first.id) != 0);
    journal_close(other);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(two_in_one_turn)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_turn turn;
    struct admission made[] = {admission("k", "{}"), admission("l", "{}"), admission("k", "{}")};
    struct journal_admit admits[3];
    for (int i = 0; i < 3; i++) {
        admits[i] = made[i].admit;
        admits[i].event = &made[i].event;
    }
    make_turn(&turn);
    turn.admits = admits;
    turn.admit_count = 3;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(admits[0].result == ADMIT_ACCEPTED && admits[1].result == ADMIT_ACCEPTED);
    ck_assert(admits[2].result == ADMIT_DUPLICATE && strcmp(admits[2].id, admits[0].id) == 0);
    ck_assert_uint_eq(pending(journal, 0), 2);
    journal_turn_finish(&turn);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(born_running)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct admission what = admission("k", "body");
    journal_places_add(&what.admit.claim, 1);
    struct journal_admit got = admit_at(journal, what, NOW_MS);
    ck_assert(!journal_places_has(&got.claimed, 0) && journal_places_has(&got.claimed, 1));
    ck_assert(held_count == 1 && held[0].handle == got.handle + 1 && held[0].attempt == 1);
    ck_assert(held[0].action == rig.numbers[1] && strcmp(held[0].id, got.id) == 0);
    ck_assert_str_eq(held[0].body, "body");
    ck_assert(pending(journal, 0) == 1 && pending(journal, 1) == 0);
    got = admit_at(journal, what, NOW_MS); /* a copy claims nothing */
    ck_assert(got.result == ADMIT_DUPLICATE && held_count == 1);
    ck_assert(finish(journal, held[0].handle, 1, OUTCOME_DONE));
    has_no_memory = true;
    what.event.dedupe_key = bytes_of_text("l");
    got = admit_at(journal, what, NOW_MS);
    ck_assert(got.result == ADMIT_ACCEPTED && !journal_places_has(&got.claimed, 1));
    ck_assert_uint_eq(pending(journal, 1), 1);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(claims_and_outcomes)
{
    begin(_i);
    struct journal *journal = open_journal(1), *other = open_journal(2);
    struct journal_admit got = admit(journal, "k");
    has_no_memory = true;
    ck_assert_int_eq(claim(journal, got.handle), WANT_NO_MEMORY);
    has_no_memory = false;
    ck_assert_uint_eq(pending(journal, 0), 1);
    ck_assert_int_eq(claim(journal, got.handle), WANT_CLAIMED);
    ck_assert(held[0].handle == got.handle && held[0].attempt == 1);
    ck_assert_str_eq(held[0].body, "{\"a\":1}");
    ck_assert_int_eq(claim(other, got.handle), WANT_GONE);
    ck_assert_int_eq(claim(journal, got.handle), WANT_GONE);
    /* fenced: another runner, another attempt, twice */
    ck_assert(!finish(other, got.handle, 1, OUTCOME_DONE));
    ck_assert(!finish(journal, got.handle, 2, OUTCOME_DONE));
    ck_assert(finish(journal, got.handle, 1, OUTCOME_INTERRUPTED)); /* given back */
    ck_assert(!finish(journal, got.handle, 1, OUTCOME_DONE));
    ck_assert_int_eq(claim(journal, got.handle), WANT_CLAIMED);
    ck_assert_uint_eq(held[1].attempt, 2);
    ck_assert(!finish(journal, got.handle, 1, OUTCOME_DONE));
    ck_assert(finish(journal, got.handle, 2, OUTCOME_DONE));
    struct journal_admit copy = admit(journal, "k");
    ck_assert_int_eq(copy.why, DUPLICATE_OPEN); /* its second delivery */
    ck_assert_int_eq(claim(journal, got.handle + 1), WANT_CLAIMED);
    ck_assert(finish(journal, got.handle + 1, 1, OUTCOME_DONE));
    copy = admit(journal, "k");
    ck_assert(copy.why == DUPLICATE_DONE && copy.can_replay);
    journal_close(other);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(a_want_whose_event_is_gone_is_a_death)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_turn turn;
    struct journal_want want = {.handle = admit(journal, "k").handle};
    drop_bodies_beside();
    make_turn(&turn);
    turn.wants = &want;
    turn.want_count = 1;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(want.result == WANT_LOST && held_count == 0);
    ck_assert(turn.deaths && !turn.deaths->next);
    ck_assert_str_eq(turn.deaths->route, "alpha");
    ck_assert_str_eq(turn.deaths->action, "1");
    ck_assert_str_eq(turn.deaths->client, "192.0.2.1");
    ck_assert_ptr_nonnull(strstr(turn.deaths->reason, "no longer in the journal"));
    journal_turn_finish(&turn);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(takeover_beside_live_runners)
{
    begin(_i);
    struct journal *gone = open_journal(1), *live = open_journal(2), *journal = open_journal(3);
    struct journal_turn turn;
    int64_t one = admit(journal, "1").handle, two = admit(journal, "2").handle,
            three = admit(journal, "3").handle, four = admit(journal, "4").handle;
    claim(gone, one);
    claim(live, two);
    claim(journal, three);
    claim(journal, four);
    ck_assert_uint_eq(take_over(journal, &turn, 2, three), 2);
    ck_assert(turn.crashed.count == 1 && turn.crashed.items[0] == rig.numbers[0]);
    ck_assert_ptr_null(turn.deaths);
    journal_turn_finish(&turn);
    int64_t handles[64];
    ck_assert(look(journal, 0, 0, 64, handles) == 2 && handles[0] == one && handles[1] == four);
    ck_assert(!finish(gone, one, 1, OUTCOME_DONE)); /* it was not: fenced */
    ck_assert(finish(live, two, 1, OUTCOME_DONE) && finish(journal, three, 1, OUTCOME_DONE));
    journal_close(gone);
    journal_close(live);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(every_live_runner_is_left_alone)
{
    static const uint64_t live[] = {2, 3, 4};
    begin(_i);
    struct journal *journals[] = {open_journal(1), open_journal(2), open_journal(3)};
    struct journal *journal = open_journal(9);
    struct journal_turn turn;
    struct journal_take_over what = {.live = live, .live_count = 3};
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(claim(journals[i], admit(journal, "").handle), WANT_CLAIMED);
    make_turn(&turn);
    turn.take_over = &what;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert_uint_eq(what.count, 1); /* of the first, which is not among them */
    journal_turn_finish(&turn);
    for (int i = 0; i < 3; i++)
        journal_close(journals[i]);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(early_stops_are_counted)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    const struct outcome outcome = {
        .kind = OUTCOME_INTERRUPTED, .exit_status = 0, .reason = "the server stops"};
    int64_t handle = admit(journal, "k").handle;
    for (unsigned i = 1; i <= 3; i++) {
        struct journal_turn turn;
        struct journal_finish what = {
            .handle = handle, .attempt = i, .outcome = &outcome, .stopped_early = true};
        ck_assert_int_eq(claim(journal, handle), WANT_CLAIMED);
        make_turn(&turn);
        turn.finish = &what;
        ck_assert(submit(journal, &turn) == JOURNAL_DONE && what.applied);
        ck_assert((turn.deaths != NULL) == (i == 3));
        journal_turn_finish(&turn);
        ck_assert_uint_eq(pending(journal, 0), i < 3);
    }
    journal_close(journal);
    end();
}
END_TEST

START_TEST(abandon)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    for (int i = 0; i < 5; i++)
        admit(journal, "");
    journal_close(journal);
    journal = open_with(2, rig.actions, 1); /* the second is not in the route file any more */
    ck_assert(journal->orphan_count == 1 && journal->orphans[0] == rig.numbers[1]);
    struct journal_turn turn;
    struct journal_abandon what = {.actions = journal->orphans,
                                   .action_count = journal->orphan_count,
                                   .reason = "no such action",
                                   .limit = 3};
    for (int i = 0; i < 2; i++) {
        size_t deaths = 0;
        make_turn(&turn);
        turn.abandon = &what;
        ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
        for (const struct journal_death *death = turn.deaths; death; death = death->next, deaths++)
            ck_assert_str_eq(death->reason, "no such action");
        ck_assert(deaths == (i == 0 ? 3 : 2) && what.more == (i == 0));
        journal_turn_finish(&turn);
    }
    ck_assert(pending(journal, 0) == 5 && pending(journal, 1) == 0);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(windows_in_order)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    int64_t handles[64], more[64], all[10];
    for (int i = 0; i < 10; i++)
        all[i] = admit(journal, "").handle;
    claim(journal, all[3]);
    ck_assert_uint_eq(look(journal, 0, 0, 4, handles), 4);
    ck_assert(handles[0] == all[0] && handles[3] == all[4]);
    ck_assert_uint_eq(look(journal, 0, handles[3], 64, more), 5);
    ck_assert(more[0] == all[5] && more[4] == all[9]);
    ck_assert(finish(journal, all[3], 1, OUTCOME_INTERRUPTED));
    ck_assert(look(journal, 0, all[2], 2, handles) == 2 && handles[0] == all[3]);
    ck_assert_uint_eq(look(journal, 0, all[9], 64, handles), 0);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(not_now)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_turn turn;
    struct admission what = admission("k", "{}");
    what.admit.event = &what.event;
    journal_places_add(&what.admit.claim, 0);
    make_turn(&turn);
    turn.admits = &what.admit;
    turn.admit_count = 1;
    lock_beside(true);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(submit(journal, &turn), JOURNAL_NOT_NOW);
    ck_assert_uint_eq(held_count, 0);
    ck_assert_uint_eq(pending(journal, 0), 0); /* questions are answered all the same */
    lock_beside(false);
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE); /* the same turn */
    ck_assert(what.admit.result == ADMIT_ACCEPTED && held_count == 1);
    ck_assert_uint_eq(pending(journal, 1), 1);
    journal_turn_finish(&turn);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(a_refused_turn_leaves_nothing)
{
    static char large[300000];
    memset(large, 'x', sizeof large - 1);
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_turn turn, proof;
    const struct outcome outcome = {.kind = OUTCOME_DONE, .reason = ""};
    int64_t old = admit(journal, "old").handle, ran = admit(journal, "ran").handle;
    ck_assert_int_eq(claim(journal, ran), WANT_CLAIMED);
    struct journal_finish done = {.handle = ran, .attempt = 1, .outcome = &outcome};
    struct journal_want want = {.handle = old};
    struct journal_learn learn = {"alpha", "asana", bytes_of_text("0123456789abcdef"), false};
    struct admission what = admission("new", large);
    what.admit.event = &what.event;
    make_turn(&turn);
    turn.admits = &what.admit;
    turn.admit_count = 1;
    turn.finish = &done;
    turn.wants = &want;
    turn.want_count = 1;
    turn.learns = &learn;
    turn.learn_count = 1;
    turn.reads_keys = true;
    break_journal(journal, true);
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_REFUSED);
    ck_assert_str_eq(turn.refusal.state, "full");
    ck_assert(turn.refusal.reason.text[0] != '\0' && turn.refusal.retry_ns > 0);
    ck_assert(turn.refusal.retry_after_s > 0);
    ck_assert(!turn.keys && !turn.deaths);
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_REFUSED); /* until there is proof */
    break_journal(journal, false);
    make_turn(&proof);
    proof.proves = true;
    ck_assert_int_eq(submit(journal, &proof), JOURNAL_DONE);
    ck_assert_uint_eq(pending(journal, 0), 1);
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(what.admit.result == ADMIT_ACCEPTED && done.applied && learn.added);
    ck_assert_int_eq(want.result, WANT_CLAIMED);
    ck_assert(turn.keys && !turn.keys->next);
    journal_turn_finish(&turn);
    journal_turn_finish(&proof);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(a_key_is_provisioned_once)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_turn turn;
    struct journal_learn learns[] = {
        {"alpha", "asana", bytes_of_text("0123456789abcdef"), false},
        {"alpha", "asana", bytes_of_text("fedcba9876543210"), false},
        {"beta", "asana", bytes_of_text("beta-beta-beta-beta"), false}};
    size_t count = 0;
    make_turn(&turn);
    turn.learns = learns;
    turn.learn_count = 3;
    turn.reads_keys = true;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(learns[0].added && !learns[1].added && learns[2].added);
    for (const struct journal_key *key = turn.keys; key; key = key->next, count++) {
        ck_assert_str_eq(key->provider, "asana");
        ck_assert(bytes_equal(key->key, learns[strcmp(key->route, "beta") == 0 ? 2 : 0].key));
    }
    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(!learns[0].added && !learns[2].added);
    turn.reads_keys = false;
    turn.learns =
        &(struct journal_learn){"gamma", "asana", bytes_of_text("gamma-gamma-gamma"), false};
    turn.learn_count = 1; /* and nothing else */
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(turn.learns->added);
    journal_turn_finish(&turn);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(what_others_write_is_noticed)
{
    begin(_i);
    struct journal *journal = open_journal(1), *other = open_journal(2);
    struct journal_turn turn, other_kinds;
    struct journal_upkeep upkeep = {.put_horizon_ms = 77};
    struct admission what = admission("new", "{}");
    int64_t handle = admit(journal, "k").handle;
    claim(journal, handle);
    finish(journal, handle, 1, OUTCOME_FAILED);
    make_turn(&turn);
    turn.polls = true;
    ck_assert(submit(journal, &turn) == JOURNAL_DONE && !turn.changed);
    replay_beside();
    make_turn(&other_kinds); /* which leave it to the next one */
    other_kinds.upkeep = &upkeep;
    ck_assert(submit(journal, &other_kinds) == JOURNAL_DONE && !other_kinds.changed);
    other_kinds.upkeep = NULL;
    other_kinds.proves = true;
    ck_assert(submit(journal, &other_kinds) == JOURNAL_DONE && !other_kinds.changed);
    journal_turn_finish(&other_kinds);
    journal_places_add(&what.admit.claim, 0);
    what.admit.event = &what.event;
    turn.admits = &what.admit;
    turn.admit_count = 1;
    ck_assert(submit(journal, &turn) == JOURNAL_DONE && turn.changed);
    /* others may stand before it */
    ck_assert(held_count == 1 && !journal_places_has(&what.admit.claimed, 0));
    ck_assert_uint_eq(pending(journal, 0), 2);
    turn.admit_count = 0;
    ck_assert(submit(journal, &turn) == JOURNAL_DONE && !turn.changed);
    admit(other, "other");
    ck_assert(submit(journal, &turn) == JOURNAL_DONE && turn.changed);
    journal_turn_finish(&turn);
    journal_close(other);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(a_copy_of_what_failed_runs_it_again)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    size_t reruns;
    struct journal_admit first = admit(journal, "k"), copy;
    for (unsigned attempt = 1; attempt <= JOURNAL_RERUNS_MAX + 1; attempt++) {
        ck_assert_int_eq(claim(journal, first.handle), WANT_CLAIMED);
        ck_assert(finish(journal, first.handle, attempt, OUTCOME_FAILED));
        copy = copy_with(journal, "{\"a\":1}", "", true, &reruns);
        ck_assert(copy.result == ADMIT_DUPLICATE && copy.why == DUPLICATE_KEPT && reruns == 0);
        copy = copy_with(journal, "{\"a\":1}", "[{}]", false, &reruns);
        ck_assert_int_eq(copy.result, ADMIT_DUPLICATE);
        copy = copy_with(journal, "{\"a\":1}", "", false, &reruns);
        ck_assert_str_eq(copy.id, first.id);
        if (attempt > JOURNAL_RERUNS_MAX)
            break;
        ck_assert(copy.result == ADMIT_RERUN && reruns == 1); /* the second delivery is open */
    }
    ck_assert(copy.result == ADMIT_DUPLICATE && copy.why == DUPLICATE_TOO_OFTEN);
    journal_close(journal);
    end();
}
END_TEST

/* A copy that would have others now changes nothing about that. */
START_TEST(an_event_has_only_the_actions_that_were_chosen)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct admission chosen = admission("k", "{\"a\":1}");
    size_t reruns;
    chosen.admit.actions = &rig.numbers[1];
    chosen.admit.action_count = 1;
    journal_places_add(&chosen.admit.claim, 0);
    struct journal_admit first = admit_at(journal, chosen, NOW_MS);
    ck_assert(first.result == ADMIT_ACCEPTED && journal_places_has(&first.claimed, 0));
    ck_assert(held_count == 1 && held[0].handle == first.handle);
    ck_assert_int_eq(held[0].action, rig.numbers[1]);
    ck_assert(pending(journal, 0) == 0 && pending(journal, 1) == 0);
    ck_assert_int_eq(claim(journal, first.handle + 1), WANT_GONE);
    ck_assert(finish(journal, first.handle, 1, OUTCOME_FAILED));
    struct journal_admit copy = copy_with(journal, "{\"a\":1}", "", false, &reruns);
    ck_assert(copy.result == ADMIT_RERUN && reruns == 1 && strcmp(copy.id, first.id) == 0);
    ck_assert(pending(journal, 0) == 0 && pending(journal, 1) == 1);
    ck_assert_int_eq(claim(journal, first.handle), WANT_CLAIMED);
    ck_assert(held[1].action == rig.numbers[1] && held[1].attempt == 2);
    ck_assert(finish(journal, first.handle, 2, OUTCOME_DONE));
    copy = copy_with(journal, "{\"a\":1}", "", false, &reruns);
    ck_assert(copy.result == ADMIT_DUPLICATE && copy.why == DUPLICATE_DONE && reruns == 0);
    admit(journal, "all"); /* the next has what it has */
    ck_assert(pending(journal, 0) == 1 && pending(journal, 1) == 1);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(without_a_body_and_after_a_refusal_the_copy_is_new)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct admission refused = admission("k", "{\"a\":1}");
    size_t reruns;
    refused.event.failures = bytes_of_text("[{}]");
    refused.admit.dead_reason = "it does not conform";
    struct journal_admit first = admit_at(journal, refused, NOW_MS);
    ck_assert(first.result == ADMIT_ACCEPTED && pending(journal, 0) == 0);
    ck_assert_int_eq(copy_with(journal, "{\"a\":1}", "[{}]", false, &reruns).why,
                     DUPLICATE_REFUSED);
    struct journal_admit copy = copy_with(journal, "{\"a\":2}", "", false, &reruns);
    ck_assert(copy.result == ADMIT_ACCEPTED && strcmp(copy.id, first.id) != 0);
    for (int i = 0; i < 2; i++)
        ck_assert(claim(journal, copy.handle + i) == WANT_CLAIMED &&
                  finish(journal, copy.handle + i, 1, OUTCOME_FAILED));
    drop_bodies_beside();
    struct journal_admit third = copy_with(journal, "{\"a\":1}", "", false, &reruns);
    ck_assert(third.result == ADMIT_ACCEPTED && strcmp(third.id, copy.id) != 0);
    copy = copy_with(journal, "{\"a\":1}", "", false, &reruns); /* of the newest */
    ck_assert(copy.result == ADMIT_DUPLICATE && strcmp(copy.id, third.id) == 0);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(a_quarantined_event_runs_after_a_copy_that_conforms)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct admission refused = admission("k", "{\"a\":1}");
    size_t reruns;
    refused.event.failures = bytes_of_text("[{}]");
    refused.admit.dead_reason = "it does not conform";
    struct journal_admit first = admit_at(journal, refused, NOW_MS);
    struct journal_admit copy = copy_with(journal, "{\"a\":1}", "", false, &reruns);
    ck_assert(copy.result == ADMIT_RERUN && reruns == 2 && strcmp(copy.id, first.id) == 0);
    ck_assert(pending(journal, 0) == 1 && pending(journal, 1) == 1);
    journal_close(journal);
    end();
}
END_TEST

START_TEST(without_room_events_are_refused_and_outcomes_are_not)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_turn turn;
    const struct outcome outcome = {
        .kind = OUTCOME_DONE, .reason = "", .output = bytes_of_text("out")};
    int64_t handle = admit(journal, "k").handle;
    ck_assert_int_eq(claim(journal, handle), WANT_CLAIMED);
    struct journal_finish done = {.handle = handle, .attempt = 1, .outcome = &outcome};
    struct admission made[] = {admission("k", "{}"), admission("l", "{}")};
    struct journal_admit admits[2];
    for (int i = 0; i < 2; i++) {
        admits[i] = made[i].admit;
        admits[i].event = &made[i].event;
    }
    make_turn(&turn);
    turn.room = -1;
    turn.finish = &done;
    turn.admits = admits;
    turn.admit_count = 2;
    turn.question_bytes = 4096;
    ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
    ck_assert(admits[0].result == ADMIT_DUPLICATE && admits[1].result == ADMIT_NO_ROOM);
    ck_assert(done.applied && turn.events_refused && turn.outputs_dropped && !turn.question_fits);
    turn.finish = NULL;
    turn.admit_count = 0;
    turn.room = 1 << 20;
    ck_assert(submit(journal, &turn) == JOURNAL_DONE && turn.question_fits);
    ck_assert(!turn.events_refused && !turn.outputs_dropped);
    journal_turn_finish(&turn);
    journal_close(journal);
    end();
}
END_TEST

/* What does not fit takes nothing of the room from what comes after it. */
START_TEST(room_is_counted_to_the_byte)
{
    static char large[100000];
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_turn turn;
    struct admission made[4];
    struct journal_admit admits[4];
    memset(large, 'x', sizeof large - 1);
    for (int i = 0; i < 4; i++) {
        made[i] = admission("", i % 2 ? "{}" : large);
        admits[i] = made[i].admit;
        admits[i].event = &made[i].event;
    }
    for (int less = 0; less < 2; less++) {
        make_turn(&turn);
        turn.room = 2 * (4 + 2 * 4096) - less; /* headers and body of one, in log and file */
        turn.admits = admits;
        turn.admit_count = 4;
        ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
        for (int i = 0; i < 4; i++)
            ck_assert_int_eq(admits[i].result, i == 1 && !less ? ADMIT_ACCEPTED : ADMIT_NO_ROOM);
        journal_turn_finish(&turn);
    }
    journal_close(journal);
    end();
}
END_TEST

/* More keys than a table begins with: it is made anew, and forgets none within its window. */
START_TEST(many_keys_are_known)
{
    enum { MANY = 3000, TURN = 500 };
    static struct admission made[TURN];
    static struct journal_admit admits[TURN];
    static char keys[TURN][16];
    begin(_i);
    struct journal *journal = open_journal(1);
    for (int i = 0; i < 2 * MANY / TURN; i++) {
        struct journal_turn turn;
        make_turn(&turn);
        for (int j = 0; j < TURN; j++) {
            snprintf(keys[j], sizeof keys[j], "k%d", i % (MANY / TURN) * TURN + j);
            made[j] = admission(keys[j], "{}");
            admits[j] = made[j].admit;
            admits[j].event = &made[j].event;
            admits[j].action_count = 0;
        }
        turn.admits = admits;
        turn.admit_count = TURN;
        ck_assert_int_eq(submit(journal, &turn), JOURNAL_DONE);
        for (int j = 0; j < TURN; j++)
            ck_assert_int_eq(admits[j].result, i < MANY / TURN ? ADMIT_ACCEPTED : ADMIT_DUPLICATE);
        journal_turn_finish(&turn);
    }
    journal_close(journal);
    end();
}
END_TEST

/* Their numbers stay, in whatever order the route file has them. */
START_TEST(actions_are_known_in_any_order)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    journal_close(journal);
    struct journal_action turned[] = {rig.actions[1], rig.actions[0]};
    turned[0].number = turned[1].number = 0;
    journal = open_with(2, turned, 2);
    ck_assert(turned[0].number == rig.numbers[1] && turned[1].number == rig.numbers[0]);
    ck_assert_uint_eq(journal->orphan_count, 0);
    journal_close(journal);
    journal = open_with(3, turned, 1);
    ck_assert_uint_eq(journal->orphan_count, 1);
    ck_assert_int_eq(journal->orphans[0], rig.numbers[0]);
    journal_close(journal);
    end();
}
END_TEST

/* Several may be under way: they are applied in the order in which they were submitted. */
START_TEST(turns_keep_their_order)
{
    begin(_i);
    struct journal *journal = open_journal(1);
    struct journal_turn turns[3];
    struct admission made[3];
    for (int i = 0; i < 3; i++) {
        made[i] = admission(i == 0 ? "k" : "l", "{}");
        made[i].admit.event = &made[i].event;
        make_turn(&turns[i]);
        turns[i].admits = &made[i].admit;
        turns[i].admit_count = 1;
        turns[i].owner = &turns[i];
        journal_submit(journal, &turns[i]);
    }
    while (turns[0].owner || turns[1].owner || turns[2].owner)
        loop_run_once(&rig.loop, 1000);
    ck_assert(made[1].admit.handle > made[0].admit.handle);
    ck_assert(made[1].admit.result == ADMIT_ACCEPTED && made[2].admit.result == ADMIT_DUPLICATE);
    for (int i = 0; i < 3; i++)
        journal_turn_finish(&turns[i]);
    journal_close(journal);
    end();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("journal_engines");
    TCase *all = tcase_create("all");
#define EVERY(name) tcase_add_loop_test(all, name, 0, ENGINES)
    EVERY(accept);
    EVERY(duplicates_within_the_window_and_beyond);
    EVERY(two_in_one_turn);
    EVERY(born_running);
    EVERY(claims_and_outcomes);
    EVERY(a_want_whose_event_is_gone_is_a_death);
    EVERY(takeover_beside_live_runners);
    EVERY(every_live_runner_is_left_alone);
    EVERY(early_stops_are_counted);
    EVERY(abandon);
    EVERY(windows_in_order);
    EVERY(not_now);
    EVERY(a_refused_turn_leaves_nothing);
    EVERY(a_key_is_provisioned_once);
    EVERY(what_others_write_is_noticed);
    EVERY(a_copy_of_what_failed_runs_it_again);
    EVERY(an_event_has_only_the_actions_that_were_chosen);
    EVERY(without_a_body_and_after_a_refusal_the_copy_is_new);
    EVERY(a_quarantined_event_runs_after_a_copy_that_conforms);
    EVERY(without_room_events_are_refused_and_outcomes_are_not);
    tcase_add_loop_test(all, room_is_counted_to_the_byte, 0, 1); /* what it takes is SQLite's */
    EVERY(many_keys_are_known);
    EVERY(actions_are_known_in_any_order);
    EVERY(turns_keep_their_order);
    suite_add_tcase(suite, all);
    return suite;
}
