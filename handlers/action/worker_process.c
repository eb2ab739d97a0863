/* The end of the process is its pidfd: whoever holds its pipes besides is killed with its group,
 * and with its cgroup where it has one. The owner hears of the end when the cgroup is empty, so
 * that nothing of it runs beside the next process.
 *
 * A worker that closes one of its pipes can do nothing more for us. It is usually about to exit, so
 * it has CLOSED_NS for that before it is told to; so its exit status is known. */
#include "handlers/action/worker_process.h"

#include "base/clock.h"
#include "handlers/action/worker_answer.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CLOSED_NS NS_PER_S
enum {
    READ_SIZE = 64 * 1024,
    READS_A_TURN = 4,    /* of one stream, so that a flood leaves time for everybody else */
    SAID_MAX = 4 * 1024, /* of a line of standard error */
    KILL_AGAIN_MS = 20,
    KILL_MOST_MS = 5000, /* what has not ended then is left behind */
};

/* ---- the end ---- */

static void stream_close(struct worker_process *process, struct worker_stream *stream)
{
    loop_watch_remove(process->loop, &stream->watch);
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
}

void worker_process_close_input(struct worker_process *process)
{
    int unread;
    if (process->input < 0)
        return;
    process->unread = ioctl(process->input, FIONREAD, &unread) == 0 ? (size_t)unread : 0;
    loop_watch_remove(process->loop, &process->input_watch);
    close(process->input);
    process->input = -1;
}

static void process_kill(struct worker_process *process)
{
    process->is_told = true;
    process->phase = WORKER_KILLED;
    started_signal(&process->started, SIGKILL);
}

void worker_process_end(struct worker_process *process, const char *why, int64_t kill_ns)
{
    if (!worker_process_lives(process) || process->phase >= WORKER_KILLED)
        return;
    if (!process->why)
        process->why = why;
    if (process->phase == WORKER_TERMINATED && process->timer.slot &&
        process->timer.due_ns < kill_ns)
        return;
    if (process->phase != WORKER_TERMINATED) {
        process->is_told = true;
        process->phase = WORKER_TERMINATED;
        started_signal(&process->started, SIGTERM);
        started_signal(&process->started, SIGCONT); /* a stopped one would not get to it */
    }
    if (!loop_timer_set(process->loop, &process->timer, kill_ns))
        process_kill(process);
}

static int64_t grace_end(const struct worker_process *process)
{
    return clock_monotonic_ns() + process->settings->kill_after_ms * NS_PER_MS;
}

/* It has closed a pipe. */
static void process_is_useless(struct worker_process *process, const char *why)
{
    if (process->phase != WORKER_RUNS)
        return;
    process->phase = WORKER_TO_END;
    process->why = why;
    if (!loop_timer_set(process->loop, &process->timer, clock_monotonic_ns() + CLOSED_NS))
        process_kill(process);
}

/* ---- what it writes ---- */

static bool take_answer(void *context, struct bytes line, bool is_whole)
{
    struct worker_process *process = context;
    if (is_whole)
        process->hearer->answered(process->owner, line);
    else
        worker_process_end(process, "it wrote 64 KiB to its standard output without a line end",
                           grace_end(process));
    return is_whole;
}

static bool take_error(void *context, struct bytes line, bool is_whole)
{
    struct worker_process *process = context;
    (void)is_whole;
    process->hearer->said(process->owner, line);
    return true;
}

static bool is_answers(const struct worker_process *process, const struct worker_stream *stream)
{
    return stream == &process->answers;
}

/* Reads at most `most` bytes. How many there were; 0: the stream is over. */
static size_t stream_read(struct worker_process *process, struct worker_stream *stream, size_t most)
{
    static uint8_t piece[READ_SIZE]; /* its content matters to one call only */
    line_taker *take = is_answers(process, stream) ? take_answer : take_error;
    ssize_t length = read(stream->fd, piece, most < sizeof piece ? most : sizeof piece);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return 1;
    if (length <= 0)
        return 0;
    return line_reader_feed(&stream->lines, bytes_of(piece, (size_t)length), take, process)
               ? (size_t)length
               : 0;
}

static void stream_end(struct worker_process *process, struct worker_stream *stream)
{
    line_taker *take = is_answers(process, stream) ? take_answer : take_error;
    if (stream->fd >= 0)
        line_reader_end(&stream->lines, take, process);
    stream_close(process, stream);
}

static void stream_ready(struct loop_watch *watch, uint32_t events)
{
    struct worker_process *process = watch->owner;
    struct worker_stream *stream =
        watch == &process->answers.watch ? &process->answers : &process->errors;
    size_t length = READ_SIZE;
    (void)events;
    for (int i = 0; i < READS_A_TURN && length == READ_SIZE; i++)
        length = stream_read(process, stream, READ_SIZE);
    if (length == 0) {
        stream_end(process, stream);
        if (is_answers(process, stream))
            process_is_useless(process, "it closed its standard output");
    }
    process->hearer->can_write(process->owner);
}

/* What is in the pipe now, and not a byte of what somebody else goes on writing. */
static void stream_read_rest(struct worker_process *process, struct worker_stream *stream)
{
    int left = 0;
    if (stream->fd >= 0 && ioctl(stream->fd, FIONREAD, &left) != 0)
        left = 0;
    while (stream->fd >= 0 && left > 0) {
        size_t length = stream_read(process, stream, (size_t)left);
        left = length == 0 ? 0 : left - (int)length;
    }
    stream_end(process, stream);
}

static void describe_end(const struct worker_process *process, const struct started_end *end,
                         struct error *text)
{
    const siginfo_t *info = &end->info;
    if (process->is_told)
        error_set(text, "was ended because %s", process->why);
    else if (info->si_code == CLD_EXITED)
        error_set(text, "exited with status %d", info->si_status);
    else
        error_set(text, "was killed by signal %d (%s)%s%s", info->si_status,
                  strsignal(info->si_status), info->si_code == CLD_DUMPED ? " and dumped core" : "",
                  end->memory_kills > 0 ? "; limits.memory was reached" : "");
}

static bool keeps_helpers(const struct worker_process *process)
{
    return process->settings->helpers == HELPERS_KEEP && !process->is_told;
}

static void process_over(struct worker_process *process)
{
    pid_t pid = process->started.process.pid;
    struct started_end how;
    struct error text;
    started_reap(&process->started, &process->settings->process.limits, keeps_helpers(process),
                 &how);
    describe_end(process, &how, &text);
    const struct worker_end end = {
        .pid = pid, .reason = text.text, .unread = process->unread, .leaves = how.leaves};
    process->hearer->ended(process->owner, &end);
}

/* Kills what it has left until there is nothing, or for some seconds. */
static void process_clear(struct worker_process *process)
{
    int64_t now = clock_monotonic_ns();
    bool is_clear = !process->started.tree.forest || keeps_helpers(process);
    if (process->phase != WORKER_LEFT)
        process->left_ns = now;
    process->phase = WORKER_LEFT;
    if (!is_clear) {
        process_tree_kill(&process->started.tree);
        is_clear = !started_tree_lives(&process->started) ||
                   now - process->left_ns >= KILL_MOST_MS * NS_PER_MS;
    }
    if (is_clear ||
        !loop_timer_set(process->loop, &process->timer, now + KILL_AGAIN_MS * NS_PER_MS))
        process_over(process);
}

static void timer_fired(struct loop_timer *timer)
{
    struct worker_process *process = timer->owner;
    if (process->phase == WORKER_LEFT)
        process_clear(process);
    else if (process->phase == WORKER_TO_END)
        worker_process_end(process, process->why, grace_end(process));
    else
        process_kill(process);
}

static void process_exited(struct loop_watch *watch, uint32_t events)
{
    struct worker_process *process = watch->owner;
    (void)events;
    loop_watch_remove(process->loop, &process->exited);
    worker_process_close_input(process);
    stream_read_rest(process, &process->answers);
    stream_read_rest(process, &process->errors);
    loop_timer_remove(process->loop, &process->timer); /* of a flood in the rest, too */
    process_clear(process);
}

/* ---- what it reads ---- */

static void input_is_closed(struct worker_process *process)
{
    worker_process_close_input(process);
    process_is_useless(process, "it closed its standard input");
}

/* Watched for nothing it still tells when nobody can read any more: what is in the pipe then is
 * read by nobody. */
static void input_ready(struct loop_watch *watch, uint32_t events)
{
    struct worker_process *process = watch->owner;
    process->is_full = false;
    if (events & EPOLLERR)
        input_is_closed(process);
    else
        loop_watch_set(process->loop, watch, process->input, 0);
    process->hearer->can_write(process->owner);
}

size_t worker_process_write(struct worker_process *process, struct bytes content)
{
    if (process->input < 0 || process->is_full || content.length == 0)
        return 0;
    ssize_t length = write(process->input, content.data, content.length);
    if (length < 0 && errno != EAGAIN && errno != EINTR) {
        input_is_closed(process);
        return 0;
    }
    size_t taken = length < 0 ? 0 : (size_t)length;
    process->is_full = taken < content.length;
    if (process->is_full)
        loop_watch_set(process->loop, &process->input_watch, process->input, EPOLLOUT);
    return taken;
}

/* ---- the beginning ---- */

void worker_process_init(struct worker_process *process, struct loop *loop,
                         const struct worker_hearer *hearer, void *owner)
{
    *process = (struct worker_process){
        .loop = loop, .hearer = hearer, .owner = owner, .started.process.pidfd = -1, .input = -1};
    process->answers.fd = process->errors.fd = -1;
    loop_watch_init(&process->answers.watch, stream_ready, process);
    loop_watch_init(&process->errors.watch, stream_ready, process);
    loop_watch_init(&process->input_watch, input_ready, process);
    loop_watch_init(&process->exited, process_exited, process);
    loop_timer_init(&process->timer, timer_fired, process);
    line_reader_init(&process->answers.lines, WORKER_ANSWER_MAX);
    line_reader_init(&process->errors.lines, SAID_MAX);
}

/* A process that cannot be watched must not run. After KILL its end takes no time worth speaking
 * of. */
static enum spawn_result process_watch(struct worker_process *process, struct error *err)
{
    if (loop_watch_set(process->loop, &process->exited, process->started.process.pidfd, EPOLLIN) &&
        loop_watch_set(process->loop, &process->answers.watch, process->answers.fd, EPOLLIN) &&
        loop_watch_set(process->loop, &process->errors.watch, process->errors.fd, EPOLLIN) &&
        loop_watch_set(process->loop, &process->input_watch, process->input, 0))
        return SPAWN_STARTED;
    worker_process_finish(process);
    error_set(err, "the server had no memory to watch it");
    return SPAWN_LATER;
}

enum spawn_result worker_process_start(struct worker_process *process,
                                       const struct command_settings *settings,
                                       struct process_forest *forest, const char *route,
                                       const char *action, struct error *err)
{
    struct worker_launched launched;
    enum spawn_result result = worker_launch(settings, forest, route, action, &launched, err);
    if (result != SPAWN_STARTED)
        return result;
    process->settings = settings;
    process->started = launched.started;
    process->input = launched.pipes[0];
    process->answers.fd = launched.pipes[1];
    process->errors.fd = launched.pipes[2];
    process->phase = WORKER_RUNS;
    process->is_told = process->is_full = false;
    process->why = NULL;
    process->unread = 0;
    process->answers.lines.skips = process->errors.lines.skips = false;
    return process_watch(process, err);
}

void worker_process_finish(struct worker_process *process)
{
    struct started_end end;
    worker_process_close_input(process);
    stream_close(process, &process->answers);
    stream_close(process, &process->errors);
    loop_watch_remove(process->loop, &process->exited);
    loop_timer_remove(process->loop, &process->timer);
    if (worker_process_lives(process)) {
        started_signal(&process->started, SIGKILL);
        started_reap(&process->started, &process->settings->process.limits, false, &end);
    }
    line_reader_finish(&process->answers.lines);
    line_reader_finish(&process->errors.lines);
}
