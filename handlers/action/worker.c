/* A worker is one process after the other, and the deliveries that it is given. Each of those is in
 * one list:
 *
 *   waiting  →  sent (unanswered)  →  done, dead
 *      ↑            ↓   ↓
 *      ←————————————   held (retry_after)
 *
 * Everything happens in worker_turn, which looks at the facts (is there a process, who waits, what
 * is due) and acts on them; descriptors, answers and the timer only say that it is time for one.
 *
 * What is unanswered when the process ends waits again, in its old place, so its successor gets it
 * first. A process that is told to end by its owner may be sent nothing, but may still answer.
 *
 * An event may be the cause of the end. The oldest unanswered one is blamed, if the process had
 * begun to read its line. When one is blamed twice, all that are unanswered are suspects: while
 * there are any, events are sent one at a time, the least blamed first, so that the next end tells
 * which it was. An event is dead when it was blamed three times and others were answered meanwhile:
 * a program that can answer nothing at all is broken itself, and events wait until it is mended.
 *
 * The timeout runs for the oldest unanswered event alone, from when it became that: a worker that
 * takes a window of events and does one after the other has the timeout for each. */
#include "handlers/action/worker.h"

#include "base/clock.h"
#include "handlers/action/envelope.h"
#include "handlers/action/worker_answer.h"
#include "handlers/action/worker_process.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/queue.h>

enum {
    LINE_MAX_BYTES = 512 * 1024 * 1024,
    OUT_FULL = 64 * 1024,  /* not yet written: no further line is made */
    OUT_KEPT = 256 * 1024, /* memory that is kept for the next lines */
    BACK_OFF_FIRST_MS = 100,
    BACK_OFF_MAX_MS = 30 * 1000,
    BLAMES_SUSPECT = 2, /* of one event */
    BLAMES_DEAD = 3,
    LEAVE_PART = 4, /* of the time until a deadline, the part between TERM and KILL at most */
    TEXT_SHOWN = 4 * 1024,
};

#define LEAVE_IDLE_NS NS_PER_S

/* Lines of one kind, of one worker, of which people are told. */
#define GATE_PERIOD_NS (10 * NS_PER_S)
enum { GATE_LINES = 100 };
struct gate {
    int64_t since_ns;
    unsigned told;
    uint64_t held_back;
};

TAILQ_HEAD(run_list, action_run);

struct action_run {
    TAILQ_ENTRY(action_run) link;
    struct worker *worker;
    struct run_list *in; /* one of the worker's */
    const struct delivery *delivery;
    void (*done)(void *context, const struct outcome *outcome);
    void *context;
    uint64_t number;     /* in the order in which they came */
    uint64_t begin, end; /* of its line in what this process is sent; while it is sent */
    int64_t begun_ns;    /* when it came, then when its line was made */
    int64_t due_ns;      /* while it is held */
    unsigned blames;     /* ends of the process that it may have caused */
    uint64_t answers;    /* that the worker had given at the first of these */
    bool is_suspect;
};

struct worker {
    struct worker *next;
    struct loop *loop;
    const struct worker_settings *settings;
    const char *route, *action;
    struct worker_process process;
    struct run_list waiting, sent, held;
    size_t sent_count, suspect_count;
    uint64_t added; /* runs */
    uint64_t answers;
    struct buffer out; /* lines, of which the first `out_written` bytes are written */
    size_t out_written;
    uint64_t out_begin; /* where `out` begins in what this process is sent */
    int64_t oldest_ns;  /* since when the first of `sent` is that */
    bool has_timed_out; /* nobody is to be blamed for its end */
    unsigned back_off_ms;
    int64_t start_ns;     /* of the next process, not before */
    int64_t leave_ns;     /* it is to be gone by then; INT64_MAX: it stays */
    int64_t terminate_ns; /* while it leaves: when it is told to end */
    struct loop_timer timer;
    struct gate said, wrong;
};

static struct worker *workers;
static void (*tell_news)(const struct worker_news *news);

/* ---- news ---- */

static void tell(const struct worker *worker, struct worker_news news)
{
    news.route = worker->route;
    news.action = worker->action;
    if (tell_news)
        tell_news(&news);
}

static bool gate_pass(struct gate *gate)
{
    int64_t now = clock_monotonic_ns();
    if (now - gate->since_ns >= GATE_PERIOD_NS) {
        gate->since_ns = now;
        gate->told = 0;
    }
    if (gate->told >= GATE_LINES) {
        gate->held_back++;
        return false;
    }
    gate->told++;
    return true;
}

/* A line that it wrote. */
static void tell_line(struct worker *worker, struct gate *gate, struct worker_news news,
                      struct bytes line)
{
    uint8_t text[TEXT_SHOWN];
    if (!gate_pass(gate))
        return;
    size_t length = line.length < sizeof text ? line.length : sizeof text;
    if (length > 0)
        memcpy(text, line.data, length);
    length = secret_mask_apply(&worker->settings->command.mask, text, length, 0);
    news.text = bytes_of(text, length);
    news.held_back = gate->held_back;
    gate->held_back = 0;
    tell(worker, news);
}

/* ---- runs from one list to another ---- */

static void run_leave_list(struct action_run *run)
{
    struct worker *worker = run->worker;
    bool was_oldest = run == TAILQ_FIRST(&worker->sent);
    worker->sent_count -= run->in == &worker->sent;
    TAILQ_REMOVE(run->in, run, link);
    if (was_oldest)
        worker->oldest_ns = clock_monotonic_ns();
}

static void run_forget_suspicion(struct action_run *run)
{
    run->worker->suspect_count -= run->is_suspect;
    run->is_suspect = false;
    run->blames = 0;
}

static void run_end(struct action_run *run, enum outcome_kind kind, const char *reason)
{
    int64_t now = clock_monotonic_ns();
    struct outcome outcome = {.kind = kind,
                              .exit_status = -1,
                              .reason = reason,
                              .duration_ms = (now - run->begun_ns) / NS_PER_MS};
    run_leave_list(run);
    run_forget_suspicion(run);
    run->done(run->context, &outcome);
    free(run);
}

/* In the order in which they came. */
static void run_wait(struct action_run *run)
{
    struct worker *worker = run->worker;
    struct action_run *next = TAILQ_FIRST(&worker->waiting);
    while (next && next->number < run->number)
        next = TAILQ_NEXT(next, link);
    run_leave_list(run);
    if (next)
        TAILQ_INSERT_BEFORE(next, run, link);
    else
        TAILQ_INSERT_TAIL(&worker->waiting, run, link);
    run->in = &worker->waiting;
}

static void run_hold(struct action_run *run, int64_t due_ns)
{
    run_leave_list(run);
    run_forget_suspicion(run);
    TAILQ_INSERT_TAIL(&run->worker->held, run, link);
    run->in = &run->worker->held;
    run->due_ns = due_ns;
}

static void interrupt_all(struct run_list *list)
{
    struct action_run *run;
    while ((run = TAILQ_FIRST(list)))
        run_end(run, OUTCOME_INTERRUPTED, "the server is leaving");
}

static bool is_leaving(const struct worker *worker)
{
    return worker->leave_ns != INT64_MAX;
}

/* ---- answers ---- */

static void take_ok(struct action_run *run, struct worker_answer *answer)
{
    (void)answer;
    run_end(run, OUTCOME_DONE, "");
}

static void take_retry(struct action_run *run, struct worker_answer *answer)
{
    if (is_leaving(run->worker))
        run_end(run, OUTCOME_INTERRUPTED, "the worker wanted it later, and the server is leaving");
    else
        run_hold(run, clock_monotonic_ns() + answer->retry_ms * NS_PER_MS);
}

static void take_dead(struct action_run *run, struct worker_answer *answer)
{
    uint8_t *text = (uint8_t *)answer->reason;
    size_t length =
        secret_mask_apply(&run->worker->settings->command.mask, text, strlen(answer->reason), 0);
    answer->reason[length] = '\0';
    run_end(run, OUTCOME_FAILED, answer->reason);
}

static const char *id_of(const struct delivery *delivery)
{
    const struct delivery_names *names = delivery->names;
    for (size_t i = 0; i < names->member_count; i++)
        if (strcmp(names->members[i].name, "id") == 0)
            return delivery->texts[names->members[i].text];
    return "";
}

/* Of those whose line is written to its end: nobody can know the others. */
static struct action_run *find_asked(struct worker *worker, struct bytes id)
{
    uint64_t written = worker->out_begin + worker->out_written;
    struct action_run *run;
    TAILQ_FOREACH(run, &worker->sent, link)
        if (run->end <= written && bytes_equal_text(id, id_of(run->delivery)))
            return run;
    return NULL;
}

static void hear_answer(void *owner, struct bytes line)
{
    static void (*const take[])(struct action_run *, struct worker_answer *) = {
        [WORKER_OK] = take_ok, [WORKER_RETRY] = take_retry, [WORKER_DEAD] = take_dead};
    struct worker *worker = owner;
    struct worker_answer answer;
    const char *wrong = worker_answer_read(line, &answer);
    struct action_run *run = wrong ? NULL : find_asked(worker, answer.id);
    if (!run) {
        struct worker_news news = {.kind = WORKER_WRONG,
                                   .reason = wrong ? wrong
                                                   : "its \"id\" is none that waits for an answer"};
        tell_line(worker, &worker->wrong, news, line);
        return;
    }
    worker->answers++;
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

static void worker_launch(struct worker *worker)
{
    struct error err;
    unsigned wait_ms = worker->back_off_ms;
    worker->has_timed_out = false;
    worker->out_begin = 0;
    if (worker_process_start(&worker->process, &worker->settings->command, worker->route,
                             worker->action, &err) == SPAWN_STARTED) {
        tell(worker,
             (struct worker_news){.kind = WORKER_STARTED, .pid = worker->process.spawned.pid});
        return;
    }
    back_off(worker);
    tell(worker,
         (struct worker_news){.kind = WORKER_NOT_STARTED, .reason = err.text, .wait_ms = wait_ms});
}

static void suspect_all(struct worker *worker)
{
    struct action_run *run;
    TAILQ_FOREACH(run, &worker->sent, link) {
        worker->suspect_count += !run->is_suspect;
        run->is_suspect = true;
    }
}

/* The oldest unanswered event may have caused the end. */
static void blame(struct worker *worker, const struct worker_end *end)
{
    uint64_t read = worker->out_begin + worker->out_written - end->unread;
    struct action_run *run = TAILQ_FIRST(&worker->sent);
    struct error reason;
    if (!run || worker->has_timed_out || run->begin >= read)
        return;
    if (run->blames++ == 0)
        run->answers = worker->answers;
    if (run->blames >= BLAMES_DEAD && worker->answers > run->answers) {
        error_set(&reason, "the worker ended %u times while it had this event: %s", run->blames,
                  end->reason);
        run_end(run, OUTCOME_FAILED, reason.text);
    } else if (run->blames >= BLAMES_SUSPECT) {
        suspect_all(worker);
    }
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
    struct action_run *run;
    if (!is_leaving(worker)) {
        news.wait_ms = worker->back_off_ms;
        back_off(worker);
        blame(worker, end);
        while ((run = TAILQ_LAST(&worker->sent, run_list)))
            run_wait(run);
    }
    interrupt_all(&worker->sent);
    drop_lines(worker);
    tell(worker, news);
    worker_turn(worker);
}

/* ---- lines ---- */

/* At the end of `out`; false if the run has ended instead. */
static bool put_line(struct worker *worker, struct action_run *run)
{
    size_t before = worker->out.length;
    errno = 0;
    if (envelope_append(&worker->out, run->delivery) && buffer_append_text(&worker->out, "\n"))
        return true;
    bool no_memory = errno == ENOMEM;
    worker->out.length = before;
    run_end(run, no_memory ? OUTCOME_INTERRUPTED : OUTCOME_FAILED,
            no_memory ? "the server had no memory for its line" : "its line is too long");
    return false;
}

static void send_line(struct worker *worker, struct action_run *run)
{
    uint64_t begin = worker->out_begin + worker->out.length;
    if (!put_line(worker, run))
        return;
    run->begin = begin;
    run->end = worker->out_begin + worker->out.length;
    run->begun_ns = clock_monotonic_ns();
    run_leave_list(run);
    if (TAILQ_EMPTY(&worker->sent))
        worker->oldest_ns = run->begun_ns;
    TAILQ_INSERT_TAIL(&worker->sent, run, link);
    run->in = &worker->sent;
    worker->sent_count++;
}

static struct action_run *next_to_send(const struct worker *worker)
{
    struct action_run *next = TAILQ_FIRST(&worker->waiting), *run;
    if (worker->suspect_count > 0)
        TAILQ_FOREACH(run, &worker->waiting, link)
            if (run->blames < next->blames)
                next = run;
    return next;
}

/* While there are suspects each event goes alone. */
static bool may_send(const struct worker *worker)
{
    size_t window = worker->suspect_count > 0 ? 1 : (size_t)worker->settings->window;
    return worker->sent_count < window && !TAILQ_EMPTY(&worker->waiting) &&
           worker->out.length - worker->out_written < OUT_FULL && !is_leaving(worker) &&
           !worker_process_is_ending(&worker->process);
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
    size_t taken;
    do {
        while (may_send(worker))
            send_line(worker, next_to_send(worker));
        taken = worker_process_write(&worker->process,
                                     bytes_from(buffer_bytes(&worker->out), worker->out_written));
        worker->out_written += taken;
    } while (taken > 0);
    forget_written(worker);
}

/* ---- the turn ---- */

static void release_held(struct worker *worker, int64_t now)
{
    struct action_run *run = TAILQ_FIRST(&worker->held), *next;
    for (; run; run = next) {
        next = TAILQ_NEXT(run, link);
        if (run->due_ns <= now)
            run_wait(run);
    }
}

/* The oldest has had its time. */
static void check_timeout(struct worker *worker, int64_t now)
{
    struct action_run *oldest = TAILQ_FIRST(&worker->sent);
    const struct command_settings *settings = &worker->settings->command;
    struct error reason;
    if (!oldest || now - worker->oldest_ns < settings->timeout_ms * NS_PER_MS ||
        worker_process_is_ending(&worker->process))
        return;
    error_set(&reason, "the worker did not answer within its timeout of %lld ms",
              (long long)settings->timeout_ms);
    worker->has_timed_out = true;
    worker_process_end(&worker->process, "it did not answer within its timeout",
                       now + settings->kill_after_ms * NS_PER_MS);
    run_end(oldest, OUTCOME_TIMEOUT, reason.text);
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
    if (worker->sent_count == 0)
        worker->terminate_ns = earlier(worker->terminate_ns, now + LEAVE_IDLE_NS);
    if (now >= worker->terminate_ns)
        worker_process_end(&worker->process, "the server is leaving", worker->leave_ns);
}

static int64_t next_due_ns(const struct worker *worker)
{
    const struct command_settings *settings = &worker->settings->command;
    const struct action_run *run;
    int64_t due = INT64_MAX;
    bool lives = worker_process_lives(&worker->process);
    if (is_leaving(worker))
        return lives && !worker_process_is_ending(&worker->process) ? worker->terminate_ns : due;
    TAILQ_FOREACH(run, &worker->held, link)
        due = earlier(due, run->due_ns);
    if (!lives)
        return earlier(due, worker->start_ns);
    if (worker->sent_count > 0 && !worker_process_is_ending(&worker->process))
        due = earlier(due, worker->oldest_ns + settings->timeout_ms * NS_PER_MS);
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
    release_held(worker, now);
    if (!worker_process_lives(&worker->process) && !is_leaving(worker) && now >= worker->start_ns)
        worker_launch(worker);
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
    TAILQ_INIT(&worker->waiting);
    TAILQ_INIT(&worker->sent);
    TAILQ_INIT(&worker->held);
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

void workers_tell(void (*hear)(const struct worker_news *news))
{
    tell_news = hear;
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
        assert(TAILQ_EMPTY(&worker->waiting) && TAILQ_EMPTY(&worker->sent) &&
               TAILQ_EMPTY(&worker->held));
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
    worker_turn(worker);
}

struct action_run *worker_start(const void *settings, struct loop *loop,
                                const struct delivery *delivery,
                                void (*done)(void *context, const struct outcome *outcome),
                                void *context)
{
    struct worker *worker = worker_find(settings, loop);
    struct action_run *run = worker ? calloc(1, sizeof *run) : NULL;
    if (!run || !loop_timer_set(loop, &worker->timer, clock_monotonic_ns())) {
        free(run);
        return NULL;
    }
    *run = (struct action_run){.worker = worker,
                               .in = &worker->waiting,
                               .delivery = delivery,
                               .done = done,
                               .context = context,
                               .number = worker->added++,
                               .begun_ns = clock_monotonic_ns()};
    TAILQ_INSERT_TAIL(&worker->waiting, run, link);
    return run;
}

void worker_stop(struct action_run *run, int64_t deadline_ns)
{
    struct worker *worker = run->worker;
    worker_leave(worker, deadline_ns);
    if (run->in != &worker->sent)
        run_end(run, OUTCOME_INTERRUPTED, "the server is leaving");
}
