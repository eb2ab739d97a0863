/* A process that looks after the journal's files. Where SQLite can bear it, it copies the log into
 * the file beside the commits, on a connection of its own: the runner tells the length of the log
 * through the shared region, and wakes us. Where SQLite cannot, the runner copies the log itself
 * between two turns: to wait for another process that holds the lock takes longer, above all where
 * the machine or its disk is busy. We then see to what it has left, four times a second.
 *
 * So often it also looks whether the files are in place: a log that somebody removed is saved
 * as long as a process has it open, also if no event comes. Whatever goes wrong here is logged and
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

enum { KEEPER_WAIT_MS = 1000 };

struct keeper {
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

static void keeper_failed(struct keeper *keeper, const char *reason)
{
    if (!keeper->failing && keeper->was_open)
        log_write(LOG_WARNING, "checkpoint_failed", log_text("reason", reason));
    keeper->failing = true;
    database_close(&keeper->db);
    keeper->open = false;
}

static bool keeper_open(struct keeper *keeper)
{
    const char *path = keeper->process->settings->journal.path;
    struct error why = {""};
    if (keeper->open)
        return true;
    keeper->open = database_open(&keeper->db, path, DATABASE_KEEP, KEEPER_WAIT_MS, NULL, &why);
    if (keeper->open && journal_check_version(&keeper->db, &why) &&
        database_note_files(&keeper->db, &why))
        return keeper->was_open = true;
    keeper_failed(keeper, why.text);
    return false;
}

/* Only what has changed since the last look can be worth a checkpoint. */
static bool log_has_grown(struct keeper *keeper)
{
    const struct shared *shared = keeper->process->shared;
    unsigned pages = atomic_load_explicit(&shared->journal_pages, memory_order_relaxed);
    bool grown = pages >= CHECKPOINT_PAGES && pages != keeper->last_pages;
    keeper->last_pages = pages;
    return grown;
}

/* The files were not in place: what is in the log goes into the file while we have it open. */
static void keeper_rescue(struct keeper *keeper)
{
    struct error why = {""};
    if (database_rescue(&keeper->db, &why))
        keeper->open = false;
    else
        log_write(LOG_WARNING, "checkpoint_failed", log_text("reason", why.text));
}

static bool checkpoint(struct keeper *keeper)
{
    if (!log_has_grown(keeper))
        return true;
    bool done = database_checkpoint(&keeper->db, false);
    keeper->failing &= !done;
    return done;
}

static void look(struct keeper *keeper)
{
    struct database *db = &keeper->db;
    struct error why = {""};
    if (!keeper_open(keeper))
        return;
    database_clear(db);
    if (!database_hold(db))
        return; /* a long transaction: it will be noticed again */
    /* the runner may write another file by now: copied into the old one, its log is lost */
    bool in_place = database_is_in_place(db);
    bool done = in_place && (!database_checkpoints_apart() || checkpoint(keeper));
    database_let_go(db);
    if (in_place && (!done || !checkpoint(keeper))) {
        database_explain(db, &why);
        keeper_failed(keeper, why.text);
    } else if (!in_place) {
        keeper_rescue(keeper);
    }
}

static void look_is_due(struct loop_timer *timer)
{
    struct keeper *keeper = timer->owner;
    look(keeper);
    loop_timer_set(&keeper->loop, timer, clock_monotonic_ns() + LOOK_NS);
}

static void log_grew(struct loop_watch *watch, uint32_t events)
{
    struct keeper *keeper = watch->owner;
    uint64_t count;
    (void)events;
    (void)!read(watch->fd, &count, sizeof count);
    look(keeper);
}

static void say_alive(struct loop_timer *timer)
{
    struct keeper *keeper = timer->owner;
    control_send(keeper->process->control, CONTROL_ALIVE, 0, -1);
    loop_timer_set(&keeper->loop, timer, clock_monotonic_ns() + ALIVE_NS);
}

static void control_ready(struct loop_watch *watch, uint32_t events)
{
    struct keeper *keeper = watch->owner;
    struct control_message message;
    int fd, got;
    (void)events;
    while ((got = control_receive(keeper->process->control, &message, &fd)) > 0) {
        if (fd >= 0)
            close(fd);
        keeper->over |= message.type == CONTROL_DRAIN;
    }
    if (got < 0)
        _exit(EXIT_FAILURE);
}

static bool keeper_watch(struct keeper *keeper)
{
    const struct process *process = keeper->process;
    int grown = process->shared->journal_grown;
    loop_watch_init(&keeper->control, control_ready, keeper);
    loop_watch_init(&keeper->grown, log_grew, keeper);
    loop_timer_init(&keeper->look_timer, look_is_due, keeper);
    loop_timer_init(&keeper->alive_timer, say_alive, keeper);
    return loop_watch_set(&keeper->loop, &keeper->control, process->control, EPOLLIN) &&
           (grown <= 0 || loop_watch_set(&keeper->loop, &keeper->grown, grown, EPOLLIN));
}

_Noreturn void keeper_run(const struct process *process)
{
    struct keeper keeper = {.process = process};
    struct error why = {""};
    if (!privilege_drop(process->settings->server.user, &why) || !loop_init(&keeper.loop, &why)) {
        log_write(LOG_ERROR, "keeper_failed", log_text("reason", why.text));
        _exit(EXIT_FAILURE);
    }
    if (!keeper_watch(&keeper))
        _exit(EXIT_FAILURE);
    control_send(process->control, CONTROL_READY, 0, -1);
    look_is_due(&keeper.look_timer);
    say_alive(&keeper.alive_timer);
    while (!keeper.over)
        loop_run_once(&keeper.loop, -1);
    database_close(&keeper.db);
    loop_finish(&keeper.loop);
    exit(EXIT_SUCCESS);
}
