/* The supervisor starts the processes, replaces what dies, and turns signals into generations; it
 * never looks at anything that a stranger sent.
 *
 * Start-up and reload are the same walk: a generation is made from the file (generation.c), its
 * runner, checkpointer and listeners are forked, and when all of them are READY it becomes the
 * current one. The previous generation is then told to leave: its listeners drain, its runner is
 * RELEASEd, and when that runner claims nothing any more the new one may CLAIM. An older runner
 * that still has actions under way stays until they end; the current runner is told when it is
 * GONE.
 *
 * A child that dies is replaced after a back-off that grows while deaths follow each other. */
#include "server/process/supervisor.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "server/ipc/log_events.h"
#include "server/ipc/privilege.h"
#include "server/journal/journal.h"
#include "server/journal/lock.h"
#include "server/process/addresses.h"
#include "server/process/containment.h"
#include "server/process/generation.h"
#include "server/process/notify.h"
#include "server/process/operators.h"
#include "server/process/preflight.h"
#include "server/process/server_status.h"
#include "server/process/start_lock.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that lived this long was well: its death starts the back-off anew. */
#define WELL_NS (10 * NS_PER_S)
#define BACKOFF_FIRST_NS (100 * NS_PER_MS)
#define BACKOFF_MOST_NS (10 * NS_PER_S)
/* A child that has said nothing for so long hangs. */
#define SILENCE_NS (60 * NS_PER_S)
#define TICK_NS NS_PER_S

struct supervisor {
    const char *file;
    const struct registry *registry;
    struct loop loop;
    struct children children;
    struct socket_table sockets;
    struct generation *current; /* serving; NULL before the first is ready */
    struct generation *coming;  /* started, not all ready yet */
    struct generation *leaving; /* older ones, newest first */
    uint64_t last_generation;
    struct journal_lock journal_lock;
    struct containment containment;
    uint8_t ticket_key[TICKET_KEY_SIZE];
    int signals;
    struct loop_watch signal_watch;
    struct loop_timer fill_timer; /* start again what is missing */
    struct loop_timer kill_timer; /* the grace is over */
    struct loop_timer tick_timer; /* hung children, the watchdog */
    int64_t watchdog_ns, watchdog_told_ns;
    uint64_t runner_state; /* enum runner_state of the current one, as systemd knows it */
    bool claimed;          /* the current runner has been told to CLAIM */
    bool reload_wanted;    /* a signal came while a generation was coming */
    unsigned reloads;      /* that have begun: the number of the last one */
    char *reload_text;     /* its problems, where an operator waits for them; or NULL */
    struct operators operators;
    struct server_facts facts;
    bool stopping;
    enum supervisor_end end;
};

/* ---- one generation ---- */

static unsigned wanted_of(const struct generation *generation, enum role role)
{
    return role == ROLE_LISTENER ? generation->listeners : 1;
}

static bool is_missing(struct supervisor *sv, const struct generation *generation, enum role role)
{
    return child_count(&sv->children, generation, role) < wanted_of(generation, role);
}

/* How long to wait before one that has lived so long, or could not be started, is started again. */
static int64_t backoff_ns(struct generation *generation, enum role role, int64_t lived_ns)
{
    if (lived_ns > WELL_NS)
        generation->failures[role] = 0;
    unsigned failures = generation->failures[role]++;
    if (failures == 0)
        return 0;
    int64_t wait = BACKOFF_FIRST_NS << (failures < 10 ? failures : 10);
    return wait < BACKOFF_MOST_NS ? wait : BACKOFF_MOST_NS;
}

/* Starts those of the role that are missing; false if the system would not let us. */
static bool role_fill(struct supervisor *sv, struct generation *generation, enum role role,
                      int64_t now)
{
    while (is_missing(sv, generation, role)) {
        if (child_start(&sv->children, generation, role))
            continue;
        int64_t wait_ns = backoff_ns(generation, role, 0);
        generation->starts_ns[role] =
            now + (wait_ns < BACKOFF_FIRST_NS ? BACKOFF_FIRST_NS : wait_ns);
        return false;
    }
    return true;
}

/* Starts what is missing of it, as far as its back-off is over; false if the system would not let
 * us start all of that. The runner first: listeners are connected with it. */
static bool generation_fill(struct supervisor *sv, struct generation *generation)
{
    static const enum role order[ROLES] = {ROLE_RUNNER, ROLE_CHECKPOINTER, ROLE_LISTENER};
    int64_t now = clock_monotonic_ns(), next = INT64_MAX;
    bool filled = true;
    for (int i = 0; i < ROLES; i++) {
        enum role role = order[i];
        if (generation->starts_ns[role] <= now)
            filled = role_fill(sv, generation, role, now) && filled;
        if (generation->starts_ns[role] < next && is_missing(sv, generation, role))
            next = generation->starts_ns[role];
    }
    if (next < INT64_MAX && generation == sv->current)
        loop_timer_set(&sv->loop, &sv->fill_timer, next);
    return filled;
}

static bool generation_is_ready(struct supervisor *sv, const struct generation *generation)
{
    for (struct child *child = sv->children.first; child; child = child->next)
        if (child->generation == generation && !child->ready && child->role != ROLE_CHECKPOINTER)
            return false;
    return child_find(&sv->children, generation, ROLE_RUNNER) &&
           child_count(&sv->children, generation, ROLE_LISTENER) == generation->listeners;
}

static void generation_tell(struct supervisor *sv, const struct generation *generation,
                            enum role role, enum control_type type, uint64_t value)
{
    for (struct child *child = sv->children.first; child; child = child->next)
        if (child->generation == generation && child->role == role)
            child_tell(child, type, value);
}

/* Its places count before it has begun: others that are full leave newcomers to it meanwhile. */
static void expect_listener(const struct child *child)
{
    atomic_store(&child->children->shared->slots[child->slot].places, 1);
}

static void generation_let_in(struct supervisor *sv, const struct generation *generation)
{
    for (struct child *child = sv->children.first; child; child = child->next)
        if (child->generation == generation && child->role == ROLE_LISTENER)
            expect_listener(child);
    generation_tell(sv, generation, ROLE_LISTENER, CONTROL_ACCEPT, 0);
}

static void generation_kill(struct supervisor *sv, const struct generation *generation)
{
    for (struct child *child = sv->children.first; child; child = child->next)
        if (child->generation == generation)
            kill(child->pid, SIGKILL);
}

/* Listeners and checkpointer leave soon; the runner when its actions have ended, however long that
 * takes: a reload interrupts nobody's deploy. */
static void generation_leave(struct supervisor *sv, struct generation *generation)
{
    int64_t grace_ns = generation->settings->server.shutdown_grace_ms * NS_PER_MS;
    uint64_t deadline = (uint64_t)(clock_monotonic_ns() + grace_ns);
    generation->leaving = true;
    generation->next = sv->leaving;
    sv->leaving = generation;
    generation_tell(sv, generation, ROLE_RUNNER, CONTROL_RELEASE, 0);
    generation_tell(sv, generation, ROLE_RUNNER, CONTROL_DRAIN, INT64_MAX);
    generation_tell(sv, generation, ROLE_LISTENER, CONTROL_PATIENCE, 0);
    generation_tell(sv, generation, ROLE_LISTENER, CONTROL_DRAIN, deadline);
    generation_tell(sv, generation, ROLE_CHECKPOINTER, CONTROL_DRAIN, deadline);
}

/* The generation is left by the last of its processes: nothing refers to it any more. */
static void generation_sweep(struct supervisor *sv)
{
    struct generation **place = &sv->leaving;
    while (*place) {
        struct generation *generation = *place;
        bool empty = true;
        for (int role = 0; role < ROLES; role++)
            empty &= !child_find(&sv->children, generation, (enum role)role);
        if (!empty) {
            place = &generation->next;
            continue;
        }
        *place = generation->next;
        log_write(LOG_GENERATION_LEFT, log_number("generation", (int64_t)generation->number));
        generation_destroy(generation);
    }
}

/* ---- who carries out ---- */

/* The current runner may claim once no other runner does; it leaves alone what those still run. */
static void supervisor_let_claim(struct supervisor *sv)
{
    struct child *runner = sv->current ? child_find(&sv->children, sv->current, ROLE_RUNNER) : NULL;
    if (!runner || !runner->ready || sv->claimed)
        return;
    for (struct child *other = sv->children.first; other; other = other->next)
        if (other->role == ROLE_RUNNER && other->generation->leaving && !other->released)
            return;
    for (struct child *other = sv->children.first; other; other = other->next)
        if (other->role == ROLE_RUNNER && other->generation->leaving)
            if (!child_tell(runner, CONTROL_ALONE_UNTIL_GONE, other->runner_id))
                return;
    sv->claimed = child_tell(runner, CONTROL_CLAIM, 0);
}

/* ---- a generation becomes the current one ---- */

static void take_log_settings(const struct generation *generation)
{
    const struct log_settings *log = &generation->settings->log;
    log_configure((enum log_level)log->level, (enum log_format)log->format);
}

/* One that was asked for while another was under way. */
static void reload_if_wanted(struct supervisor *sv)
{
    if (!sv->reload_wanted)
        return;
    sv->reload_wanted = false;
    raise(SIGHUP);
}

/* Operators who have asked for it are told. `failure` NULL: the current generation is of it. */
static void reload_ended(struct supervisor *sv, const char *failure)
{
    char members[48];
    snprintf(members, sizeof members, ",\"generation\":%llu",
             sv->current ? (unsigned long long)sv->current->number : 0);
    operators_settle(&sv->operators, sv->reloads, sv->reload_text, failure, members);
    free(sv->reload_text);
    sv->reload_text = NULL;
    sv->facts.refused_ms = failure ? clock_unix_ms() : 0;
    if (failure)
        error_set(&sv->facts.refused, "%s", failure);
}

static void supervisor_promote(struct supervisor *sv)
{
    struct generation *before = sv->current;
    assert(sv->coming && sv->coming != before);
    sv->current = sv->coming;
    sv->coming = NULL;
    sv->current->serving = true;
    sv->facts.loaded_ms = clock_unix_ms();
    sv->claimed = false;
    socket_table_sweep(&sv->sockets);
    addresses_open(sv->current, &sv->sockets);
    generation_let_in(sv, sv->current);
    take_log_settings(sv->current);
    addresses_print(sv->current, &sv->sockets);
    if (before)
        generation_leave(sv, before);
    supervisor_let_claim(sv);
    log_write(LOG_SERVING, log_number("generation", (int64_t)sv->current->number),
              log_number("routes", (int64_t)sv->current->settings->route_count),
              log_number("body_memory", sv->current->settings->server.body_memory),
              log_text("sqlite", journal_library_version()),
              log_text("checkpoints", journal_checkpoints_apart() ? "apart" : "beside"));
    notify_send("READY=1\nSTATUS=serving");
    sv->runner_state = RUNNER_STORES;
    reload_ended(sv, NULL);
    reload_if_wanted(sv);
}

/* ---- reload ---- */

/* As check prints them. */
static void keep_problems(struct supervisor *sv, const struct problem_list *problems)
{
    size_t length;
    FILE *out = operators_wait_for(&sv->operators, sv->reloads)
                    ? open_memstream(&sv->reload_text, &length)
                    : NULL;
    if (!out)
        return;
    problem_list_print(problems, out);
    if (fclose(out) != 0) {
        free(sv->reload_text);
        sv->reload_text = NULL;
    }
}

/* What has no place is of the route file as a whole. */
static void log_problems(const struct supervisor *sv, const struct problem_list *problems)
{
    for (const struct problem *problem = problems->first; problem; problem = problem->next) {
        char place[512];
        snprintf(place, sizeof place, "%s", sv->file);
        if (problem->source)
            snprintf(place, sizeof place, "%s:%u:%u", problem->source->name, problem->line,
                     problem->column);
        log_write_at(LOG_CONFIGURATION, problem->kind == PROBLEM_ERROR ? LOG_ERROR : LOG_WARNING,
                     log_text("at", place),
                     log_text("reason", problem_sentence(problems, problem)));
    }
}

static void reload_failed(struct supervisor *sv, const char *reason)
{
    log_write(LOG_RELOAD_FAILED, log_text("reason", reason),
              log_text("serving", "the configuration before"));
    socket_table_unmark(&sv->sockets);
    for (size_t s = 0; s < sv->sockets.count; s++)
        for (size_t i = 0; i < sv->current->socket_count; i++)
            if (sv->sockets.items[s].fd == sv->current->sockets[i].fd)
                sv->sockets.items[s].wanted = true;
    socket_table_sweep(&sv->sockets);
    notify_send("READY=1\nSTATUS=the new configuration was refused, the previous one is in use");
    reload_ended(sv, reason);
}

/* A generation that cannot be started whole is given up. */
static void coming_failed(struct supervisor *sv)
{
    struct generation *generation = sv->coming;
    sv->coming = NULL;
    generation->leaving = true;
    generation->next = sv->leaving;
    sv->leaving = generation;
    generation_kill(sv, generation);
    if (sv->current) {
        reload_failed(sv, "a process of the new configuration did not start");
        reload_if_wanted(sv);
        return;
    }
    sv->stopping = true;
    sv->end = SUPERVISOR_FAILED;
}

static void generation_begin(struct supervisor *sv, struct generation *generation)
{
    assert(!sv->coming);
    generation->number = ++sv->last_generation;
    sv->coming = generation;
    if (!sv->current)
        take_log_settings(generation);
    if (generation_fill(sv, generation))
        return;
    coming_failed(sv);
    generation_sweep(sv); /* perhaps none of it was started */
}

static void supervisor_reload(struct supervisor *sv)
{
    struct problem_list problems;
    struct error why;
    if (sv->stopping)
        return;
    if (sv->coming || !sv->current) {
        sv->reload_wanted = true;
        return;
    }
    sv->reloads++;
    notify_reloading();
    problem_list_init(&problems);
    struct generation *generation =
        generation_create(sv->file, sv->registry, &sv->sockets, &problems, &why);
    if (generation &&
        strcmp(generation->settings->journal.path, sv->current->settings->journal.path) != 0) {
        error_set(&why, "journal.path cannot change in a reload; a restart takes it");
        settings_problem(&problems, PROBLEM_ERROR, &generation->settings->journal.at, "%s",
                         why.text);
        generation_destroy(generation);
        generation = NULL;
    }
    log_problems(sv, &problems);
    keep_problems(sv, &problems);
    problem_list_finish(&problems);
    if (generation)
        generation_begin(sv, generation);
    else
        reload_failed(sv, why.text);
}

/* ---- operators ---- */

static void ask_runner(void *owner, struct operator_client *client,
                       const struct operator_request *request)
{
    struct supervisor *sv = owner;
    struct child *runner = sv->children.first;
    while (runner &&
           (runner->role != ROLE_RUNNER || (request->runner ? runner->runner_id != request->runner
                                                            : runner->generation != sv->current)))
        runner = runner->next;
    if (runner && runner->ready && operator_client_pass(client, runner->control))
        return;
    operator_link_answer(&client->link);
    operator_link_fail(&client->link, "that runner is not there");
}

static void ask_status(void *owner, struct operator_client *client,
                       const struct operator_request *request)
{
    struct supervisor *sv = owner;
    struct operator_link *link = &client->link;
    struct child *runner = sv->current ? child_find(&sv->children, sv->current, ROLE_RUNNER) : NULL;
    (void)request;
    sv->facts.stopping = sv->stopping;
    operator_link_answer(link);
    server_status_put(&link->out, &sv->facts, &sv->children, sv->current);
    operator_link_flush(link);
    /* the runner adds its line and the last one */
    if (link->out.length > 0 || !runner || !runner->ready ||
        !operator_client_pass(client, runner->control))
        operator_link_done(link, "");
}

static void ask_keys(void *owner, struct operator_client *client,
                     const struct operator_request *request)
{
    struct supervisor *sv = owner;
    (void)request;
    server_status_answer_keys(&client->link, sv->current);
}

static void ask_routes(void *owner, struct operator_client *client,
                       const struct operator_request *request)
{
    struct supervisor *sv = owner;
    (void)request;
    server_status_answer_routes(&client->link, sv->current);
}

static void ask_reload(void *owner, struct operator_client *client,
                       const struct operator_request *request)
{
    struct supervisor *sv = owner;
    (void)request;
    operator_link_answer(&client->link);
    if (sv->stopping) {
        operator_link_fail(&client->link, "the server is stopping");
        return;
    }
    client->waits_for = sv->reloads + 1; /* the next that begins */
    supervisor_reload(sv);
}

static const struct operator_verb operator_verbs[] = {
    {"status", ask_status}, {"keys", ask_keys},     {"routes", ask_routes},  {"reload", ask_reload},
    {"cancel", ask_runner}, {"follow", ask_runner}, {"refresh", ask_runner}, {NULL, NULL},
};

/* Without the socket everything else works. */
static void listen_to_operators(struct supervisor *sv, const struct settings *settings)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    struct error why;
    if ((uid == 0 && !privilege_find_user(settings->server.user, &uid, &gid, &why)) ||
        !operators_listen(&sv->operators, settings->journal.path, uid, gid, &why))
        log_write(LOG_CONTROL_FAILED, log_text("reason", why.text));
}

/* ---- stop ---- */

static void supervisor_stop(struct supervisor *sv)
{
    const struct generation *generation = sv->current ? sv->current : sv->coming;
    int64_t grace_ns = generation ? generation->settings->server.shutdown_grace_ms * NS_PER_MS : 0;
    int64_t now = clock_monotonic_ns(), end = now + grace_ns;
    if (sv->stopping) /* a second signal: no more grace */
        end = now + NS_PER_S;
    /* outcomes are committed between the children's deadline and ours */
    int64_t margin = grace_ns / 10 < NS_PER_S ? grace_ns / 10 : NS_PER_S;
    int64_t deadline = sv->stopping ? now : end - margin;
    log_write(LOG_STOPPING, log_number("grace_ms", (end - now) / NS_PER_MS));
    notify_send("STOPPING=1");
    sv->stopping = true;
    operators_settle(&sv->operators, UINT_MAX, NULL, "the server is stopping", "");
    socket_table_close(&sv->sockets); /* no client gets into a backlog that will not be served */
    for (struct child *child = sv->children.first; child; child = child->next)
        if (child->role != ROLE_CHECKPOINTER)
            child_tell(child, CONTROL_DRAIN, (uint64_t)deadline);
    loop_timer_remove(&sv->loop, &sv->fill_timer);
    loop_timer_set(&sv->loop, &sv->kill_timer, end);
}

/* The checkpointer leaves last, when no runner needs it. */
static void stop_checkpointers(struct supervisor *sv)
{
    for (struct child *child = sv->children.first; child; child = child->next)
        if (child->role != ROLE_CHECKPOINTER)
            return;
    for (struct child *child = sv->children.first; child; child = child->next)
        child_tell(child, CONTROL_DRAIN, 0);
}

static void grace_is_over(struct loop_timer *timer)
{
    struct supervisor *sv = timer->owner;
    for (struct child *child = sv->children.first; child; child = child->next) {
        log_write(LOG_KILLED, log_text("role", role_names[child->role]),
                  log_number("pid", child->pid), log_text("reason", "shutdown_grace is over"));
        kill(child->pid, SIGKILL);
    }
}

/* ---- the children ---- */

/* What `systemctl status` shows as long as senders meet it. */
static void tell_runner_state(struct supervisor *sv, uint64_t state)
{
    static const char *const texts[RUNNER_STATES] = {
        [RUNNER_STORES] = "STATUS=serving",
        [RUNNER_NO_SPACE] = "STATUS=new events are answered 503: too little space for the journal",
        [RUNNER_REFUSES] = "STATUS=new events are answered 503: the journal cannot be written",
    };
    if (state == sv->runner_state || state >= RUNNER_STATES || sv->stopping)
        return;
    sv->runner_state = state;
    notify_send(texts[state]);
}

static void child_said(struct child *child, const struct control_message *message)
{
    struct supervisor *sv = child->children->owner;
    if (message->type == CONTROL_READY)
        child->ready = true;
    bool starts_again = message->type == CONTROL_READY && child->generation->serving;
    if (starts_again && child->role == ROLE_LISTENER) {
        expect_listener(child);
        child_tell(child, CONTROL_ACCEPT, 0);
    }
    if (message->type == CONTROL_RELEASED)
        child->released = true;
    if (message->type == CONTROL_ALIVE && child->role == ROLE_RUNNER &&
        child->generation == sv->current)
        tell_runner_state(sv, message->value);
    if (message->type == CONTROL_UNLINKED)
        child_reconnect(child, message->value);
    if (sv->coming && !sv->stopping && generation_is_ready(sv, sv->coming))
        supervisor_promote(sv);
    supervisor_let_claim(sv);
}

static void fill_again(struct loop_timer *timer)
{
    struct supervisor *sv = timer->owner;
    if (sv->current && !sv->stopping)
        generation_fill(sv, sv->current);
}

static void tell_gone(struct supervisor *sv, uint64_t runner_id)
{
    struct child *runner = sv->current ? child_find(&sv->children, sv->current, ROLE_RUNNER) : NULL;
    if (runner)
        child_tell(runner, CONTROL_GONE, runner_id);
}

static void log_death(const struct child *child, int status, bool expected)
{
    bool signalled = WIFSIGNALED(status);
    log_write(expected ? LOG_LEFT : LOG_DIED, log_text("role", role_names[child->role]),
              log_number("pid", child->pid),
              log_number(signalled ? "signal" : "exit",
                         signalled ? WTERMSIG(status) : WEXITSTATUS(status)));
}

static void child_died(struct supervisor *sv, struct child *child, int status)
{
    struct generation *generation = child->generation;
    enum role role = child->role;
    uint64_t runner_id = child->runner_id;
    int64_t now = clock_monotonic_ns(), lived_ns = now - child->started_ns;
    log_death(child, status, status == 0 && (generation->leaving || sv->stopping));
    child_forget(&sv->children, child);
    if (role == ROLE_RUNNER && generation->leaving)
        tell_gone(sv, runner_id);
    if (generation == sv->coming && !sv->stopping) {
        coming_failed(sv);
    } else if (generation == sv->current && !sv->stopping) {
        if (role == ROLE_RUNNER)
            sv->claimed = false; /* the next one must be told */
        generation->starts_ns[role] = now + backoff_ns(generation, role, lived_ns);
        loop_timer_set(&sv->loop, &sv->fill_timer, now); /* which sees who has to wait */
    }
    generation_sweep(sv);
    supervisor_let_claim(sv);
    if (sv->stopping)
        stop_checkpointers(sv);
}

static void reap(struct supervisor *sv)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct child *child = child_by_pid(&sv->children, pid);
        if (child)
            child_died(sv, child, status);
    }
}

static void signal_came(struct loop_watch *watch, uint32_t events)
{
    struct supervisor *sv = watch->owner;
    struct signalfd_siginfo info;
    (void)events;
    while (read(sv->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            reap(sv);
        else if (info.ssi_signo == SIGHUP)
            supervisor_reload(sv);
        else
            supervisor_stop(sv);
    }
}

/* The time in which the supervisor stood still itself is no silence of its children, which may have
 * stood still with it: a container that was frozen, a machine that was. */
static void forgive_silence(struct supervisor *sv, int64_t now, int64_t late_ns)
{
    for (struct child *child = sv->children.first; child; child = child->next)
        child->heard_ns = child->heard_ns + late_ns < now ? child->heard_ns + late_ns : now;
}

/* Once a second: a child that hangs is killed (and so replaced), the watchdog hears that we live as
 * long as no current child is silent. */
static void tick(struct loop_timer *timer)
{
    struct supervisor *sv = timer->owner;
    int64_t now = clock_monotonic_ns();
    bool well = true;
    forgive_silence(sv, now, now - timer->due_ns);
    for (struct child *child = sv->children.first; child; child = child->next) {
        int64_t silent_ns = now - child->heard_ns;
        if (silent_ns > SILENCE_NS && !sv->stopping) {
            log_write(LOG_HUNG, log_text("role", role_names[child->role]),
                      log_number("pid", child->pid));
            kill(child->pid, SIGKILL);
        }
        well &= child->generation != sv->current || silent_ns < SILENCE_NS / 2;
    }
    if (sv->watchdog_ns && well && now - sv->watchdog_told_ns >= sv->watchdog_ns / 2) {
        notify_send("WATCHDOG=1");
        sv->watchdog_told_ns = now;
    }
    int64_t period =
        sv->watchdog_ns && sv->watchdog_ns / 2 < TICK_NS ? sv->watchdog_ns / 2 : TICK_NS;
    loop_timer_set(&sv->loop, &sv->tick_timer, now + period);
}

static bool generation_has_socket(const struct generation *generation, int fd)
{
    for (size_t i = 0; i < generation->socket_count; i++)
        if (generation->sockets[i].fd == fd)
            return true;
    return false;
}

/* In a new child: what only the supervisor uses. */
static void leave_parent(void *owner, const struct generation *generation)
{
    struct supervisor *sv = owner;
    /* an address that is not the generation's would stay open in it after the supervisor closes it
     */
    for (size_t i = 0; i < sv->sockets.count; i++)
        if (!generation_has_socket(generation, sv->sockets.items[i].fd))
            close(sv->sockets.items[i].fd);
    loop_finish(&sv->loop);
    close(sv->signals);
    operators_leave(&sv->operators);
    containment_leave(&sv->containment);
    journal_lock_inherited(&sv->journal_lock);
}

/* ---- serve ---- */

static bool supervisor_init(struct supervisor *sv, struct error *err)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigaddset(&wanted, SIGHUP);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    signal(SIGPIPE, SIG_IGN);
    sv->signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    sv->children.shared = shared_create(err);
    if (sv->signals < 0 || !sv->children.shared || !loop_init(&sv->loop, err))
        return false;
    random_bytes(sv->ticket_key, sizeof sv->ticket_key);
    sv->children.loop = &sv->loop;
    sv->children.ticket_key = sv->ticket_key;
    sv->children.said = child_said;
    sv->children.leave_parent = leave_parent;
    sv->children.owner = sv;
    sv->facts.started_ms = clock_unix_ms();
    operators_init(&sv->operators, &sv->loop, operator_verbs, sv);
    loop_watch_init(&sv->signal_watch, signal_came, sv);
    loop_timer_init(&sv->fill_timer, fill_again, sv);
    loop_timer_init(&sv->kill_timer, grace_is_over, sv);
    loop_timer_init(&sv->tick_timer, tick, sv);
    sv->watchdog_ns = notify_watchdog_ns();
    return loop_watch_set(&sv->loop, &sv->signal_watch, sv->signals, EPOLLIN) ||
           error_set_errno(err, errno, "cannot watch for signals");
}

/* Loads the first generation and takes the journal's lock. NULL: `sv->end` says why, and it was not
 * told to stop or has printed what is wrong with the file or set `err`. */
static struct generation *load_first(struct supervisor *sv, struct error *err)
{
    struct problem_list problems;
    problem_list_init(&problems);
    struct generation *generation =
        generation_create(sv->file, sv->registry, &sv->sockets, &problems, err);
    if (generation &&
        !start_lock(generation->settings, &sv->journal_lock, &sv->stopping, &problems)) {
        generation_destroy(generation);
        generation = NULL;
    }
    problem_list_print(&problems, stderr);
    if (generation || problems.errors > 0 || sv->stopping)
        err->text[0] = '\0';
    if (!generation && !sv->stopping)
        sv->end = problems.errors && !problems.unreadable ? SUPERVISOR_REFUSED : SUPERVISOR_FAILED;
    problem_list_finish(&problems);
    return generation;
}

/* Says whether all that a command starts can be ended. */
static void contain_commands(struct supervisor *sv, const struct server_settings *server)
{
    struct containment *containment = &sv->containment;
    uid_t uid = geteuid();
    gid_t gid = getegid();
    struct error why = {"server.cgroup is off"};
    if (server->cgroup == CGROUP_OFF ||
        (uid == 0 && !privilege_find_user(server->user, &uid, &gid, &why)) ||
        !containment_begin(containment, "", uid, gid, &why)) {
        log_write(LOG_UNCONTAINED, log_text("reason", why.text));
        sv->facts.uncontained = why;
        return;
    }
    sv->children.forest = &containment->forest;
    log_write(LOG_CONTAINED, log_text("cgroup", containment->path),
              log_text("limits", containment_limits(containment)));
}

static void supervisor_finish(struct supervisor *sv)
{
    operators_finish(&sv->operators);
    free(sv->reload_text); /* of one that was under way */
    socket_table_close(&sv->sockets);
    containment_end(&sv->containment);
    if (sv->current)
        generation_destroy(sv->current);
    if (sv->coming)
        generation_destroy(sv->coming);
    journal_unlock(&sv->journal_lock);
    secret_wipe(sv->ticket_key, sizeof sv->ticket_key);
    loop_finish(&sv->loop);
    close(sv->signals);
}

enum supervisor_end supervisor_run(const char *file, const struct registry *registry,
                                   struct error *err)
{
    struct supervisor sv = {.file = file,
                            .registry = registry,
                            .journal_lock = journal_lock_none(),
                            .containment = containment_none()};
    privilege_hide_process();
    log_start("supervisor");
    if (!supervisor_init(&sv, err))
        return SUPERVISOR_FAILED;
    struct generation *first = load_first(&sv, err);
    if (first) {
        contain_commands(&sv, &first->settings->server);
        listen_to_operators(&sv, first->settings);
        generation_begin(&sv, first);
        loop_timer_set(&sv.loop, &sv.tick_timer, clock_monotonic_ns());
        while (!sv.stopping || sv.children.first)
            loop_run_once(&sv.loop, -1);
    }
    if (sv.stopping)
        log_write(LOG_STOPPED, log_number("exit", sv.end));
    supervisor_finish(&sv);
    return sv.end;
}
