/* A process that looks after the journal's files. Where SQLite allows it, it copies the log into
 * the file beside the commits, on a connection of its own: the runner writes the length of the log
 * into the shared region, and wakes us. Where SQLite does not allow it, the runner copies the log
 * itself between two turns: waiting for another process that holds the lock takes longer, above all
 * if the machine or its disk is busy. Then this process only copies what the runner has left, four
 * times a second.
 *
 * At the same interval it checks whether the files are in place: a log that was removed is rescued
 * while a process has it open, also if no event comes. Every error here is logged and the work
 * tried again. */
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "server/ipc/control.h"
#include "server/ipc/privilege.h"
#include "server/journal/tables.h"
#include "server/runner/runner.h"

#include <stdlib.h>
#include <unistd.h>

#define LOOK_NS (250 * NS_PER_MS)
#define ALIVE_NS NS_PER_S

enum { CHECKPOINTER_WAIT_MS = 1000 };

struct checkpointer {
    const struct process *process;
    struct loop loop;
    struct loop_watch control, grown;
    struct loop_timer look_timer, alive_timer;
    struct database db;
    bool open, failing;
    bool was_open;       /* before that, the runner is still making the file */
    unsigned last_pages; /* when it looked last */
    bool over;
};

static void checkpointer_failed(struct checkpointer *checkpointer, const char *reason)
{
    if (!checkpointer->failing && checkpointer->was_open)
        log_write(LOG_WARNING, "checkpoint_failed", log_text("reason", reason));
    checkpointer->failing = true;
    database_close(&checkpointer->db);
    checkpointer->open = false;
}

static bool checkpointer_open(struct checkpointer *checkpointer)
{
    const char *path = checkpointer->process->settings->journal.path;
    struct error why = {""};
    if (checkpointer->open)
        return true;
    checkpointer->open =
        database_open(&checkpointer->db, path, DATABASE_KEEP, CHECKPOINTER_WAIT_MS, NULL, &why);
    if (checkpointer->open && journal_check_version(&checkpointer->db, &why) &&
        database_note_files(&checkpointer->db, &why))
        return checkpointer->was_open = true;
    checkpointer_failed(checkpointer, why.text);
    return false;
}

/* Only what has changed since the last look can be worth a checkpoint. */
static bool log_has_grown(struct checkpointer *checkpointer)
{
    const struct shared *shared = checkpointer->process->shared;
    unsigned pages = atomic_load_explicit(&shared->journal_pages, memory_order_relaxed);
    bool grown = pages >= CHECKPOINT_PAGES && pages != checkpointer->last_pages;
    checkpointer->last_pages = pages;
    return grown;
}

/* The files were not in place: what is in the log goes into the file while we have it open. */
static void checkpointer_rescue(struct checkpointer *checkpointer)
{
    struct error why = {""};
    if (database_rescue(&checkpointer->db, &why))
        checkpointer->open = false;
    else
        log_write(LOG_WARNING, "checkpoint_failed", log_text("reason", why.text));
}

static bool checkpoint(struct checkpointer *checkpointer)
{
    if (!log_has_grown(checkpointer))
        return true;
    bool done = database_checkpoint(&checkpointer->db, false);
    checkpointer->failing &= !done;
    return done;
}

static void look(struct checkpointer *checkpointer)
{
    struct database *db = &checkpointer->db;
    struct error why = {""};
    if (!checkpointer_open(checkpointer))
        return;
    database_clear(db);
    if (!database_hold(db))
        return; /* a long transaction: it will be noticed again */
    /* the runner may write another file by now: copied into the old one, its log is lost */
    bool in_place = database_is_in_place(db);
    bool done = in_place && (!database_checkpoints_apart() || checkpoint(checkpointer));
    database_let_go(db);
    if (in_place && (!done || !checkpoint(checkpointer))) {
        database_explain(db, &why);
        checkpointer_failed(checkpointer, why.text);
    } else if (!in_place) {
        checkpointer_rescue(checkpointer);
    }
}

static void look_is_due(struct loop_timer *timer)
{
    struct checkpointer *checkpointer = timer->owner;
    look(checkpointer);
    loop_timer_set(&checkpointer->loop, timer, clock_monotonic_ns() + LOOK_NS);
}

static void log_grew(struct loop_watch *watch, uint32_t events)
{
    struct checkpointer *checkpointer = watch->owner;
    uint64_t count;
    (void)events;
    (void)!read(watch->fd, &count, sizeof count);
    look(checkpointer);
}

static void say_alive(struct loop_timer *timer)
{
    struct checkpointer *checkpointer = timer->owner;
    control_send(checkpointer->process->control, CONTROL_ALIVE, 0, -1);
    loop_timer_set(&checkpointer->loop, timer, clock_monotonic_ns() + ALIVE_NS);
}

static void control_ready(struct loop_watch *watch, uint32_t events)
{
    struct checkpointer *checkpointer = watch->owner;
    struct control_message message;
    int fd, got;
    (void)events;
    while ((got = control_receive(checkpointer->process->control, &message, &fd)) > 0) {
        if (fd >= 0)
            close(fd);
        checkpointer->over |= message.type == CONTROL_DRAIN;
    }
    if (got < 0)
        _exit(EXIT_FAILURE);
}

static bool checkpointer_watch(struct checkpointer *checkpointer)
{
    const struct process *process = checkpointer->process;
    int grown = process->shared->journal_grown;
    loop_watch_init(&checkpointer->control, control_ready, checkpointer);
    loop_watch_init(&checkpointer->grown, log_grew, checkpointer);
    loop_timer_init(&checkpointer->look_timer, look_is_due, checkpointer);
    loop_timer_init(&checkpointer->alive_timer, say_alive, checkpointer);
    return loop_watch_set(&checkpointer->loop, &checkpointer->control, process->control, EPOLLIN) &&
           (grown <= 0 ||
            loop_watch_set(&checkpointer->loop, &checkpointer->grown, grown, EPOLLIN));
}

_Noreturn void checkpointer_run(const struct process *process)
{
    struct checkpointer checkpointer = {.process = process};
    struct error why = {""};
    if (!privilege_drop(process->settings->server.user, &why) ||
        !loop_init(&checkpointer.loop, &why)) {
        log_write(LOG_ERROR, "keeper_failed", log_text("reason", why.text));
        _exit(EXIT_FAILURE);
    }
    if (!checkpointer_watch(&checkpointer))
        _exit(EXIT_FAILURE);
    control_send(process->control, CONTROL_READY, 0, -1);
    look_is_due(&checkpointer.look_timer);
    say_alive(&checkpointer.alive_timer);
    while (!checkpointer.over)
        loop_run_once(&checkpointer.loop, -1);
    database_close(&checkpointer.db);
    loop_finish(&checkpointer.loop);
    exit(EXIT_SUCCESS);
}
