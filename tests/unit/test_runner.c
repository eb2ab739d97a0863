/* A runner process, driven as the supervisor and a listener would, with actions that do nothing but
 * report: what is answered 2xx is in the journal, is carried out, and survives. */
#include "journal_fixture.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/control.h"
#include "server/lanes.h"
#include "server/runner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { SEEN_MAX = 4096, PATIENCE_MS = 20000 };

/* Shared with the runners: what their actions saw, and what they are to do. */
static struct {
    atomic_uint started, ended, stopped;
    atomic_uint hold;       /* actions that have started wait */
    atomic_uint fail_syncs; /* each sync fails, as on a broken disk */
    struct {
        char id[ID_TEXT_SIZE];
        unsigned attempt;
    } seen[SEEN_MAX];
} * board;

/* Stands before the C library's, also for SQLite. */
int fdatasync(int fd)
{
    if (board && atomic_load(&board->fail_syncs)) {
        errno = EIO;
        return -1;
    }
    return fsync(fd);
}

/* ---- the action ---- */

struct action_run {
    struct loop *loop;
    struct loop_timer timer;
    void (*done)(void *context, const struct outcome *outcome);
    void *context;
};

static void fake_end(struct action_run *run, enum outcome_kind kind)
{
    struct outcome outcome = {.kind = kind, .exit_status = 0, .reason = ""};
    loop_timer_remove(run->loop, &run->timer);
    atomic_fetch_add(kind == OUTCOME_DONE ? &board->ended : &board->stopped, 1);
    run->done(run->context, &outcome);
    free(run);
}

static void fake_timer(struct loop_timer *timer)
{
    struct action_run *run = timer->owner;
    if (atomic_load(&board->hold))
        loop_timer_set(run->loop, timer, clock_monotonic_ns() + 2 * NS_PER_MS);
    else
        fake_end(run, OUTCOME_DONE);
}

static struct action_run *fake_start(const void *settings, struct loop *loop,
                                     const struct delivery *delivery,
                                     void (*done)(void *context, const struct outcome *outcome),
                                     void *context)
{
    struct action_run *run = calloc(1, sizeof *run);
    unsigned place = atomic_fetch_add(&board->started, 1);
    (void)settings;
    if (place < SEEN_MAX) {
        strcpy(board->seen[place].id, delivery->event_id);
        board->seen[place].attempt = delivery->attempt;
    }
    *run = (struct action_run){.loop = loop, .done = done, .context = context};
    loop_timer_init(&run->timer, fake_timer, run);
    loop_timer_set(loop, &run->timer, clock_monotonic_ns());
    return run;
}

static void fake_stop(struct action_run *run, int64_t deadline_ns)
{
    (void)deadline_ns;
    fake_end(run, OUTCOME_INTERRUPTED);
}

static const struct action_kind command_like = {
    .kind = {.name = "fake"}, .takes_slot = true, .start = fake_start, .stop = fake_stop};
static const struct action_kind pipe_like = {
    .kind = {.name = "fake"}, .start = fake_start, .stop = fake_stop};

/* ---- a runner, and its listener ---- */

struct peer {
    pid_t pid;
    int control, channel;
    uint64_t mark;
    uint64_t tag;
    bool released;
    struct buffer in;
};

static struct settings *settings;

static void begin(void)
{
    fixture_begin();
    board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(board != MAP_FAILED);
    settings = fixture_settings(&command_like, 2, 1);
    signal(SIGPIPE, SIG_IGN);
}

static void end(void)
{
    munmap(board, sizeof *board);
    fixture_end();
}

static bool wait_readable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, PATIENCE_MS) == 1;
}

static void wait_said(struct peer *peer, enum control_type wanted)
{
    struct control_message message = {0};
    int fd;
    do {
        ck_assert(wait_readable(peer->control));
        ck_assert_int_eq(control_receive(peer->control, &message, &fd), 1);
    } while (message.type != wanted);
}

static void peer_connect(struct peer *peer)
{
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ck_assert(control_send(peer->control, CONTROL_CHANNEL, 7, ends[0]));
    close(ends[0]);
    peer->channel = ends[1];
}

/* In the runner: after SIGUSR1 each of its writes fails with EFBIG, after SIGUSR2 none does. */
static void limit_files(int signal_number)
{
    const struct rlimit limit = {signal_number == SIGUSR1 ? 0 : RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &limit);
}

static struct peer peer_start(uint64_t mark)
{
    struct peer peer = {.mark = mark};
    int ends[2];
    ck_assert(control_pair(ends, NULL));
    peer.pid = fork();
    if (peer.pid == 0) {
        struct process process = {
            .settings = settings, .mark = mark, .generation = 1, .control = ends[1]};
        signal(SIGXFSZ, SIG_IGN);
        signal(SIGUSR1, limit_files);
        signal(SIGUSR2, limit_files);
        log_configure(getenv("VERBOSE") ? LOG_DEBUG : LOG_ERROR + 1, LOG_TEXT);
        close(ends[0]);
        runner_run(&process);
    }
    close(ends[1]);
    peer.control = ends[0];
    buffer_init(&peer.in, 1 << 20);
    wait_said(&peer, CONTROL_READY);
    peer_connect(&peer);
    return peer;
}

static int peer_wait(struct peer *peer)
{
    int status;
    ck_assert_int_eq(waitpid(peer->pid, &status, 0), peer->pid);
    close(peer->control);
    close(peer->channel);
    buffer_finish(&peer->in);
    return status;
}

static void peer_kill(struct peer *peer)
{
    kill(peer->pid, SIGKILL);
    peer_wait(peer);
}

static void peer_leave(struct peer *peer)
{
    control_send(peer->control, CONTROL_DRAIN, (uint64_t)clock_monotonic_ns() + 10 * NS_PER_S, -1);
    shutdown(peer->channel, SHUT_RDWR);
    ck_assert_int_eq(peer_wait(peer), 0);
}

static void claim(struct peer *peer)
{
    ck_assert(control_send(peer->control, CONTROL_CLAIM, 0, -1));
}

static void put_event(struct peer *peer, struct buffer *out, unsigned route, const char *key)
{
    struct wire_event event = fixture_event(key, bytes_of_text("{\"a\":1}"));
    event.received_ms = clock_unix_ms();
    event.tag = ++peer->tag;
    event.route = route;
    ck_assert(wire_put_event(out, &event));
}

static void send_all(struct peer *peer, struct buffer *out)
{
    size_t sent = 0;
    while (sent < out->length) {
        ssize_t now = send(peer->channel, out->data + sent, out->length - sent, 0);
        ck_assert(now > 0);
        sent += (size_t)now;
    }
    buffer_finish(out);
}

static struct wire_answer wait_answer(struct peer *peer)
{
    struct wire_answer answer;
    struct bytes payload;
    enum wire_type type;
    size_t length;
    while (wire_peek(buffer_bytes(&peer->in), &type, &payload, &length) == 0) {
        ck_assert(wait_readable(peer->channel) && buffer_reserve(&peer->in, 65536));
        ssize_t got = read(peer->channel, peer->in.data + peer->in.length, 65536);
        ck_assert(got > 0);
        peer->in.length += (size_t)got;
    }
    ck_assert(wire_get_answer(payload, &answer));
    buffer_consume(&peer->in, length);
    return answer;
}

static struct wire_answer ask(struct peer *peer, unsigned route, const char *key)
{
    struct buffer out;
    buffer_init(&out, 1 << 20);
    put_event(peer, &out, route, key);
    send_all(peer, &out);
    struct wire_answer answer = wait_answer(peer);
    ck_assert_uint_eq(answer.tag, peer->tag);
    return answer;
}

static void wait_count(atomic_uint *counter, unsigned wanted)
{
    int64_t end_ns = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
    while (atomic_load(counter) < wanted && clock_monotonic_ns() < end_ns)
        usleep(1000);
    ck_assert_uint_eq(atomic_load(counter), wanted);
}

static int64_t ask_journal(const char *sql)
{
    struct error err = {""};
    struct database db;
    int64_t number = -1;
    ck_assert(database_open(&db, fixture_path, DATABASE_READ, 1000, NULL, &err));
    ck_assert(database_read_number(&db, sql, &number));
    database_close(&db);
    return number;
}

static void wait_journal(const char *sql, int64_t wanted)
{
    int64_t end_ns = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
    while (ask_journal(sql) != wanted && clock_monotonic_ns() < end_ns)
        usleep(2000);
    ck_assert_int_eq(ask_journal(sql), wanted);
}

#define COUNT_STATE(state) "SELECT count(*) FROM delivery WHERE state = '" state "'"

/* ---- the tests ---- */

START_TEST(an_answer_follows_the_commit_and_the_action_the_answer)
{
    struct peer peer = peer_start(1);
    struct wire_answer answer = ask(&peer, 0, "k1");
    ck_assert_uint_eq(answer.status, WIRE_ACCEPTED);
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
        struct wire_answer answer = wait_answer(&peer);
        ck_assert_uint_eq(answer.status, i == 1 ? WIRE_DUPLICATE : WIRE_ACCEPTED);
        if (i == 0)
            strcpy(first, answer.id);
        ck_assert_int_eq(strcmp(first, answer.id) == 0, i <= 1);
    }
    struct wire_answer late = ask(&peer, 0, "same");
    ck_assert_uint_eq(late.status, WIRE_DUPLICATE);
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
    settings->routes[0].dedupe.window_ms = 1;
    struct peer peer = peer_start(1);
    ask(&peer, 0, "k");
    usleep(5000);
    ck_assert_uint_eq(ask(&peer, 0, "k").status, WIRE_ACCEPTED);
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
    wait_count(&board->started, 4); /* as many as there are slots */
    peer_kill(&peer);
    atomic_store(&board->hold, 0);
    peer = peer_start(2);
    claim(&peer);
    wait_count(&board->ended, 10);
    wait_journal(COUNT_STATE("done"), 10);
    ck_assert_int_eq(ask_journal("SELECT count(*) FROM delivery WHERE attempt = 2"), 4);
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
    ck_assert_int_eq(ask_journal("SELECT count(*) FROM delivery d JOIN event e ON e.seq = d.event "
                                 "WHERE d.state = 'running' AND e.route = 'alpha'"),
                     2);
    atomic_store(&board->hold, 0);
    wait_count(&board->ended, 20);
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
    wait_count(&board->started, LANE_FEED + 4); /* the pipe's, and as many commands as slots */
    ck_assert_int_eq(ask_journal(COUNT_STATE("pending")), 200 - LANE_FEED - 4);
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
    struct wire_answer first = ask(&old, 0, "running");
    wait_count(&board->started, 1);
    struct peer new = peer_start(2);
    struct wire_answer copy = ask(&new, 0, "running");
    ck_assert_uint_eq(copy.status, WIRE_DUPLICATE);
    ck_assert_str_eq(copy.id, first.id);
    control_send(old.control, CONTROL_RELEASE, 0, -1);
    control_send(old.control, CONTROL_DRAIN, INT64_MAX, -1);
    wait_said(&old, CONTROL_RELEASED);
    ck_assert_uint_eq(ask(&new, 0, "fresh").status, WIRE_ACCEPTED);
    ck_assert_uint_eq(ask(&old, 0, "fresh").status, WIRE_DUPLICATE);
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

START_TEST(pipes_are_called_back_at_a_release_and_commands_go_on)
{
    settings->routes[1].actions[0].handler.kind = &pipe_like.kind;
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
    shutdown(old.channel, SHUT_RDWR);
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
    ck_assert_uint_eq(ask(&peer, 0, "while draining").status, WIRE_ACCEPTED);
    shutdown(peer.channel, SHUT_RDWR);
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

static void expect_cut_off(struct peer *peer, struct buffer *frame)
{
    char byte;
    send_all(peer, frame);
    ck_assert(wait_readable(peer->channel));
    ck_assert_int_le(read(peer->channel, &byte, 1), 0);
    close(peer->channel);
    peer_connect(peer);
    ck_assert_uint_eq(ask(peer, 0, "").status, WIRE_ACCEPTED);
}

START_TEST(a_frame_that_lies_costs_its_channel_only)
{
    struct peer peer = peer_start(1);
    struct buffer out;
    static uint8_t large[(1 << 20) + 1];
    struct wire_event event = fixture_event("k", bytes_of(large, sizeof large));
    buffer_init(&out, WIRE_MAX);
    ck_assert(wire_put_event(&out, &event)); /* longer than the route allows */
    expect_cut_off(&peer, &out);
    event = fixture_event("k", bytes_of_text("{}"));
    event.route = 2;
    ck_assert(wire_put_event(&out, &event)); /* no such route */
    expect_cut_off(&peer, &out);
    ck_assert(wire_put_answer(&out, &(struct wire_answer){.tag = 1})); /* not for a runner */
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
    struct wire_event event = fixture_event("k", bytes_of(body, sizeof body));
    memset(body, 'x', sizeof body);
    buffer_init(&out, WIRE_MAX);
    ck_assert(wire_put_event(&out, &event) && wire_put_event(&out, &event));
    send_all(&peer, &out);
    ck_assert_uint_eq(wait_answer(&peer).status, WIRE_ACCEPTED);
    /* received in 2023: its window is over */
    ck_assert_uint_eq(wait_answer(&peer).status, WIRE_ACCEPTED);
    ck_assert_int_eq(ask_journal("SELECT sum(length(content)) FROM body"), 2 << 20);
    peer_leave(&peer);
}
END_TEST

START_TEST(below_the_floor_of_free_space_events_are_refused)
{
    settings->journal.min_free = INT64_MAX;
    struct peer peer = peer_start(1);
    struct wire_answer answer = ask(&peer, 0, "k");
    ck_assert_uint_eq(answer.status, WIRE_REFUSED_SPACE);
    ck_assert_uint_gt(answer.retry_after_s, 0);
    ck_assert_int_eq(ask_journal("SELECT count(*) FROM event"), 0);
    peer_leave(&peer);
}
END_TEST

static void wait_accepted(struct peer *peer, const char *key)
{
    int64_t end_ns = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
    enum wire_status status;
    do {
        usleep(20000);
        status = (enum wire_status)ask(peer, 0, key).status;
    } while (status != WIRE_ACCEPTED && clock_monotonic_ns() < end_ns);
    ck_assert_uint_eq(status, WIRE_ACCEPTED);
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
        struct wire_answer answer = ask(&peer, 0, "meanwhile");
        ck_assert_uint_eq(answer.status, WIRE_REFUSED_JOURNAL);
        ck_assert_uint_gt(answer.retry_after_s, 0);
    }
    atomic_store(&board->hold, 0); /* an outcome that cannot be written */
    wait_count(&board->ended, 1);
    ck_assert_uint_eq(ask(&peer, 0, "meanwhile").status, WIRE_REFUSED_JOURNAL);
    kill(peer.pid, SIGUSR2);
    wait_accepted(&peer, "meanwhile");
    wait_journal(COUNT_STATE("done"), 2);
    ck_assert_uint_eq(atomic_load(&board->started), 2); /* no start was repeated */
    ck_assert_uint_eq(ask(&peer, 0, "before").status, WIRE_DUPLICATE);
    peer_leave(&peer);
}
END_TEST

START_TEST(after_a_failed_sync_nothing_is_acknowledged_before_a_check)
{
    struct peer peer = peer_start(1);
    char key[16];
    ck_assert_uint_eq(ask(&peer, 0, "before").status, WIRE_ACCEPTED);
    atomic_store(&board->fail_syncs, 1);
    for (int i = 0; i < 20; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ck_assert_uint_eq(ask(&peer, 0, key).status, WIRE_REFUSED_JOURNAL);
    }
    usleep(1200000); /* it has tried to open it anew, and failed */
    ck_assert_uint_eq(ask(&peer, 0, "still").status, WIRE_REFUSED_JOURNAL);
    atomic_store(&board->fail_syncs, 0);
    wait_accepted(&peer, "after");
    ck_assert_uint_eq(ask(&peer, 0, "before").status, WIRE_DUPLICATE);
    /* what was refused may be there, but then it is a whole event with its delivery */
    ck_assert_int_eq(ask_journal("SELECT (SELECT count(*) FROM event) -"
                                 " (SELECT count(*) FROM delivery)"),
                     0);
    peer_leave(&peer);
}
END_TEST

START_TEST(a_lock_held_for_long_is_refused_and_a_short_one_waited_for)
{
    struct peer peer = peer_start(1);
    struct journal *other = fixture_open();
    struct buffer out;
    ck_assert_int_eq(journal_begin(other), STORE_OK);
    buffer_init(&out, 1 << 20);
    put_event(&peer, &out, 0, "patient");
    send_all(&peer, &out);
    usleep(300000);
    ck_assert_int_eq(journal_commit(other), STORE_OK);
    ck_assert_uint_eq(wait_answer(&peer).status, WIRE_ACCEPTED);
    ck_assert_int_eq(journal_begin(other), STORE_OK);
    int64_t start = clock_monotonic_ns();
    ck_assert_uint_eq(ask(&peer, 0, "refused").status, WIRE_REFUSED_JOURNAL);
    ck_assert_int_lt(clock_monotonic_ns() - start, 3 * NS_PER_S);
    ck_assert_uint_eq(ask(&peer, 0, "refused").status, WIRE_REFUSED_JOURNAL);
    ck_assert_int_eq(journal_commit(other), STORE_OK);
    journal_close(other);
    wait_accepted(&peer, "refused");
    peer_leave(&peer);
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
    wait_journal("SELECT count(*) FROM delivery WHERE state = 'dead' AND reason LIKE '%no such%'",
                 1);
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
    struct journal *journal = fixture_open();
    struct wire_event event = fixture_event("", bytes_of_text("{\"some\":\"body\"}"));
    char id[ID_TEXT_SIZE];
    int64_t seq, action;
    for (int i = 0; i < count; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        event.dedupe_key = bytes_of_text(key);
        event.received_ms = clock_unix_ms();
        if (i % 1000 == 0)
            ck_assert_int_eq(journal_begin(journal), STORE_OK);
        ck_assert(journal_find_action(journal, "alpha", "1", &action));
        id_create(event.received_ms, id);
        ck_assert(journal_add_event(journal, id, "alpha", &event, &seq));
        ck_assert(journal_add_delivery(journal, seq, 0, action));
        if (i % 1000 == 999)
            ck_assert_int_eq(journal_commit(journal), STORE_OK);
    }
    journal_close(journal);
    fixture_open_to_all();
}

START_TEST(a_hundred_thousand_queued_events_are_no_burden)
{
    enum { MANY = 100000 };
    fill(MANY);
    int64_t start = clock_monotonic_ns();
    struct peer peer = peer_start(1);
    ck_assert_int_lt(clock_monotonic_ns() - start, 5 * NS_PER_S);
    ck_assert_uint_eq(ask(&peer, 0, "k0").status, WIRE_DUPLICATE);
    ck_assert_uint_eq(ask(&peer, 0, "k99999").status, WIRE_DUPLICATE);
    atomic_store(&board->hold, 1);
    claim(&peer);
    wait_count(&board->started, 4);
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
    struct process process = {.settings = settings, .shared = &shared, .mark = 3};
    int ends[2], status;
    struct journal *journal = fixture_open();
    struct wire_event event = fixture_event("k", bytes_of_text("{}"));
    static uint8_t body[1 << 20];
    char id[ID_TEXT_SIZE];
    int64_t seq;
    event.body = bytes_of(body, sizeof body);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(journal_begin(journal), STORE_OK);
        id_create(clock_unix_ms(), id);
        ck_assert(journal_add_event(journal, id, "alpha", &event, &seq));
        ck_assert_int_eq(journal_commit(journal), STORE_OK);
    }
    ck_assert_int_lt(size_of_journal(), 1 << 20);
    atomic_store(&shared.journal_pages, journal_log_pages(journal));
    fixture_open_to_all();
    ck_assert(control_pair(ends, NULL));
    process.control = ends[1];
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        keeper_run(&process);
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
    journal_close(journal);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runner");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, begin, end);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, an_answer_follows_the_commit_and_the_action_the_answer);
    tcase_add_test(all, copies_in_one_batch_run_once);
    tcase_add_test(all, a_key_past_its_window_is_new);
    tcase_add_test(all, a_restart_carries_out_what_was_pending_and_running);
    tcase_add_test(all, order_is_that_of_the_journal);
    tcase_add_test(all, a_flood_on_one_route_leaves_half_of_the_slots);
    tcase_add_test(all, a_pipe_that_nobody_reads_holds_up_nothing_else);
    tcase_add_test(all, during_a_reload_two_runners_share_the_journal);
    tcase_add_test(all, pipes_are_called_back_at_a_release_and_commands_go_on);
    tcase_add_test(all, a_drain_interrupts_at_the_deadline_and_keeps_the_delivery);
    tcase_add_test(all, without_a_supervisor_it_leaves_at_once);
    tcase_add_test(all, a_frame_that_lies_costs_its_channel_only);
    tcase_add_test(all, a_large_body_arrives_whole);
    tcase_add_test(all, below_the_floor_of_free_space_events_are_refused);
    tcase_add_test(all, writes_that_fail_are_refused_until_they_work_again);
    tcase_add_test(all, after_a_failed_sync_nothing_is_acknowledged_before_a_check);
    tcase_add_test(all, a_lock_held_for_long_is_refused_and_a_short_one_waited_for);
    tcase_add_test(all, deliveries_of_routes_that_are_gone_are_dead);
    tcase_add_test(all, the_keeper_empties_the_log);
    tcase_add_test(all, a_hundred_thousand_queued_events_are_no_burden);
    suite_add_tcase(suite, all);
    return fixture_run(suite);
}
