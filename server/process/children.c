/* A child is a fork without an exec: it inherits the snapshot, the sockets and the shared region,
 * and needs no file of its own to begin. It closes at once what belongs to other processes, and
 * wipes what its role must not see (the secrets, in all but listeners) before it does anything
 * else. */
#include "server/process/children.h"

#include "base/clock.h"
#include "server/http/listener.h"
#include "server/ipc/log_events.h"
#include "server/runner/runner.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

const char *const role_names[ROLES] = {"runner", "listener", "checkpointer"};

static const struct {
    void (*run)(const struct process *process); /* never returns */
    const char *title;
    bool needs_secrets;
} roles[ROLES] = {
    [ROLE_RUNNER] = {runner_run, "th-runner", false},
    [ROLE_LISTENER] = {listener_run, "th-listener", true},
    [ROLE_CHECKPOINTER] = {checkpointer_run, "th-checkpoint", false},
};

struct child *child_by_pid(struct children *children, pid_t pid)
{
    struct child *child = children->first;
    while (child && child->pid != pid)
        child = child->next;
    return child;
}

struct child *child_find(struct children *children, const struct generation *generation,
                         enum role role)
{
    struct child *child = children->first;
    while (child && (child->generation != generation || child->role != role))
        child = child->next;
    return child;
}

size_t child_count(struct children *children, const struct generation *generation, enum role role)
{
    size_t count = 0;
    for (struct child *child = children->first; child; child = child->next)
        count += child->generation == generation && child->role == role;
    return count;
}

static bool slot_taken(const struct children *children, unsigned slot)
{
    for (const struct child *child = children->first; child; child = child->next)
        if (child->slot == slot)
            return true;
    return false;
}

static bool slot_find(const struct children *children, unsigned *slot)
{
    for (*slot = 0; *slot < SHARED_SLOTS; (*slot)++)
        if (!slot_taken(children, *slot))
            return true;
    return false;
}

static void child_signals(void)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    sigset_t none;
    sigemptyset(&none);
    /* a Ctrl-C or a systemd stop reaches the whole group: the supervisor alone decides */
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void wipe_keys(const struct generation *generation)
{
    settings_forget_secrets(generation->settings);
    for (size_t i = 0; i < generation->socket_count; i++) {
        const struct listen_socket *socket = &generation->sockets[i];
        if (socket->key_pem)
            secret_wipe((void *)socket->key_pem, strlen(socket->key_pem));
    }
}

_Noreturn static void child_become(struct children *children, struct child *self, int control)
{
    struct generation *generation = self->generation;
    struct process process = {.settings = generation->settings,
                              .shared = children->shared,
                              .slot = self->slot,
                              .runner_id = self->runner_id,
                              .generation = generation->number,
                              .control = control,
                              .sockets = generation->sockets,
                              .socket_count = generation->socket_count,
                              .forest = children->forest,
                              .ticket_key = children->ticket_key};
    prctl(PR_SET_NAME, roles[self->role].title, 0, 0, 0);
    for (struct child *child = children->first; child; child = child->next)
        close(child->control);
    children->leave_parent(children->owner, generation);
    child_signals();
    log_start(role_names[self->role]);
    log_configure((enum log_level)generation->settings->log.level,
                  (enum log_format)generation->settings->log.format);
    if (self->role == ROLE_RUNNER && !runner_learn_secrets(generation->settings)) {
        log_write(LOG_START_FAILED, log_text("reason", "no memory for the secrets to be masked"));
        _exit(EXIT_FAILURE);
    }
    if (!roles[self->role].needs_secrets) {
        wipe_keys(generation);
        for (size_t i = 0; i < generation->socket_count; i++)
            close(generation->sockets[i].fd);
    }
    roles[self->role].run(&process);
    abort();
}

/* It has missed something for good. Where it has closed its end it is on its way out, and waitpid
 * will have more to say. */
static void child_kill(const struct child *child, int error)
{
    bool leaves = error == EPIPE || error == ECONNRESET;
    log_write_at(LOG_UNREACHABLE, leaves ? LOG_DEBUG : LOG_ERROR,
                 log_text("role", role_names[child->role]), log_number("pid", child->pid),
                 log_text("reason", strerror(error)));
    kill(child->pid, SIGKILL);
}

bool child_tell(struct child *child, enum control_type type, uint64_t value)
{
    assert(child->control >= 0);
    bool told = control_send(child->control, type, value, -1);
    if (!told)
        child_kill(child, errno);
    return told;
}

static bool listener_link_failed(const struct child *listener, int error)
{
    log_write(LOG_CHANNEL_FAILED, log_number("listener", listener->pid),
              log_text("reason", strerror(error)));
    return false;
}

/* One end of a link. A shortage passes: the listener will say that it has none. */
static bool child_give_end(struct child *child, uint64_t value, int end, struct child *listener)
{
    if (control_send(child->control, CONTROL_LINK, value, end))
        return true;
    if (control_error_passes(errno))
        return listener_link_failed(listener, errno);
    child_kill(child, errno);
    return false;
}

/* Gives each of the two one end of a new link. Where only one gets it, that one sees the end of
 * the link at once. */
static bool child_connect(struct child *listener, struct child *runner)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return listener_link_failed(listener, errno);
    bool given = child_give_end(runner, listener->slot, ends[0], listener) &&
                 child_give_end(listener, runner->runner_id, ends[1], listener);
    listener->links += given;
    close(ends[0]);
    close(ends[1]);
    return given;
}

void child_reconnect(struct child *listener, uint64_t reached)
{
    struct child *runner = child_find(listener->children, listener->generation, ROLE_RUNNER);
    if (listener->role != ROLE_LISTENER || reached != listener->links || !runner)
        return;
    if (child_connect(listener, runner))
        log_write(LOG_CHANNEL_MADE, log_number("listener", listener->pid),
                  log_number("runner", runner->pid));
}

static void child_connect_all(struct children *children, struct child *fresh)
{
    struct child *runner = child_find(children, fresh->generation, ROLE_RUNNER);
    if (fresh->role == ROLE_LISTENER && runner)
        child_connect(fresh, runner);
    for (struct child *child = children->first; fresh->role == ROLE_RUNNER && child;
         child = child->next)
        if (child->generation == fresh->generation && child->role == ROLE_LISTENER)
            child_connect(child, fresh);
}

/* Everything a child has said. One that has closed its end is on its way out, or out of its mind.
 */
static void child_hear(struct loop_watch *watch, uint32_t events)
{
    struct child *child = watch->owner;
    struct control_message message;
    int fd, got;
    (void)events;
    while ((got = control_receive(child->control, &message, &fd)) > 0) {
        if (fd >= 0) /* no child sends descriptors */
            close(fd);
        child->heard_ns = clock_monotonic_ns();
        child->children->said(child, &message);
    }
    if (got < 0) {
        loop_watch_remove(child->children->loop, &child->watch);
        kill(child->pid, SIGKILL); /* waitpid has not seen it yet: the number is still its own */
    }
}

static struct child *child_create(struct children *children, struct generation *generation,
                                  enum role role)
{
    struct child *child = calloc(1, sizeof *child);
    if (!child)
        return NULL;
    child->children = children;
    child->generation = generation;
    child->role = role;
    child->control = -1;
    child->runner_id = ++children->last_runner_id;
    child->started_ns = child->heard_ns = clock_monotonic_ns();
    loop_watch_init(&child->watch, child_hear, child);
    if (!slot_find(children, &child->slot)) {
        free(child);
        return NULL;
    }
    return child;
}

static struct child *child_failed(struct child *child, int control, const char *reason)
{
    log_write(LOG_START_FAILED, log_text("reason", reason));
    if (control >= 0) {
        close(child->control);
        close(control);
    }
    free(child);
    return NULL;
}

struct child *child_start(struct children *children, struct generation *generation, enum role role)
{
    struct child *child = child_create(children, generation, role);
    struct error why;
    int ends[2];
    if (!child)
        return child_failed(child, -1, "too many processes");
    if (!control_pair(ends, &why))
        return child_failed(child, -1, why.text);
    child->control = ends[0];
    child->pid = fork();
    if (child->pid < 0)
        return child_failed(child, ends[1], strerror(errno));
    if (child->pid == 0) {
        close(ends[0]);
        child_become(children, child, ends[1]);
    }
    close(ends[1]);
    if (!loop_watch_set(children->loop, &child->watch, child->control, EPOLLIN))
        child_kill(child, errno); /* it could not be heard */
    child_connect_all(children, child);
    child->next = children->first;
    children->first = child;
    log_write(LOG_STARTED, log_text("role", role_names[role]), log_number("pid", child->pid),
              log_number("generation", (int64_t)generation->number));
    return child;
}

void child_forget(struct children *children, struct child *child)
{
    struct child **place = &children->first;
    while (*place != child)
        place = &(*place)->next;
    *place = child->next;
    loop_watch_remove(children->loop, &child->watch);
    close(child->control);
    shared_clear_slot(children->shared, child->slot);
    free(child);
}

void generation_destroy(struct generation *generation)
{
    for (size_t i = 0; i < generation->socket_count; i++) {
        struct listen_socket *socket = &generation->sockets[i];
        if (socket->key_pem)
            secret_wipe((void *)socket->key_pem, strlen(socket->key_pem));
        free((void *)socket->key_pem);
        free((void *)socket->certificate_pem);
    }
    free(generation->sockets);
    if (generation->settings)
        settings_destroy(generation->settings);
    free(generation);
}
