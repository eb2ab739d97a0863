/* One process of a worker: started, written to, listened to, ended. It decides nothing about
 * events; the worker that owns it does. */
#ifndef TENTERHOOK_HANDLERS_ACTION_WORKER_PROCESS_H
#define TENTERHOOK_HANDLERS_ACTION_WORKER_PROCESS_H

#include "handlers/action/line_reader.h"
#include "handlers/action/worker_launch.h"

/* How it ended. */
struct worker_end {
    pid_t pid;
    const char *reason; /* "exited with status 1" */
    size_t unread;      /* bytes of its standard input that it has not taken */
    bool leaves;        /* processes that it has started were killed, and do not end */
};

/* Called from the loop, with the owner. None may start a process. */
struct worker_hearer {
    void (*answered)(void *owner, struct bytes line);
    void (*said)(void *owner, struct bytes line);
    void (*can_write)(void *owner); /* again; or lines have come, perhaps */
    void (*ended)(void *owner, const struct worker_end *end);
};

struct worker_stream {
    struct loop_watch watch;
    int fd; /* -1: ended */
    struct line_reader lines;
};

struct worker_process {
    struct loop *loop;
    const struct worker_hearer *hearer;
    void *owner;
    const struct command_settings *settings;
    struct started started;
    /* the last one: it has ended, and what it left behind has not */
    enum { WORKER_RUNS, WORKER_TO_END, WORKER_TERMINATED, WORKER_KILLED, WORKER_LEFT } phase;
    bool is_told;    /* to end */
    const char *why; /* so, or about to be */
    int64_t left_ns; /* since when it has left something */
    int input;       /* our end of its standard input; -1: closed */
    bool is_full;    /* it takes no more at the moment */
    size_t unread;   /* in it when it was closed */
    struct worker_stream answers, errors;
    struct loop_watch input_watch, exited;
    struct loop_timer timer;
};

void worker_process_init(struct worker_process *process, struct loop *loop,
                         const struct worker_hearer *hearer, void *owner);

/* As worker_launch. */
enum spawn_result worker_process_start(struct worker_process *process,
                                       const struct command_settings *settings,
                                       struct process_forest *forest, const char *route,
                                       const char *action, struct error *err);

static inline bool worker_process_lives(const struct worker_process *process)
{
    return process->started.process.pidfd >= 0;
}

/* Whether worker_process_end would send it TERM: it has not got that yet. */
static inline bool worker_process_may_be_told(const struct worker_process *process)
{
    return worker_process_lives(process) && process->phase < WORKER_TERMINATED;
}

/* Whether it is told to end, or about to be. */
static inline bool worker_process_is_ending(const struct worker_process *process)
{
    return process->phase != WORKER_RUNS;
}

/* How many of the bytes its standard input takes now; `can_write` is called when it takes more. */
size_t worker_process_write(struct worker_process *process, struct bytes content);

/* It sees the end of its standard input once it has read what is there. */
void worker_process_close_input(struct worker_process *process);

/* TERM to its group, KILL at `kill_ns` at the latest. `why` is a constant that becomes the reason
 * of its end. Again: the earlier KILL holds. */
void worker_process_end(struct worker_process *process, const char *why, int64_t kill_ns);

/* Kills it, without a word to the owner. */
void worker_process_finish(struct worker_process *process);

#endif
