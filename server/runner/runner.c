/* The runner's loop. Between two waits there is one turn of the journal at most: all frames that
 * have arrived, all outcomes and all claims that are possible go into it, and when it is over the
 * frames are answered and the claimed actions started. Nothing lingers: while one turn is under
 * way, the next batch arrives. Whether submit completes a turn or something later does is the
 * engine's affair.
 *
 * During a reload two runners have the journal open. Only one claims: the older one stops (RELEASE)
 * before the newer one begins (CLAIM). Both journal what their own listeners send; the journal
 * orders their turns, and each is told when the other has written. */
#include "server/runner/runner.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/secret.h"
#include "handlers/action/pipe_writer.h"
#include "handlers/action/process.h"
#include "handlers/action/secret_mask.h"
#include "handlers/action/spawn.h"
#include "handlers/action/worker.h"
#include "handlers/action/worker_news.h"
#include "server/ipc/control.h"
#include "server/ipc/log_events.h"
#include "server/ipc/privilege.h"
#include "server/pipeline/track.h"
#include "server/runner/intake.h"
#include "server/runner/operators.h"
#include "server/runner/retention.h"
#include "server/runner/trackers.h"
#include "server/runner/watch.h"
#include "server/runner/worker_log.h"

#include <assert.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALIVE_NS NS_PER_S
/* How soon what others have committed is noticed: an older runner, or people who replay. */
#define POLL_NS (100 * NS_PER_MS)
#define POLL_IDLE_NS (500 * NS_PER_MS)
/* Of what is left until a deadline, the part in which actions are asked to end; at most so much. */
#define STOP_PART 4
#define STOP_MOST_NS (5 * NS_PER_S)
#define GONE_PATIENCE_NS (2 * NS_PER_S)

/* Time for the look at the journal at the first start; a reload does not look again. */
enum { START_CHECK_MS = 1000 };

struct runner {
    const struct process *process;
    struct loop loop;
    struct journal *journal;
    struct journal_health health;
    struct intake *intake;
    struct dispatch dispatch;
    struct retention retention;
    struct trackers trackers;
    struct watch watch;
    struct runner_operators operators;
    struct journal_turn turn;
    struct listener_link *links;
    struct loop_watch control;
    struct loop_timer alive_timer;
    struct loop_timer poll_timer;
    struct loop_timer release_timer; /* pipes and workers have had their time */
    struct loop_timer stop_timer;    /* actions have had theirs */
    int64_t deadline_ns;             /* of the drain */
    bool releasing, released, draining, stopping;
    bool under_way;          /* the turn */
    int64_t room;            /* that it was given */
    bool poll_due, keys_due; /* to be asked in the next one */
    bool track_key_due;      /* to be made in the next one */
    uint8_t track_key[TRACK_KEY_SIZE];
    bool others_did; /* written since the queue was last read from the beginning */
};

_Noreturn static void runner_fail(const char *reason)
{
    log_write(LOG_RUNNER_FAILED, log_text("reason", reason));
    _exit(EXIT_FAILURE);
}

/* ---- keys that senders have delivered ---- */

static bool turn_has_key(void *context, const char *route, const char *provider)
{
    const struct journal_turn *turn = context;
    for (const struct journal_key *key = turn->keys; key; key = key->next)
        if (strcmp(key->route, route) == 0 && strcmp(key->provider, provider) == 0)
            return true;
    return false;
}

/* What the journal says is what listeners are to find. */
static void share_keys(struct runner *runner)
{
    if (!runner->process->shared)
        return;
    struct provisioned_keys *table = shared_provisioned_keys(runner->process->shared);
    provisioned_keys_sweep(table, turn_has_key, &runner->turn);
    for (const struct journal_key *key = runner->turn.keys; key; key = key->next)
        if (!provisioned_keys_put(table, key->route, key->provider, key->key))
            log_write(LOG_KEY_FAILED, log_text("route", key->route),
                      log_text("reason", "too many routes have provisioned keys"));
    runner->track_key_due = track_is_wanted(runner->process->settings) &&
                            !turn_has_key(&runner->turn, TRACK_KEY_ROUTE, TRACK_KEY_NAME);
}

/* The key of the tokens is kept beside those that senders have delivered, at first need. Of two
 * runners that make one the journal takes the first, and tells both of it. */
static void make_track_key(struct runner *runner)
{
    struct journal_turn *turn = &runner->turn;
    if (!runner->track_key_due || turn->learn_count == INTAKE_LEARNS)
        return;
    random_bytes(runner->track_key, sizeof runner->track_key);
    turn->learns[turn->learn_count++] =
        (struct journal_learn){.route = TRACK_KEY_ROUTE,
                               .provider = TRACK_KEY_NAME,
                               .key = bytes_of(runner->track_key, sizeof runner->track_key)};
}

/* ---- a turn ---- */

static bool collect_frames(struct runner *runner)
{
    for (struct listener_link *link = runner->links; link; link = link->next)
        intake_collect(runner->intake, link);
    return runner->intake->count > 0 || trackers_are_due(&runner->trackers);
}

/* Whether there is something to write or to ask, frames apart. */
static bool work_is_due(struct runner *runner)
{
    return !runner->health.refuses &&
           (dispatch_is_due(&runner->dispatch) || runner->poll_due || runner->keys_due ||
            runner->track_key_due || watch_is_due(&runner->watch) ||
            runner_operators_are_due(&runner->operators));
}

static void submit_turn(struct runner *runner)
{
    struct journal_turn *turn = &runner->turn;
    assert(!runner->under_way);
    runner->under_way = true;
    turn->now_ms = clock_unix_ms();
    turn->polls = runner->poll_due;
    runner_operators_fill(&runner->operators, turn);
    journal_health_give_room(&runner->health, turn);
    runner->room = turn->room;
    dispatch_fill(&runner->dispatch, turn);
    intake_fill(runner->intake, turn, &runner->dispatch);
    watch_fill(&runner->watch, runner->intake, turn);
    dispatch_choose(&runner->dispatch, turn);
    make_track_key(runner);
    trackers_fill(&runner->trackers, turn);
    turn->reads_keys = runner->keys_due || turn->learn_count > 0;
    runner->poll_due = runner->keys_due = false;
    journal_submit(runner->journal, turn);
}

/* What is replayed stands before what the queue has read already, so it is read again; not in every
 * turn, because an older runner writes all the time. */
static void note_others(struct runner *runner)
{
    if (!runner->turn.polls || !runner->others_did)
        return;
    dispatch_read_anew(&runner->dispatch);
    trackers_ask_all(&runner->trackers);
    runner->keys_due = true;
    runner->others_did = false;
}

static void turn_completed(struct journal_turn *turn)
{
    struct runner *runner = turn->owner;
    assert(runner->under_way && turn == &runner->turn);
    runner->others_did |= turn->changed; /* whatever else has become of it */
    if (!journal_health_judge(&runner->health, turn))
        return;
    runner->under_way = false;
    secret_wipe(runner->track_key, sizeof runner->track_key);
    if (turn->end == JOURNAL_DONE && turn->reads_keys)
        share_keys(runner);
    runner->keys_due |= turn->end != JOURNAL_DONE && turn->reads_keys;
    intake_answer(runner->intake, turn, &runner->dispatch,
                  journal_health_retry_after_s(&runner->health));
    trackers_settle(&runner->trackers, turn);
    watch_settle(&runner->watch, turn);
    dispatch_settle(&runner->dispatch, turn);
    if (turn->end == JOURNAL_DONE) {
        note_others(runner);
        retention_note_growth(&runner->retention, runner->room - turn->room);
        runner->journal->engine->tend(runner->journal);
    }
    runner_operators_settle(&runner->operators, turn);
}

static bool hold_delivery(struct journal_turn *turn, int64_t action, int64_t handle,
                          const struct journal_delivery *delivery)
{
    struct runner *runner = turn->owner;
    return dispatch_take(&runner->dispatch, action, handle, delivery);
}

static void runner_turn(struct runner *runner)
{
    if (runner->under_way)
        return;
    bool work = work_is_due(runner);
    if (!collect_frames(runner) && !work)
        return;
    if (!runner->health.refuses) {
        submit_turn(runner);
        return;
    }
    intake_answer(runner->intake, NULL, &runner->dispatch,
                  journal_health_retry_after_s(&runner->health));
    trackers_refuse(&runner->trackers);
}

/* Whether the next turn has something to do already. A journal that refuses is waited for by a
 * timer. */
static bool turn_is_due(struct runner *runner)
{
    if (runner->under_way)
        return false;
    for (const struct listener_link *link = runner->links; link; link = link->next)
        if (listener_link_has_work(link))
            return true;
    return work_is_due(runner) || trackers_are_due(&runner->trackers);
}

/* ---- links ---- */

/* A link that is not added is closed here: its listener sees that and asks for another. */
static void add_link(struct runner *runner, int fd, unsigned slot)
{
    struct listener_link *link = fd >= 0 ? listener_link_create(&runner->loop, fd, slot) : NULL;
    if (!link) {
        log_write(LOG_CHANNEL_FAILED, log_number("slot", slot),
                  log_text("reason", fd >= 0 ? "no memory" : "no descriptor is free"));
        if (fd >= 0)
            close(fd);
        return;
    }
    link->next = runner->links;
    runner->links = link;
}

static void drop_links(struct runner *runner)
{
    struct listener_link **place = &runner->links;
    while (*place) {
        struct listener_link *link = *place;
        if (!listener_link_is_over(link)) {
            place = &link->next;
            continue;
        }
        if (link->fault)
            log_write(LOG_CHANNEL_BROKEN, log_number("slot", link->slot),
                      log_text("reason", link->fault));
        *place = link->next;
        dispatch_forget_link(&runner->dispatch, link);
        trackers_forget(&runner->trackers, link);
        listener_link_destroy(link);
    }
}

/* ---- release and drain ---- */

/* Says RELEASED when what must not outlive it has ended. */
static void check_release(struct runner *runner)
{
    bool is_left = dispatch_running(&runner->dispatch, false) == 0 && workers_count() == 0;
    if (!runner->releasing || runner->released || runner->under_way ||
        (!is_left && runner->release_timer.slot != 0))
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
    watch_claim(&runner->watch, false);
    retention_stop(&runner->retention);
    int64_t recall_ns = dispatch_recall_ns(&runner->dispatch);
    /* half a second more, in which the outcomes are committed */
    loop_timer_set(&runner->loop, &runner->release_timer, now + recall_ns + NS_PER_S / 2);
    dispatch_recall(&runner->dispatch, now);
    workers_leave(now + recall_ns);
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
    watch_claim(&runner->watch, false);
    retention_stop(&runner->retention);
    if (value >= INT64_MAX) /* a reload: what runs ends by itself */
        return;
    dispatch_note_stop(&runner->dispatch);
    trackers_close(&runner->trackers);
    /* Nobody waits for a FIFO that is not read; a frame that a reader has begun has all the time,
     * and so has a worker that has events. */
    dispatch_stop(&runner->dispatch, false, runner->deadline_ns);
    workers_leave(runner->deadline_ns);
    int64_t left = runner->deadline_ns - now;
    int64_t part = left / STOP_PART < STOP_MOST_NS ? left / STOP_PART : STOP_MOST_NS;
    loop_timer_set(&runner->loop, &runner->stop_timer, left > 0 ? runner->deadline_ns - part : now);
}

/* A journal that was removed does not come back by itself: outcomes that are all that is left are
 * waited with for a moment, in which people may put it back. Without them deliveries run again. */
static bool outcomes_are_lost(const struct runner *runner)
{
    const struct journal_health *health = &runner->health;
    size_t count = dispatch_unwritten(&runner->dispatch);
    if (!runner->draining || count == 0 || !health->refuses || !health->refusal.is_gone ||
        clock_monotonic_ns() - health->since_ns < GONE_PATIENCE_NS)
        return false;
    log_write(LOG_OUTCOMES_LOST, log_number("deliveries", (int64_t)count),
              log_text("reason", health->refusal.reason.text));
    return true;
}

/* After the drain. Past the deadline nobody waits for listeners any more. */
static bool is_over(const struct runner *runner)
{
    if (outcomes_are_lost(runner))
        return true;
    if (!runner->draining || dispatch_running(&runner->dispatch, true) > 0 || runner->under_way ||
        runner->health.proving || runner->retention.under_way)
        return false;
    return (!runner->links && workers_count() == 0) || clock_monotonic_ns() >= runner->deadline_ns;
}

/* ---- the supervisor ---- */

static void log_missing_pipe(const char *path, bool no_directory)
{
    log_write(LOG_PIPE_MISSING, log_text("path", path),
              log_text("reason", no_directory
                                     ? "events wait until its directory exists"
                                     : "events wait until the FIFO exists and a process reads it"));
}

static void log_unwatched_pipe(const char *path)
{
    log_write(LOG_PIPE_UNWATCHED, log_text("path", path),
              log_text("reason", "the server may not read it, or there is no inotify left: events "
                                 "are written one at a time, and one that two readers share, "
                                 "because the second came at once, counts as read"));
}

static void prepare_actions(struct runner *runner)
{
    const struct settings *settings = runner->process->settings;
    for (size_t i = 0; i < settings->route_count; i++) {
        for (size_t j = 0; j < route_all_count(&settings->routes[i]); j++) {
            const struct action_settings *action = &settings->routes[i].actions[j];
            const struct action_kind *kind = action_kind_of(&action->handler);
            const struct action_place place = {.loop = &runner->loop,
                                               .forest = dispatch_forest(&runner->dispatch),
                                               .route = settings->routes[i].name,
                                               .action = action->name};
            if (kind->prepare)
                kind->prepare(action->handler.settings, &place);
        }
    }
}

bool runner_learn_secrets(const struct settings *settings)
{
    struct secret_index secrets;
    bool learnt = secret_index_make(&secrets, settings->secrets, settings->secret_count);
    for (size_t i = 0; learnt && i < settings->route_count; i++) {
        for (size_t j = 0; learnt && j < route_all_count(&settings->routes[i]); j++) {
            const struct handler *handler = &settings->routes[i].actions[j].handler;
            const struct action_kind *kind = action_kind_of(handler);
            learnt = !kind->learn_secrets || kind->learn_secrets(handler->settings, &secrets);
        }
    }
    secret_index_finish(&secrets);
    return learnt;
}

static void start_claiming(struct runner *runner)
{
    if (runner->releasing || runner->draining)
        return;
    pipe_writers_tell(log_missing_pipe, log_unwatched_pipe);
    workers_tell(worker_log_news);
    prepare_actions(runner);
    dispatch_claim(&runner->dispatch);
    watch_claim(&runner->watch, true);
    retention_start(&runner->retention);
}

static void leave_alone(struct runner *runner, uint64_t runner_id)
{
    dispatch_leave_alone(&runner->dispatch, runner_id);
    loop_timer_set(&runner->loop, &runner->poll_timer, clock_monotonic_ns() + POLL_NS);
}

static void supervisor_said(struct runner *runner, const struct control_message *message, int fd)
{
    if (message->type == CONTROL_LINK) {
        add_link(runner, fd, (unsigned)message->value);
        return;
    }
    if (message->type == CONTROL_OPERATOR) {
        runner_operators_take(&runner->operators, fd);
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
    control_send(runner->process->control, CONTROL_ALIVE, journal_health_state(&runner->health),
                 -1);
    loop_timer_set(&runner->loop, timer, clock_monotonic_ns() + ALIVE_NS);
}

static void poll_is_due(struct loop_timer *timer)
{
    struct runner *runner = timer->owner;
    runner->poll_due = true;
    watch_look(&runner->watch, clock_boot_ms());
    int64_t pause_ns = runner->dispatch.live_count > 0 ? POLL_NS : POLL_IDLE_NS;
    loop_timer_set(&runner->loop, timer, clock_monotonic_ns() + pause_ns);
}

/* ---- beginning ---- */

static void journal_reopened(void *owner)
{
    struct runner *runner = owner;
    dispatch_recover(&runner->dispatch);
}

static void init_timers(struct runner *runner)
{
    loop_timer_init(&runner->alive_timer, say_alive, runner);
    loop_timer_init(&runner->poll_timer, poll_is_due, runner);
    loop_timer_init(&runner->release_timer, release_is_due, runner);
    loop_timer_init(&runner->stop_timer, stop_is_due, runner);
    loop_watch_init(&runner->control, control_ready, runner);
}

static bool open_journal(struct runner *runner, struct error *err)
{
    const struct process *process = runner->process;
    const struct settings *settings = process->settings;
    size_t count = runner->dispatch.queue.action_count;
    struct journal_action *actions = calloc(count + 1, sizeof *actions);
    if (!actions)
        return error_set(err, "no memory");
    queue_list_actions(&runner->dispatch.queue, actions);
    const struct journal_setup setup = {.settings = &settings->journal,
                                        .loop = &runner->loop,
                                        .shared = process->shared,
                                        .runner_id = process->runner_id,
                                        .check_ms = process->generation > 1 ? 0 : START_CHECK_MS,
                                        .window_ms = intake_window_ms(settings),
                                        .actions = actions,
                                        .action_count = count};
    const struct journal_engine *engine =
        process->journal_engine ? process->journal_engine : &sqlite_engine;
    runner->journal = engine->open(&setup, err);
    if (runner->journal)
        dispatch_begin(&runner->dispatch, runner->journal, actions);
    free(actions);
    return runner->journal;
}

static bool runner_init(struct runner *runner, const struct process *process, struct error *err)
{
    const struct settings *settings = process->settings;
    *runner = (struct runner){.process = process};
    init_timers(runner);
    runner->intake = calloc(1, sizeof *runner->intake);
    if (!runner->intake || !journal_turn_init(&runner->turn, QUEUE_DUE) ||
        !trackers_init(&runner->trackers, settings, &runner->loop))
        return error_set(err, "no memory");
    runner->intake->settings = settings;
    runner->intake->trackers = &runner->trackers;
    runner->turn.owner = runner;
    runner->turn.completed = turn_completed;
    runner->turn.hold = hold_delivery;
    if (!loop_init(&runner->loop, err) ||
        !dispatch_init(&runner->dispatch, settings, &runner->loop, err) ||
        !open_journal(runner, err) ||
        !watch_init(&runner->watch, settings, &runner->dispatch.queue, process->shared, err))
        return false;
    if (runner->journal->is_new)
        log_write(LOG_JOURNAL_MADE, log_text("path", settings->journal.path));
    journal_health_init(&runner->health, runner->journal, &runner->loop, &settings->journal,
                        journal_reopened, runner);
    retention_init(&runner->retention, settings, &runner->health);
    runner_operators_init(&runner->operators, process, &runner->loop, &runner->dispatch,
                          &runner->health);
    return loop_watch_set(&runner->loop, &runner->control, process->control, EPOLLIN) ||
           error_set(err, "cannot watch the control channel");
}

/* Listeners find the keys of the journal before they are told to begin, and what is pending is
 * counted. */
static void read_first(struct runner *runner)
{
    runner->keys_due = true;
    runner_turn(runner);
    while (((runner->keys_due || runner->track_key_due || !runner->dispatch.backlog.is_counted) &&
            !runner->health.refuses) ||
           runner->under_way) {
        loop_run_once(&runner->loop, runner->under_way ? -1 : 0);
        runner_turn(runner);
    }
}

static void runner_finish(struct runner *runner)
{
    while (runner->links) {
        struct listener_link *link = runner->links;
        runner->links = link->next;
        listener_link_destroy(link);
    }
    runner_operators_finish(&runner->operators);
    workers_finish();
    dispatch_finish(&runner->dispatch);
    trackers_finish(&runner->trackers);
    watch_finish(&runner->watch);
    free(runner->intake);
    retention_finish(&runner->retention);
    journal_health_finish(&runner->health);
    journal_turn_finish(&runner->turn);
    journal_close(runner->journal);
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

/* What the processes of all actions together want of the one that starts them. */
static struct privilege_needs needs_of_actions(const struct settings *settings)
{
    struct privilege_needs needs = {false};
    for (size_t i = 0; i < settings->route_count; i++) {
        for (size_t j = 0; j < route_all_count(&settings->routes[i]); j++) {
            const struct handler *handler = &settings->routes[i].actions[j].handler;
            const struct action_kind *kind = action_kind_of(handler);
            if (!kind->process)
                continue;
            const struct process_settings *process = kind->process(handler->settings);
            const struct process_account *account = process_switches_to(process);
            needs.users |= account != NULL;
            needs.root |= account && account->uid == 0;
            needs.priority |= process->nice < 0;
            needs.new_privileges |= !process->no_new_privs;
        }
    }
    return needs;
}

_Noreturn void runner_run(const struct process *process)
{
    struct runner runner;
    struct error why = {""};
    const struct privilege_needs needs = needs_of_actions(process->settings);
    keep_memory();
    spawn_raise_descriptors();
    bool contained = process->forest && process_forest_join(process->forest); /* while we may */
    if (process->forest && !contained)
        log_write_at(LOG_UNCONTAINED, LOG_WARNING,
                     log_text("reason", "the runner cannot enter its cgroup"));
    if (!privilege_drop(process->settings->server.user, &needs, &why) ||
        !runner_init(&runner, process, &why))
        runner_fail(why.text);
    if (contained)
        dispatch_contain(&runner.dispatch, process->forest, process->runner_id);
    read_first(&runner);
    if (!control_send(process->control, CONTROL_READY, 0, -1))
        runner_fail("the supervisor cannot be reached");
    say_alive(&runner.alive_timer);
    poll_is_due(&runner.poll_timer);
    while (!is_over(&runner)) {
        loop_run_once(&runner.loop, turn_is_due(&runner) ? 0 : -1);
        runner_turn(&runner);
        drop_links(&runner);
        check_release(&runner);
    }
    runner_finish(&runner);
    exit(EXIT_SUCCESS);
}
