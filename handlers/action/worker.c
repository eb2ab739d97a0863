/* A worker is one process after the other, and the deliveries that it is given (worker_runs.c):
 *
 *   waiting  →  sent (unanswered)  →  done, dead, or pending again in the journal (retry_after)
 *      ↑            ↓
 *      ←————————————
 *
 * One whose files cannot be made at the moment is held back until they may be.
 *
 * Everything happens in worker_turn, which looks at the facts (is there a process, who waits, what
 * is due) and acts on them; descriptors, answers and the timer only say that it is time for one.
 *
 * What is unanswered when the process ends waits again, in its old place, so its successor gets it
 * first. A process that is told to end by its owner may be sent nothing, but may still answer.
 *
 * The timeout runs for the oldest unanswered event alone, from when it became that: a worker that
 * takes a window of events and does one after the other has the timeout for each. */
#include "handlers/action/worker.h"

#include "base/clock.h"
#include "handlers/action/body_files.h"
#include "handlers/action/envelope.h"
#include "handlers/action/worker_answer.h"
#include "handlers/action/worker_news.h"
#include "handlers/action/worker_process.h"
#include "handlers/action/worker_runs.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

enum {
    LINE_MAX_BYTES = 512 * 1024 * 1024,
    OUT_FULL = 64 * 1024,  /* not yet written: no further line is made */
    OUT_KEPT = 256 * 1024, /* memory that is kept for the next lines */
    BACK_OFF_FIRST_MS = 100,
    BACK_OFF_MAX_MS = 30 * 1000,
    LEAVE_PART = 4, /* of the time until a deadline, the part between TERM and KILL at most */
};

#define LEAVE_IDLE_NS NS_PER_S
#define FILES_AGAIN_NS NS_PER_S

struct worker {
    struct worker *next;
    struct loop *loop;
    const struct worker_settings *settings;
    const char *route, *action;
    struct process_forest *forest;
    struct worker_process process;
    struct worker_runs runs;
    struct buffer out; /* lines, of which the first `out_written` bytes are written */
    size_t out_written;
    uint64_t out_begin; /* where `out` begins in what this process is sent */
    bool has_timed_out; /* nobody is to be blamed for its end */
    bool has_written;   /* a line, right or wrong */
    unsigned back_off_ms;
    int64_t start_ns;     /* of the next process, not before */
    int64_t leave_ns;     /* it is to be gone by then; INT64_MAX: it stays */
    int64_t terminate_ns; /* while it leaves: when it is told to end */
    struct loop_timer timer;
    struct worker_gate said, wrong;
};

static struct worker *workers;

/* ---- news ---- */

static void tell(const struct worker *worker, struct worker_news news)
{
    news.route = worker->route;
    news.action = worker->action;
    worker_news_tell(&news);
}

/* A line that it wrote. */
static void tell_line(struct worker *worker, struct worker_gate *gate, struct worker_news news,
                      struct bytes line)
{
    news.route = worker->route;
    news.action = worker->action;
    worker_news_tell_line(&news, gate, &worker->settings->command.mask, line);
}

static bool is_leaving(const struct worker *worker)
{
    return worker->leave_ns != INT64_MAX;
}

/* ---- answers ---- */

static void take_ok(struct action_run *run, struct worker_answer *answer)
{
    (void)answer;
    worker_run_end(run, OUTCOME_DONE, "");
}

static void take_retry(struct action_run *run, struct worker_answer *answer)
{
    worker_run_put_off(run, answer->retry_ms);
}

static void take_dead(struct action_run *run, struct worker_answer *answer)
{
    const struct secret_mask *mask = &run->worker->settings->command.mask;
    uint8_t *text = (uint8_t *)answer->reason;
    size_t length = strlen(answer->reason);
    length = answer->is_cut ? secret_mask_apply_cut(mask, text, length)
                            : secret_mask_apply(mask, text, length, 0);
    answer->reason[length] = '\0';
    worker_run_end(run, OUTCOME_FAILED, answer->reason);
}

static void hear_answer(void *owner, struct bytes line)
{
    static void (*const take[])(struct action_run *, struct worker_answer *) = {
        [WORKER_OK] = take_ok, [WORKER_RETRY] = take_retry, [WORKER_DEAD] = take_dead};
    struct worker *worker = owner;
    struct worker_answer answer;
    const char *wrong = worker_answer_read(line, &answer);
    uint64_t written = worker->out_begin + worker->out_written;
    struct action_run *run = wrong ? NULL : worker_runs_find(&worker->runs, answer.id, written);
    worker->has_written = true;
    if (!run) {
        struct worker_news news = {.kind = WORKER_WRONG,
                                   .reason = wrong ? wrong
                                                   : "its \"id\" is none that waits for an answer"};
        tell_line(worker, &worker->wrong, news, line);
        return;
    }
    worker->runs.answers++;
    worker->back_off_ms = BACK_OFF_FIRST_MS;
    take[answer.verdict](run, &answer);
}

static void hear_error(void *owner, struct bytes line)
{
    struct worker *worker = owner;
    tell_line(worker, &worker->said, (struct worker_news){.kind = WORKER_SAID}, line);
}

/* ---- the process begins and ends ---- */

static void back_off(struct worker *worker)
{
    unsigned wait_ms = worker->back_off_ms;
    worker->start_ns = clock_monotonic_ns() + wait_ms * NS_PER_MS;
    worker->back_off_ms = wait_ms * 2 < BACK_OFF_MAX_MS ? wait_ms * 2 : BACK_OFF_MAX_MS;
}

static void worker_begin(struct worker *worker)
{
    struct error err;
    unsigned wait_ms = worker->back_off_ms;
    worker->has_timed_out = false;
    worker->has_written = false;
    worker->out_begin = 0;
    if (worker_process_start(&worker->process, &worker->settings->command, worker->forest,
                             worker->route, worker->action, &err) == SPAWN_STARTED) {
        tell(worker, (struct worker_news){.kind = WORKER_STARTED,
                                          .pid = worker->process.started.process.pid});
        return;
    }
    back_off(worker);
    tell(worker,
         (struct worker_news){.kind = WORKER_NOT_STARTED, .reason = err.text, .wait_ms = wait_ms});
}

static void drop_lines(struct worker *worker)
{
    buffer_finish(&worker->out);
    buffer_init(&worker->out, LINE_MAX_BYTES);
    worker->out_written = 0;
}

static void worker_turn(struct worker *worker);

static void hear_end(void *owner, const struct worker_end *end)
{
    struct worker *worker = owner;
    struct worker_news news = {
        .kind = WORKER_ENDED, .pid = end->pid, .reason = end->reason, .wait_ms = -1};
    uint64_t read = worker->out_begin + worker->out_written - end->unread;
    if (is_leaving(worker)) {
        worker_runs_interrupt(&worker->runs);
    } else {
        news.wait_ms = worker->back_off_ms;
        back_off(worker);
        if (!worker->has_timed_out)
            worker_runs_blame(&worker->runs, read, end->reason);
        worker_runs_take_back(&worker->runs);
    }
    drop_lines(worker);
    tell(worker, news);
    if (end->leaves)
        tell(worker, (struct worker_news){.kind = WORKER_LEAVES});
    worker_turn(worker);
}

/* ---- lines ---- */

/* The files of a multipart form. False if the run is held, or has ended instead. */
static bool put_files(struct worker *worker, struct action_run *run, char **files)
{
    struct error why;
    switch (command_put_files(&worker->settings->command, run->delivery, files, &why)) {
    case SPAWN_STARTED:
        return true;
    case SPAWN_LATER:
        worker_run_hold(run, clock_monotonic_ns() + FILES_AGAIN_NS);
        break;
    case SPAWN_FAILED:
        worker_run_end(run, OUTCOME_FAILED, why.text);
        break;
    }
    return false;
}

/* At the end of `out`; false if the run has ended instead. */
static bool put_line(struct worker *worker, struct action_run *run, const char *files)
{
    size_t before = worker->out.length;
    errno = 0;
    if (envelope_append_files(&worker->out, run->delivery, files) &&
        buffer_append_text(&worker->out, "\n"))
        return true;
    bool no_memory = errno == ENOMEM;
    worker->out.length = before;
    worker_run_end(run, no_memory ? OUTCOME_INTERRUPTED : OUTCOME_FAILED,
                   no_memory ? "the server had no memory for its line" : "its line is too long");
    return false;
}

static void send_line(struct worker *worker, struct action_run *run)
{
    uint64_t begin = worker->out_begin + worker->out.length;
    char *files;
    if (!put_files(worker, run, &files))
        return;
    if (put_line(worker, run, files))
        worker_run_send(run, begin, worker->out_begin + worker->out.length, files);
    else
        body_files_remove(files);
}

static struct action_run *next_to_send(const struct worker *worker)
{
    if (worker->out.length - worker->out_written >= OUT_FULL || is_leaving(worker) ||
        worker_process_is_ending(&worker->process))
        return NULL;
    return worker_runs_next(&worker->runs, (size_t)worker->settings->window);
}

static void forget_written(struct worker *worker)
{
    if (worker->out_written == worker->out.length && worker->out.capacity > OUT_KEPT) {
        worker->out_begin += worker->out_written;
        drop_lines(worker);
    } else if (worker->out_written >= OUT_FULL || worker->out_written == worker->out.length) {
        worker->out_begin += worker->out_written;
        buffer_consume(&worker->out, worker->out_written);
        worker->out_written = 0;
    }
}

static void write_lines(struct worker *worker)
{
    struct action_run *run;
    size_t taken;
    do {
        while ((run = next_to_send(worker)))
            send_line(worker, run);
        taken = worker_process_write(&worker->process,
                                     bytes_from(buffer_bytes(&worker->out), worker->out_written));
        worker->out_written += taken;
    } while (taken > 0);
    forget_written(worker);
}

/* ---- the turn ---- */

static int64_t timeout_ns(const struct worker *worker)
{
    return worker->settings->command.timeout_ms * NS_PER_MS;
}

/* The oldest has had its time. */
static void check_timeout(struct worker *worker, int64_t now)
{
    struct action_run *oldest = TAILQ_FIRST(&worker->runs.sent);
    const struct command_settings *settings = &worker->settings->command;
    struct error reason;
    if (!oldest || now - worker->runs.oldest_ns < timeout_ns(worker) ||
        worker_process_is_ending(&worker->process))
        return;
    error_set(&reason, "the worker did not answer within its timeout of %lld ms%s",
              (long long)settings->timeout_ms,
              worker->has_written ? ""
                                  : "; it has written no line at all: does it flush its standard "
                                    "output?");
    worker->has_timed_out = true;
    worker_process_end(&worker->process, "it did not answer within its timeout",
                       now + settings->kill_after_ms * NS_PER_MS);
    worker_run_end(oldest, OUTCOME_TIMEOUT, reason.text);
}

static int64_t earlier(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

/* It sees the end of its input behind the last whole line, and has time to answer. One that has
 * nothing to answer needs little. */
static void leave(struct worker *worker, int64_t now)
{
    if (worker->out_written == worker->out.length)
        worker_process_close_input(&worker->process);
    if (worker->runs.sent_count == 0)
        worker->terminate_ns = earlier(worker->terminate_ns, now + LEAVE_IDLE_NS);
    if (now >= worker->terminate_ns)
        worker_process_end(&worker->process, "the server is leaving", worker->leave_ns);
}

static int64_t next_due_ns(const struct worker *worker)
{
    const struct worker_process *process = &worker->process;
    int64_t due = worker_runs_due_ns(&worker->runs);
    if (is_leaving(worker))
        return worker_process_may_be_told(process) ? worker->terminate_ns : INT64_MAX;
    if (!worker_process_lives(process))
        return earlier(due, worker->start_ns);
    if (worker->runs.sent_count > 0 && !worker_process_is_ending(process))
        due = earlier(due, worker->runs.oldest_ns + timeout_ns(worker));
    return due;
}

/* Without memory for the timer the next event or answer brings the turn. */
static void worker_arm(struct worker *worker)
{
    int64_t due = next_due_ns(worker);
    if (due == INT64_MAX)
        loop_timer_remove(worker->loop, &worker->timer);
    else
        loop_timer_set(worker->loop, &worker->timer, due);
}

static void worker_turn(struct worker *worker)
{
    int64_t now = clock_monotonic_ns();
    worker_runs_release(&worker->runs, now);
    if (!worker_process_lives(&worker->process) && !is_leaving(worker) && now >= worker->start_ns)
        worker_begin(worker);
    if (worker_process_lives(&worker->process)) {
        check_timeout(worker, now);
        write_lines(worker);
        if (is_leaving(worker))
            leave(worker, now);
    }
    worker_arm(worker);
}

static void hear_room(void *owner)
{
    worker_turn(owner);
}

static void timer_fired(struct loop_timer *timer)
{
    worker_turn(timer->owner);
}

/* ---- all workers ---- */

static struct worker *worker_create(const void *settings, struct loop *loop)
{
    static const struct worker_hearer hearer = {
        .answered = hear_answer, .said = hear_error, .can_write = hear_room, .ended = hear_end};
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return NULL;
    worker->loop = loop;
    worker->settings = settings;
    worker->route = worker->action = "";
    worker->back_off_ms = BACK_OFF_FIRST_MS;
    worker->leave_ns = INT64_MAX;
    worker_runs_init(&worker->runs);
    buffer_init(&worker->out, LINE_MAX_BYTES);
    worker_process_init(&worker->process, loop, &hearer, worker);
    loop_timer_init(&worker->timer, timer_fired, worker);
    signal(SIGPIPE, SIG_IGN); /* workers end when they like */
    worker->next = workers;
    workers = worker;
    return worker;
}

static struct worker *worker_find(const void *settings, struct loop *loop)
{
    struct worker *worker = workers;
    while (worker && (worker->settings != settings || worker->loop != loop))
        worker = worker->next;
    return worker ? worker : worker_create(settings, loop);
}

/* What is sent may be answered until then. */
static void worker_leave(struct worker *worker, int64_t deadline_ns)
{
    int64_t now = clock_monotonic_ns();
    if (deadline_ns >= worker->leave_ns)
        return;
    int64_t grace = worker->settings->command.kill_after_ms * NS_PER_MS;
    int64_t part = deadline_ns > now ? (deadline_ns - now) / LEAVE_PART : 0;
    worker->leave_ns = deadline_ns;
    worker->terminate_ns = deadline_ns - earlier(part, grace);
    if (worker_process_is_ending(&worker->process)) /* with a later KILL */
        worker_process_end(&worker->process, "the server is leaving", deadline_ns);
    if (!loop_timer_set(worker->loop, &worker->timer, now))
        worker_turn(worker);
}

void workers_leave(int64_t deadline_ns)
{
    for (struct worker *worker = workers; worker; worker = worker->next)
        worker_leave(worker, deadline_ns);
}

size_t workers_count(void)
{
    size_t count = 0;
    for (const struct worker *worker = workers; worker; worker = worker->next)
        count += worker_process_lives(&worker->process);
    return count;
}

void workers_finish(void)
{
    while (workers) {
        struct worker *worker = workers;
        assert(worker_runs_are_over(&worker->runs));
        workers = worker->next;
        worker_process_finish(&worker->process);
        loop_timer_remove(worker->loop, &worker->timer);
        buffer_finish(&worker->out);
        free(worker);
    }
}

/* ---- the contract ---- */

/* A program that cannot work shows in the log before the first event has come. */
void worker_prepare(const void *settings, const struct action_place *place)
{
    struct worker *worker = worker_find(settings, place->loop);
    if (!worker)
        return;
    worker->route = place->route;
    worker->action = place->action;
    worker->forest = place->forest;
    worker_turn(worker);
}

struct action_run *worker_start(const void *settings, struct loop *loop,
                                const struct delivery *delivery,
                                void (*done)(void *context, const struct outcome *outcome),
                                void *context)
{
    struct worker *worker = worker_find(settings, loop);
    if (!worker || !loop_timer_set(loop, &worker->timer, clock_monotonic_ns()))
        return NULL;
    return worker_runs_add(&worker->runs, worker, delivery, done, context);
}

void worker_stop(struct action_run *run, int64_t deadline_ns)
{
    struct worker *worker = run->worker;
    worker_leave(worker, deadline_ns);
    if (run->in != &worker->runs.sent)
        worker_run_end(run, OUTCOME_INTERRUPTED, "the server is leaving");
}
