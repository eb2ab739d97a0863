/* What is answered 2xx is in the journal, is carried out, once and in order, and survives restarts
 * and reloads. */
#include "runner_fixture.h"
#include "tests/unit/suite.h"

START_TEST(an_answer_follows_the_commit_and_the_action_the_answer)
{
    struct peer peer = peer_start(1);
    struct answer_frame answer = ask(&peer, 0, "k1");
    ck_assert_uint_eq(answer.status, FRAME_ACCEPTED);
    ck_assert(id_valid(bytes_of_text(answer.id)));
    ck_assert_int_eq(ask_journal(COUNT_STATE("pending")), 1);
    ck_assert_uint_eq(atomic_load(&board->started), 0); /* nothing is claimed yet */
    claim(&peer);
    wait_count(&board->ended, 1);
    ck_assert_str_eq(board->seen[0].id, answer.id);
    ck_assert_uint_eq(board->seen[0].attempt, 1);
    wait_journal(COUNT_STATE("done"), 1);
    peer_leave(&peer);
}
END_TEST

START_TEST(copies_in_one_batch_run_once)
{
    struct peer peer = peer_start(1);
    struct buffer out;
    char first[ID_TEXT_SIZE] = "";
    claim(&peer);
    buffer_init(&out, 1 << 20);
    put_event(&peer, &out, 0, "same");
    put_event(&peer, &out, 0, "same");
    put_event(&peer, &out, 1, "same"); /* another route: another event */
    put_event(&peer, &out, 0, "");     /* no key */
    put_event(&peer, &out, 0, "");
    send_all(&peer, &out);
    for (int i = 0; i < 5; i++) {
        struct answer_frame answer = wait_answer(&peer);
        ck_assert_uint_eq(answer.status, i == 1 ? FRAME_DUPLICATE : FRAME_ACCEPTED);
        if (i == 0)
            memcpy(first, answer.id, sizeof answer.id);
        ck_assert_int_eq(strcmp(first, answer.id) == 0, i <= 1);
    }
    struct answer_frame late = ask(&peer, 0, "same");
    ck_assert_uint_eq(late.status, FRAME_DUPLICATE);
    ck_assert_str_eq(late.id, first);
    wait_journal(COUNT_STATE("done"), 4);
    peer_leave(&peer);
    peer = peer_start(2); /* the keys are known to the next one */
    ck_assert_str_eq(ask(&peer, 0, "same").id, first);
    peer_leave(&peer);
    ck_assert_uint_eq(atomic_load(&board->started), 4);
}
END_TEST

START_TEST(a_key_past_its_window_is_new)
{
    fixture_parts[0].dedupe.window_ms = 1;
    struct peer peer = peer_start(1);
    ask(&peer, 0, "k");
    for (int64_t over_ms = clock_unix_ms() + 2; clock_unix_ms() < over_ms;)
        usleep(1000);
    ck_assert_uint_eq(ask(&peer, 0, "k").status, FRAME_ACCEPTED);
    peer_leave(&peer);
}
END_TEST

START_TEST(a_restart_carries_out_what_was_pending_and_running)
{
    struct peer peer = peer_start(1);
    char key[16];
    atomic_store(&board->hold, 1);
    claim(&peer);
    for (int i = 0; i < 10; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ask(&peer, 0, key);
    }
    wait_count(&board->started, 3); /* as many as one route gets */
    peer_kill(&peer);
    atomic_store(&board->hold, 0);
    peer = peer_start(2);
    claim(&peer);
    wait_count(&board->ended, 10);
    wait_journal(COUNT_STATE("done"), 10);
    ck_assert_int_eq(ask_journal("SELECT count(*) FROM delivery WHERE attempt = 2"), 3);
    peer_leave(&peer);
}
END_TEST

START_TEST(order_is_that_of_the_journal)
{
    settings->server.commands = 1;
    struct peer peer = peer_start(1);
    char key[16];
    for (int i = 0; i < 2000; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ask(&peer, 0, key);
    }
    claim(&peer);
    wait_count(&board->ended, 2000);
    for (int i = 1; i < 2000; i++)
        ck_assert_int_lt(strcmp(board->seen[i - 1].id, board->seen[i].id), 0);
    peer_leave(&peer);
}
END_TEST

static int64_t running_of(const char *route)
{
    char sql[160];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM delivery d JOIN event e ON e.seq = d.event "
             "WHERE d.state = 'running' AND e.route = '%s'",
             route);
    return ask_journal(sql);
}

START_TEST(a_flood_on_one_route_leaves_half_of_the_slots)
{
    struct peer peer = peer_start(1);
    char key[16];
    atomic_store(&board->hold, 1);
    for (int i = 0; i < 20; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ask(&peer, i < 16 ? 0 : 1, key);
    }
    claim(&peer);
    wait_count(&board->started, 4);
    ck_assert_int_eq(running_of("alpha"), 2);
    atomic_store(&board->hold, 0);
    wait_count(&board->ended, 20);
    peer_leave(&peer);
}
END_TEST

START_TEST(commands_that_hang_leave_a_slot_to_each_other_route)
{
    settings = fixture_settings(&command_like, 3, 1);
    struct peer peer = peer_start(1);
    char key[16];
    atomic_store(&board->hold, 1);
    claim(&peer);
    for (int i = 0; i < 20; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ask(&peer, 0, key);
    }
    wait_count(&board->started, 2); /* two are kept for the two that run nothing */
    for (int i = 0; i < 20; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ask(&peer, 1, key);
    }
    wait_count(&board->started, 3);
    ask(&peer, 2, "late");
    wait_count(&board->started, 4);
    ck_assert_int_eq(running_of("alpha"), 2);
    ck_assert_int_eq(running_of("beta"), 1);
    ck_assert_int_eq(running_of("gamma"), 1);
    atomic_store(&board->hold, 0);
    wait_count(&board->ended, 41);
    peer_leave(&peer);
}
END_TEST

START_TEST(a_pipe_that_nobody_reads_holds_up_nothing_else)
{
    char key[16];
    settings = fixture_settings(&command_like, 1, 2);
    settings->routes[0].actions[0].handler.kind = &pipe_like.kind;
    struct peer peer = peer_start(1);
    atomic_store(&board->hold, 1);
    claim(&peer);
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ask(&peer, 0, key);
    }
    wait_count(&board->started, QUEUE_FEED + 4); /* the pipe's, and as many commands as slots */
    ck_assert_int_eq(ask_journal(COUNT_STATE("pending")), 200 - QUEUE_FEED - 4);
    atomic_store(&board->hold, 0);
    wait_count(&board->ended, 200);
    peer_leave(&peer);
}
END_TEST

START_TEST(during_a_reload_two_runners_share_the_journal)
{
    struct peer old = peer_start(1);
    atomic_store(&board->hold, 1);
    claim(&old);
    struct answer_frame first = ask(&old, 0, "running");
    wait_count(&board->started, 1);
    struct peer new = peer_start(2);
    struct answer_frame copy = ask(&new, 0, "running");
    ck_assert_uint_eq(copy.status, FRAME_DUPLICATE);
    ck_assert_str_eq(copy.id, first.id);
    control_send(old.control, CONTROL_RELEASE, 0, -1);
    control_send(old.control, CONTROL_DRAIN, INT64_MAX, -1);
    wait_said(&old, CONTROL_RELEASED);
    ck_assert_uint_eq(ask(&new, 0, "fresh").status, FRAME_ACCEPTED);
    ck_assert_uint_eq(ask(&old, 0, "fresh").status, FRAME_DUPLICATE);
    ck_assert_uint_eq(atomic_load(&board->started), 1); /* nobody claims */
    control_send(new.control, CONTROL_ALONE_UNTIL_GONE, 1, -1);
    claim(&new);
    wait_count(&board->started, 2); /* "fresh", by the new one; "running" is left alone */
    ask(&old, 0, "late");           /* journalled by the old one, carried out by the new one */
    wait_count(&board->started, 3);
    ck_assert_int_eq(ask_journal("SELECT max(attempt) FROM delivery"), 1);
    peer_kill(&old);
    control_send(new.control, CONTROL_GONE, 1, -1);
    wait_count(&board->started, 4);
    atomic_store(&board->hold, 0);
    wait_journal(COUNT_STATE("done"), 3);
    peer_leave(&new);
}
END_TEST

START_TEST(what_must_be_recalled_is_at_a_release_and_commands_go_on)
{
    static const struct action_kind *const kinds[] = {&pipe_like, &recalled_like};
    settings->routes[1].actions[0].handler.kind = &kinds[_i]->kind;
    struct peer old = peer_start(1);
    atomic_store(&board->hold, 1);
    claim(&old);
    ask(&old, 0, "command");
    ask(&old, 1, "pipe");
    wait_count(&board->started, 2);
    control_send(old.control, CONTROL_RELEASE, 0, -1);
    control_send(old.control, CONTROL_DRAIN, INT64_MAX, -1);
    wait_said(&old, CONTROL_RELEASED);
    ck_assert_uint_eq(atomic_load(&board->stopped), 1);
    ck_assert_int_eq(ask_journal(COUNT_STATE("pending")), 1);
    struct peer new = peer_start(2);
    control_send(new.control, CONTROL_ALONE_UNTIL_GONE, 1, -1);
    claim(&new);
    wait_count(&board->started, 3);
    shutdown(old.link, SHUT_RDWR);
    atomic_store(&board->hold, 0);
    ck_assert_int_eq(peer_wait(&old), 0); /* leaves by itself when its command has ended */
    control_send(new.control, CONTROL_GONE, 1, -1);
    wait_journal(COUNT_STATE("done"), 2);
    ck_assert_uint_eq(atomic_load(&board->started), 3);
    peer_leave(&new);
}
END_TEST

START_TEST(a_drain_interrupts_at_the_deadline_and_keeps_the_delivery)
{
    struct peer peer = peer_start(1);
    atomic_store(&board->hold, 1);
    claim(&peer);
    ask(&peer, 0, "k");
    wait_count(&board->started, 1);
    control_send(peer.control, CONTROL_DRAIN, (uint64_t)clock_monotonic_ns() + NS_PER_S / 2, -1);
    ck_assert_uint_eq(ask(&peer, 0, "while draining").status, FRAME_ACCEPTED);
    shutdown(peer.link, SHUT_RDWR);
    ck_assert_int_eq(peer_wait(&peer), 0);
    ck_assert_int_eq(ask_journal(COUNT_STATE("pending")), 2);
    ck_assert_uint_eq(atomic_load(&board->stopped), 1);
}
END_TEST

START_TEST(without_a_supervisor_it_leaves_at_once)
{
    struct peer peer = peer_start(1);
    shutdown(peer.control, SHUT_RDWR);
    int status = peer_wait(&peer);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
}
END_TEST

START_TEST(deliveries_of_routes_that_are_gone_are_dead)
{
    struct peer peer = peer_start(1);
    ask(&peer, 0, "a");
    ask(&peer, 1, "b");
    peer_leave(&peer);
    settings->route_count = 1;
    peer = peer_start(2);
    claim(&peer);
    wait_journal(COUNT_STATE("done"), 1);
    wait_journal("SELECT count(*) FROM delivery WHERE state = 'dead' AND reason LIKE '%no longer%'",
                 1);
    peer_leave(&peer);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("runner");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, begin, end);
    tcase_add_test(all, an_answer_follows_the_commit_and_the_action_the_answer);
    tcase_add_test(all, copies_in_one_batch_run_once);
    tcase_add_test(all, a_key_past_its_window_is_new);
    tcase_add_test(all, a_restart_carries_out_what_was_pending_and_running);
    tcase_add_test(all, order_is_that_of_the_journal);
    tcase_add_test(all, a_flood_on_one_route_leaves_half_of_the_slots);
    tcase_add_test(all, commands_that_hang_leave_a_slot_to_each_other_route);
    tcase_add_test(all, a_pipe_that_nobody_reads_holds_up_nothing_else);
    tcase_add_test(all, during_a_reload_two_runners_share_the_journal);
    tcase_add_loop_test(all, what_must_be_recalled_is_at_a_release_and_commands_go_on, 0, 2);
    tcase_add_test(all, a_drain_interrupts_at_the_deadline_and_keeps_the_delivery);
    tcase_add_test(all, without_a_supervisor_it_leaves_at_once);
    tcase_add_test(all, deliveries_of_routes_that_are_gone_are_dead);
    suite_add_tcase(suite, all);
    return suite;
}
