/* A listener handles all bytes of strangers, in a process that opens nothing. It has inherited
 * everything it needs at the fork; the link to the runner comes over the control descriptor. It
 * drains when it is told to, and ends at once when the supervisor is gone. */
#include "server/http/listener.h"

#include "base/clock.h"
#include "base/secret.h"
#include "server/http/http.h"
#include "server/ipc/control.h"
#include "server/ipc/log_events.h"
#include "server/ipc/privilege.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* Descriptors besides those of connections: epoll sets, sockets, the link, the log. */
enum { DESCRIPTORS_BESIDES = 160, CONNECTIONS_LEAST = 16 };
#define ALIVE_NS NS_PER_S
/* How long connections that were cut at the end of the grace may take to be closed. */
#define CUT_NS NS_PER_S

struct listener {
    const struct process *process;
    struct loop loop;
    struct pipeline pipeline;
    struct http *http;
    struct loop_watch control_watch;
    struct loop_timer alive_timer, leave_timer;
    uint64_t links; /* that have been sent to it, whether they could be taken or not */
    bool is_patient, is_draining, must_leave;
};

/* ---- start ---- */

static unsigned connections_wanted(const struct settings *settings)
{
    int64_t listeners = settings->server.listeners;
    if (listeners <= 0)
        listeners = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t share =
        (settings->server.connections + listeners - 1) / (listeners > 0 ? listeners : 1);
    return share < CONNECTIONS_LEAST ? CONNECTIONS_LEAST : (unsigned)share;
}

/* As many as there can be descriptors for. Without this the limit that people have set would be
 * found out by accept(2) failing under load. */
static unsigned connections_allowed(unsigned wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t room = limit.rlim_cur > DESCRIPTORS_BESIDES + CONNECTIONS_LEAST
                      ? limit.rlim_cur - DESCRIPTORS_BESIDES
                      : CONNECTIONS_LEAST;
    if (room >= wanted)
        return wanted;
    log_write(LOG_DESCRIPTORS_SHORT, log_number("descriptors", (int64_t)limit.rlim_cur),
              log_number("connections", (int64_t)room), log_number("wanted", wanted),
              log_text("reason", "the limit on open files is too low for server.connections"));
    return (unsigned)room;
}

/* The private keys are parsed; their texts have done their part. */
static void wipe_key_texts(const struct process *process)
{
    for (size_t i = 0; i < process->socket_count; i++)
        if (process->sockets[i].key_pem)
            secret_wipe((char *)process->sockets[i].key_pem, strlen(process->sockets[i].key_pem));
}

static bool listener_init(struct listener *listener, struct error *err)
{
    const struct process *process = listener->process;
    if (!loop_init(&listener->loop, err) ||
        !pipeline_init(&listener->pipeline, process->settings, shared_limits(process->shared),
                       shared_provisioned_keys(process->shared), err) ||
        !pipeline_count_refusals(&listener->pipeline, process->shared, err))
        return false;
    unsigned connections = connections_allowed(connections_wanted(process->settings));
    listener->http = http_create(process, &listener->loop, &listener->pipeline, connections, err);
    wipe_key_texts(process);
    return listener->http != NULL;
}

/* ---- the supervisor ---- */

static void listener_drain(struct listener *listener, int64_t deadline_ns)
{
    bool patient = listener->is_patient && !listener->is_draining; /* a second one is a stop */
    if (!listener->is_draining)
        log_write(LOG_DRAINING, log_number("ms", (deadline_ns - clock_monotonic_ns()) / NS_PER_MS));
    listener->is_draining = true;
    http_drain(listener->http, deadline_ns, patient);
    loop_timer_set(&listener->loop, &listener->leave_timer, deadline_ns + CUT_NS);
}

static void listener_obey(struct listener *listener, const struct control_message *message, int fd)
{
    if (message->type == CONTROL_LINK) {
        listener->links++;
        http_connect_runner(listener->http, fd);
        return;
    }
    if (message->type == CONTROL_ACCEPT)
        http_listen(listener->http);
    if (message->type == CONTROL_PATIENCE)
        listener->is_patient = true;
    if (message->type == CONTROL_DRAIN)
        listener_drain(listener, (int64_t)message->value);
    if (fd >= 0)
        close(fd);
}

static void control_ready(struct loop_watch *watch, uint32_t events)
{
    struct listener *listener = watch->owner;
    struct control_message message;
    int fd, got;
    (void)events;
    while ((got = control_receive(watch->fd, &message, &fd)) > 0)
        listener_obey(listener, &message, fd);
    if (got < 0) /* nobody is left to be restarted by, or to drain for */
        _exit(EXIT_FAILURE);
}

/* Without a link every event is refused, so it is asked for again and again. When the runner has
 * died, the next one brings it. */
static void say_alive(struct loop_timer *timer)
{
    struct listener *listener = timer->owner;
    control_send(listener->process->control, CONTROL_ALIVE, 0, -1);
    http_tend(listener->http);
    if (!http_has_runner(listener->http))
        control_send(listener->process->control, CONTROL_UNLINKED, listener->links, -1);
    loop_timer_set(&listener->loop, timer, clock_monotonic_ns() + ALIVE_NS);
}

static void leave_anyway(struct loop_timer *timer)
{
    struct listener *listener = timer->owner;
    listener->must_leave = true;
}

/* ---- run ---- */

static bool listener_begin(struct listener *listener)
{
    loop_watch_init(&listener->control_watch, control_ready, listener);
    loop_timer_init(&listener->alive_timer, say_alive, listener);
    loop_timer_init(&listener->leave_timer, leave_anyway, listener);
    if (!loop_watch_set(&listener->loop, &listener->control_watch, listener->process->control,
                        EPOLLIN))
        return false;
    say_alive(&listener->alive_timer);
    return control_send(listener->process->control, CONTROL_READY, 0, -1);
}

static void listener_serve(struct listener *listener)
{
    bool more = false;
    while (!listener->must_leave && !(listener->is_draining && http_is_empty(listener->http))) {
        loop_run_once(&listener->loop, more ? 0 : -1);
        more = http_run(listener->http);
    }
}

static void listener_finish(struct listener *listener)
{
    /* stopping libmicrohttpd with connections in it can crash (0.9.75): then the kernel does it */
    if (http_is_empty(listener->http))
        http_destroy(listener->http);
    pipeline_finish(&listener->pipeline);
    loop_finish(&listener->loop);
}

_Noreturn void listener_run(const struct process *process)
{
    struct listener listener = {.process = process};
    struct error err = {""};
    if (!privilege_drop(process->settings->server.user, NULL, &err) ||
        !listener_init(&listener, &err) || !listener_begin(&listener)) {
        log_write(LOG_START_FAILED, log_text("reason", err.text));
        _exit(EXIT_FAILURE);
    }
    listener_serve(&listener);
    listener_finish(&listener);
    exit(EXIT_SUCCESS); /* not _exit: LeakSanitizer looks at the end of a process */
}
