/* A process that looks after the journal's files (server/journal/checkpoint.h): when the runner,
 * through the shared region, tells that the log is long, and four times a second. Whatever goes
 * wrong here is logged and tried again. */
#include "base/clock.h"
#include "base/loop.h"
#include "server/ipc/control.h"
#include "server/ipc/log_events.h"
#include "server/ipc/privilege.h"
#include "server/journal/checkpoint.h"
#include "server/runner/runner.h"

#include <stdlib.h>
#include <unistd.h>

#define LOOK_NS (250 * NS_PER_MS)
#define ALIVE_NS NS_PER_S

struct checkpointer {
    const struct process *process;
    struct loop loop;
    struct loop_watch control, grown;
    struct loop_timer look_timer, alive_timer;
    struct checkpoint *checkpoint;
    bool over;
};

static void look(struct checkpointer *checkpointer)
{
    struct error why = {""};
    if (checkpoint_look(checkpointer->checkpoint, &why) == CHECKPOINT_FAILED)
        log_write(LOG_CHECKPOINT_FAILED, log_text("reason", why.text));
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
    if (!privilege_drop(process->settings->server.user, NULL, &why) ||
        !loop_init(&checkpointer.loop, &why)) {
        log_write(LOG_KEEPER_FAILED, log_text("reason", why.text));
        _exit(EXIT_FAILURE);
    }
    checkpointer.checkpoint = checkpoint_create(process->settings->journal.path, process->shared);
    if (!checkpointer.checkpoint || !checkpointer_watch(&checkpointer))
        _exit(EXIT_FAILURE);
    control_send(process->control, CONTROL_READY, 0, -1);
    look_is_due(&checkpointer.look_timer);
    say_alive(&checkpointer.alive_timer);
    while (!checkpointer.over)
        loop_run_once(&checkpointer.loop, -1);
    checkpoint_destroy(checkpointer.checkpoint);
    loop_finish(&checkpointer.loop);
    exit(EXIT_SUCCESS);
}
