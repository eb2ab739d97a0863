/* Listeners that lie, disks that are full or broken, locks that others hold, and a long queue: what
 * was acknowledged stays, the rest is refused until it can be taken again. */
#include "runner_fixture.h"
#include "tests/unit/suite.h"

static void expect_cut_off(struct peer *peer, struct buffer *frame)
{
    char byte;
    send_all(peer, frame);
    ck_assert(wait_readable(peer->link));
    ck_assert_int_le(read(peer->link, &byte, 1), 0);
    close(peer->link);
    peer_connect(peer);
    ck_assert_uint_eq(ask(peer, 0, "").status, FRAME_ACCEPTED);
}

START_TEST(a_frame_that_lies_costs_its_link_only)
{
    struct peer peer = peer_start(1);
    struct buffer out;
    static uint8_t large[(1 << 20) + 1];
    struct event_frame frame = {.event = fixture_event("k", bytes_of(large, sizeof large))};
    buffer_init(&out, FRAME_MAX);
    ck_assert(frame_put_event(&out, &frame)); /* longer than the route allows */
    expect_cut_off(&peer, &out);
    frame = (struct event_frame){.route = 2, .event = fixture_event("k", bytes_of_text("{}"))};
    ck_assert(frame_put_event(&out, &frame)); /* no such route */
    expect_cut_off(&peer, &out);
    ck_assert(frame_put_answer(&out, &(struct answer_frame){.tag = 1})); /* not for a runner */
    expect_cut_off(&peer, &out);
    ck_assert(buffer_append_text(&out, "GET / HTTP/1.1\r\n\r\n"));
    expect_cut_off(&peer, &out);
    peer_leave(&peer);
}
END_TEST

START_TEST(a_large_body_arrives_whole)
{
    struct peer peer = peer_start(1);
    struct buffer out;
    static uint8_t body[1 << 20];
    const struct event_frame frame = {.event = fixture_event("k", bytes_of(body, sizeof body))};
    memset(body, 'x', sizeof body);
    buffer_init(&out, FRAME_MAX);
    ck_assert(frame_put_event(&out, &frame) && frame_put_event(&out, &frame));
    send_all(&peer, &out);
    ck_assert_uint_eq(wait_answer(&peer).status, FRAME_ACCEPTED);
    /* received in 2023: its window is over */
    ck_assert_uint_eq(wait_answer(&peer).status, FRAME_ACCEPTED);
    ck_assert_int_eq(ask_journal("SELECT sum(length(content)) FROM body"), 2 << 20);
    peer_leave(&peer);
}
END_TEST

START_TEST(below_the_floor_of_free_space_events_are_refused)
{
    settings->journal.min_free = INT64_MAX;
    struct peer peer = peer_start(1);
    struct answer_frame answer = ask(&peer, 0, "k");
    ck_assert_uint_eq(answer.status, FRAME_REFUSED_SPACE);
    ck_assert_uint_gt(answer.retry_after_s, 0);
    ck_assert_int_eq(ask_journal("SELECT count(*) FROM event"), 0);
    peer_leave(&peer);
}
END_TEST

static void wait_accepted(struct peer *peer, const char *key)
{
    int64_t end_ns = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
    enum frame_status status;
    do {
        usleep(20000);
        status = (enum frame_status)ask(peer, 0, key).status;
    } while (status != FRAME_ACCEPTED && clock_monotonic_ns() < end_ns);
    ck_assert_uint_eq(status, FRAME_ACCEPTED);
}

START_TEST(writes_that_fail_are_refused_until_they_work_again)
{
    struct peer peer = peer_start(1);
    atomic_store(&board->hold, 1);
    claim(&peer);
    ask(&peer, 0, "before");
    wait_count(&board->started, 1);
    kill(peer.pid, SIGUSR1);
    for (int i = 0; i < 5; i++) {
        struct answer_frame answer = ask(&peer, 0, "meanwhile");
        ck_assert_uint_eq(answer.status, FRAME_REFUSED_JOURNAL);
        ck_assert_uint_gt(answer.retry_after_s, 0);
    }
    atomic_store(&board->hold, 0); /* an outcome that cannot be written */
    wait_count(&board->ended, 1);
    ck_assert_uint_eq(ask(&peer, 0, "meanwhile").status, FRAME_REFUSED_JOURNAL);
    kill(peer.pid, SIGUSR2);
    wait_accepted(&peer, "meanwhile");
    wait_journal(COUNT_STATE("done"), 2);
    ck_assert_uint_eq(atomic_load(&board->started), 2); /* no start was repeated */
    ck_assert_uint_eq(ask(&peer, 0, "before").status, FRAME_DUPLICATE);
    peer_leave(&peer);
}
END_TEST

START_TEST(after_a_failed_sync_nothing_is_acknowledged_before_a_check)
{
    struct peer peer = peer_start(1);
    char key[16];
    ck_assert_uint_eq(ask(&peer, 0, "before").status, FRAME_ACCEPTED);
    atomic_store(&board->fail_syncs, 1);
    for (int i = 0; i < 20; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ck_assert_uint_eq(ask(&peer, 0, key).status, FRAME_REFUSED_JOURNAL);
    }
    /* opening it anew syncs, and fails */
    wait_at_least(&board->failed_syncs, atomic_load(&board->failed_syncs) + 1);
    ck_assert_uint_eq(ask(&peer, 0, "still").status, FRAME_REFUSED_JOURNAL);
    atomic_store(&board->fail_syncs, 0);
    wait_accepted(&peer, "after");
    ck_assert_uint_eq(ask(&peer, 0, "before").status, FRAME_DUPLICATE);
    /* what was refused may be there, but then it is a whole event with its delivery */
    ck_assert_int_eq(ask_journal("SELECT (SELECT count(*) FROM event) -"
                                 " (SELECT count(*) FROM delivery)"),
                     0);
    peer_leave(&peer);
}
END_TEST

/* The health check: no event, but what would become of one. */
static uint32_t ask_health(struct peer *peer)
{
    const struct event_frame question = {.tag = UINT64_MAX, .asks = true};
    struct buffer out;
    buffer_init(&out, 1 << 20);
    ck_assert(frame_put_event(&out, &question));
    send_all(peer, &out);
    struct answer_frame answer = wait_answer(peer);
    ck_assert_uint_eq(answer.tag, UINT64_MAX);
    ck_assert_str_eq(answer.id, "");
    return answer.status;
}

START_TEST(a_question_finds_a_disk_that_takes_nothing_though_no_event_comes)
{
    struct peer peer = peer_start(1);
    ck_assert_uint_eq(ask_health(&peer), FRAME_ACCEPTED);
    atomic_store(&board->fail_syncs, 1);
    int64_t end_ns = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
    while (ask_health(&peer) == FRAME_ACCEPTED && clock_monotonic_ns() < end_ns)
        usleep(1000); /* a write of less than a second ago is proof enough */
    ck_assert_uint_eq(ask_health(&peer), FRAME_REFUSED_JOURNAL);
    ck_assert_uint_eq(ask(&peer, 0, "k").status, FRAME_REFUSED_JOURNAL);
    atomic_store(&board->fail_syncs, 0);
    end_ns = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
    while (ask_health(&peer) != FRAME_ACCEPTED && clock_monotonic_ns() < end_ns)
        usleep(1000);
    ck_assert_uint_eq(ask(&peer, 0, "k").status, FRAME_ACCEPTED);
    wait_journal("SELECT count(*) FROM event", 1);
    peer_leave(&peer);
}
END_TEST

START_TEST(a_lock_held_for_long_is_refused_and_a_short_one_waited_for)
{
    struct peer peer = peer_start(1);
    struct sqlite_journal *other = fixture_open();
    struct buffer out;
    ck_assert_int_eq(writer_begin(other), SQLITE_STATUS_OK);
    buffer_init(&out, 1 << 20);
    put_event(&peer, &out, 0, "patient");
    send_all(&peer, &out);
    wait_at_least(&board->refused_locks, 20); /* more than SQLite itself tries at a time */
    ck_assert_int_eq(writer_commit(other), SQLITE_STATUS_OK);
    ck_assert_uint_eq(wait_answer(&peer).status, FRAME_ACCEPTED);
    ck_assert_int_eq(writer_begin(other), SQLITE_STATUS_OK);
    int64_t start = clock_monotonic_ns();
    ck_assert_uint_eq(ask(&peer, 0, "refused").status, FRAME_REFUSED_JOURNAL);
    ck_assert_int_lt(clock_monotonic_ns() - start, 3 * NS_PER_S);
    ck_assert_uint_eq(ask(&peer, 0, "refused").status, FRAME_REFUSED_JOURNAL);
    ck_assert_int_eq(writer_commit(other), SQLITE_STATUS_OK);
    writer_close(other);
    wait_accepted(&peer, "refused");
    peer_leave(&peer);
}
END_TEST

START_TEST(want_of_memory_is_no_crash)
{
    struct peer peer = peer_start(1);
    atomic_store(&board->no_memory, 1);
    claim(&peer);
    ck_assert_uint_eq(ask(&peer, 0, "k").status, FRAME_ACCEPTED);
    wait_at_least(&board->refused_claims, 3);
    ck_assert_int_eq(ask_journal("SELECT max(takeovers + attempt) FROM delivery"), 0);
    ck_assert_int_eq(ask_journal(COUNT_STATE("pending")), 1);
    ck_assert_uint_lt(atomic_load(&board->refused_claims), 10); /* it does not spin */
    atomic_store(&board->no_memory, 0);
    wait_count(&board->ended, 1);
    wait_journal(COUNT_STATE("done"), 1);
    ck_assert_uint_eq(board->seen[0].attempt, 1);
    peer_leave(&peer);
}
END_TEST

/* The peak of a process's memory, in KiB. */
static long peak_memory(pid_t pid)
{
    char name[64], line[256];
    long kib = -1;
    snprintf(name, sizeof name, "/proc/%d/status", (int)pid);
    FILE *file = fopen(name, "r");
    while (file && fgets(line, sizeof line, file))
        sscanf(line, "VmHWM: %ld", &kib);
    if (file)
        fclose(file);
    return kib;
}

static void fill(int count)
{
    struct sqlite_journal *journal = fixture_open();
    struct event event = fixture_event("", bytes_of_text("{\"some\":\"body\"}"));
    char id[ID_TEXT_SIZE];
    int64_t action;
    for (int i = 0; i < count; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        event.dedupe_key = bytes_of_text(key);
        event.received_ms = clock_unix_ms();
        if (i % 1000 == 0)
            ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
        ck_assert(events_find_action(journal, "alpha", "1", &action));
        id_create(event.received_ms, id);
        ck_assert(events_add_delivery(journal, fixture_add(journal, &event, id), 0, action, 0));
        if (i % 1000 == 999)
            ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    }
    writer_close(journal);
    fixture_open_to_all();
}

START_TEST(a_hundred_thousand_queued_events_are_no_burden)
{
    enum { MANY = 100000 };
    fill(MANY);
    int64_t start = clock_monotonic_ns();
    struct peer peer = peer_start(1);
    ck_assert_int_lt(clock_monotonic_ns() - start, 5 * NS_PER_S);
    ck_assert_uint_eq(ask(&peer, 0, "k0").status, FRAME_DUPLICATE);
    ck_assert_uint_eq(ask(&peer, 0, "k99999").status, FRAME_DUPLICATE);
    atomic_store(&board->hold, 1);
    claim(&peer);
    wait_count(&board->started, 3);
    printf("100,000 queued: ready in %lld ms, %ld KiB at most\n",
           (long long)((clock_monotonic_ns() - start) / NS_PER_MS), peak_memory(peer.pid));
#ifndef __SANITIZE_ADDRESS__
    ck_assert_int_lt(peak_memory(peer.pid), 96 * 1024);
#endif
    peer_kill(&peer);
}
END_TEST

static off_t size_of_journal(void)
{
    struct stat what;
    return stat(fixture_path, &what) == 0 ? what.st_size : -1;
}

START_TEST(the_keeper_empties_the_log)
{
    static struct shared shared;
    struct process process = {.settings = settings, .shared = &shared, .runner_id = 3};
    int ends[2], status;
    struct sqlite_journal *journal = fixture_open();
    struct event event = fixture_event("k", bytes_of_text("{}"));
    static uint8_t body[1 << 20];
    char id[ID_TEXT_SIZE];
    event.body = bytes_of(body, sizeof body);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(writer_begin(journal), SQLITE_STATUS_OK);
        id_create(clock_unix_ms(), id);
        ck_assert(fixture_add(journal, &event, id));
        ck_assert_int_eq(writer_commit(journal), SQLITE_STATUS_OK);
    }
    ck_assert_int_lt(size_of_journal(), 1 << 20);
    atomic_store(&shared.journal_pages, writer_log_pages(journal));
    fixture_open_to_all();
    ck_assert(control_pair(ends, NULL));
    process.control = ends[1];
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        checkpointer_run(&process);
    }
    close(ends[1]);
    int64_t end_ns = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
    while (size_of_journal() < 4 << 20 && clock_monotonic_ns() < end_ns)
        usleep(2000);
    ck_assert_int_ge(size_of_journal(), 4 << 20);
    control_send(ends[0], CONTROL_DRAIN, 0, -1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    close(ends[0]);
    writer_close(journal);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("runner_faults");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, begin, end);
    tcase_add_test(all, a_frame_that_lies_costs_its_link_only);
    tcase_add_test(all, a_large_body_arrives_whole);
    tcase_add_test(all, below_the_floor_of_free_space_events_are_refused);
    tcase_add_test(all, writes_that_fail_are_refused_until_they_work_again);
    tcase_add_test(all, after_a_failed_sync_nothing_is_acknowledged_before_a_check);
    tcase_add_test(all, a_question_finds_a_disk_that_takes_nothing_though_no_event_comes);
    tcase_add_test(all, a_lock_held_for_long_is_refused_and_a_short_one_waited_for);
    tcase_add_test(all, want_of_memory_is_no_crash);
    tcase_add_test(all, a_hundred_thousand_queued_events_are_no_burden);
    tcase_add_test(all, the_keeper_empties_the_log);
    suite_add_tcase(suite, all);
    return suite;
}
