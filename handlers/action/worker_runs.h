/* The deliveries of a worker that are under way, and how each of them stands: in which order they
 * go, which of them may be what ends the worker, and the end of each. Knows no process. */
#ifndef TENTERHOOK_HANDLERS_ACTION_WORKER_RUNS_H
#define TENTERHOOK_HANDLERS_ACTION_WORKER_RUNS_H

#include "handlers/action/action.h"

#include <sys/queue.h>

struct worker;

TAILQ_HEAD(run_list, action_run);

/* Each run is in one list. */
struct worker_runs {
    struct run_list waiting; /* in the order in which they came */
    struct run_list sent;    /* in the order in which they were sent; not answered */
    struct run_list held;    /* for their time */
    size_t sent_count, suspect_count;
    uint64_t added;
    uint64_t answers;  /* that the worker has given, ever */
    int64_t oldest_ns; /* since when the first of `sent` is that */
};

struct action_run {
    TAILQ_ENTRY(action_run) link;
    struct worker *worker;
    struct worker_runs *of;
    struct run_list *in;
    const struct delivery *delivery;
    void (*done)(void *context, const struct outcome *outcome);
    void *context;
    uint64_t number;     /* in the order in which they came */
    uint64_t begin, end; /* of its line in what this process is sent; while it is sent */
    char *files;         /* the directory of the files of its form, while it is sent; or NULL */
    int64_t begun_ns;    /* when it came, then when it was sent */
    int64_t due_ns;      /* while it is held */
    unsigned blames;     /* ends of the process that it may have caused */
    uint64_t answers;    /* of all, at the first of these */
    bool is_suspect;
};

void worker_runs_init(struct worker_runs *runs);

/* Begins to wait; NULL without memory. */
struct action_run *worker_runs_add(struct worker_runs *runs, struct worker *worker,
                                   const struct delivery *delivery,
                                   void (*done)(void *context, const struct outcome *outcome),
                                   void *context);

/* From one list to another. The run takes over `files` (body_files_put, or NULL), and removes them
 * when it is no longer sent. */
void worker_run_send(struct action_run *run, uint64_t begin, uint64_t end, char *files);
void worker_run_hold(struct action_run *run, int64_t due_ns);
/* Those whose time has come wait again, each in its old place. */
void worker_runs_release(struct worker_runs *runs, int64_t now_ns);
/* So do those that were sent. */
void worker_runs_take_back(struct worker_runs *runs);

/* Calls `done`, and frees the run. */
void worker_run_end(struct action_run *run, enum outcome_kind kind, const char *reason);
/* The same: pending again, so much later. */
void worker_run_put_off(struct action_run *run, int64_t later_ms);
/* Ends all that are sent: the server is leaving. */
void worker_runs_interrupt(struct worker_runs *runs);

/* That of event `id` whose line ends at `written` at the latest, and is not answered; or NULL. */
struct action_run *worker_runs_find(const struct worker_runs *runs, struct bytes id,
                                    uint64_t written);

/* The process has ended, for that reason, and had read up to `read` at most: the oldest unanswered
 * one is blamed, and may end by that. */
void worker_runs_blame(struct worker_runs *runs, uint64_t read, const char *reason);

/* What is to be sent next, if anything may be with that window; or NULL. */
struct action_run *worker_runs_next(const struct worker_runs *runs, size_t window);

/* The earliest time of those that are held; INT64_MAX: there are none. */
int64_t worker_runs_due_ns(const struct worker_runs *runs);

bool worker_runs_are_over(const struct worker_runs *runs);

#endif
