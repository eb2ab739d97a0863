/* An event may be what ends its worker. The oldest unanswered one is blamed, if the process had
 * begun to read its line. When one is blamed twice, all that are unanswered are suspects: while
 * there are any, events are sent one at a time, the least blamed first, so that the next end tells
 * which it was. An event is dead when it was blamed three times and others were answered meanwhile:
 * a program that can answer nothing at all is broken itself, and events wait until it is mended. */
#include "handlers/action/worker_runs.h"

#include "base/clock.h"
#include "handlers/action/body_files.h"

#include <stdlib.h>

enum {
    BLAMES_SUSPECT = 2,
    BLAMES_DEAD = 3,
};

void worker_runs_init(struct worker_runs *runs)
{
    *runs = (struct worker_runs){.added = 0};
    TAILQ_INIT(&runs->waiting);
    TAILQ_INIT(&runs->sent);
    TAILQ_INIT(&runs->held);
}

struct action_run *worker_runs_add(struct worker_runs *runs, struct worker *worker,
                                   const struct delivery *delivery,
                                   void (*done)(void *context, const struct outcome *outcome),
                                   void *context)
{
    struct action_run *run = calloc(1, sizeof *run);
    if (!run)
        return NULL;
    *run = (struct action_run){.worker = worker,
                               .of = runs,
                               .in = &runs->waiting,
                               .delivery = delivery,
                               .done = done,
                               .context = context,
                               .number = runs->added++,
                               .begun_ns = clock_monotonic_ns()};
    TAILQ_INSERT_TAIL(&runs->waiting, run, link);
    return run;
}

/* ---- from one list to another ---- */

static void leave_list(struct action_run *run)
{
    struct worker_runs *runs = run->of;
    bool was_oldest = run == TAILQ_FIRST(&runs->sent);
    runs->sent_count -= run->in == &runs->sent;
    body_files_remove(run->files); /* whoever gets it again may find them changed */
    run->files = NULL;
    TAILQ_REMOVE(run->in, run, link);
    if (was_oldest)
        runs->oldest_ns = clock_monotonic_ns();
}

static void forget_blames(struct action_run *run)
{
    run->of->suspect_count -= run->is_suspect;
    run->is_suspect = false;
    run->blames = 0;
}

void worker_run_send(struct action_run *run, uint64_t begin, uint64_t end, char *files)
{
    struct worker_runs *runs = run->of;
    leave_list(run);
    run->begin = begin;
    run->end = end;
    run->files = files;
    run->begun_ns = clock_monotonic_ns();
    if (TAILQ_EMPTY(&runs->sent))
        runs->oldest_ns = run->begun_ns;
    TAILQ_INSERT_TAIL(&runs->sent, run, link);
    run->in = &runs->sent;
    runs->sent_count++;
}

void worker_run_hold(struct action_run *run, int64_t due_ns)
{
    leave_list(run);
    forget_blames(run);
    TAILQ_INSERT_TAIL(&run->of->held, run, link);
    run->in = &run->of->held;
    run->due_ns = due_ns;
}

static void wait_again(struct action_run *run)
{
    struct worker_runs *runs = run->of;
    struct action_run *next = TAILQ_FIRST(&runs->waiting);
    while (next && next->number < run->number)
        next = TAILQ_NEXT(next, link);
    leave_list(run);
    if (next)
        TAILQ_INSERT_BEFORE(next, run, link);
    else
        TAILQ_INSERT_TAIL(&runs->waiting, run, link);
    run->in = &runs->waiting;
}

void worker_runs_release(struct worker_runs *runs, int64_t now_ns)
{
    struct action_run *run = TAILQ_FIRST(&runs->held), *next;
    for (; run; run = next) {
        next = TAILQ_NEXT(run, link);
        if (run->due_ns <= now_ns)
            wait_again(run);
    }
}

void worker_runs_take_back(struct worker_runs *runs)
{
    struct action_run *run;
    while ((run = TAILQ_LAST(&runs->sent, run_list)))
        wait_again(run);
}

/* ---- the end ---- */

static void end_with(struct action_run *run, struct outcome *outcome)
{
    outcome->exit_status = -1;
    outcome->duration_ms = (clock_monotonic_ns() - run->begun_ns) / NS_PER_MS;
    leave_list(run);
    forget_blames(run);
    run->done(run->context, outcome);
    free(run);
}

void worker_run_end(struct action_run *run, enum outcome_kind kind, const char *reason)
{
    end_with(run, &(struct outcome){.kind = kind, .reason = reason});
}

void worker_run_put_off(struct action_run *run, int64_t later_ms)
{
    end_with(run, &(struct outcome){.kind = OUTCOME_INTERRUPTED,
                                    .reason = "the worker wanted it later",
                                    .later_ms = later_ms});
}

void worker_runs_interrupt(struct worker_runs *runs)
{
    struct action_run *run;
    while ((run = TAILQ_FIRST(&runs->sent)))
        worker_run_end(run, OUTCOME_INTERRUPTED, "the server is leaving");
}

static void suspect_all(struct worker_runs *runs)
{
    struct action_run *run;
    TAILQ_FOREACH(run, &runs->sent, link) {
        runs->suspect_count += !run->is_suspect;
        run->is_suspect = true;
    }
}

void worker_runs_blame(struct worker_runs *runs, uint64_t read, const char *reason)
{
    struct action_run *run = TAILQ_FIRST(&runs->sent);
    struct error text;
    if (!run || run->begin >= read)
        return;
    if (run->blames++ == 0)
        run->answers = runs->answers;
    if (run->blames >= BLAMES_DEAD && runs->answers > run->answers) {
        error_set(&text, "the worker ended %u times while it had this event: %s", run->blames,
                  reason);
        worker_run_end(run, OUTCOME_FAILED, text.text);
    } else if (run->blames >= BLAMES_SUSPECT) {
        suspect_all(runs);
    }
}

/* ---- which one ---- */

static const char *id_of(const struct delivery *delivery)
{
    const struct delivery_names *names = delivery->names;
    for (size_t i = 0; i < names->member_count; i++)
        if (strcmp(names->members[i].name, "id") == 0)
            return delivery->texts[names->members[i].text];
    return "";
}

struct action_run *worker_runs_find(const struct worker_runs *runs, struct bytes id,
                                    uint64_t written)
{
    struct action_run *run;
    TAILQ_FOREACH(run, &runs->sent, link)
        if (run->end <= written && bytes_equal_text(id, id_of(run->delivery)))
            return run;
    return NULL;
}

struct action_run *worker_runs_next(const struct worker_runs *runs, size_t window)
{
    struct action_run *next = TAILQ_FIRST(&runs->waiting), *run;
    if (runs->sent_count >= (runs->suspect_count > 0 ? 1 : window))
        return NULL;
    if (runs->suspect_count > 0)
        TAILQ_FOREACH(run, &runs->waiting, link)
            if (run->blames < next->blames)
                next = run;
    return next;
}

int64_t worker_runs_due_ns(const struct worker_runs *runs)
{
    const struct action_run *run;
    int64_t due_ns = INT64_MAX;
    TAILQ_FOREACH(run, &runs->held, link)
        if (run->due_ns < due_ns)
            due_ns = run->due_ns;
    return due_ns;
}

bool worker_runs_are_over(const struct worker_runs *runs)
{
    return TAILQ_EMPTY(&runs->waiting) && TAILQ_EMPTY(&runs->sent) && TAILQ_EMPTY(&runs->held);
}
