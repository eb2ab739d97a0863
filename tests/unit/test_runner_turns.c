/* The runner believes nothing of when a turn is completed: the same is true of it on a journal in
 * memory that completes turns at once and on one that completes them later. */
#include "runner_fixture.h"
#include "tests/unit/suite.h"

#include "journal_memory.h"

static struct memory_store *store;

static void begin_memory(int later)
{
    begin();
    engine = &memory_engine;
    store = memory_store_create(later == 1);
}

static void end_memory(void)
{
    memory_store_destroy(store);
    end();
}

static void wait_state(enum memory_state state, size_t wanted)
{
    int64_t end_ns = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
    while (memory_store_count(store, state) != wanted && clock_monotonic_ns() < end_ns)
        usleep(2000);
    ck_assert_uint_eq(memory_store_count(store, state), wanted);
}

/* So many events of a route, in one go; how many are accepted. */
static unsigned send_events(struct peer *peer, unsigned route, unsigned count)
{
    struct buffer out;
    char key[16];
    unsigned accepted = 0;
    buffer_init(&out, 1 << 20);
    for (unsigned i = 0; i < count; i++) {
        snprintf(key, sizeof key, "k%u", i);
        put_event(peer, &out, route, key);
    }
    send_all(peer, &out);
    for (unsigned i = 0; i < count; i++)
        accepted += wait_answer(peer).status == FRAME_ACCEPTED;
    return accepted;
}

START_TEST(an_answer_follows_the_turn_and_the_action_the_answer)
{
    begin_memory(_i);
    struct peer peer = peer_start(1);
    struct answer_frame answer = ask(&peer, 0, "k");
    ck_assert_uint_eq(answer.status, FRAME_ACCEPTED);
    ck_assert_uint_eq(memory_store_count(store, MEMORY_PENDING), 1);
    ck_assert_uint_eq(atomic_load(&board->started), 0); /* nothing is claimed yet */
    claim(&peer);
    wait_count(&board->ended, 1);
    ck_assert_str_eq(board->seen[0].id, answer.id);
    wait_state(MEMORY_DONE, 1);
    struct answer_frame copy = ask(&peer, 0, "k");
    ck_assert(copy.status == FRAME_DUPLICATE && strcmp(copy.id, answer.id) == 0);
    peer_leave(&peer);
    end_memory();
}
END_TEST

START_TEST(every_event_runs_once_and_in_order)
{
    enum { COUNT = 700 };
    begin_memory(_i);
    settings->server.commands = 1;
    struct peer peer = peer_start(1);
    claim(&peer);
    ck_assert_uint_eq(send_events(&peer, 0, COUNT), COUNT);
    ck_assert_uint_eq(send_events(&peer, 0, COUNT), 0); /* copies */
    wait_count(&board->ended, COUNT);
    wait_state(MEMORY_DONE, COUNT);
    for (int i = 1; i < COUNT; i++)
        ck_assert_int_lt(strcmp(board->seen[i - 1].id, board->seen[i].id), 0);
    peer_leave(&peer);
    end_memory();
}
END_TEST

START_TEST(slots_are_shared_while_turns_are_under_way)
{
    begin_memory(_i);
    struct peer peer = peer_start(1);
    atomic_store(&board->hold, 1);
    claim(&peer);
    send_events(&peer, 0, 16);
    send_events(&peer, 1, 4);
    wait_count(&board->started, 4);
    wait_state(MEMORY_RUNNING, 4);
    atomic_store(&board->hold, 0);
    wait_count(&board->ended, 20);
    wait_state(MEMORY_DONE, 20);
    peer_leave(&peer);
    end_memory();
}
END_TEST

START_TEST(a_pipe_that_nobody_reads_holds_up_nothing_else)
{
    begin_memory(_i);
    settings = fixture_settings(&command_like, 1, 2);
    settings->routes[0].actions[0].handler.kind = &pipe_like.kind;
    struct peer peer = peer_start(1);
    atomic_store(&board->hold, 1);
    claim(&peer);
    send_events(&peer, 0, 100);
    wait_count(&board->started, QUEUE_FEED + 4);
    wait_state(MEMORY_PENDING, 200 - QUEUE_FEED - 4);
    atomic_store(&board->hold, 0);
    wait_count(&board->ended, 200);
    peer_leave(&peer);
    end_memory();
}
END_TEST

START_TEST(a_copy_of_what_failed_runs_it_again)
{
    begin_memory(_i);
    struct peer peer = peer_start(1);
    claim(&peer);
    atomic_store(&board->fail, 1);
    struct answer_frame first = ask(&peer, 0, "k");
    wait_state(MEMORY_DEAD, 1);
    atomic_store(&board->fail, 0);
    struct answer_frame copy = ask(&peer, 0, "k");
    ck_assert(copy.status == FRAME_AGAIN && strcmp(copy.id, first.id) == 0);
    wait_state(MEMORY_DONE, 1);
    ck_assert_uint_eq(board->seen[1].attempt, 2);
    peer_leave(&peer);
    end_memory();
}
END_TEST

START_TEST(a_lock_of_somebody_else_is_waited_for)
{
    begin_memory(_i);
    struct peer peer = peer_start(1);
    struct buffer out;
    struct pollfd answer = {.fd = peer.link, .events = POLLIN};
    claim(&peer);
    memory_store_lock(store, true);
    buffer_init(&out, 1 << 20);
    put_event(&peer, &out, 0, "k");
    send_all(&peer, &out);
    ck_assert_int_eq(poll(&answer, 1, 100), 0); /* longer than it tries at a time */
    memory_store_lock(store, false);
    ck_assert_uint_eq(wait_answer(&peer).status, FRAME_ACCEPTED);
    wait_state(MEMORY_DONE, 1);
    memory_store_lock(store, true);
    ck_assert_uint_eq(ask(&peer, 0, "l").status, FRAME_REFUSED_JOURNAL); /* but not for long */
    memory_store_lock(store, false);
    while (ask(&peer, 0, "l").status != FRAME_ACCEPTED)
        usleep(10000);
    wait_state(MEMORY_DONE, 2);
    peer_leave(&peer);
    end_memory();
}
END_TEST

START_TEST(a_refused_turn_starts_nothing_and_loses_no_outcome)
{
    begin_memory(_i);
    struct peer peer = peer_start(1);
    atomic_store(&board->hold, 1);
    claim(&peer);
    ask(&peer, 0, "before");
    wait_count(&board->started, 1);
    memory_store_break(store, true);
    struct answer_frame answer = ask(&peer, 0, "meanwhile");
    ck_assert(answer.status == FRAME_REFUSED_JOURNAL && answer.retry_after_s > 0);
    atomic_store(&board->hold, 0); /* an outcome that cannot be written */
    wait_count(&board->ended, 1);
    ck_assert_uint_eq(ask(&peer, 0, "meanwhile").status, FRAME_REFUSED_JOURNAL);
    ck_assert_uint_eq(memory_store_count(store, MEMORY_RUNNING), 1);
    memory_store_break(store, false);
    wait_state(MEMORY_DONE, 1);
    while (ask(&peer, 0, "meanwhile").status == FRAME_REFUSED_JOURNAL)
        usleep(10000);
    wait_state(MEMORY_DONE, 2);
    ck_assert_uint_eq(atomic_load(&board->started), 2); /* no start was repeated */
    peer_leave(&peer);
    end_memory();
}
END_TEST

START_TEST(a_release_calls_pipes_back_and_a_drain_ends)
{
    begin_memory(_i);
    settings->routes[1].actions[0].handler.kind = &pipe_like.kind;
    struct peer peer = peer_start(1);
    atomic_store(&board->hold, 1);
    claim(&peer);
    ask(&peer, 0, "command");
    send_events(&peer, 1, 3);
    wait_at_least(&board->started, 2);
    control_send(peer.control, CONTROL_RELEASE, 0, -1);
    wait_said(&peer, CONTROL_RELEASED);
    wait_state(MEMORY_RUNNING, 1);
    ck_assert_uint_eq(ask(&peer, 0, "late").status, FRAME_ACCEPTED); /* is the next one's */
    ck_assert_uint_eq(memory_store_count(store, MEMORY_PENDING), 4);
    atomic_store(&board->hold, 0);
    peer_leave(&peer);
    ck_assert_uint_eq(memory_store_count(store, MEMORY_DONE), 1);
    end_memory();
}
END_TEST

START_TEST(what_people_replay_is_found)
{
    begin_memory(_i);
    struct peer peer = peer_start(1);
    claim(&peer);
    atomic_store(&board->fail, 1);
    ask(&peer, 0, "k");
    wait_state(MEMORY_DEAD, 1);
    atomic_store(&board->fail, 0);
    memory_store_replay(store);
    wait_state(MEMORY_DONE, 1);
    peer_leave(&peer);
    end_memory();
}
END_TEST

START_TEST(want_of_memory_is_no_crash)
{
    begin_memory(_i);
    struct peer peer = peer_start(1);
    atomic_store(&board->no_memory, 1);
    claim(&peer);
    ck_assert_uint_eq(ask(&peer, 0, "k").status, FRAME_ACCEPTED);
    wait_at_least(&board->refused_claims, 2);
    ck_assert_uint_eq(memory_store_count(store, MEMORY_PENDING), 1);
    ck_assert_uint_lt(atomic_load(&board->refused_claims), 10); /* it does not spin */
    atomic_store(&board->no_memory, 0);
    wait_state(MEMORY_DONE, 1);
    ck_assert_uint_eq(board->seen[0].attempt, 1);
    peer_leave(&peer);
    end_memory();
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("runner_turns");
    TCase *all = tcase_create("all");
#define BOTH(name) tcase_add_loop_test(all, name, 0, 2)
    BOTH(an_answer_follows_the_turn_and_the_action_the_answer);
    BOTH(every_event_runs_once_and_in_order);
    BOTH(slots_are_shared_while_turns_are_under_way);
    BOTH(a_pipe_that_nobody_reads_holds_up_nothing_else);
    BOTH(a_copy_of_what_failed_runs_it_again);
    BOTH(a_lock_of_somebody_else_is_waited_for);
    BOTH(a_refused_turn_starts_nothing_and_loses_no_outcome);
    BOTH(a_release_calls_pipes_back_and_a_drain_ends);
    BOTH(what_people_replay_is_found);
    BOTH(want_of_memory_is_no_crash);
    suite_add_tcase(suite, all);
    return suite;
}
