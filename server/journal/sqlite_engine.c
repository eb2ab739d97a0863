/* SQLite's engine: a turn is one transaction and is completed before submit returns. A turn that
 * only asks takes no lock. A failure inside sticks in the connection (sqlite.h), so the commit is
 * the one place that decides.
 *
 * After a refusal the next turn proves that the journal takes something again: after an I/O error
 * on a file that was opened anew, on a full disk after the log was copied, because it is written
 * from its beginning again then. */
#include "server/journal/private.h"

#include "base/clock.h"
#include "config/file.h"
#include "handlers/action/action.h"
#include "server/journal/losses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BEGIN_TRIES = 100 };

/* What is said of each status, how soon it is worth to prove again, and when callers should come
 * again. */
static const struct {
    const char *state;
    int64_t retry_ns;
    unsigned retry_after_s;
} rows[] = {
    [SQLITE_STATUS_OK] = {"ok", 0, 1},
    [SQLITE_STATUS_BUSY] = {"busy", 200 * NS_PER_MS, 2},
    [SQLITE_STATUS_FULL] = {"full", NS_PER_S, 10},
    [SQLITE_STATUS_BROKEN] = {"broken", NS_PER_S, 10},
    [SQLITE_STATUS_FAILED] = {"failed", NS_PER_S, 5},
};

static struct sqlite_journal *own(struct journal *journal)
{
    return (struct sqlite_journal *)journal;
}

/* ---- open ---- */

struct orphan_list {
    struct sqlite_journal *journal;
    bool no_memory;
};

static void note_orphan(void *context, const struct stored_action *action)
{
    struct orphan_list *list = context;
    struct journal *journal = &list->journal->base;
    if (engine_find_action(journal, action->number))
        return;
    size_t size = (journal->orphan_count + 1) * sizeof *journal->orphans;
    int64_t *orphans = realloc(journal->orphans, size);
    if (!orphans) /* left pending; the next start sees to it */
        return;
    orphans[journal->orphan_count++] = action->number;
    journal->orphans = orphans;
}

static bool name_actions(struct sqlite_journal *journal, const struct journal_setup *setup,
                         struct error *err)
{
    struct orphan_list list = {.journal = journal};
    enum sqlite_status status = writer_begin(journal);
    /* until the runner of the generation before lets go of the writer's lock: under load it has the
     * next transaction ready when one ends */
    for (int i = 0; i < BEGIN_TRIES && status == SQLITE_STATUS_BUSY; i++)
        status = writer_begin(journal);
    if (status != SQLITE_STATUS_OK)
        return writer_explain(journal, err);
    for (size_t i = 0; i < setup->action_count; i++)
        events_find_action(journal, setup->actions[i].route, setup->actions[i].name,
                           &setup->actions[i].number);
    bool known = engine_know_actions(&journal->base, setup);
    events_read_actions(journal, note_orphan, &list);
    return (writer_commit(journal) == SQLITE_STATUS_OK || writer_explain(journal, err)) &&
           (known || error_set(err, "no memory"));
}

static struct journal *engine_open(const struct journal_setup *setup, struct error *err)
{
    struct sqlite_journal *journal = writer_open(setup->settings, setup->check_ms, err);
    if (!journal)
        return NULL;
    journal->base.engine = &sqlite_engine;
    journal->shared = setup->shared;
    journal->runner_id = setup->runner_id;
    journal->window_ms = setup->window_ms;
    /* nobody waits for us yet, and the runner before may be busy with the disk */
    writer_be_patient(journal, true);
    if ((admit_rebuild(journal) || error_set(err, "cannot read the dedupe keys of the journal")) &&
        name_actions(journal, setup, err)) {
        if (setup->check_ms > 0)
            losses_tell(sqlite_path(&journal->db), setup->check_ms);
        writer_be_patient(journal, false);
        return &journal->base;
    }
    writer_close(journal);
    return NULL;
}

static void engine_close(struct journal *journal)
{
    writer_close(own(journal));
}

/* ---- what a turn asks ---- */

static void read_looks(struct sqlite_journal *journal, struct journal_turn *turn)
{
    enum { LOOK_STEP = 256 };
    int64_t handles[LOOK_STEP];
    uint32_t sizes[LOOK_STEP];
    for (size_t i = 0; i < turn->look_count; i++) {
        struct journal_look *look = &turn->looks[i];
        size_t found = LOOK_STEP;
        int64_t after = look->after;
        look->count = 0;
        while (found == LOOK_STEP && look->count < look->room) {
            size_t room = look->room - look->count;
            room = room < LOOK_STEP ? room : LOOK_STEP;
            if (turn->due_count + room > turn->due_capacity ||
                !deliveries_find_pending(journal, look->action, after, turn->due_ms, handles, sizes,
                                         room, &found))
                break;
            for (size_t j = 0; j < found; j++)
                turn->due[turn->due_count++] =
                    (struct journal_due){look->action, handles[j], sizes[j]};
            look->count += found;
            after = found > 0 ? handles[found - 1] : after;
        }
    }
}

struct number_list {
    struct journal_numbers *numbers;
    struct sqlite *db;
};

static void note_number(void *context, int64_t number)
{
    struct number_list *list = context;
    if (!engine_add_number(list->numbers, number))
        sqlite_fail(list->db, "no memory for a list of actions");
}

struct key_list {
    struct journal_turn *turn;
    struct sqlite *db;
};

static void note_provisioned(void *context, const struct stored_provisioned *key)
{
    struct key_list *list = context;
    if (!engine_add_key(list->turn, key->route, key->provider, key->key))
        sqlite_fail(list->db, "no memory for a key");
}

struct tracking {
    struct journal_turn *turn;
    struct journal_track *track;
    struct sqlite *db;
};

static void note_progress(void *context, const struct stored_progress *found)
{
    struct tracking *tracking = context;
    struct journal_track *track = tracking->track;
    if (track->count == 0) {
        track->handle = found->handle;
        track->received_ms = found->received_ms;
    }
    if (!engine_add_progress(tracking->turn, track, found->action, &found->how))
        sqlite_fail(tracking->db, "no memory for the state of an event");
}

static void read_tracks(struct sqlite_journal *journal, struct journal_turn *turn)
{
    for (size_t i = 0; i < turn->track_count; i++) {
        struct tracking tracking = {turn, &turn->tracks[i], &journal->db};
        tracking.track->count = 0;
        events_track(journal, tracking.track->id, tracking.track->route, note_progress, &tracking);
    }
}

static void read_first(struct sqlite_journal *journal, struct journal_turn *turn)
{
    struct number_list open = {&turn->open, &journal->db};
    /* what others have written is told once: to the runner, which reads its queue anew */
    turn->changed = !turn->upkeep && !turn->proves && writer_changed(journal);
    journal->keys_behind |= turn->changed;
    due_read(journal, turn);
    read_looks(journal, turn);
    for (size_t i = 0; i < turn->key_look_count; i++)
        keys_look(journal, &turn->key_looks[i], turn->due_ms);
    for (size_t i = 0; i < turn->watch_count; i++)
        keys_watch(journal, &turn->watches[i]);
    if (turn->reads_open)
        deliveries_read_open(journal, note_number, &open);
    if (turn->reads_routes)
        routes_read(journal, turn);
    if (turn->tally)
        deliveries_tally(journal, turn->tally);
    if (turn->upkeep && turn->upkeep->reads_horizon)
        prune_read_horizon(&journal->db, &turn->upkeep->horizon_ms, &turn->upkeep->newest_ms);
}

static void read_last(struct sqlite_journal *journal, struct journal_turn *turn)
{
    struct key_list keys = {turn, &journal->db};
    if (turn->reads_keys)
        events_read_provisioned(journal, note_provisioned, &keys);
    if (turn->reads_heard)
        notice_read(journal, turn);
    read_tracks(journal, turn);
}

/* ---- what a turn writes ---- */

static void note_death(void *context, const struct stored_death *death)
{
    const struct bytes texts[] = {[DEATH_ID] = death->id,
                                  [DEATH_ROUTE] = death->route,
                                  [DEATH_ACTION] = death->action,
                                  [DEATH_CLIENT] = death->client,
                                  [DEATH_REASON] = death->reason};
    engine_add_death(context, death->handle, texts, death->attempt);
}

/* On a disk that is nearly full the outcome is what counts. */
static struct outcome within_room(struct journal_turn *turn, const struct outcome *outcome)
{
    struct outcome kept = *outcome;
    size_t bytes = outcome->output.length + outcome->error_output.length;
    int64_t needed = admit_disk_bytes(bytes);
    if (bytes == 0)
        return kept;
    if (turn->room >= needed - turn->output_room) {
        turn->room -= needed;
        return kept;
    }
    kept.output = kept.error_output = bytes_of(NULL, 0);
    turn->outputs_dropped = true;
    return kept;
}

/* What the outcome has made of the delivery, and of the streak of its route. */
static void note_finished(struct sqlite_journal *journal, struct journal_turn *turn,
                          struct journal_finish *finish, bool died)
{
    static const enum delivery_state states[] = {[OUTCOME_DONE] = DELIVERY_DONE,
                                                 [OUTCOME_FAILED] = DELIVERY_DEAD,
                                                 [OUTCOME_TIMEOUT] = DELIVERY_DEAD,
                                                 [OUTCOME_INTERRUPTED] = DELIVERY_PENDING,
                                                 [OUTCOME_CANCELLED] = DELIVERY_DEAD};
    finish->state = died                  ? DELIVERY_DEAD
                    : finish->wait_ms > 0 ? DELIVERY_PENDING
                                          : states[finish->outcome->kind];
    if (finish->applied && finish->state == DELIVERY_PENDING &&
        !deliveries_is_pending(journal, finish->handle))
        finish->state = DELIVERY_SUPERSEDED;
    if (finish->applied && finish->told > 0 && finish->state == DELIVERY_DONE)
        tell_done(journal, finish);
    if (!finish->applied || !finish->streak)
        return;
    if (finish->state == DELIVERY_DEAD && finish->outcome->kind != OUTCOME_CANCELLED)
        routes_count_death(journal, finish->streak, turn->now_ms);
    else if (finish->state == DELIVERY_DONE)
        routes_forget_deaths(journal, finish->streak);
}

static void write_finished(struct sqlite_journal *journal, struct journal_turn *turn)
{
    for (struct journal_finish *finish = turn->finish; finish; finish = finish->next) {
        struct outcome outcome = within_room(turn, finish->outcome);
        const struct ended_attempt ended = {.delivery = finish->handle,
                                            .runner_id = journal->runner_id,
                                            .attempt = finish->attempt,
                                            .outcome = &outcome,
                                            .ended_ms = finish->ended_ms,
                                            .due_ms = turn->due_ms + finish->wait_ms,
                                            .wait_ms = finish->wait_ms};
        struct journal_death **last_death = turn->last_death;
        if (finish->stopped_early)
            deliveries_finish_stopped(journal, &ended, &finish->applied, note_death, turn);
        else
            deliveries_finish(journal, &ended, &finish->applied);
        note_finished(journal, turn, finish, turn->last_death != last_death);
    }
}

static void learn_keys(struct sqlite_journal *journal, struct journal_turn *turn)
{
    for (size_t i = 0; i < turn->learn_count; i++) {
        struct journal_learn *learn = &turn->learns[i];
        events_learn(journal, learn->route, learn->provider, learn->key, turn->now_ms,
                     &learn->added);
    }
}

/* A walk that is made for the size has nothing to do where that is right. */
static void prune(struct sqlite_journal *journal, struct journal_upkeep *upkeep)
{
    const struct prune_keep keep = {.done_before_ms = upkeep->done_before_ms,
                                    .dead_before_ms = upkeep->dead_before_ms,
                                    .body_before_ms = upkeep->body_before_ms,
                                    .dedupe_before_ms = upkeep->dedupe_before_ms,
                                    .until_ms = upkeep->until_ms,
                                    .budget_ns = upkeep->budget_ns,
                                    .oldest_done = upkeep->for_size,
                                    .dead_bytes = upkeep->drops_bodies ? upkeep->over : 0,
                                    .drops_keys = upkeep->drops_keys};
    struct pruned pruned = {.ended = true};
    if (!upkeep->for_size || upkeep->over > 0)
        prune_step(&journal->db, &keep, &upkeep->position, &pruned);
    upkeep->events = pruned.events;
    upkeep->bodies = pruned.bodies;
    upkeep->keys = pruned.keys;
    upkeep->reached_ms = pruned.reached_ms;
    upkeep->ended = pruned.ended;
}

static void write_upkeep(struct sqlite_journal *journal, struct journal_upkeep *upkeep)
{
    int64_t used, free_pages;
    if (upkeep->put_horizon_ms)
        prune_put_horizon(&journal->db, upkeep->put_horizon_ms);
    if (upkeep->shrinks)
        prune_shrink(&journal->db);
    if (!upkeep->prunes || !prune_measure(&journal->db, &used, &free_pages))
        return;
    upkeep->over = used > upkeep->keep_size ? used - upkeep->keep_size : 0;
    upkeep->can_shrink = prune_can_shrink(free_pages, upkeep->keep_size);
    prune(journal, upkeep);
}

struct take_over {
    struct sqlite_journal *journal;
    struct journal_turn *turn;
};

static bool has_number(const int64_t *numbers, size_t count, int64_t wanted)
{
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == wanted)
            return true;
    return false;
}

/* An action that waits is running while it waits, and has seen runners die that it did nothing to.
 */
static enum journal_left is_left(void *context, uint64_t runner_id,
                                 const struct journal_due *delivery)
{
    struct take_over *take = context;
    const struct journal_take_over *what = take->turn->take_over;
    const struct journal_action *action =
        engine_find_action(&take->journal->base, delivery->action);
    bool runs = false;
    if (runner_id == take->journal->runner_id) {
        runs = has_number(what->ours, what->our_count, delivery->handle);
    } else {
        for (size_t i = 0; i < what->live_count; i++)
            runs |= what->live[i] == runner_id;
        if (runs && !engine_add_due(&take->turn->running, delivery))
            sqlite_fail(&take->journal->db, "no memory for what others run");
    }
    if (runs)
        return LEFT_NOT;
    if (!action || !action->counts_crashes)
        return LEFT_PATIENTLY;
    return action->fails_in_crash ? LEFT_FAILED : LEFT_COUNTED;
}

static void note_death_of_left(void *context, const struct stored_death *death)
{
    struct take_over *take = context;
    struct journal_streak *streak = engine_find_streak(take->turn, death->route);
    note_death(take->turn, death);
    if (streak && !engine_is_teller(death->handle))
        routes_count_death(take->journal, streak, take->turn->now_ms);
}

static void write_take_over(struct sqlite_journal *journal, struct journal_turn *turn)
{
    struct take_over take = {journal, turn};
    struct number_list crashed = {&turn->crashed, &journal->db};
    if (!deliveries_take_over(journal, turn->now_ms, is_left, note_death_of_left, &take,
                              &turn->take_over->count))
        sqlite_fail(&journal->db, "no memory for what is taken over");
    deliveries_read_left(journal, note_number, &crashed);
}

static void write_abandoned(struct sqlite_journal *journal, struct journal_turn *turn)
{
    struct journal_abandon *abandon = turn->abandon;
    size_t room = abandon->limit, count;
    for (size_t i = 0; i < abandon->action_count && room > 0; i++) {
        if (!deliveries_abandon(journal, abandon->actions[i], abandon->reason, turn->now_ms, room,
                                note_death, turn, &count))
            return;
        room -= count;
    }
    abandon->more = room == 0;
}

struct wanting {
    struct sqlite_journal *journal;
    struct journal_turn *turn;
    struct journal_want *want;
};

/* One that tells of a failure is given why it runs; where it is too early for it, it is gone. */
static bool claim_found(void *context, int64_t number, const struct journal_delivery *found)
{
    const struct wanting *wanting = context;
    struct sqlite_journal *journal = wanting->journal;
    struct journal_want *want = wanting->want;
    struct journal_delivery delivery = *found;
    struct told told;
    bool tells = engine_is_teller(want->handle);
    if (engine_must_be_alone(&journal->base, number, found->takeovers) && !want->is_alone) {
        want->result = WANT_NOT_ALONE;
        return false;
    }
    if (tells && !tell_prepare(journal, wanting->turn, number, want->handle, &told))
        return false;
    if (tells)
        delivery.failure = &told.failure;
    bool held = wanting->turn->hold(wanting->turn, number, want->handle, &delivery);
    want->result = held ? WANT_CLAIMED : WANT_NO_MEMORY;
    if (held && tells)
        tell_claimed(journal, wanting->turn, number);
    return held;
}

static void note_death_of_wanted(void *context, const struct stored_death *death)
{
    struct wanting *wanting = context;
    wanting->want->result = WANT_LOST;
    note_death(wanting->turn, death);
}

static void write_claims(struct sqlite_journal *journal, struct journal_turn *turn)
{
    for (size_t i = 0; i < turn->want_count; i++) {
        struct wanting wanting = {journal, turn, &turn->wants[i]};
        const struct claim claim = {.delivery = wanting.want->handle,
                                    .runner_id = journal->runner_id,
                                    .now_ms = turn->now_ms,
                                    .is_alone = wanting.want->is_alone};
        wanting.want->result = WANT_GONE;
        if (!deliveries_claim(journal, &claim, claim_found, note_death_of_wanted, &wanting))
            return;
    }
}

/* ---- a turn ---- */

static bool writes(const struct journal_turn *turn)
{
    const struct journal_upkeep *upkeep = turn->upkeep;
    return turn->admit_count > 0 || turn->finish || turn->want_count > 0 || turn->learn_count > 0 ||
           turn->take_over || turn->abandon || turn->proves || turn->question_bytes > 0 ||
           turn->puts_due_offset || turn->pulls_in || turn->hear_count > 0 ||
           turn->notice_count > 0 ||
           (upkeep && (upkeep->put_horizon_ms || upkeep->prunes || upkeep->shrinks));
}

static void refuse(struct sqlite_journal *journal, struct journal_turn *turn,
                   enum sqlite_status status, const char *reason)
{
    engine_forget(turn);
    turn->refusal = (struct journal_refusal){.state = rows[status].state,
                                             .retry_ns = rows[status].retry_ns,
                                             .retry_after_s = rows[status].retry_after_s,
                                             .is_gone = status == SQLITE_STATUS_BROKEN &&
                                                        access(journal->settings->path, F_OK) != 0};
    if (reason)
        error_set(&turn->refusal.reason, "%s", reason);
    else
        writer_explain(journal, &turn->refusal.reason);
    turn->end = JOURNAL_REFUSED;
    journal->refused = status;
}

static void write_turn(struct sqlite_journal *journal, struct journal_turn *turn)
{
    enum sqlite_status status = writer_begin(journal);
    if (status != SQLITE_STATUS_OK) {
        refuse(journal, turn, status, NULL);
        if (status == SQLITE_STATUS_BUSY) {
            turn->end = JOURNAL_NOT_NOW;
            journal->refused = SQLITE_STATUS_OK;
        }
        writer_forget_failure(journal);
        return;
    }
    read_first(journal, turn);
    write_finished(journal, turn);
    admit_events(journal, turn);
    learn_keys(journal, turn);
    notice_write(journal, turn);
    if (turn->upkeep)
        write_upkeep(journal, turn->upkeep);
    due_write(journal, turn);
    if (turn->take_over)
        write_take_over(journal, turn);
    if (turn->abandon)
        write_abandoned(journal, turn);
    write_claims(journal, turn);
    notice_write_pauses(journal, turn);
    tell_failures(journal, turn);
    read_last(journal, turn);
    if (turn->proves)
        writer_touch(journal);
    status = writer_commit(journal);
    admit_settle(journal, turn, status == SQLITE_STATUS_OK);
    if (status != SQLITE_STATUS_OK)
        refuse(journal, turn, status, NULL);
}

static void read_turn(struct sqlite_journal *journal, struct journal_turn *turn)
{
    writer_forget_failure(journal);
    read_first(journal, turn);
    read_last(journal, turn);
    if (writer_status(journal) != SQLITE_STATUS_OK)
        refuse(journal, turn, writer_status(journal), NULL);
}

/* Before the turn that proves: what has a chance to mend it. */
static bool recover(struct sqlite_journal *journal, struct journal_turn *turn)
{
    struct error why = {""};
    if (journal->refused == SQLITE_STATUS_FULL)
        writer_copy_log(journal);
    if (journal->refused != SQLITE_STATUS_BROKEN)
        return true;
    turn->anew = true;
    if (writer_reopen(journal, &why) && admit_rebuild(journal))
        return true;
    refuse(journal, turn, SQLITE_STATUS_BROKEN, why.text[0] ? why.text : NULL);
    return false;
}

static void engine_submit(struct journal *base, struct journal_turn *turn)
{
    struct sqlite_journal *journal = own(base);
    engine_begin(turn);
    if (journal->refused == SQLITE_STATUS_OK || (turn->proves && recover(journal, turn))) {
        journal->refused = SQLITE_STATUS_OK;
        if (writes(turn))
            write_turn(journal, turn);
        else
            read_turn(journal, turn);
    } else if (!turn->proves) {
        refuse(journal, turn, journal->refused, "the journal has refused before");
    }
    turn->completed(turn);
}

static void engine_tend(struct journal *journal)
{
    writer_tend(own(journal));
}

/* What the log holds has to be copied into the file, which may need as much room again. */
static bool engine_space(struct journal *base, int64_t *bytes)
{
    const struct sqlite_journal *journal = own(base);
    int64_t left = file_space_beside(journal->settings->path);
    *bytes = left - (int64_t)writer_log_pages(journal) * SQLITE_PAGE_BYTES;
    return left >= 0;
}

const struct journal_engine sqlite_engine = {.name = "sqlite",
                                             .open = engine_open,
                                             .close = engine_close,
                                             .submit = engine_submit,
                                             .tend = engine_tend,
                                             .space = engine_space};

const char *journal_library_version(void)
{
    return sqlite_library_version();
}

bool journal_checkpoints_apart(void)
{
    return sqlite_checkpoints_apart();
}

int64_t journal_least_space(void)
{
    return (int64_t)SQLITE_PAGE_BYTES * SQLITE_LOG_PAGES;
}

bool journal_is_orphaned(const char *path, struct error *err)
{
    return sqlite_files_orphaned(path, err);
}
