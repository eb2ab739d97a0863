/* A runner process, driven as the supervisor and a listener would, with actions that do nothing but
 * report. All of it is static: each test program has its own. */
#ifndef TENTERHOOK_TESTS_RUNNER_FIXTURE_H
#define TENTERHOOK_TESTS_RUNNER_FIXTURE_H

#include "journal_fixture.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/ipc/control.h"
#include "server/ipc/frame.h"
#include "server/runner/queue.h"
#include "server/runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { SEEN_MAX = 4096, PATIENCE_MS = 20000 };

/* Shared with the runners: what their actions saw, and what they are to do. */
static struct {
    atomic_uint started, ended, failed, stopped;
    atomic_uint hold;       /* actions that have started wait */
    atomic_uint fail;       /* bit 0: actions that are called "1" fail, bit 1: "2" */
    atomic_llong ahead_ns;  /* of the clock */
    atomic_uint fail_syncs; /* each sync fails, as on a broken disk */
    atomic_uint failed_syncs, refused_locks;
    atomic_uint fail_writes; /* each write of the journal fails, as on a full disk */
    atomic_uint failed_writes;
    atomic_uint no_memory; /* for deliveries that are to be claimed */
    atomic_uint refused_claims;
    struct {
        char id[ID_TEXT_SIZE];
        unsigned attempt;
    } seen[SEEN_MAX];
} * board;

/* Stands before the C library's, also for SQLite. */
int fdatasync(int fd)
{
    if (board && atomic_load(&board->fail_syncs)) {
        atomic_fetch_add(&board->failed_syncs, 1);
        errno = EIO;
        return -1;
    }
    return fsync(fd);
}

/* As that one. (SQLite's name for it is pwrite64.) */
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset)
{
    if (board && atomic_load(&board->fail_writes)) {
        atomic_fetch_add(&board->failed_writes, 1);
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_pwrite64, fd, bytes, length, offset);
}

/* As those; counts the locks that others hold. (SQLite's name for it is fcntl64, and so is ours
 * with 64-bit offsets.) */
int fcntl(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    int got = (int)syscall(SYS_fcntl, fd, command, va_arg(arguments, void *));
    va_end(arguments);
    if (board && got < 0 && (command == F_SETLK || command == F_OFD_SETLK))
        atomic_fetch_add(&board->refused_locks, 1);
    return got;
}

/* Stands before that of server/runner/attempt.c, which is linked as __real_attempt_create. */
struct attempt;
struct attempt *__real_attempt_create(void *owner, struct action_queue *lane, int64_t delivery,
                                      const struct journal_delivery *found);
struct attempt *__wrap_attempt_create(void *owner, struct action_queue *lane, int64_t delivery,
                                      const struct journal_delivery *found);
struct attempt *__wrap_attempt_create(void *owner, struct action_queue *lane, int64_t delivery,
                                      const struct journal_delivery *found)
{
    if (board && atomic_load(&board->no_memory)) {
        atomic_fetch_add(&board->refused_claims, 1);
        return NULL;
    }
    return __real_attempt_create(owner, lane, delivery, found);
}

/* As that one, of base/clock.c. */
int64_t __real_clock_monotonic_ns(void);
int64_t __wrap_clock_monotonic_ns(void);
int64_t __wrap_clock_monotonic_ns(void)
{
    return __real_clock_monotonic_ns() + (board ? atomic_load(&board->ahead_ns) : 0);
}

/* ---- the action ---- */

struct action_run {
    bool fails;
    struct loop *loop;
    struct loop_timer timer;
    void (*done)(void *context, const struct outcome *outcome);
    void *context;
};

static inline void fake_end(struct action_run *run, enum outcome_kind kind)
{
    struct outcome outcome = {.kind = kind, .exit_status = 0, .reason = ""};
    loop_timer_remove(run->loop, &run->timer);
    atomic_fetch_add(kind == OUTCOME_DONE     ? &board->ended
                     : kind == OUTCOME_FAILED ? &board->failed
                                              : &board->stopped,
                     1);
    run->done(run->context, &outcome);
    free(run);
}

static inline void fake_timer(struct loop_timer *timer)
{
    struct action_run *run = timer->owner;
    if (atomic_load(&board->hold))
        loop_timer_set(run->loop, timer, clock_monotonic_ns() + 2 * NS_PER_MS);
    else
        fake_end(run, run->fails ? OUTCOME_FAILED : OUTCOME_DONE);
}

static inline struct action_run *
fake_start(const void *settings, struct loop *loop, const struct delivery *delivery,
           void (*done)(void *context, const struct outcome *outcome), void *context)
{
    struct action_run *run = calloc(1, sizeof *run);
    unsigned place = atomic_fetch_add(&board->started, 1);
    (void)settings;
    if (place < SEEN_MAX) {
        snprintf(board->seen[place].id, ID_TEXT_SIZE, "%s", delivery->texts[FIELD_id]);
        board->seen[place].attempt = (unsigned)strtoul(delivery->texts[FIELD_attempt], NULL, 10);
    }
    unsigned bit = strcmp(delivery->texts[FIELD_action], "1") == 0 ? 1 : 2;
    *run = (struct action_run){.fails = (atomic_load(&board->fail) & bit) != 0,
                               .loop = loop,
                               .done = done,
                               .context = context};
    loop_timer_init(&run->timer, fake_timer, run);
    loop_timer_set(loop, &run->timer, clock_monotonic_ns());
    return run;
}

static inline void fake_stop(struct action_run *run, int64_t deadline_ns)
{
    (void)deadline_ns;
    fake_end(run, OUTCOME_INTERRUPTED);
}

static const struct action_kind command_like = {.kind = {.name = "fake"},
                                                .is_limited = true,
                                                .counts_crashes = true,
                                                .start = fake_start,
                                                .stop = fake_stop};
static const struct action_kind pipe_like = {
    .kind = {.name = "fake"}, .must_be_recalled = true, .start = fake_start, .stop = fake_stop};

/* Each fact alone decides what it is for: these two take slots, as commands do. */
static const struct action_kind patient_like = {
    .kind = {.name = "fake"}, .is_limited = true, .start = fake_start, .stop = fake_stop};
static const struct action_kind recalled_like = {.kind = {.name = "fake"},
                                                 .is_limited = true,
                                                 .counts_crashes = true,
                                                 .must_be_recalled = true,
                                                 .start = fake_start,
                                                 .stop = fake_stop};

/* ---- a runner, and its listener ---- */

struct peer {
    pid_t pid;
    int control, link;
    uint64_t runner_id;
    uint64_t tag;
    bool released;
    struct buffer in;
};

static struct settings *settings;
static const struct journal_engine *engine; /* NULL: the usual one */

static inline void begin(void)
{
    fixture_begin();
    board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(board != MAP_FAILED);
    settings = fixture_settings(&command_like, 2, 1);
    signal(SIGPIPE, SIG_IGN);
}

static inline void end(void)
{
    munmap(board, sizeof *board);
    fixture_end();
}

static inline bool wait_readable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, PATIENCE_MS) == 1;
}

static inline void wait_said(struct peer *peer, enum control_type wanted)
{
    struct control_message message = {0};
    int fd;
    do {
        ck_assert(wait_readable(peer->control));
        ck_assert_int_eq(control_receive(peer->control, &message, &fd), 1);
    } while (message.type != wanted);
}

static inline void peer_connect(struct peer *peer)
{
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ck_assert(control_send(peer->control, CONTROL_LINK, 7, ends[0]));
    close(ends[0]);
    peer->link = ends[1];
}

/* In the runner: after SIGUSR1 each of its writes fails with EFBIG, after SIGUSR2 none does. */
static inline void limit_files(int signal_number)
{
    const struct rlimit limit = {signal_number == SIGUSR1 ? 0 : RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &limit);
}

/* With the region that listeners read, or NULL. */
static inline struct peer peer_start_with(uint64_t runner_id, struct shared *shared)
{
    struct peer peer = {.runner_id = runner_id};
    int ends[2];
    ck_assert(control_pair(ends, NULL));
    peer.pid = fork();
    if (peer.pid == 0) {
        struct process process = {.settings = settings,
                                  .shared = shared,
                                  .runner_id = runner_id,
                                  .generation = 1,
                                  .control = ends[1],
                                  .journal_engine = engine};
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

static inline struct peer peer_start(uint64_t runner_id)
{
    return peer_start_with(runner_id, NULL);
}

static inline int peer_wait(struct peer *peer)
{
    int status;
    ck_assert_int_eq(waitpid(peer->pid, &status, 0), peer->pid);
    close(peer->control);
    close(peer->link);
    buffer_finish(&peer->in);
    return status;
}

static inline void peer_kill(struct peer *peer)
{
    kill(peer->pid, SIGKILL);
    peer_wait(peer);
}

static inline void peer_leave(struct peer *peer)
{
    control_send(peer->control, CONTROL_DRAIN, (uint64_t)clock_monotonic_ns() + 10 * NS_PER_S, -1);
    shutdown(peer->link, SHUT_RDWR);
    ck_assert_int_eq(peer_wait(peer), 0);
}

static inline void claim(struct peer *peer)
{
    ck_assert(control_send(peer->control, CONTROL_CLAIM, 0, -1));
}

/* `failures`: what its schema has against it. */
static inline void put_copy(struct peer *peer, struct buffer *out, unsigned route, const char *key,
                            const char *body, const char *failures)
{
    struct event_frame frame = {.tag = ++peer->tag, .route = route};
    frame.event = fixture_event(key, bytes_of_text(body));
    frame.event.failures = bytes_of_text(failures);
    frame.event.received_ms = clock_unix_ms();
    ck_assert(frame_put_event(out, &frame));
}

static inline void put_event(struct peer *peer, struct buffer *out, unsigned route, const char *key)
{
    put_copy(peer, out, route, key, "{\"a\":1}", "");
}

static inline void send_all(struct peer *peer, struct buffer *out)
{
    size_t sent = 0;
    while (sent < out->length) {
        ssize_t now = send(peer->link, out->data + sent, out->length - sent, 0);
        ck_assert(now > 0);
        sent += (size_t)now;
    }
    buffer_finish(out);
}

static inline struct answer_frame wait_answer(struct peer *peer)
{
    struct answer_frame answer;
    struct bytes payload;
    enum frame_type type;
    size_t length;
    while (frame_peek(buffer_bytes(&peer->in), &type, &payload, &length) == 0) {
        ck_assert(wait_readable(peer->link) && buffer_reserve(&peer->in, 65536));
        ssize_t got = read(peer->link, peer->in.data + peer->in.length, 65536);
        ck_assert(got > 0);
        peer->in.length += (size_t)got;
    }
    ck_assert(frame_get_answer(payload, &answer));
    buffer_consume(&peer->in, length);
    return answer;
}

static inline struct answer_frame ask(struct peer *peer, unsigned route, const char *key)
{
    struct buffer out;
    buffer_init(&out, 1 << 20);
    put_event(peer, &out, route, key);
    send_all(peer, &out);
    struct answer_frame answer = wait_answer(peer);
    ck_assert_uint_eq(answer.tag, peer->tag);
    return answer;
}

/* As long as it grows: how fast that goes is the machine's affair. */
static inline void wait_at_least(atomic_uint *counter, unsigned wanted)
{
    unsigned seen = atomic_load(counter), before = seen;
    int64_t end_ns = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
    while (seen < wanted && clock_monotonic_ns() < end_ns) {
        usleep(1000);
        seen = atomic_load(counter);
        if (seen != before)
            end_ns = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
        before = seen;
    }
    ck_assert_uint_ge(seen, wanted);
}

static inline void wait_count(atomic_uint *counter, unsigned wanted)
{
    wait_at_least(counter, wanted);
    ck_assert_uint_eq(atomic_load(counter), wanted);
}

static inline int64_t ask_journal(const char *sql)
{
    struct error err = {""};
    struct sqlite db;
    int64_t number = -1;
    ck_assert(sqlite_open(&db, fixture_path, SQLITE_MODE_READ, 1000, NULL, &err));
    ck_assert(sqlite_read_number(&db, sql, &number));
    sqlite_close(&db);
    return number;
}

static inline void wait_journal(const char *sql, int64_t wanted)
{
    int64_t end_ns = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
    while (ask_journal(sql) != wanted && clock_monotonic_ns() < end_ns)
        usleep(2000);
    ck_assert_int_eq(ask_journal(sql), wanted);
}

#define COUNT_STATE(state) "SELECT count(*) FROM delivery WHERE state = '" state "'"

#endif
