/* A copy of an event that has failed has what is dead of it carried out again, and nothing else; a
 * command that stops the server is not started for ever. */
#include "runner_fixture.h"
#include "tests/unit/suite.h"

/* A copy that its schema has something against, where `failures` is not empty. */
static struct answer_frame ask_with(struct peer *peer, const char *key, const char *body,
                                    const char *failures)
{
    struct buffer out;
    buffer_init(&out, 1 << 20);
    put_copy(peer, &out, 0, key, body, failures);
    send_all(peer, &out);
    return wait_answer(peer);
}

static void expect_duplicate(const struct answer_frame *answer, const struct answer_frame *first,
                             enum frame_duplicate why, bool can_replay)
{
    ck_assert_uint_eq(answer->status, FRAME_DUPLICATE);
    ck_assert_str_eq(answer->id, first->id);
    ck_assert_uint_eq(answer->duplicate, why);
    ck_assert_uint_eq(answer->can_replay, can_replay);
}

static void change_journal(const char *sql)
{
    struct error err = {""};
    struct sqlite db;
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_KEEP, 2000, NULL, &err));
    ck_assert(sqlite_begin(&db) && sqlite_run(&db, sql) && sqlite_commit(&db));
    sqlite_close(&db);
}

START_TEST(a_copy_of_what_failed_runs_it_again_and_of_what_is_done_nothing)
{
    struct peer peer = peer_start(1);
    claim(&peer);
    atomic_store(&board->fail, 1);
    struct answer_frame first = ask(&peer, 0, "k");
    ck_assert_uint_eq(first.status, FRAME_ACCEPTED);
    wait_journal(COUNT_STATE("dead"), 1);
    atomic_store(&board->fail, 0);
    atomic_store(&board->hold, 1);
    struct answer_frame again = ask(&peer, 0, "k");
    ck_assert_uint_eq(again.status, FRAME_AGAIN);
    ck_assert_str_eq(again.id, first.id);
    wait_count(&board->started, 2);
    ck_assert_str_eq(board->seen[1].id, first.id);
    ck_assert_uint_eq(board->seen[1].attempt, 2);
    struct answer_frame meanwhile = ask(&peer, 0, "k");
    expect_duplicate(&meanwhile, &first, DUPLICATE_OPEN, false);
    atomic_store(&board->hold, 0);
    wait_journal(COUNT_STATE("done"), 1);
    struct answer_frame late = ask(&peer, 0, "k");
    expect_duplicate(&late, &first, DUPLICATE_DONE, true);
    ck_assert_int_eq(ask_journal("SELECT reruns FROM event"), 1);
    ck_assert_uint_eq(atomic_load(&board->started), 2);
    peer_leave(&peer);
}
END_TEST

START_TEST(only_the_dead_deliveries_of_an_event_run_again)
{
    settings = fixture_settings(&command_like, 1, 2);
    struct peer peer = peer_start(1);
    claim(&peer);
    atomic_store(&board->fail, 1);
    ask(&peer, 0, "k");
    wait_journal(COUNT_STATE("dead"), 1);
    wait_journal(COUNT_STATE("done"), 1);
    atomic_store(&board->fail, 3);
    ck_assert_uint_eq(ask(&peer, 0, "k").status, FRAME_AGAIN);
    wait_count(&board->failed, 2);
    wait_journal("SELECT count(*) FROM delivery WHERE state = 'dead' AND attempt = 2", 1);
    ck_assert_int_eq(ask_journal(COUNT_STATE("done")), 1);
    /* beside one that runs */
    change_journal("UPDATE delivery SET state = 'running', runner = 77 WHERE state = 'done'");
    ck_assert_uint_eq(ask(&peer, 0, "k").status, FRAME_AGAIN);
    wait_count(&board->failed, 3);
    wait_journal(COUNT_STATE("running"), 1);
    wait_journal(COUNT_STATE("dead"), 1);
    peer_leave(&peer);
}
END_TEST

START_TEST(copies_in_one_batch_run_it_again_once)
{
    struct peer peer = peer_start(1);
    struct buffer out;
    claim(&peer);
    atomic_store(&board->fail, 1);
    ask(&peer, 0, "k");
    wait_journal(COUNT_STATE("dead"), 1);
    atomic_store(&board->hold, 1);
    buffer_init(&out, 1 << 20);
    for (int i = 0; i < 3; i++)
        put_event(&peer, &out, 0, "k");
    send_all(&peer, &out);
    ck_assert_uint_eq(wait_answer(&peer).status, FRAME_AGAIN);
    ck_assert_uint_eq(wait_answer(&peer).status, FRAME_DUPLICATE);
    ck_assert_uint_eq(wait_answer(&peer).status, FRAME_DUPLICATE);
    atomic_store(&board->hold, 0);
    wait_journal(COUNT_STATE("dead"), 1);
    ck_assert_uint_eq(atomic_load(&board->started), 2);
    peer_leave(&peer);
}
END_TEST

/* Whoever has read in the log that it failed is not told that it waits. */
START_TEST(a_copy_that_comes_with_the_outcome_finds_it_failed)
{
    struct peer peer = peer_start(1);
    struct buffer out;
    claim(&peer);
    atomic_store(&board->fail, 1);
    atomic_store(&board->hold, 1);
    ask(&peer, 0, "k");
    wait_count(&board->started, 1);
    wait_journal(COUNT_STATE("running"), 1);
    struct sqlite_journal *other = fixture_open(); /* holds its next turn up until both are there */
    ck_assert_int_eq(writer_begin(other), SQLITE_STATUS_OK);
    atomic_store(&board->hold, 0);
    wait_count(&board->failed, 1);
    buffer_init(&out, 1 << 20);
    put_event(&peer, &out, 0, "k");
    send_all(&peer, &out);
    usleep(200000); /* held for longer than it tries at a time: the next try has the copy */
    ck_assert_int_eq(writer_commit(other), SQLITE_STATUS_OK);
    writer_close(other);
    ck_assert_uint_eq(wait_answer(&peer).status, FRAME_AGAIN);
    peer_leave(&peer);
}
END_TEST

START_TEST(an_event_runs_again_ten_times_at_most)
{
    struct peer peer = peer_start(1);
    claim(&peer);
    atomic_store(&board->fail, 1);
    struct answer_frame first = ask(&peer, 0, "k");
    for (unsigned i = 1; i <= JOURNAL_RERUNS_MAX; i++) {
        wait_count(&board->failed, i);
        wait_journal(COUNT_STATE("dead"), 1);
        ck_assert_uint_eq(ask(&peer, 0, "k").status, FRAME_AGAIN);
    }
    wait_journal(COUNT_STATE("dead"), 1);
    struct answer_frame more = ask(&peer, 0, "k");
    expect_duplicate(&more, &first, DUPLICATE_TOO_OFTEN, true);
    peer_leave(&peer);
    peer = peer_start(2); /* a restart does not forget */
    more = ask(&peer, 0, "k");
    expect_duplicate(&more, &first, DUPLICATE_TOO_OFTEN, true);
    peer_leave(&peer);
}
END_TEST

START_TEST(with_keep_what_failed_stays)
{
    fixture_parts[0].dedupe.dead = DEDUPE_DEAD_KEEP;
    struct peer peer = peer_start(1);
    claim(&peer);
    atomic_store(&board->fail, 1);
    struct answer_frame first = ask(&peer, 0, "k");
    wait_journal(COUNT_STATE("dead"), 1);
    struct answer_frame copy = ask(&peer, 0, "k");
    expect_duplicate(&copy, &first, DUPLICATE_KEPT, true);
    change_journal("DELETE FROM body"); /* nor is the copy an event of its own */
    copy = ask(&peer, 0, "k");
    expect_duplicate(&copy, &first, DUPLICATE_KEPT, false);
    peer_leave(&peer);
}
END_TEST

START_TEST(where_the_body_is_gone_the_copy_is_a_new_event)
{
    struct peer peer = peer_start(1);
    claim(&peer);
    atomic_store(&board->fail, 1);
    struct answer_frame first = ask(&peer, 0, "k");
    wait_journal(COUNT_STATE("dead"), 1);
    change_journal("DELETE FROM body");
    atomic_store(&board->fail, 0);
    struct answer_frame second = ask(&peer, 0, "k");
    ck_assert_uint_eq(second.status, FRAME_ACCEPTED);
    ck_assert_str_ne(second.id, first.id);
    wait_journal(COUNT_STATE("done"), 1);
    struct answer_frame third = ask(&peer, 0, "k"); /* of the newer one */
    expect_duplicate(&third, &second, DUPLICATE_DONE, true);
    peer_leave(&peer);
    peer = peer_start(2); /* which reads the keys newest first */
    third = ask(&peer, 0, "k");
    expect_duplicate(&third, &second, DUPLICATE_DONE, true);
    peer_leave(&peer);
}
END_TEST

START_TEST(what_its_schema_refused_runs_if_the_copy_conforms_and_is_the_same)
{
    struct peer peer = peer_start(1);
    claim(&peer);
    struct answer_frame first = ask_with(&peer, "k", "{\"a\":1}", "[{}]");
    ck_assert_uint_eq(first.status, FRAME_ACCEPTED);
    ck_assert_int_eq(ask_journal(COUNT_STATE("dead")), 1);
    struct answer_frame copy = ask_with(&peer, "k", "{\"a\":1}", "[{}]");
    expect_duplicate(&copy, &first, DUPLICATE_REFUSED, true);
    copy = ask_with(&peer, "k", "{\"a\":1}", "");
    ck_assert_uint_eq(copy.status, FRAME_AGAIN);
    ck_assert_str_eq(copy.id, first.id);
    wait_journal(COUNT_STATE("done"), 1);
    ck_assert_int_eq(ask_journal("SELECT count(failures) FROM event"), 0);
    /* another body says nothing about the one that is stored */
    first = ask_with(&peer, "l", "{\"a\":1}", "[{}]");
    copy = ask_with(&peer, "l", "{\"a\":2}", "");
    ck_assert_uint_eq(copy.status, FRAME_ACCEPTED);
    ck_assert_str_ne(copy.id, first.id);
    wait_journal(COUNT_STATE("done"), 2);
    ck_assert_int_eq(ask_journal(COUNT_STATE("dead")), 1);
    peer_leave(&peer);
}
END_TEST

START_TEST(a_copy_that_does_not_conform_runs_nothing)
{
    struct peer peer = peer_start(1);
    claim(&peer);
    atomic_store(&board->fail, 1);
    struct answer_frame first = ask(&peer, 0, "k"); /* conformed, and failed */
    wait_journal(COUNT_STATE("dead"), 1);
    struct answer_frame copy = ask_with(&peer, "k", "{\"a\":1}", "[{}]");
    expect_duplicate(&copy, &first, DUPLICATE_REFUSED, true);
    peer_leave(&peer);
}
END_TEST

START_TEST(what_crashes_ended_does_not_run_again)
{
    struct peer peer = peer_start(1);
    atomic_store(&board->hold, 1);
    claim(&peer);
    struct answer_frame first = ask(&peer, 0, "k");
    wait_count(&board->started, 1);
    change_journal("UPDATE delivery SET takeovers = 2, alone = 1");
    peer_kill(&peer);
    peer = peer_start(2);
    claim(&peer);
    wait_journal(COUNT_STATE("dead"), 1);
    struct answer_frame copy = ask(&peer, 0, "k");
    expect_duplicate(&copy, &first, DUPLICATE_GIVEN_UP, true);
    ck_assert_uint_eq(atomic_load(&board->started), 1);
    peer_leave(&peer);
}
END_TEST

START_TEST(what_counts_no_crashes_runs_after_any_number_of_them)
{
    static const struct action_kind *const kinds[] = {&pipe_like, &patient_like};
    settings->routes[0].actions[0].handler.kind = &kinds[_i]->kind;
    struct peer peer = peer_start(1);
    atomic_store(&board->hold, 1);
    claim(&peer);
    ask(&peer, 0, "k");
    wait_count(&board->started, 1);
    change_journal("UPDATE delivery SET takeovers = 9");
    peer_kill(&peer);
    atomic_store(&board->hold, 0);
    peer = peer_start(2);
    claim(&peer);
    wait_journal(COUNT_STATE("done"), 1);
    peer_leave(&peer);
}
END_TEST

START_TEST(what_its_route_file_does_not_have_any_more_does_not_run_again)
{
    settings = fixture_settings(&command_like, 1, 2);
    struct peer peer = peer_start(1);
    claim(&peer);
    atomic_store(&board->fail, 2);
    struct answer_frame first = ask(&peer, 0, "k");
    wait_journal(COUNT_STATE("dead"), 1);
    wait_journal(COUNT_STATE("done"), 1);
    peer_leave(&peer);
    settings->routes[0].action_count = 1;
    peer = peer_start(2);
    struct answer_frame copy = ask(&peer, 0, "k");
    expect_duplicate(&copy, &first, DUPLICATE_GONE, false);
    peer_leave(&peer);
}
END_TEST

START_TEST(what_was_answered_again_survives_a_kill_and_what_was_not_stays)
{
    struct peer peer = peer_start(1);
    claim(&peer);
    atomic_store(&board->fail, 1);
    struct answer_frame first = ask(&peer, 0, "k");
    wait_journal(COUNT_STATE("dead"), 1);
    atomic_store(&board->fail_syncs, 1);
    ck_assert_uint_eq(ask(&peer, 0, "k").status, FRAME_REFUSED_JOURNAL);
    peer_kill(&peer);
    atomic_store(&board->fail_syncs, 0);
    /* the refused one may be there all the same, as an event may; then it has been run again */
    int64_t reruns = ask_journal("SELECT reruns FROM event");
    ck_assert_int_eq(ask_journal("SELECT state IN ('pending', 'running') FROM delivery"), reruns);
    change_journal("UPDATE delivery SET state = 'dead'; UPDATE event SET reruns = 0");
    atomic_store(&board->fail, 0);
    peer = peer_start(2); /* does not claim */
    struct answer_frame again = ask(&peer, 0, "k");
    ck_assert_uint_eq(again.status, FRAME_AGAIN);
    peer_kill(&peer);
    peer = peer_start(3);
    struct answer_frame copy = ask(&peer, 0, "k");
    expect_duplicate(&copy, &first, DUPLICATE_OPEN, false);
    claim(&peer);
    wait_count(&board->ended, 1);
    peer_leave(&peer);
}
END_TEST

START_TEST(in_a_reload_the_older_runner_takes_the_copy_and_the_newer_one_runs_it)
{
    struct peer old = peer_start(1);
    claim(&old);
    atomic_store(&board->fail, 1);
    ask(&old, 0, "k");
    wait_journal(COUNT_STATE("dead"), 1);
    atomic_store(&board->fail, 0);
    struct peer new = peer_start(2);
    control_send(old.control, CONTROL_RELEASE, 0, -1);
    control_send(old.control, CONTROL_DRAIN, INT64_MAX, -1);
    wait_said(&old, CONTROL_RELEASED);
    control_send(new.control, CONTROL_ALONE_UNTIL_GONE, 1, -1);
    claim(&new);
    ask(&new, 0, "later"); /* its lanes are past the first */
    wait_count(&board->ended, 1);
    ck_assert_uint_eq(ask(&old, 0, "k").status, FRAME_AGAIN);
    wait_count(&board->ended, 2);
    wait_journal(COUNT_STATE("done"), 2);
    ck_assert_uint_eq(ask(&new, 0, "k").status, FRAME_DUPLICATE);
    peer_leave(&old);
    peer_leave(&new);
}
END_TEST

/* Sends a copy of each event from `first` to `last`, up or down; how many run again. */
static int send_copies(struct peer *peer, int first, int last)
{
    struct buffer out;
    int step = first < last ? 1 : -1, again = 0;
    char key[16];
    buffer_init(&out, 1 << 20);
    for (int i = first; i != last + step; i += step) {
        snprintf(key, sizeof key, "k%d", i);
        put_event(peer, &out, 0, key);
    }
    send_all(peer, &out);
    for (int i = first; i != last + step; i += step)
        again += wait_answer(peer).status == FRAME_AGAIN;
    return again;
}

START_TEST(a_long_queue_keeps_its_order_around_what_runs_again)
{
    enum { LAST = QUEUE_RING + 100 };
    settings->server.commands = 64;
    struct peer peer = peer_start(1);
    ck_assert_int_eq(send_copies(&peer, 0, LAST), 0);
    peer_leave(&peer);
    /* some of the first, and some beyond what a lane holds */
    change_journal("UPDATE delivery SET state = 'dead' WHERE seq % (7 * 256) = 0 AND"
                   " (seq < 100 * 256 OR seq > 1000 * 256)");
    int64_t dead = ask_journal(COUNT_STATE("dead"));
    ck_assert_int_gt(dead, 30);
    peer = peer_start(2);
    atomic_store(&board->hold, 1);
    claim(&peer);
    wait_count(&board->started, 48); /* as many as one route gets */
    ck_assert_int_eq(send_copies(&peer, LAST, 0), dead);
    atomic_store(&board->hold, 0);
    wait_count(&board->ended, LAST + 1);
    for (int i = 49; i <= LAST; i++)
        ck_assert_int_lt(strcmp(board->seen[i - 1].id, board->seen[i].id), 0);
    peer_leave(&peer);
}
END_TEST

/* ---- commands that stop the server ---- */

/* One start of the server that is stopped while its command runs, so long after its start. */
static void start_and_stop(uint64_t mark, int64_t after_ns)
{
    unsigned started = atomic_load(&board->started);
    struct peer peer = peer_start(mark);
    claim(&peer);
    wait_count(&board->started, started + 1);
    atomic_fetch_add(&board->ahead_ns, after_ns);
    control_send(peer.control, CONTROL_DRAIN, (uint64_t)clock_monotonic_ns() + NS_PER_S / 10, -1);
    shutdown(peer.link, SHUT_RDWR);
    ck_assert_int_eq(peer_wait(&peer), 0);
}

START_TEST(a_command_that_stops_the_server_is_given_up_after_three_times)
{
    struct peer peer = peer_start(1);
    struct answer_frame first = ask(&peer, 0, "k");
    peer_leave(&peer);
    atomic_store(&board->hold, 1);
    start_and_stop(2, 0);
    start_and_stop(3, 61 * NS_PER_S); /* does not count */
    start_and_stop(4, 58 * NS_PER_S);
    ck_assert_int_eq(ask_journal("SELECT stops FROM delivery WHERE state = 'pending'"), 2);
    start_and_stop(5, 0);
    ck_assert_int_eq(
        ask_journal("SELECT count(*) FROM delivery WHERE state = 'dead' AND given_up"
                    " AND stops = 3 AND reason LIKE 'given up: 3 stops of the server%'"),
        1);
    atomic_store(&board->hold, 0);
    peer = peer_start(6);
    claim(&peer);
    struct answer_frame copy = ask(&peer, 0, "k");
    expect_duplicate(&copy, &first, DUPLICATE_GIVEN_UP, true);
    ck_assert_uint_eq(atomic_load(&board->started), 4);
    peer_leave(&peer);
}
END_TEST

START_TEST(what_counts_no_crashes_waits_through_any_number_of_stops)
{
    static const struct action_kind *const kinds[] = {&pipe_like, &patient_like};
    settings->routes[0].actions[0].handler.kind = &kinds[_i]->kind;
    struct peer peer = peer_start(1);
    ask(&peer, 0, "k");
    peer_leave(&peer);
    atomic_store(&board->hold, 1);
    for (uint64_t i = 0; i < 4; i++)
        start_and_stop(2 + i, 0);
    ck_assert_int_eq(ask_journal("SELECT stops FROM delivery WHERE state = 'pending'"), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("rerun");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, begin, end);
    tcase_add_test(all, a_copy_of_what_failed_runs_it_again_and_of_what_is_done_nothing);
    tcase_add_test(all, only_the_dead_deliveries_of_an_event_run_again);
    tcase_add_test(all, copies_in_one_batch_run_it_again_once);
    tcase_add_test(all, a_copy_that_comes_with_the_outcome_finds_it_failed);
    tcase_add_test(all, an_event_runs_again_ten_times_at_most);
    tcase_add_test(all, with_keep_what_failed_stays);
    tcase_add_test(all, where_the_body_is_gone_the_copy_is_a_new_event);
    tcase_add_test(all, what_its_schema_refused_runs_if_the_copy_conforms_and_is_the_same);
    tcase_add_test(all, a_copy_that_does_not_conform_runs_nothing);
    tcase_add_test(all, what_crashes_ended_does_not_run_again);
    tcase_add_loop_test(all, what_counts_no_crashes_runs_after_any_number_of_them, 0, 2);
    tcase_add_test(all, what_its_route_file_does_not_have_any_more_does_not_run_again);
    tcase_add_test(all, what_was_answered_again_survives_a_kill_and_what_was_not_stays);
    tcase_add_test(all, in_a_reload_the_older_runner_takes_the_copy_and_the_newer_one_runs_it);
    tcase_add_test(all, a_long_queue_keeps_its_order_around_what_runs_again);
    tcase_add_test(all, a_command_that_stops_the_server_is_given_up_after_three_times);
    tcase_add_loop_test(all, what_counts_no_crashes_waits_through_any_number_of_stops, 0, 2);
    suite_add_tcase(suite, all);
    return suite;
}
