/* One process for one delivery.
 *
 *   LAUNCHING  →  RUNNING  →  ENDING (TERM sent)  →  KILLED  →  (ended)  →  FINISHED
 *
 * A shell dies of TERM at once, and its children, which got it too, may have things to put in
 * order: in ENDING the process is not reaped (which kills its group) before the group is empty or
 * its grace is over. The survivors are waited for one after the other.
 *
 * Where the processes have a cgroup (process_tree.h), that is what ends: all of them get the TERM,
 * and nothing is reported before the cgroup is empty, so that nothing of this attempt runs beside
 * the next one. What is left after a KILL is killed again for some seconds. A process that does not
 * even end then waits for the kernel, and would let nobody go on.
 *
 * One timer moves it along: it launches, and launches again where the system is short of processes;
 * it is the timeout, then the grace; at last it reports what ended before there was a process. The
 * end of the process is its pidfd, never the end of its output, which a grandchild may hold for
 * ever. Whatever is in the pipes at that moment still counts; who writes later gets SIGPIPE. */
#include "base/clock.h"
#include "handlers/action/body_files.h"
#include "handlers/action/command_launch.h"
#include "handlers/action/output_feed.h"
#include "handlers/action/output_tail.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    READ_SIZE = 64 * 1024,
    READS_A_TURN = 4, /* of one stream, so that a flood leaves time for everybody else */
    LAUNCH_WAIT_FIRST_MS = 10,
    LAUNCH_WAIT_MAX_MS = 1000,
    KILL_AGAIN_MS = 100,
    KILL_MOST_MS = 5000,
};

enum phase { LAUNCHING, RUNNING, ENDING, KILLED, FINISHED };

struct stream {
    struct loop_watch watch; /* owner: the run */
    int fd;                  /* -1: ended */
    struct tail tail;
    struct feed feed; /* to a sender that waits for the output */
};

struct action_run {
    const struct command_settings *settings;
    struct loop *loop;
    const struct delivery *delivery;
    void (*done)(void *context, const struct outcome *outcome);
    void *context;

    enum phase phase;
    bool timed_out, stopped, leaves_processes, killed_helpers;
    int launch_wait_ms;
    int64_t started_ns;
    struct started started;
    char *body_file, *files;    /* NULL: none */
    struct loop_watch ended;    /* of the process */
    struct loop_watch emptied;  /* the cgroup of its tree, when it has ended before that was */
    int64_t killed_ns;          /* when the tree was killed first */
    struct loop_watch survivor; /* somebody of its group, when it has ended before him */
    struct stream streams[2];
    struct loop_timer timer;
    enum outcome_kind kind; /* FINISHED without a process */
    struct error reason;
};

/* ---- the end ---- */

static void stream_close(struct action_run *run, struct stream *stream)
{
    if (stream->fd < 0)
        return;
    loop_watch_remove(run->loop, &stream->watch);
    close(stream->fd);
    stream->fd = -1;
}

/* The last bytes of a stream without secrets; in `*total` how many there were, as if the marks had
 * been written. */
static struct bytes stream_kept(struct action_run *run, struct stream *stream, uint64_t *total)
{
    size_t most = (size_t)run->settings->output;
    struct bytes all = tail_bytes(&stream->tail);
    size_t before = all.length > most ? all.length - most : 0;
    size_t kept = secret_mask_apply(&run->settings->mask, stream->tail.data, all.length, before);
    *total = stream->tail.total - (all.length - before) + kept;
    return bytes_of(stream->tail.data + (kept > most ? kept - most : 0), kept < most ? kept : most);
}

static void run_report(struct action_run *run, struct outcome *outcome)
{
    feed_end(&run->streams[0].feed);
    outcome->reason = run->reason.text;
    outcome->output = stream_kept(run, &run->streams[0], &outcome->output_total);
    outcome->error_output = stream_kept(run, &run->streams[1], &outcome->error_output_total);
    outcome->duration_ms = (clock_monotonic_ns() - run->started_ns) / NS_PER_MS;
    outcome->leaves_processes = run->leaves_processes;
    outcome->killed_helpers = run->killed_helpers;
    run->done(run->context, outcome);
    for (int i = 0; i < 2; i++)
        tail_finish(&run->streams[i].tail);
    body_file_remove(run->body_file);
    body_files_remove(run->files);
    free(run);
}

static void report_without_process(struct action_run *run)
{
    struct outcome outcome = {
        .kind = run->kind, .exit_status = -1, .not_started = run->kind == OUTCOME_FAILED};
    run_report(run, &outcome);
}

/* Ends what has no process (any more to come) at the next turn of the loop. */
static void run_finish_without_process(struct action_run *run, enum outcome_kind kind)
{
    run->phase = FINISHED;
    run->kind = kind;
    if (!loop_timer_set(run->loop, &run->timer, clock_monotonic_ns()))
        report_without_process(run);
}

static void run_judge(struct action_run *run, const struct started_end *end,
                      struct outcome *outcome)
{
    const siginfo_t *info = &end->info;
    bool exited = info->si_code == CLD_EXITED;
    *outcome = (struct outcome){.kind = OUTCOME_FAILED,
                                .exit_status = exited ? info->si_status : -1,
                                .signal = exited ? 0 : info->si_status};
    if (run->timed_out) {
        outcome->kind = OUTCOME_TIMEOUT;
        error_set(&run->reason, "ran longer than its timeout of %lld ms",
                  (long long)run->settings->timeout_ms);
    } else if (exited && info->si_status == 0) {
        outcome->kind = OUTCOME_DONE;
        run->reason.text[0] = '\0';
    } else if (run->stopped) {
        outcome->kind = OUTCOME_INTERRUPTED;
        error_set(&run->reason, "was ended because the server is leaving");
    } else if (exited) {
        error_set(&run->reason, "exited with status %d", info->si_status);
    } else {
        error_set(&run->reason, "was killed by signal %d (%s)%s", info->si_status,
                  strsignal(info->si_status),
                  info->si_code == CLD_DUMPED ? " and dumped core" : "");
    }
    if (end->memory_kills > 0 && outcome->kind == OUTCOME_FAILED) {
        size_t length = strlen(run->reason.text);
        snprintf(run->reason.text + length, sizeof run->reason.text - length,
                 "; limits.memory was reached, and the kernel killed %llu of its processes",
                 (unsigned long long)end->memory_kills);
    }
}

/* ---- output ---- */

/* Reads at most `most` bytes; false at the end of the stream. */
static bool stream_read(struct stream *stream, size_t most)
{
    static uint8_t piece[READ_SIZE]; /* its content matters to one call only */
    ssize_t length = read(stream->fd, piece, most < sizeof piece ? most : sizeof piece);
    if (length > 0) {
        tail_add(&stream->tail, bytes_of(piece, (size_t)length));
        feed_put(&stream->feed, bytes_of(piece, (size_t)length));
    }
    return length > 0 || (length < 0 && (errno == EAGAIN || errno == EINTR));
}

static void stream_ready(struct loop_watch *watch, uint32_t events)
{
    struct action_run *run = watch->owner;
    struct stream *stream = &run->streams[watch == &run->streams[1].watch];
    (void)events;
    for (int i = 0; i < READS_A_TURN; i++) {
        uint64_t before = stream->tail.total;
        if (!stream_read(stream, READ_SIZE)) {
            stream_close(run, stream);
            return;
        }
        if (stream->tail.total - before < READ_SIZE)
            return;
    }
}

/* What is in the pipe now, and not a byte of what a grandchild goes on writing. */
static void stream_read_rest(struct stream *stream)
{
    int left = 0;
    if (stream->fd < 0 || ioctl(stream->fd, FIONREAD, &left) != 0)
        return;
    while (left > 0) {
        uint64_t before = stream->tail.total;
        if (!stream_read(stream, (size_t)left) || stream->tail.total == before)
            return;
        left -= (int)(stream->tail.total - before);
    }
}

static void run_forget(struct action_run *run, struct loop_watch *watch)
{
    int fd = watch->fd;
    if (fd < 0)
        return;
    loop_watch_remove(run->loop, watch);
    close(fd);
}

/* What it leaves has to be left by itself. */
static bool run_keeps_helpers(const struct action_run *run)
{
    return run->settings->helpers == HELPERS_KEEP && run->phase == RUNNING && !run->stopped;
}

static void run_end(struct action_run *run)
{
    struct outcome outcome;
    struct started_end end;
    assert(run->phase != LAUNCHING && run->phase != FINISHED);
    loop_timer_remove(run->loop, &run->timer);
    run_forget(run, &run->survivor);
    run_forget(run, &run->emptied);
    started_reap(&run->started, &run->settings->process.limits, run_keeps_helpers(run), &end);
    run->leaves_processes = end.leaves;
    for (int i = 0; i < 2; i++) {
        stream_read_rest(&run->streams[i]);
        stream_close(run, &run->streams[i]);
    }
    run_judge(run, &end, &outcome);
    run_report(run, &outcome);
}

/* What does not end for all the killing is left behind. */
static void kill_tree(struct action_run *run)
{
    int64_t now = clock_monotonic_ns();
    if (run->killed_ns == 0)
        run->killed_ns = now;
    run->phase = KILLED;
    process_tree_kill(&run->started.tree);
    run->leaves_processes =
        now - run->killed_ns >= KILL_MOST_MS * NS_PER_MS ||
        !loop_timer_set(run->loop, &run->timer, now + KILL_AGAIN_MS * NS_PER_MS);
}

/* The process has ended: it is over when its tree is empty. What a command leaves by itself is
 * killed; what uses the grace after TERM has that. Most leave nothing, and nobody need look. */
static void run_end_with_tree(struct action_run *run)
{
    bool is_asked = run->settings->process.limits.memory > 0; /* what its limit has cost */
    if (!is_asked && process_tree_remove_empty(&run->started.tree)) {
        run_end(run);
        return;
    }
    bool watched = run->emptied.fd >= 0;
    int watch = watched ? run->emptied.fd : process_tree_watch(&run->started.tree);
    bool is_over = run_keeps_helpers(run) || (watch >= 0 && !process_tree_lives(watch));
    if (!is_over && run->phase == RUNNING) {
        run->killed_helpers = true;
        kill_tree(run);
    }
    is_over |= run->leaves_processes;
    /* one that cannot be watched: the timer looks again */
    if (watch >= 0 && !watched &&
        (is_over || !loop_watch_set(run->loop, &run->emptied, watch, EPOLLPRI)))
        close(watch);
    if (is_over)
        run_end(run);
}

/* The process has ended: now, or when those who still use the grace have. */
static void run_end_with_group(struct action_run *run)
{
    int pidfd;
    if (run->phase != ENDING || !spawn_find_survivor(&run->started.process, &pidfd)) {
        run_end(run);
        return;
    }
    /* one that cannot be watched: the end of the grace is the end */
    if (pidfd >= 0 && !loop_watch_set(run->loop, &run->survivor, pidfd, EPOLLIN))
        close(pidfd);
}

static void process_ended(struct loop_watch *watch, uint32_t events)
{
    struct action_run *run = watch->owner;
    (void)events;
    loop_watch_remove(run->loop, &run->ended);
    if (run->started.tree.forest)
        run_end_with_tree(run);
    else
        run_end_with_group(run);
}

static void tree_changed(struct loop_watch *watch, uint32_t events)
{
    (void)events;
    run_end_with_tree(watch->owner);
}

static void survivor_ended(struct loop_watch *watch, uint32_t events)
{
    struct action_run *run = watch->owner;
    (void)events;
    run_forget(run, &run->survivor);
    run_end_with_group(run);
}

/* ---- the beginning ---- */

/* The process runs: from here on its end is awaited, even if it is killed at once. */
static void run_watch(struct action_run *run, const struct launched *launched)
{
    run->started = launched->started;
    run->body_file = launched->body_file;
    run->files = launched->files;
    bool watched = loop_watch_set(run->loop, &run->ended, run->started.process.pidfd, EPOLLIN);
    for (int i = 0; i < 2; i++) {
        struct stream *stream = &run->streams[i];
        stream->fd = launched->outputs[i];
        if (stream->fd >= 0)
            watched = loop_watch_set(run->loop, &stream->watch, stream->fd, EPOLLIN) && watched;
    }
    run->phase = RUNNING;
    watched = loop_timer_set(run->loop, &run->timer,
                             clock_monotonic_ns() + run->settings->timeout_ms * NS_PER_MS) &&
              watched;
    if (watched)
        return;
    /* A process that cannot be watched must not run. If even its end cannot be seen it is awaited
     * here: after KILL that takes no time worth speaking of. */
    run->stopped = true;
    spawn_signal_group(&run->started.process, SIGKILL);
    if (run->ended.fd < 0)
        process_ended(&run->ended, 0);
}

static void run_launch_later(struct action_run *run)
{
    int64_t now = clock_monotonic_ns();
    if (now - run->started_ns >= run->settings->timeout_ms * NS_PER_MS) {
        run_finish_without_process(run, OUTCOME_FAILED);
        return;
    }
    int64_t due = now + run->launch_wait_ms * NS_PER_MS;
    run->launch_wait_ms =
        run->launch_wait_ms * 2 < LAUNCH_WAIT_MAX_MS ? run->launch_wait_ms * 2 : LAUNCH_WAIT_MAX_MS;
    if (!loop_timer_set(run->loop, &run->timer, due)) /* no memory */
        run_finish_without_process(run, OUTCOME_INTERRUPTED);
}

static void launch_due(struct action_run *run)
{
    struct launched launched;
    switch (command_launch(run->settings, run->delivery, &launched, &run->reason)) {
    case SPAWN_STARTED:
        run_watch(run, &launched);
        break;
    case SPAWN_LATER:
        run_launch_later(run);
        break;
    case SPAWN_FAILED:
        run_finish_without_process(run, OUTCOME_FAILED);
        break;
    }
}

/* ---- the timer ---- */

static void kill_due(struct action_run *run)
{
    run->phase = KILLED;
    spawn_signal_group(&run->started.process, SIGKILL);
    if (run->started.tree.forest)
        kill_tree(run);
    if (run->ended.fd >= 0)
        return;
    if (run->started.tree.forest) /* it has ended before the others */
        run_end_with_tree(run);
    else
        run_end(run);
}

/* Each process once; CONT, because a stopped one would not get to the TERM. */
static void run_terminate(struct action_run *run, int64_t kill_ns)
{
    static const int signals[] = {SIGTERM, SIGCONT};
    run->phase = ENDING;
    for (int i = 0; i < 2; i++)
        started_signal(&run->started, signals[i]);
    if (!loop_timer_set(run->loop, &run->timer, kill_ns))
        kill_due(run);
}

static int64_t grace_end(const struct action_run *run)
{
    return clock_monotonic_ns() + run->settings->kill_after_ms * NS_PER_MS;
}

static void timeout_due(struct action_run *run)
{
    if (spawn_has_ended(&run->started.process)) /* in time, only we have not looked yet */
        return;
    run->timed_out = true;
    run_terminate(run, grace_end(run));
}

static void timer_fired(struct loop_timer *timer)
{
    static void (*const due[])(struct action_run *) = {
        [LAUNCHING] = launch_due,
        [RUNNING] = timeout_due,
        [ENDING] = kill_due,
        [KILLED] = kill_due,
        [FINISHED] = report_without_process,
    };
    struct action_run *run = timer->owner;
    due[run->phase](run);
}

/* ---- the contract ---- */

/* What is kept, and what may be the rest of a secret that begins before it. */
static size_t tail_room(const struct command_settings *settings)
{
    size_t before = settings->mask.longest > 0 ? settings->mask.longest - 1 : 0;
    return settings->output > 0 ? (size_t)settings->output + before : 0;
}

struct action_run *command_start(const void *settings, struct loop *loop,
                                 const struct delivery *delivery,
                                 void (*done)(void *context, const struct outcome *outcome),
                                 void *context)
{
    struct action_run *run = calloc(1, sizeof *run);
    if (!run)
        return NULL;
    *run = (struct action_run){.settings = settings,
                               .loop = loop,
                               .delivery = delivery,
                               .done = done,
                               .context = context,
                               .started.process.pidfd = -1,
                               .launch_wait_ms = LAUNCH_WAIT_FIRST_MS,
                               .started_ns = clock_monotonic_ns()};
    loop_watch_init(&run->ended, process_ended, run);
    loop_watch_init(&run->survivor, survivor_ended, run);
    loop_watch_init(&run->emptied, tree_changed, run);
    loop_timer_init(&run->timer, timer_fired, run);
    for (int i = 0; i < 2; i++) {
        run->streams[i].fd = -1;
        loop_watch_init(&run->streams[i].watch, stream_ready, run);
        tail_init(&run->streams[i].tail, tail_room(run->settings));
    }
    run->streams[0].feed =
        (struct feed){.mask = &run->settings->mask, .output = delivery->output, .context = context};
    if (!loop_timer_set(loop, &run->timer, run->started_ns)) {
        free(run);
        return NULL;
    }
    return run;
}

void command_stop(struct action_run *run, int64_t deadline_ns)
{
    int64_t kill_ns = run->phase == RUNNING ? grace_end(run) : run->timer.due_ns;
    if (kill_ns > deadline_ns)
        kill_ns = deadline_ns;
    if (run->phase == LAUNCHING) {
        error_set(&run->reason, "was not started because the server is leaving");
        run_finish_without_process(run, OUTCOME_INTERRUPTED);
    } else if (run->phase == RUNNING && !spawn_has_ended(&run->started.process)) {
        run->stopped = true;
        run_terminate(run, kill_ns);
    } else if (run->phase == ENDING) {
        if (!loop_timer_set(run->loop, &run->timer, kill_ns))
            kill_due(run);
    }
}
