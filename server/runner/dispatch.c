/* A delivery's way: queued, chosen, claimed by a turn, started when that is done, ended by its
 * action, its outcome written by the next turn. A claim of a turn that is refused never starts; an
 * outcome of one is kept and written again. Whatever goes wrong with a turn, the queue is then read
 * anew from the journal, which is right by definition.
 *
 * A turn for an outcome alone would be a sync more an event, which the next event would have to
 * wait for. So an outcome waits OUTCOME_NS for one that is written anyway: no longer, because a
 * crash repeats a delivery whose outcome is not written; and not at all if another delivery waits
 * for the room that it gives, or nothing is claimed any more because we are leaving. */
#include "server/runner/dispatch.h"

#include "base/clock.h"
#include "server/ipc/log_events.h"
#include "server/runner/attempt_end.h"
#include "server/runner/failure_line.h"
#include "server/runner/superseded.h"

#include <stdlib.h>
#include <string.h>

#define CLAIMS_PAUSE_NS NS_PER_S
/* A stop of the server that comes so soon after a command's start may be the command's doing. */
#define EARLY_STOP_NS (60 * NS_PER_S)
#define OUTCOME_NS (5 * NS_PER_MS)
/* What runs of a kind that must be recalled have to end, unless the kind says otherwise. */
#define RECALL_NS NS_PER_S
enum {
    CLAIM_BYTES = 32 << 20,
    ORPHANS_STEP = 500,  /* rows */
    OUTCOMES_ALONE = 64, /* so many are worth a turn */
};

/* ---- beginning and end ---- */

/* The next turn sees to the rest. */
static void wake_loop(struct loop_timer *timer)
{
    (void)timer;
}

bool dispatch_init(struct dispatch *dispatch, const struct settings *settings, struct loop *loop,
                   struct error *err)
{
    memset(dispatch, 0, sizeof *dispatch);
    dispatch->loop = loop;
    failure_route_file(settings->file, dispatch->file);
    dispatch->forest.base = -1;
    loop_timer_init(&dispatch->outcomes_timer, wake_loop, dispatch);
    due_init(&dispatch->due, loop);
    body_files_init(&dispatch->body_files, settings->journal.path);
    return queue_init(&dispatch->queue, settings, err) &&
           gates_init(&dispatch->gates, settings, &dispatch->queue, loop, err) &&
           backlog_init(&dispatch->backlog, settings, &dispatch->queue, loop, err) &&
           (answers_init(&dispatch->answers, settings) || error_set(err, "no memory"));
}

struct process_forest *dispatch_forest(struct dispatch *dispatch)
{
    return dispatch->forest.base >= 0 ? &dispatch->forest : NULL;
}

void dispatch_contain(struct dispatch *dispatch, const struct process_forest *forest,
                      uint64_t runner_id)
{
    dispatch->forest = *forest;
    dispatch->forest.runner_id = runner_id;
}

void dispatch_begin(struct dispatch *dispatch, struct journal *journal,
                    const struct journal_action *actions)
{
    dispatch->journal = journal;
    body_files_sweep(&dispatch->body_files);
    queue_number(&dispatch->queue, actions);
    gates_number(&dispatch->gates);
}

void dispatch_finish(struct dispatch *dispatch)
{
    loop_timer_remove(dispatch->loop, &dispatch->outcomes_timer);
    due_finish(&dispatch->due);
    backlog_finish(&dispatch->backlog);
    gates_finish(&dispatch->gates);
    queue_finish(&dispatch->queue);
    body_files_finish(&dispatch->body_files);
    answers_finish(&dispatch->answers);
    elsewhere_finish(&dispatch->elsewhere);
    free(dispatch->ours);
    dispatch->ours = NULL;
}

/* ---- outcomes ---- */

/* The machine is short of memory: what was not claimed is claimed when it may have some again. */
static void pause_claims(struct dispatch *dispatch)
{
    log_write(LOG_CLAIMS_PAUSED, log_number("ms", CLAIMS_PAUSE_NS / NS_PER_MS),
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
    for (const struct attempt *attempt = dispatch->ended.first; attempt; attempt = attempt->next)
        if (queue_is_waited_for(&dispatch->queue, attempt->action, attempt->key))
            return true;
    return false;
}

static bool outcomes_are_due(const struct dispatch *dispatch)
{
    return dispatch->ended.count > 0 &&
           (!dispatch->claiming || dispatch->ended.count >= OUTCOMES_ALONE ||
            clock_monotonic_ns() >= dispatch->outcomes_due_ns || is_waited_for(dispatch));
}

static void attempt_output(void *context, struct bytes piece)
{
    struct attempt *attempt = context;
    struct dispatch *dispatch = attempt->owner;
    answers_piece(&dispatch->answers, attempt->finish.handle, piece);
}

static void attempt_ended(void *context, const struct outcome *ended)
{
    struct attempt *attempt = context;
    struct dispatch *dispatch = attempt->owner;
    const struct outcome judged = attempt_judge(attempt, ended), *outcome = &judged;
    if (attempt->superseded_by[0] && outcome->kind == OUTCOME_INTERRUPTED)
        answers_give_up_one(&dispatch->answers, attempt->finish.handle, OUTPUT_SUPERSEDED);
    else
        answers_ended(&dispatch->answers, attempt->finish.handle, outcome);
    if (outcome->kind == OUTCOME_INTERRUPTED && !attempt->stopping && outcome->later_ms == 0)
        pause_claims(dispatch);
    attempt_keep_outcome(attempt, outcome, clock_unix_ms());
    attempt_decide(attempt);
    attempt_log_outcome(attempt, dispatch->file);
    attempt->under_way = NULL;
    if (dispatch->ended.count == 0)
        set_outcomes_due(dispatch);
    attempt_list_remove(&dispatch->started, attempt);
    attempt_list_append(&dispatch->ended, attempt);
}

/* Whether a command that was carried out was cut off by a stop that it may have caused itself. What
 * takes no slot cannot cause one, and waits for readers through many of them. */
static bool was_stopped_early(const struct dispatch *dispatch, const struct attempt *attempt)
{
    const struct outcome *outcome = &attempt->outcome;
    return outcome->kind == OUTCOME_INTERRUPTED && attempt->stopping &&
           !attempt->superseded_by[0] && attempt->action->kind->counts_crashes &&
           attempt_had_process(outcome) && dispatch->leaving_ns != 0 &&
           dispatch->leaving_ns - attempt->started_ns < EARLY_STOP_NS;
}

static void fill_outcomes(struct dispatch *dispatch, struct journal_turn *turn)
{
    struct journal_finish **place = &turn->finish;
    attempt_list_move(&dispatch->written, &dispatch->ended);
    struct attempt *attempt;
    for (attempt = dispatch->written.first; attempt; attempt = attempt->next) {
        attempt->finish.outcome = &attempt->outcome;
        attempt->finish.stopped_early = was_stopped_early(dispatch, attempt);
        attempt->finish.streak = gates_streak(&dispatch->gates, attempt->action);
        *place = &attempt->finish;
        place = &attempt->finish.next;
    }
    *place = NULL;
}

/* They are over. True if one of them is pending again, at once. */
static bool release_written(struct dispatch *dispatch, const struct journal_turn *turn)
{
    bool again = false;
    while (dispatch->written.first) {
        struct attempt *attempt = dispatch->written.first;
        if (attempt->finish.wait_ms > 0)
            due_note(&dispatch->due, turn->due_ms + attempt->finish.wait_ms);
        else if (!attempt->superseded_by[0])
            again |= attempt->outcome.kind == OUTCOME_INTERRUPTED;
        attempt_list_remove(&dispatch->written, attempt);
        if (dispatch->watcher)
            dispatch->watcher->settled(dispatch->watcher->owner, attempt);
        queue_give(&dispatch->queue, attempt->action, attempt->key, attempt->body_bytes);
        if (attempt->outcome.kind != OUTCOME_DONE)
            queue_look_again(&dispatch->queue, attempt->action, attempt->key);
        attempt_destroy(attempt);
    }
    return again;
}

/* ---- claims ---- */

static bool may_claim(const struct dispatch *dispatch)
{
    return dispatch->claiming && dispatch->gates.is_known && !dispatch->takeover_due &&
           clock_monotonic_ns() >= dispatch->claims_resume_ns &&
           dispatch->reserved_count < DISPATCH_CLAIMS_MAX && dispatch->reserved_bytes < CLAIM_BYTES;
}

static struct queue_pushed pushed_of(const struct journal_turn *turn, size_t admit, size_t place)
{
    const struct journal_admit *what = &turn->admits[admit];
    return (struct queue_pushed){.key = what->keys ? what->keys[place] : 0,
                                 .index = admit * JOURNAL_ACTIONS_MAX + place,
                                 .bytes = (uint32_t)what->event->body.length};
}

void dispatch_push(struct dispatch *dispatch, const struct journal_turn *turn, size_t admit)
{
    const struct journal_admit *what = &turn->admits[admit];
    for (size_t i = 0; i < what->action_count && !what->fold.key; i++) {
        const struct queue_pushed pushed = pushed_of(turn, admit, i);
        queue_push(&dispatch->queue, queue_find(&dispatch->queue, what->actions[i]), &pushed);
    }
}

void dispatch_choose(struct dispatch *dispatch, struct journal_turn *turn)
{
    struct action_queue *action;
    if (turn->take_over) /* in the next turn, from a queue that knows of what was taken over */
        return;
    while (may_claim(dispatch) && (action = queue_next(&dispatch->queue))) {
        struct reservation *reserved = &dispatch->reserved[dispatch->reserved_count++];
        *reserved = (struct reservation){.action = action, .key = queue_first_key(action)};
        int64_t handle = queue_take(&dispatch->queue, action, &reserved->bytes);
        gates_took(&dispatch->gates, action);
        reserved->is_new = queue_is_pushed(handle, &reserved->index);
        dispatch->reserved_bytes += reserved->bytes;
        if (reserved->is_new) {
            journal_places_add(&turn->admits[reserved->index / JOURNAL_ACTIONS_MAX].claim,
                               reserved->index % JOURNAL_ACTIONS_MAX);
        } else {
            reserved->index = dispatch->want_count++;
            dispatch->wants[reserved->index] = (struct journal_want){
                .handle = handle, .is_alone = queue_is_lone(&dispatch->queue, action)};
        }
    }
    turn->wants = dispatch->wants;
    turn->want_count = dispatch->want_count;
}

/* What was counted of the body when the delivery was taken from the queue. */
static size_t reserved_bytes(struct dispatch *dispatch, int64_t handle, size_t length)
{
    for (size_t i = dispatch->wants_held; i < dispatch->want_count; i++) {
        if (dispatch->wants[i].handle != handle)
            continue;
        dispatch->wants_held = i + 1;
        for (size_t j = i; j < dispatch->reserved_count; j++)
            if (!dispatch->reserved[j].is_new && dispatch->reserved[j].index == i)
                return dispatch->reserved[j].bytes;
    }
    return length;
}

bool dispatch_take(struct dispatch *dispatch, int64_t number, int64_t handle,
                   const struct journal_delivery *delivery)
{
    struct action_queue *action = queue_find(&dispatch->queue, number);
    struct attempt *attempt =
        !action || dispatch->no_memory ? NULL : attempt_create(dispatch, action, handle, delivery);
    if (!attempt) {
        dispatch->no_memory = true;
        return false;
    }
    attempt->key = delivery->key;
    attempt->body_bytes = reserved_bytes(dispatch, handle, delivery->event.body.length);
    attempt->given.after_crash = action->after_crash;
    attempt->given.body_files = &dispatch->body_files;
    attempt->given.forest = dispatch_forest(dispatch);
    attempt_list_append(&dispatch->claimed, attempt);
    return true;
}

static bool was_claimed(const struct journal_turn *turn, const struct reservation *reserved)
{
    const struct journal_admit *admit;
    if (turn->end != JOURNAL_DONE)
        return false;
    if (!reserved->is_new)
        return turn->wants[reserved->index].result == WANT_CLAIMED;
    admit = &turn->admits[reserved->index / JOURNAL_ACTIONS_MAX];
    return admit->result == ADMIT_ACCEPTED &&
           journal_places_has(&admit->claimed, reserved->index % JOURNAL_ACTIONS_MAX);
}

static bool must_be_alone(const struct journal_turn *turn, const struct reservation *reserved)
{
    return turn->end == JOURNAL_DONE && !reserved->is_new &&
           turn->wants[reserved->index].result == WANT_NOT_ALONE;
}

/* Somebody else has it, it is a copy, it must be alone, or there is no memory. */
static void give_back(struct dispatch *dispatch, const struct journal_turn *turn)
{
    bool has_lone = false; /* the first of them is before the others */
    for (size_t i = 0; i < dispatch->reserved_count; i++) {
        const struct reservation *reserved = &dispatch->reserved[i];
        if (was_claimed(turn, reserved))
            continue;
        queue_give(&dispatch->queue, reserved->action, reserved->key, reserved->bytes);
        gates_gave_back(&dispatch->gates, reserved->action);
        queue_look_again(&dispatch->queue, reserved->action, reserved->key);
        if (!must_be_alone(turn, reserved))
            continue;
        if (!has_lone)
            queue_set_lone(&dispatch->queue, reserved->action);
        has_lone = dispatch->read_again = true;
    }
    dispatch->reserved_count = dispatch->want_count = dispatch->wants_held = 0;
    dispatch->reserved_bytes = 0;
}

/* For want of memory; it is claimed again later. */
static void start_failed(struct attempt *attempt)
{
    attempt_ended(attempt, &(struct outcome){.kind = OUTCOME_INTERRUPTED,
                                             .exit_status = -1,
                                             .reason = "the server had no memory to start it"});
}

/* ---- stops ---- */

static struct attempt *find_not_stopping(const struct attempt_list *list, bool all)
{
    struct attempt *attempt = list->first;
    while (attempt && (attempt->stopping || (!all && !attempt->action->kind->must_be_recalled)))
        attempt = attempt->next;
    return attempt;
}

static int64_t recall_ns(const struct action_queue *action)
{
    const struct action_kind *kind = action->kind;
    if (!kind->must_be_recalled)
        return 0;
    return kind->recall_ms ? kind->recall_ms(action->action->handler.settings) * NS_PER_MS
                           : RECALL_NS;
}

int64_t dispatch_recall_ns(const struct dispatch *dispatch)
{
    int64_t longest = RECALL_NS;
    for (size_t i = 0; i < dispatch->queue.action_count; i++)
        if (recall_ns(dispatch->queue.by_number[i]) > longest)
            longest = recall_ns(dispatch->queue.by_number[i]);
    return longest;
}

/* A stop may end its attempt at once, and others of its kind with it: so from the front each time.
 */
static void stop_started(struct dispatch *dispatch)
{
    struct attempt *attempt;
    while ((attempt = find_not_stopping(&dispatch->started, dispatch->stops_all))) {
        int64_t more_ns = dispatch->recalls ? recall_ns(attempt->action) : 0;
        attempt->stopping = true;
        attempt->action->kind->stop(attempt->under_way, dispatch->stop_ns + more_ns);
    }
}

static void begin_stop(struct dispatch *dispatch, bool all, int64_t stop_ns)
{
    dispatch->stops = true;
    dispatch->stops_all = all;
    dispatch->stop_ns = stop_ns;
    for (struct attempt *attempt = dispatch->started.first; attempt; attempt = attempt->next)
        attempt->stopping = false; /* an earlier stop may have had a later deadline */
    stop_started(dispatch);
}

void dispatch_stop(struct dispatch *dispatch, bool all, int64_t deadline_ns)
{
    dispatch->recalls = false;
    begin_stop(dispatch, all, deadline_ns);
}

void dispatch_recall(struct dispatch *dispatch, int64_t now_ns)
{
    dispatch->recalls = true;
    begin_stop(dispatch, false, now_ns);
}

/* ---- starts ---- */

static void start_claimed(struct dispatch *dispatch)
{
    bool some = dispatch->claimed.first;
    while (dispatch->claimed.first) {
        struct attempt *attempt = dispatch->claimed.first;
        const struct action_kind *kind = attempt->action->kind;
        attempt_list_remove(&dispatch->claimed, attempt);
        attempt_list_append(&dispatch->started, attempt);
        attempt->action->after_crash = false; /* told */
        attempt->started_ns = clock_monotonic_ns();
        if (answers_has_stream(&dispatch->answers, attempt->finish.handle))
            attempt->given.output = attempt_output;
        attempt->under_way = kind->start(attempt->action->action->handler.settings, dispatch->loop,
                                         &attempt->given, attempt_ended, attempt);
        if (!attempt->under_way)
            start_failed(attempt);
        else if (dispatch->watcher)
            dispatch->watcher->started(dispatch->watcher->owner, attempt);
    }
    if (some && dispatch->stops) /* told while the turn was under way */
        stop_started(dispatch);
}

/* ---- what others have left ---- */

/* What a dead runner's commands have started must not run beside their next attempts. */
static void sweep_trees(struct dispatch *dispatch)
{
    size_t left = process_forest_sweep(&dispatch->forest, dispatch->live, dispatch->live_count);
    if (left > 0)
        log_write(LOG_PROCESSES_LEFT, log_number("trees", (int64_t)left),
                  log_text("reason", "a runner that died has left them, and they do not end"));
}

static bool fill_take_over(struct dispatch *dispatch)
{
    const struct attempt_list *lists[] = {&dispatch->started, &dispatch->written};
    size_t count = dispatch->started.count + dispatch->written.count;
    int64_t *ours = realloc(dispatch->ours, (count + 1) * sizeof *ours);
    if (!ours) {
        pause_claims(dispatch);
        return false;
    }
    dispatch->ours = ours;
    sweep_trees(dispatch);
    memcpy(dispatch->live_told, dispatch->live, sizeof dispatch->live);
    dispatch->take_over = (struct journal_take_over){
        .live = dispatch->live_told, .live_count = dispatch->live_count, .ours = ours};
    for (size_t i = 0; i < 2; i++)
        for (const struct attempt *attempt = lists[i]->first; attempt; attempt = attempt->next)
            ours[dispatch->take_over.our_count++] = attempt->finish.handle;
    return true;
}

static void fill_abandon(struct dispatch *dispatch)
{
    dispatch->abandon = (struct journal_abandon){.actions = dispatch->journal->orphans,
                                                 .action_count = dispatch->journal->orphan_count,
                                                 .reason = JOURNAL_ABANDONED,
                                                 .limit = ORPHANS_STEP};
}

static void settle_take_over(struct dispatch *dispatch, const struct journal_turn *turn)
{
    if (!elsewhere_learn(&dispatch->elsewhere, &dispatch->queue, &turn->running)) {
        pause_claims(dispatch);
        dispatch->takeover_due = true;
    }
    for (size_t i = 0; i < turn->crashed.count; i++) {
        struct action_queue *action = queue_find(&dispatch->queue, turn->crashed.items[i]);
        if (action)
            action->after_crash = true;
    }
    if (turn->take_over->count > 0)
        log_write(LOG_TAKEN_OVER, log_number("deliveries", (int64_t)turn->take_over->count));
}

/* The line of an outcome that is no action's. */
static void log_death(const struct dispatch *dispatch, const struct journal_death *death)
{
    char show[FAILURE_SHOW_SIZE];
    log_write(LOG_FAILED, log_text("id", death->id), log_text("route", death->route),
              log_text("action", death->action), log_text("peer", death->client),
              log_number("attempt", death->attempt), log_text("reason", death->reason),
              log_text("show", failure_show_command(dispatch->file, death->id, show)));
}

/* ---- who waits for an output ---- */

static bool is_under_way(const struct dispatch *dispatch, int64_t handle)
{
    const struct attempt_list *lists[] = {&dispatch->claimed, &dispatch->started};
    for (size_t i = 0; i < 2; i++)
        for (const struct attempt *attempt = lists[i]->first; attempt; attempt = attempt->next)
            if (attempt->finish.handle == handle)
                return true;
    return false;
}

static bool does_not_start(void *context, const struct awaited *awaited)
{
    return !is_under_way(context, awaited->handle);
}

static bool is_paused(void *context, const struct awaited *awaited)
{
    const struct dispatch *dispatch = context;
    return gates_is_paused(&dispatch->gates, awaited->route) &&
           !is_under_way(dispatch, awaited->handle);
}

void dispatch_await(struct dispatch *dispatch, const struct awaited *awaited)
{
    if (dispatch->answers.is_closed && !is_under_way(dispatch, awaited->handle))
        answers_tell_late(awaited, OUTPUT_LEAVING);
    else if (is_paused(dispatch, awaited))
        answers_tell_late(awaited, OUTPUT_PAUSED);
    else
        answers_await(&dispatch->answers, awaited);
}

/* ---- a turn ---- */

bool dispatch_is_due(struct dispatch *dispatch)
{
    if (outcomes_are_due(dispatch) || backlog_is_due(&dispatch->backlog))
        return true;
    return dispatch->claiming &&
           (due_is_due(&dispatch->due) || dispatch->gates.unread ||
            queue_is_short(&dispatch->queue) || dispatch->orphans_due ||
            (dispatch->takeover_due && clock_monotonic_ns() >= dispatch->claims_resume_ns) ||
            (may_claim(dispatch) && queue_next(&dispatch->queue)));
}

void dispatch_fill(struct dispatch *dispatch, struct journal_turn *turn)
{
    fill_outcomes(dispatch, turn);
    due_fill(&dispatch->due, turn, dispatch->claiming);
    superseded_ask(&dispatch->started, &dispatch->answers, &dispatch->elsewhere, turn);
    turn->take_over = NULL;
    turn->abandon = NULL;
    turn->look_count = turn->key_look_count = turn->want_count = 0;
    turn->reads_open = turn->pulls_in = false;
    gates_fill(&dispatch->gates, turn, dispatch->claiming);
    bool may_look = dispatch->claiming && !dispatch->due.offset_unread;
    if (may_look)
        queue_ask(&dispatch->queue, turn);
    backlog_fill(&dispatch->backlog, turn);
    if (!may_look)
        return;
    if (dispatch->takeover_due) {
        turn->take_over = fill_take_over(dispatch) ? &dispatch->take_over : NULL;
        dispatch->takeover_due = !turn->take_over;
        turn->pulls_in = turn->take_over;
    } else if (dispatch->orphans_due) {
        fill_abandon(dispatch);
        turn->abandon = &dispatch->abandon;
        dispatch->orphans_due = false;
    }
}

/* What was pushed for an admission has its handles, or goes. */
static void settle_admit(struct dispatch *dispatch, const struct journal_turn *turn, size_t index)
{
    const struct journal_admit *admit = &turn->admits[index];
    int64_t handle = admit->result == ADMIT_ACCEPTED ? admit->handle : 0;
    if (handle && admit->due_ms)
        due_note(&dispatch->due, admit->due_ms);
    if (admit->dead_reason || admit->queue_full) /* not pushed */
        return;
    for (size_t i = 0; i < admit->action_count; i++) {
        const struct queue_pushed pushed = pushed_of(turn, index, i);
        if (!journal_places_has(&admit->claim, i) && !admit->fold.key)
            queue_settle(&dispatch->queue, queue_find(&dispatch->queue, admit->actions[i]), &pushed,
                         handle ? handle + (int64_t)i : 0);
    }
}

static void insert_all(struct dispatch *dispatch, const struct journal_dues *dues)
{
    for (size_t i = 0; i < dues->count; i++) {
        struct action_queue *action = queue_find(&dispatch->queue, dues->items[i].action);
        if (action) /* what is woken may be another generation's */
            queue_insert(&dispatch->queue, action, &dues->items[i]);
    }
}

static void settle_done(struct dispatch *dispatch, const struct journal_turn *turn)
{
    dispatch->read_again |= due_settle(&dispatch->due, turn);
    superseded_settle(&dispatch->started, &dispatch->answers, &dispatch->elsewhere, turn);
    elsewhere_settle(&dispatch->elsewhere, &dispatch->queue, turn);
    bool again = release_written(dispatch, turn) || turn->take_over;
    queue_load(&dispatch->queue, turn);
    gates_load(&dispatch->gates, turn);
    if (dispatch->gates.some_paused)
        answers_give_up(&dispatch->answers, OUTPUT_PAUSED, is_paused, dispatch);
    if (turn->changed)
        dispatch_refresh(dispatch);
    for (size_t i = 0; i < turn->admit_count; i++)
        settle_admit(dispatch, turn, i);
    superseded_stop(&dispatch->started, &dispatch->answers, &dispatch->queue, turn);
    insert_all(dispatch, &turn->reruns);
    insert_all(dispatch, &turn->woken);
    if (turn->take_over)
        settle_take_over(dispatch, turn);
    if (turn->abandon)
        dispatch->orphans_due |= turn->abandon->more;
    for (const struct journal_death *death = turn->deaths; death; death = death->next)
        log_death(dispatch, death);
    if (again || dispatch->read_again)
        queue_reset(&dispatch->queue);
    dispatch->read_again = false;
    due_arm(&dispatch->due, dispatch->claiming);
    start_claimed(dispatch);
}

static void settle_refused(struct dispatch *dispatch, const struct journal_turn *turn)
{
    while (dispatch->claimed.first) {
        struct attempt *attempt = dispatch->claimed.first;
        attempt_list_remove(&dispatch->claimed, attempt);
        attempt_destroy(attempt);
    }
    attempt_list_move(&dispatch->written, &dispatch->ended);
    attempt_list_move(&dispatch->ended, &dispatch->written);
    gates_refresh(&dispatch->gates);
    dispatch->takeover_due |= turn->take_over != NULL;
    dispatch->due.unread |= turn->reads_due;
    dispatch->orphans_due |= dispatch->claiming;
    queue_reset(&dispatch->queue);
}

void dispatch_settle(struct dispatch *dispatch, const struct journal_turn *turn)
{
    if (dispatch->no_memory)
        pause_claims(dispatch);
    dispatch->no_memory = false;
    pending_settle(&dispatch->backlog, turn, dispatch->reserved, dispatch->reserved_count,
                   dispatch->written.first);
    give_back(dispatch, turn);
    if (turn->end == JOURNAL_DONE)
        settle_done(dispatch, turn);
    else
        settle_refused(dispatch, turn);
}

/* ---- what the supervisor says ---- */

void dispatch_claim(struct dispatch *dispatch)
{
    dispatch->claiming = true;
    due_begin(&dispatch->due);
    dispatch->takeover_due = true;
    dispatch->orphans_due = true;
    dispatch_read_anew(dispatch);
}

void dispatch_leave_alone(struct dispatch *dispatch, uint64_t runner_id)
{
    /* more old generations than anybody has: the oldest are then waited for by nobody, and what
     * they run may be carried out twice, which is allowed */
    if (dispatch->live_count < DISPATCH_RUNNERS_MAX)
        dispatch->live[dispatch->live_count++] = runner_id;
}

void dispatch_gone(struct dispatch *dispatch, uint64_t runner_id)
{
    for (size_t i = 0; i < dispatch->live_count; i++)
        if (dispatch->live[i] == runner_id)
            dispatch->live[i--] = dispatch->live[--dispatch->live_count];
    dispatch->takeover_due = true;
    dispatch->orphans_due = true;
}

void dispatch_hold(struct dispatch *dispatch)
{
    dispatch->claiming = false;
    dispatch->answers.is_closed = true;
    answers_give_up(&dispatch->answers, OUTPUT_LEAVING, does_not_start, dispatch);
}

bool dispatch_obeys_pauses(const struct dispatch *dispatch)
{
    return dispatch->answers.is_closed || (dispatch->claiming && !dispatch->gates.unread);
}

void dispatch_forget_link(struct dispatch *dispatch, const struct listener_link *link)
{
    answers_forget(&dispatch->answers, link);
}

void dispatch_note_stop(struct dispatch *dispatch)
{
    if (dispatch->leaving_ns == 0) /* a second one only shortens the grace */
        dispatch->leaving_ns = clock_monotonic_ns();
}

void dispatch_refresh(struct dispatch *dispatch)
{
    queue_refresh(&dispatch->queue);
    dispatch->orphans_due |= dispatch->claiming;
}

void dispatch_read_anew(struct dispatch *dispatch)
{
    due_read_anew(&dispatch->due);
    queue_reset(&dispatch->queue);
    gates_refresh(&dispatch->gates);
    backlog_recount(&dispatch->backlog);
}

void dispatch_recover(struct dispatch *dispatch)
{
    dispatch->takeover_due = true;
    dispatch_read_anew(dispatch);
}

static size_t count_attempts(const struct attempt_list *list, bool all)
{
    size_t count = 0;
    for (const struct attempt *attempt = list->first; attempt; attempt = attempt->next)
        count += all || attempt->action->kind->must_be_recalled;
    return count;
}

size_t dispatch_running(const struct dispatch *dispatch, bool all)
{
    return count_attempts(&dispatch->started, all) + count_attempts(&dispatch->written, all) +
           count_attempts(&dispatch->ended, all);
}

size_t dispatch_unwritten(const struct dispatch *dispatch)
{
    size_t ended = count_attempts(&dispatch->ended, true);
    return dispatch_running(dispatch, true) == ended ? ended : 0;
}
