/* A process that does one thing: when the write-ahead log has grown, it copies what is committed
 * into the file, on a connection of its own, so that no commit waits for it. The runner tells the
 * length of the log through the shared region. What the keeper does not manage the runner does
 * itself, at a greater length; so whatever goes wrong here is logged and tried again. */
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "server/control.h"
#include "server/journal_schema.h"
#include "server/privilege.h"
#include "server/runner.h"

#include <stdlib.h>
#include <unistd.h>

#define LOOK_NS (100 * NS_PER_MS)
#define AGAIN_NS NS_PER_S
#define ALIVE_NS NS_PER_S

enum { KEEPER_PAGES = 500, KEEPER_BUSY_MS = 100 };

struct keeper {
    const struct process *process;
    struct loop loop;
    struct loop_watch control;
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
    if (keeper->open)
        database_close(&keeper->db);
    keeper->open = false;
}

static bool keeper_open(struct keeper *keeper)
{
    const char *path = keeper->process->settings->journal.path;
    struct error why = {""};
    if (keeper->open)
        return true;
    keeper->open = database_open(&keeper->db, path, DATABASE_KEEP, KEEPER_BUSY_MS, NULL, &why);
    if (keeper->open && journal_check_version(&keeper->db, &why))
        return keeper->was_open = true;
    keeper_failed(keeper, why.text);
    return false;
}

/* Only what has changed since the last look can be worth a checkpoint. */
static bool log_has_grown(struct keeper *keeper)
{
    const struct shared *shared = keeper->process->shared;
    unsigned pages = atomic_load_explicit(&shared->journal_pages, memory_order_relaxed);
    bool grown = pages >= KEEPER_PAGES && pages != keeper->last_pages;
    keeper->last_pages = pages;
    return grown;
}

static void look(struct loop_timer *timer)
{
    struct keeper *keeper = timer->owner;
    int64_t wait = LOOK_NS;
    struct error why = {""};
    if (!keeper_open(keeper)) {
        wait = AGAIN_NS;
    } else if (log_has_grown(keeper)) {
        database_clear(&keeper->db);
        /* the runner may write another file by now: copied into the old one, its log is lost */
        if (database_is_in_place(&keeper->db) && database_checkpoint(&keeper->db, false)) {
            keeper->failing = false;
        } else {
            database_explain(&keeper->db, &why);
            keeper_failed(keeper, why.text);
            wait = AGAIN_NS;
        }
    }
    loop_timer_set(&keeper->loop, timer, clock_monotonic_ns() + wait);
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

_Noreturn void keeper_run(const struct process *process)
{
    struct keeper keeper = {.process = process};
    struct error why = {""};
    if (!privilege_drop(process->settings->server.user, &why) || !loop_init(&keeper.loop, &why)) {
        log_write(LOG_ERROR, "keeper_failed", log_text("reason", why.text));
        _exit(EXIT_FAILURE);
    }
    loop_watch_init(&keeper.control, control_ready, &keeper);
    loop_timer_init(&keeper.look_timer, look, &keeper);
    loop_timer_init(&keeper.alive_timer, say_alive, &keeper);
    if (!loop_watch_set(&keeper.loop, &keeper.control, process->control, EPOLLIN))
        _exit(EXIT_FAILURE);
    control_send(process->control, CONTROL_READY, 0, -1);
    look(&keeper.look_timer);
    say_alive(&keeper.alive_timer);
    while (!keeper.over)
        loop_run_once(&keeper.loop, -1);
    if (keeper.open)
        database_close(&keeper.db);
    loop_finish(&keeper.loop);
    exit(EXIT_SUCCESS);
}
