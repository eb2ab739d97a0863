/* The runner's loop. Between two waits there is one turn: all frames that have arrived, all
 * outcomes and all claims that are possible go into one transaction, and after its commit the
 * frames are answered and the claimed actions started. Nothing lingers: while one commit syncs, the
 * next batch arrives.
 *
 * During a reload two runners have the journal open. Only one claims: the older one stops (RELEASE)
 * before the newer one begins (CLAIM). Both journal what their own listeners send; SQLite's lock
 * orders their transactions, and each looks at what the other has added before it adds anything. */
#include "server/runner/runner.h"

#include "base/clock.h"
#include "base/log.h"
#include "handlers/action/pipe_writer.h"
#include "server/ipc/control.h"
#include "server/ipc/privilege.h"
#include "server/runner/intake.h"
#include "server/runner/retention.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ALIVE_NS NS_PER_S
/* How soon what others have committed is noticed: an older runner, or people who replay. */
#define LOOK_NS (100 * NS_PER_MS)
#define LOOK_IDLE_NS (500 * NS_PER_MS)
/* Pipe actions that are called back have this long; then the release is said all the same. */
#define RELEASE_NS NS_PER_S
/* Of what is left until a deadline, the part in which actions are asked to end; at most so much. */
#define STOP_PART 4
#define STOP_MOST_NS (5 * NS_PER_S)

/* Time for the look at the journal at the first start; a reload does not look again. */
enum { START_CHECK_MS = 1000 };

struct runner {
    const struct process *process;
    struct loop loop;
    struct store store;
    struct intake *intake;
    struct dispatch dispatch;
    struct retention retention;
    struct listener_link *channels;
    struct loop_watch control;
    struct loop_timer alive_timer;
    struct loop_timer look_timer;
    struct loop_timer release_timer; /* pipes have had their time */
    struct loop_timer stop_timer;    /* actions have had theirs */
    int64_t deadline_ns;             /* of the drain */
    bool releasing, released, draining, stopping;
    bool put_off;    /* the turn waits for somebody else's lock */
    bool others_did; /* committed since the lanes were last read from the beginning */
};

_Noreturn static void runner_fail(const char *reason)
{
    log_write(LOG_ERROR, "runner_failed", log_text("reason", reason));
    _exit(EXIT_FAILURE);
}

/* ---- a turn ---- */

static bool collect_frames(struct runner *runner)
{
    for (struct listener_link *channel = runner->channels; channel; channel = channel->next)
        intake_collect(runner->intake, channel);
    return runner->intake->count > 0;
}

static void look_around(struct runner *runner)
{
    if (!journal_changed(runner->store.journal))
        return;
    intake_look(runner->intake);
    dispatch_look(&runner->dispatch);
    runner->others_did = true;
}

/* Inside the transaction. */
static void write_turn(struct runner *runner)
{
    store_look_at_space(&runner->store);
    look_around(runner);
    dispatch_write_ended(&runner->dispatch, &runner->store);
    intake_write(runner->intake, &runner->dispatch, &runner->store);
    dispatch_write(&runner->dispatch);
}

/* ---- keys that senders have delivered ---- */

static void put_key(void *context, const struct journal_learned *learned)
{
    struct runner *runner = context;
    char route[128], provider[128];
    snprintf(route, sizeof route, "%.*s", (int)learned->route.length, learned->route.data);
    snprintf(provider, sizeof provider, "%.*s", (int)learned->provider.length,
             learned->provider.data);
    if (!provisioned_keys_put(shared_provisioned_keys(runner->process->shared), route, provider,
                              learned->key))
        log_write(LOG_ERROR, "key_failed", log_text("route", route),
                  log_text("reason", "too many routes have learned keys"));
}

struct key_search {
    const char *route, *provider;
    bool found;
};

static void match_key(void *context, const struct journal_learned *learned)
{
    struct key_search *search = context;
    search->found |= bytes_equal_text(learned->route, search->route) &&
                     bytes_equal_text(learned->provider, search->provider);
}

static bool journal_has_key(void *context, const char *route, const char *provider)
{
    struct key_search search = {route, provider, false};
    return !journal_read_learned(context, match_key, &search) || search.found;
}

/* What the journal says is what listeners are to find. */
static void share_keys(struct runner *runner)
{
    if (!runner->process->shared)
        return;
    provisioned_keys_sweep(shared_provisioned_keys(runner->process->shared), journal_has_key,
                           runner->store.journal);
    journal_read_learned(runner->store.journal, put_key, runner);
}

static void end_turn(struct runner *runner)
{
    bool committed = store_commit(&runner->store);
    if (committed && runner->intake->learned)
        share_keys(runner);
    intake_answer(runner->intake, committed, store_retry_after_s(&runner->store));
    dispatch_settle(&runner->dispatch, committed);
    if (runner->process->shared)
        shared_tell_pages(runner->process->shared, journal_log_pages(runner->store.journal),
                          !database_checkpoints_apart());
    if (committed)
        journal_tend(runner->store.journal);
}

static void try_turn(struct runner *runner)
{
    switch (store_begin(&runner->store)) {
    case STORE_TURN_BEGUN:
        write_turn(runner);
        end_turn(runner);
        return;
    case STORE_TURN_WAIT:
        runner->put_off = true;
        intake_put_off(runner->intake);
        return;
    case STORE_TURN_REFUSE:
        intake_answer(runner->intake, false, store_retry_after_s(&runner->store));
        return;
    }
}

static void runner_turn(struct runner *runner)
{
    bool work = false;
    runner->put_off = false;
    if (runner->store.status == STORE_OK && !dispatch_prepare(&runner->dispatch, &work))
        store_fail(&runner->store);
    if (collect_frames(runner) || work)
        try_turn(runner);
}

/* Whether the next turn has something to do already. A latched journal is waited for by a timer. */
static bool turn_is_due(struct runner *runner)
{
    bool work = false;
    if (runner->put_off)
        return false;
    for (const struct listener_link *channel = runner->channels; channel; channel = channel->next)
        if (listener_link_has_work(channel))
            return true;
    if (runner->store.status == STORE_OK && !dispatch_prepare(&runner->dispatch, &work))
        store_fail(&runner->store);
    return work && runner->store.status == STORE_OK;
}

/* ---- channels ---- */

/* A channel that is not added is closed here: its listener sees that and asks for another. */
static void add_link(struct runner *runner, int fd, unsigned slot)
{
    struct listener_link *channel = fd >= 0 ? listener_link_create(&runner->loop, fd, slot) : NULL;
    if (!channel) {
        log_write(LOG_ERROR, "channel_failed", log_number("slot", slot),
                  log_text("reason", fd >= 0 ? "no memory" : "no descriptor is free"));
        if (fd >= 0)
            close(fd);
        return;
    }
    channel->next = runner->channels;
    runner->channels = channel;
}

static void drop_links(struct runner *runner)
{
    struct listener_link **place = &runner->channels;
    while (*place) {
        struct listener_link *channel = *place;
        if (!listener_link_is_over(channel)) {
            place = &channel->next;
            continue;
        }
        if (channel->fault)
            log_write(LOG_ERROR, "channel_broken", log_number("slot", channel->slot),
                      log_text("reason", channel->fault));
        *place = channel->next;
        listener_link_destroy(channel);
    }
}

/* ---- release and drain ---- */

/* Says RELEASED when what must not outlive it has ended. */
static void check_release(struct runner *runner)
{
    if (!runner->releasing || runner->released ||
        (dispatch_running(&runner->dispatch, false) > 0 && runner->release_timer.slot != 0))
        return;
    loop_timer_remove(&runner->loop, &runner->release_timer);
    /* again in the next round if it does not go out: the newer runner waits for it */
    runner->released = control_send(runner->process->control, CONTROL_RELEASED, 0, -1);
}

static void release_is_due(struct loop_timer *timer)
{
    check_release(timer->owner);
}

static void release(struct runner *runner)
{
    int64_t now = clock_monotonic_ns();
    if (runner->releasing)
        return;
    runner->releasing = true;
    dispatch_hold(&runner->dispatch);
    retention_stop(&runner->retention);
    /* half as much again, in which the outcomes are committed */
    loop_timer_set(&runner->loop, &runner->release_timer, now + RELEASE_NS + RELEASE_NS / 2);
    dispatch_stop(&runner->dispatch, false, now + RELEASE_NS);
}

static void stop_is_due(struct loop_timer *timer)
{
    struct runner *runner = timer->owner;
    if (runner->stopping)
        return; /* the deadline: it was to wake the loop */
    runner->stopping = true;
    dispatch_stop(&runner->dispatch, true, runner->deadline_ns);
    loop_timer_set(&runner->loop, timer, runner->deadline_ns);
}

static void drain(struct runner *runner, uint64_t value)
{
    int64_t now = clock_monotonic_ns();
    runner->draining = true;
    runner->stopping = false; /* another deadline may have come before */
    runner->deadline_ns = (int64_t)value;
    dispatch_hold(&runner->dispatch);
    retention_stop(&runner->retention);
    if (value >= INT64_MAX) /* a reload: what runs ends by itself */
        return;
    dispatch_note_stop(&runner->dispatch);
    /* Nobody waits for a FIFO that is not read; a frame that a reader has begun has all the time.
     */
    dispatch_stop(&runner->dispatch, false, runner->deadline_ns);
    int64_t left = runner->deadline_ns - now;
    int64_t part = left / STOP_PART < STOP_MOST_NS ? left / STOP_PART : STOP_MOST_NS;
    loop_timer_set(&runner->loop, &runner->stop_timer, left > 0 ? runner->deadline_ns - part : now);
}

/* After the drain. Past the deadline nobody waits for listeners any more. */
static bool is_over(const struct runner *runner)
{
    if (!runner->draining || dispatch_running(&runner->dispatch, true) > 0)
        return false;
    return !runner->channels || clock_monotonic_ns() >= runner->deadline_ns;
}

/* ---- the supervisor ---- */

static void log_missing_pipe(const char *path)
{
    log_write(LOG_WARNING, "pipe_missing", log_text("path", path),
              log_text("reason", "events wait until there is a FIFO and somebody reads it"));
}

static void log_unwatched_pipe(const char *path)
{
    log_write(LOG_WARNING, "pipe_unwatched", log_text("path", path),
              log_text("reason", "the server may not read it, or there is no inotify left: events "
                                 "are written one at a time, and one that two readers share, "
                                 "because the second came at once, counts as read"));
}

static void prepare_actions(const struct settings *settings)
{
    for (size_t i = 0; i < settings->route_count; i++) {
        for (size_t j = 0; j < settings->routes[i].action_count; j++) {
            const struct handler *handler = &settings->routes[i].actions[j].handler;
            const struct action_kind *kind = action_kind_of(handler);
            if (kind->prepare)
                kind->prepare(handler->settings);
        }
    }
}

static void start_claiming(struct runner *runner)
{
    if (runner->releasing || runner->draining)
        return;
    pipe_writers_tell(log_missing_pipe, log_unwatched_pipe);
    prepare_actions(runner->process->settings);
    dispatch_claim(&runner->dispatch);
    retention_start(&runner->retention);
}

static void leave_alone(struct runner *runner, uint64_t mark)
{
    dispatch_leave_alone(&runner->dispatch, mark);
    loop_timer_set(&runner->loop, &runner->look_timer, clock_monotonic_ns() + LOOK_NS);
}

static void supervisor_said(struct runner *runner, const struct control_message *message, int fd)
{
    if (message->type == CONTROL_LINK) {
        add_link(runner, fd, (unsigned)message->value);
        return;
    }
    if (fd >= 0)
        close(fd);
    if (message->type == CONTROL_RELEASE)
        release(runner);
    else if (message->type == CONTROL_DRAIN)
        drain(runner, message->value);
    else if (message->type == CONTROL_CLAIM)
        start_claiming(runner);
    else if (message->type == CONTROL_ALONE_UNTIL_GONE)
        leave_alone(runner, message->value);
    else if (message->type == CONTROL_GONE)
        dispatch_gone(&runner->dispatch, message->value);
}

static void control_ready(struct loop_watch *watch, uint32_t events)
{
    struct runner *runner = watch->owner;
    struct control_message message;
    int fd, got;
    (void)events;
    while ((got = control_receive(runner->process->control, &message, &fd)) > 0)
        supervisor_said(runner, &message, fd);
    if (got < 0)
        runner_fail("the supervisor is gone");
}

static void say_alive(struct loop_timer *timer)
{
    struct runner *runner = timer->owner;
    control_send(runner->process->control, CONTROL_ALIVE, 0, -1);
    loop_timer_set(&runner->loop, timer, clock_monotonic_ns() + ALIVE_NS);
}

/* What is replayed stands before what the lanes have read already, so they are read again; not in
 * every turn, because an older runner commits all the time. */
static void look_is_due(struct loop_timer *timer)
{
    struct runner *runner = timer->owner;
    if (runner->store.status == STORE_OK)
        look_around(runner);
    if (runner->others_did) {
        lanes_reset(&runner->dispatch.lanes);
        share_keys(runner);
    }
    runner->others_did = false;
    int64_t pause_ns = runner->dispatch.living_count > 0 ? LOOK_NS : LOOK_IDLE_NS;
    loop_timer_set(&runner->loop, timer, clock_monotonic_ns() + pause_ns);
}

/* ---- beginning ---- */

static bool reopened(void *owner)
{
    struct runner *runner = owner;
    dispatch_recover(&runner->dispatch);
    return intake_rebuild(runner->intake);
}

static void init_timers(struct runner *runner)
{
    loop_timer_init(&runner->alive_timer, say_alive, runner);
    loop_timer_init(&runner->look_timer, look_is_due, runner);
    loop_timer_init(&runner->release_timer, release_is_due, runner);
    loop_timer_init(&runner->stop_timer, stop_is_due, runner);
    loop_watch_init(&runner->control, control_ready, runner);
}

static bool runner_init(struct runner *runner, const struct process *process, struct error *err)
{
    const struct settings *settings = process->settings;
    *runner = (struct runner){.process = process};
    init_timers(runner);
    if (!loop_init(&runner->loop, err))
        return false;
    struct journal *journal =
        journal_open(&settings->journal, process->generation > 1 ? 0 : START_CHECK_MS, err);
    if (!journal)
        return false;
    if (journal_is_new(journal))
        log_write(LOG_INFO, "journal_made", log_text("path", settings->journal.path));
    store_init(&runner->store, journal, &runner->loop, &settings->journal, reopened, runner);
    retention_init(&runner->retention, settings, &runner->store);
    runner->intake = calloc(1, sizeof *runner->intake);
    if (!runner->intake)
        return error_set(err, "no memory");
    /* nobody waits for us yet, and the runner before may be busy with the disk */
    journal_be_patient(journal, true);
    if (!intake_init(runner->intake, settings, journal, err) ||
        !dispatch_init(&runner->dispatch, settings, journal, &runner->loop, process->mark, err))
        return false;
    journal_be_patient(journal, false);
    share_keys(runner);
    return loop_watch_set(&runner->loop, &runner->control, process->control, EPOLLIN) ||
           error_set(err, "cannot watch the control channel");
}

static void runner_finish(struct runner *runner)
{
    while (runner->channels) {
        struct listener_link *channel = runner->channels;
        runner->channels = channel->next;
        listener_link_destroy(channel);
    }
    dispatch_finish(&runner->dispatch);
    intake_finish(runner->intake);
    free(runner->intake);
    store_finish(&runner->store);
    journal_close(runner->store.journal);
    loop_finish(&runner->loop);
}

/* What one turn frees the next one needs: it would be given back to the system and taken again,
 * page by page, each time. */
static void keep_memory(void)
{
#ifdef __GLIBC__
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

_Noreturn void runner_run(const struct process *process)
{
    struct runner runner;
    struct error why = {""};
    keep_memory();
    if (!privilege_drop(process->settings->server.user, &why) ||
        !runner_init(&runner, process, &why))
        runner_fail(why.text);
    if (!control_send(process->control, CONTROL_READY, 0, -1))
        runner_fail("the supervisor cannot be reached");
    say_alive(&runner.alive_timer);
    look_is_due(&runner.look_timer);
    while (!is_over(&runner)) {
        loop_run_once(&runner.loop, turn_is_due(&runner) ? 0 : -1);
        runner_turn(&runner);
        drop_links(&runner);
        check_release(&runner);
    }
    runner_finish(&runner);
    exit(EXIT_SUCCESS);
}
