/* A delivery's way: queued in a lane, claimed inside a transaction, started after its commit, ended
 * by its action, its outcome written in the next transaction. A claim that does not commit never
 * starts; an outcome that does not commit is kept and written again. Whatever goes wrong with a
 * transaction, the lanes are then read anew from the journal, which is right by definition.
 *
 * A transaction for an outcome alone would be a sync more an event, which the next event would have
 * to wait for. So an outcome waits OUTCOME_NS for one that is written anyway: no longer, because a
 * crash repeats a delivery whose outcome is not written; and not at all if another delivery waits
 * for the room that it gives, or nothing is claimed any more because we are leaving. */
#include "server/runner/dispatch.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/runner/attempt.h"

#include <stdlib.h>

#define CLAIMS_PAUSE_NS NS_PER_S
/* A stop of the server that comes so soon after a command's start may be the command's doing. */
#define EARLY_STOP_NS (60 * NS_PER_S)
#define OUTCOME_NS (5 * NS_PER_MS)
enum { BEGIN_TRIES = 100 };
enum {
    CLAIMS_MAX = 256, /* in one transaction: with the bodies read, it stays short */
    CLAIM_BYTES = 32 << 20,
    STRAYS_STEP = 500,   /* rows */
    OUTCOMES_ALONE = 64, /* so many are worth a transaction */
};

static const char stray_reason[] = "the route file has no such route or action any more";

/* ---- lists of runs ---- */

static void list_append(struct run_list *list, struct run *run)
{
    run->next = NULL;
    run->previous = list->last;
    if (list->last)
        list->last->next = run;
    else
        list->first = run;
    list->last = run;
    list->count++;
}

static void list_remove(struct run_list *list, struct run *run)
{
    if (run->previous)
        run->previous->next = run->next;
    else
        list->first = run->next;
    if (run->next)
        run->next->previous = run->previous;
    else
        list->last = run->previous;
    list->count--;
}

static bool list_has(const struct run_list *list, int64_t delivery)
{
    for (const struct run *run = list->first; run; run = run->next)
        if (run->delivery == delivery)
            return true;
    return false;
}

/* Frees all of a list; each was counted on its lane. */
static void list_release(struct dispatch *dispatch, struct run_list *list)
{
    while (list->first) {
        struct run *run = list->first;
        list_remove(list, run);
        lane_give(&dispatch->lanes, run->lane, run->body_bytes);
        run_destroy(run);
    }
}

/* ---- beginning and end ---- */

static void note_stray(void *context, const struct journal_action *action)
{
    struct dispatch *dispatch = context;
    if (lanes_find(&dispatch->lanes, action->number))
        return;
    size_t size = (dispatch->stray_count + 1) * sizeof *dispatch->strays;
    int64_t *strays = realloc(dispatch->strays, size);
    if (!strays) /* left pending; the next start sees to it */
        return;
    strays[dispatch->stray_count++] = action->number;
    dispatch->strays = strays;
}

/* Until the runner of the generation before lets go of the writer's lock: under load it has the
 * next transaction ready when one ends. Nobody waits for us yet. */
static bool begin_patiently(struct journal *journal)
{
    enum store_status status = journal_begin(journal);
    for (int i = 0; i < BEGIN_TRIES && status == STORE_BUSY; i++)
        status = journal_begin(journal);
    return status == STORE_OK;
}

/* It has woken the loop: the next turn sees to the rest. */
static void outcomes_fell_due(struct loop_timer *timer)
{
    (void)timer;
}

bool dispatch_init(struct dispatch *dispatch, const struct settings *settings,
                   struct journal *journal, struct loop *loop, uint64_t mark, struct error *err)
{
    *dispatch = (struct dispatch){.journal = journal, .loop = loop, .mark = mark};
    loop_timer_init(&dispatch->outcomes_timer, outcomes_fell_due, dispatch);
    if (!begin_patiently(journal))
        return journal_explain(journal, err);
    bool known =
        lanes_init(&dispatch->lanes, settings, journal, err) &&
        (journal_read_actions(journal, note_stray, dispatch) || journal_explain(journal, err));
    bool committed = journal_commit(journal) == STORE_OK;
    return known && (committed || journal_explain(journal, err));
}

void dispatch_finish(struct dispatch *dispatch)
{
    loop_timer_remove(dispatch->loop, &dispatch->outcomes_timer);
    lanes_finish(&dispatch->lanes);
    free(dispatch->strays);
    dispatch->strays = NULL;
}

/* ---- outcomes ---- */

/* The machine is short of memory: what was not claimed is claimed when it may have some again. */
static void pause_claims(struct dispatch *dispatch)
{
    log_write(LOG_ERROR, "claims_paused", log_number("ms", CLAIMS_PAUSE_NS / NS_PER_MS),
              log_text("reason", "no memory for a delivery"));
    dispatch->claims_resume_ns = clock_monotonic_ns() + CLAIMS_PAUSE_NS;
    dispatch->read_again = true;
}

/* Without memory for the timer they are due at once. */
static void set_outcomes_due(struct dispatch *dispatch)
{
    int64_t due_ns = clock_monotonic_ns() + OUTCOME_NS;
    bool set = loop_timer_set(dispatch->loop, &dispatch->outcomes_timer, due_ns);
    dispatch->outcomes_due_ns = set ? due_ns : 0;
}

static bool is_waited_for(const struct dispatch *dispatch)
{
    for (const struct run *run = dispatch->ended.first; run; run = run->next)
        if (lane_is_waited_for(&dispatch->lanes, run->lane))
            return true;
    return false;
}

static bool outcomes_are_due(const struct dispatch *dispatch)
{
    return dispatch->ended.count > 0 &&
           (!dispatch->claiming || dispatch->ended.count >= OUTCOMES_ALONE ||
            clock_monotonic_ns() >= dispatch->outcomes_due_ns || is_waited_for(dispatch));
}

static void run_ended(void *context, const struct outcome *outcome)
{
    struct run *run = context;
    struct dispatch *dispatch = run->owner;
    if (outcome->kind == OUTCOME_INTERRUPTED && !run->stopping)
        pause_claims(dispatch);
    run_keep_outcome(run, outcome, clock_unix_ms());
    run_log_outcome(run);
    run->under_way = NULL;
    if (dispatch->ended.count == 0)
        set_outcomes_due(dispatch);
    list_remove(&dispatch->started, run);
    list_append(&dispatch->ended, run);
}

/* On a disk that is nearly full the outcome is what counts. */
static void drop_output(struct outcome *outcome, struct store *store)
{
    size_t bytes = outcome->output.length + outcome->error_output.length;
    if (bytes > 0 && !store_take_room(store, ROOM_FOR_OUTPUTS, bytes))
        outcome->output = outcome->error_output = bytes_of(NULL, 0);
}

static bool interrupted_some(const struct run_list *list)
{
    for (const struct run *run = list->first; run; run = run->next)
        if (run->outcome.kind == OUTCOME_INTERRUPTED)
            return true;
    return false;
}

/* The line of an outcome that is no action's. */
static void log_death(void *context, const struct journal_death *death)
{
    (void)context;
    log_write(LOG_WARNING, "failed", log_bytes("id", death->id), log_bytes("route", death->route),
              log_bytes("action", death->action), log_bytes("peer", death->client),
              log_number("attempt", death->attempt), log_bytes("reason", death->reason));
}

/* Whether a command that was carried out was cut off by a stop that it may have caused itself. A
 * kind that does not count crashes cannot cause one, and waits for readers through many of them. */
static bool was_stopped_early(const struct dispatch *dispatch, const struct run *run)
{
    const struct outcome *outcome = &run->outcome;
    bool had_process = outcome->exit_status >= 0 || outcome->signal != 0;
    return outcome->kind == OUTCOME_INTERRUPTED && run->stopping &&
           run->lane->kind->counts_crashes && had_process && dispatch->leaving_ns != 0 &&
           dispatch->leaving_ns - run->started_ns < EARLY_STOP_NS;
}

void dispatch_write_ended(struct dispatch *dispatch, struct store *store)
{
    for (struct run *run = dispatch->ended.first; run; run = run->next) {
        drop_output(&run->outcome, store);
        if (was_stopped_early(dispatch, run))
            journal_finish_stopped(dispatch->journal, run->delivery, dispatch->mark, &run->outcome,
                                   run->ended_ms, log_death, dispatch);
        else
            journal_finish(dispatch->journal, run->delivery, dispatch->mark, &run->outcome,
                           run->ended_ms);
    }
}

/* ---- claims ---- */

static bool may_claim(const struct dispatch *dispatch)
{
    return dispatch->claiming && !dispatch->takeover_due &&
           clock_monotonic_ns() >= dispatch->claims_resume_ns &&
           dispatch->claimed.count < CLAIMS_MAX && dispatch->claimed_bytes < CLAIM_BYTES;
}

/* The first delivery of a lane, which the transaction makes ours. NULL: without memory it is not
 * claimed, and stays pending. */
static struct run *claim_run(struct dispatch *dispatch, struct lane *lane, int64_t delivery,
                             const struct journal_delivery *found)
{
    struct run *run = run_create(dispatch, lane, delivery, found);
    if (!run) {
        pause_claims(dispatch);
        return NULL;
    }
    run->given.after_crash = lane->after_crash;
    lane_load(&dispatch->lanes, lane, run->body_bytes);
    list_append(&dispatch->claimed, run);
    dispatch->claimed_bytes += run->body_bytes;
    return run;
}

struct claim {
    struct dispatch *dispatch;
    struct lane *lane;
    int64_t delivery;
    bool claimed;
};

static bool claim_found(void *context, const struct journal_delivery *found)
{
    struct claim *claim = context;
    claim->claimed = claim_run(claim->dispatch, claim->lane, claim->delivery, found) != NULL;
    return claim->claimed;
}

static void write_claims(struct dispatch *dispatch)
{
    int64_t now_ms = clock_unix_ms();
    struct lane *lane;
    while (may_claim(dispatch) && (lane = lanes_next(&dispatch->lanes))) {
        struct claim claim = {.dispatch = dispatch, .lane = lane};
        claim.delivery = lane_take(&dispatch->lanes, lane);
        journal_claim(dispatch->journal, claim.delivery, dispatch->mark, now_ms, claim_found,
                      log_death, &claim);
        if (!claim.claimed) /* somebody else has it, or there is no memory */
            lane_give(&dispatch->lanes, lane, 0);
    }
}

/* A delivery that is being journalled and whose turn it is already: it is written as running, and
 * nothing has to be read back. */
static bool claim_new(struct dispatch *dispatch, struct lane *lane, int64_t delivery,
                      const struct journal_delivery *given)
{
    if (!may_claim(dispatch) || lanes_next(&dispatch->lanes) != lane ||
        lane_first(lane) != delivery)
        return false;
    lane_take(&dispatch->lanes, lane);
    if (claim_run(dispatch, lane, delivery, given))
        return true;
    lane_give(&dispatch->lanes, lane, 0);
    return false;
}

/* For want of memory; it is claimed again later. */
static void start_failed(struct run *run)
{
    run_ended(run, &(struct outcome){.kind = OUTCOME_INTERRUPTED,
                                     .exit_status = -1,
                                     .reason = "the server had no memory to start it"});
}

static void start_claimed(struct dispatch *dispatch)
{
    while (dispatch->claimed.first) {
        struct run *run = dispatch->claimed.first;
        const struct action_kind *kind = run->lane->kind;
        list_remove(&dispatch->claimed, run);
        list_append(&dispatch->started, run);
        run->lane->after_crash = false; /* told */
        run->started_ns = clock_monotonic_ns();
        run->under_way = kind->start(run->lane->action->handler.settings, dispatch->loop,
                                     &run->given, run_ended, run);
        if (!run->under_way)
            start_failed(run);
    }
}

/* ---- what others have left ---- */

static bool is_run(const struct dispatch *dispatch, int64_t delivery, uint64_t mark)
{
    if (mark == dispatch->mark)
        return list_has(&dispatch->started, delivery) || list_has(&dispatch->ended, delivery);
    for (size_t i = 0; i < dispatch->living_count; i++)
        if (dispatch->living[i] == mark)
            return true;
    return false;
}

/* What counts no crashes is running while it waits, and has seen runners die by no fault of its
 * own. */
static enum journal_left is_left(void *context, int64_t delivery, int64_t action, uint64_t mark)
{
    const struct dispatch *dispatch = context;
    const struct lane *lane = lanes_find(&dispatch->lanes, action);
    if (is_run(dispatch, delivery, mark))
        return LEFT_NOT;
    return lane && lane->kind->counts_crashes ? LEFT_COUNTED : LEFT_PATIENTLY;
}

static void note_crash(void *context, int64_t action)
{
    struct dispatch *dispatch = context;
    struct lane *lane = lanes_find(&dispatch->lanes, action);
    if (lane)
        lane->after_crash = true;
}

static void take_over(struct dispatch *dispatch)
{
    size_t count = 0;
    dispatch->took_over = journal_take_over(dispatch->journal, clock_unix_ms(), is_left, log_death,
                                            dispatch, &count) &&
                          journal_read_left(dispatch->journal, note_crash, dispatch);
    if (count > 0)
        log_write(LOG_INFO, "taken_over", log_number("deliveries", (int64_t)count));
}

static void bury_strays(struct dispatch *dispatch)
{
    size_t room = STRAYS_STEP;
    for (size_t i = 0; i < dispatch->stray_count && room > 0; i++) {
        size_t count;
        if (!journal_abandon(dispatch->journal, dispatch->strays[i], stray_reason, clock_unix_ms(),
                             room, log_death, dispatch, &count))
            return;
        room -= count;
    }
    dispatch->strays_due = room == 0;
}

/* ---- a turn ---- */

bool dispatch_prepare(struct dispatch *dispatch, bool *work)
{
    *work = outcomes_are_due(dispatch);
    if (!dispatch->claiming)
        return true;
    if (!lanes_refill(&dispatch->lanes, dispatch->journal, clock_unix_ms()))
        return false;
    *work |= dispatch->takeover_due || dispatch->strays_due ||
             (may_claim(dispatch) && lanes_next(&dispatch->lanes));
    return true;
}

void dispatch_add(struct dispatch *dispatch, const struct route *route, int64_t event,
                  const struct journal_delivery *given)
{
    const struct lane_group *group = &dispatch->lanes.groups[route->index];
    int64_t now_ms = clock_unix_ms();
    for (size_t i = 0; i < group->lane_count; i++) {
        struct lane *lane = &group->lanes[i];
        int64_t delivery = journal_delivery_seq(event, i);
        lanes_push(&dispatch->lanes, route->index, i, delivery);
        if (claim_new(dispatch, lane, delivery, given))
            journal_add_running(dispatch->journal, event, i, lane->number, dispatch->mark, now_ms);
        else
            journal_add_delivery(dispatch->journal, event, i, lane->number);
    }
}

void dispatch_add_dead(struct dispatch *dispatch, const struct route *route, int64_t event,
                       const char *reason)
{
    const struct lane_group *group = &dispatch->lanes.groups[route->index];
    for (size_t i = 0; i < group->lane_count; i++)
        journal_add_dead(dispatch->journal, event, i, group->lanes[i].number, reason,
                         clock_unix_ms());
}

bool dispatch_has_action(const struct dispatch *dispatch, int64_t action)
{
    return lanes_find(&dispatch->lanes, action) != NULL;
}

bool dispatch_rerun(struct dispatch *dispatch, const struct journal_dead *dead)
{
    struct lane *lane = lanes_find(&dispatch->lanes, dead->action);
    if (!lane || !journal_rerun(dispatch->journal, dead->delivery))
        return false;
    lanes_insert(&dispatch->lanes, lane, dead->delivery);
    return true;
}

void dispatch_write(struct dispatch *dispatch)
{
    dispatch->took_over = false;
    if (!dispatch->claiming)
        return;
    /* claims come in the next turn, from lanes that know of what was taken over */
    if (dispatch->takeover_due) {
        take_over(dispatch);
        return;
    }
    if (dispatch->strays_due)
        bury_strays(dispatch);
    write_claims(dispatch);
}

void dispatch_settle(struct dispatch *dispatch, bool committed)
{
    dispatch->claimed_bytes = 0;
    if (!committed) {
        list_release(dispatch, &dispatch->claimed);
        lanes_reset(&dispatch->lanes);
        dispatch->strays_due |= dispatch->claiming;
        return;
    }
    bool again = interrupted_some(&dispatch->ended) || dispatch->took_over || dispatch->read_again;
    list_release(dispatch, &dispatch->ended);
    if (dispatch->took_over)
        dispatch->takeover_due = false;
    if (again)
        lanes_reset(&dispatch->lanes);
    dispatch->read_again = false;
    start_claimed(dispatch);
}

/* ---- what the supervisor says ---- */

void dispatch_claim(struct dispatch *dispatch)
{
    dispatch->claiming = true;
    dispatch->takeover_due = true;
    dispatch->strays_due = true;
    lanes_reset(&dispatch->lanes);
}

void dispatch_leave_alone(struct dispatch *dispatch, uint64_t mark)
{
    /* more old generations than anybody has: the oldest are then waited for by nobody, and what
     * they run may be carried out twice, which is allowed */
    if (dispatch->living_count < DISPATCH_MARKS)
        dispatch->living[dispatch->living_count++] = mark;
}

void dispatch_gone(struct dispatch *dispatch, uint64_t mark)
{
    for (size_t i = 0; i < dispatch->living_count; i++)
        if (dispatch->living[i] == mark)
            dispatch->living[i--] = dispatch->living[--dispatch->living_count];
    dispatch->takeover_due = true;
    dispatch->strays_due = true;
}

void dispatch_hold(struct dispatch *dispatch)
{
    dispatch->claiming = false;
}

void dispatch_note_stop(struct dispatch *dispatch)
{
    if (dispatch->leaving_ns == 0) /* a second one only shortens the grace */
        dispatch->leaving_ns = clock_monotonic_ns();
}

static struct run *find_not_stopping(const struct run_list *list, bool all)
{
    struct run *run = list->first;
    while (run && (run->stopping || (!all && !run->lane->kind->must_be_recalled)))
        run = run->next;
    return run;
}

void dispatch_stop(struct dispatch *dispatch, bool all, int64_t deadline_ns)
{
    struct run *run;
    for (run = dispatch->started.first; run; run = run->next)
        run->stopping = false; /* an earlier stop may have had a later deadline */
    /* a stop may end its run at once, and others of its kind with it: so from the front each time
     */
    while ((run = find_not_stopping(&dispatch->started, all))) {
        run->stopping = true;
        run->lane->kind->stop(run->under_way, deadline_ns);
    }
}

void dispatch_look(struct dispatch *dispatch)
{
    lanes_look(&dispatch->lanes);
    dispatch->strays_due |= dispatch->claiming;
}

void dispatch_recover(struct dispatch *dispatch)
{
    dispatch->takeover_due = true;
    lanes_reset(&dispatch->lanes);
}

static size_t count_runs(const struct run_list *list, bool all)
{
    size_t count = 0;
    for (const struct run *run = list->first; run; run = run->next)
        count += all || run->lane->kind->must_be_recalled;
    return count;
}

size_t dispatch_running(const struct dispatch *dispatch, bool all)
{
    return count_runs(&dispatch->started, all) + count_runs(&dispatch->ended, all);
}
