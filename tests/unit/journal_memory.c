/* Everything is in arrays that are walked from the beginning: plain enough to be believed. A turn
 * works on the store and a copy of the arrays is put back where it fails; what events borrow lives
 * as long as the store. */
#include "journal_memory_keys.h"

#include "base/clock.h"
#include "handlers/action/action.h"
#include "server/journal/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { STOPS_MAX = 3, ARENA_SIZE = 16 << 20 };

struct memory_store {
    struct tables now, before;
    uint8_t arena[ARENA_SIZE]; /* what the events borrow */
    size_t arena_used;
    bool later, locked, broken;
    uint64_t version; /* moves with each turn that writes */
};

struct memory_journal {
    struct journal base; /* first */
    struct memory_store *store;
    struct loop *loop;
    uint64_t runner_id, version;
    bool refused;
    struct journal_turn *waiting[8];
    size_t waiting_count;
    struct loop_timer timer;
};

static struct memory_store *current;

/* ---- the store ---- */

struct memory_store *memory_store_create(bool later)
{
    void *memory =
        mmap(NULL, sizeof *current, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        abort();
    current = memory;
    current->later = later;
    return current;
}

void memory_store_destroy(struct memory_store *store)
{
    munmap(store, sizeof *store);
}

void memory_store_lock(struct memory_store *store, bool locked)
{
    store->locked = locked;
}

void memory_store_break(struct memory_store *store, bool broken)
{
    store->broken = broken;
}

void memory_store_replay(struct memory_store *store)
{
    for (size_t i = 0; i < store->now.delivery_count; i++)
        if (store->now.deliveries[i].state == MEMORY_DEAD &&
            !engine_is_teller(store->now.deliveries[i].handle)) {
            store->now.deliveries[i].state = MEMORY_PENDING;
            store->now.deliveries[i].failures = 0;
        }
    store->version++;
}

void memory_store_drop_bodies(struct memory_store *store)
{
    for (size_t i = 0; i < store->now.event_count; i++)
        store->now.events[i].has_body = false;
    store->version++;
}

void memory_store_pause(struct memory_store *store, const char *route, int64_t paused_ms,
                        const char *why)
{
    route_table_pause(&store->now.routes, route, paused_ms, why);
    store->version++;
}

size_t memory_store_count(const struct memory_store *store, enum memory_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < store->now.delivery_count; i++)
        count += store->now.deliveries[i].state == state;
    return count;
}

static struct bytes keep(struct memory_store *store, struct bytes bytes)
{
    uint8_t *copy = store->arena + store->arena_used;
    store->arena_used += bytes.length + 1;
    if (store->arena_used > ARENA_SIZE)
        abort();
    if (bytes.length > 0)
        memcpy(copy, bytes.data, bytes.length);
    copy[bytes.length] = '\0';
    return bytes_of(copy, bytes.length);
}

/* ---- rows ---- */

static void die(struct memory_journal *journal, struct journal_turn *turn, struct delivery_row *row,
                const char *reason)
{
    const struct event_row *event = memory_event(&journal->store->now, row->handle);
    const struct action_row *action = &journal->store->now.actions[row->action - 1];
    const struct bytes texts[] = {[DEATH_ID] = event->event.id,
                                  [DEATH_ROUTE] = bytes_of_text(action->route),
                                  [DEATH_ACTION] = bytes_of_text(action->name),
                                  [DEATH_CLIENT] = event->event.client,
                                  [DEATH_REASON] = bytes_of_text(reason)};
    row->state = MEMORY_DEAD;
    row->reason = keep(journal->store, texts[DEATH_REASON]);
    row->ended_ms = turn->now_ms;
    engine_add_death(turn, row->handle, texts, row->attempt);
}

#include "memory_due.h"

/* ---- what a turn asks ---- */

static void read_looks(struct memory_journal *journal, struct journal_turn *turn)
{
    struct tables *tables = &journal->store->now;
    for (size_t i = 0; i < turn->look_count; i++) {
        struct journal_look *look = &turn->looks[i];
        look->count = 0;
        for (size_t j = 0; j < tables->delivery_count && look->count < look->room; j++) {
            const struct delivery_row *row = &tables->deliveries[j];
            if (row->state != MEMORY_PENDING || row->action != look->action ||
                row->handle <= look->after || row->due_ms > turn->due_ms)
                continue;
            turn->due[turn->due_count++] = memory_due(tables, row);
            look->count++;
        }
    }
    for (size_t i = 0; i < turn->key_look_count; i++)
        memory_look_at_keys(tables, &turn->key_looks[i], turn->due_ms);
    for (size_t i = 0; i < turn->watch_count; i++)
        memory_watch(tables, &turn->watches[i]);
}

static void read_actions(struct memory_journal *journal, struct journal_numbers *numbers,
                         bool crashed)
{
    struct tables *tables = &journal->store->now;
    for (size_t action = 1; action <= tables->action_count; action++)
        for (size_t i = 0; i < tables->delivery_count; i++) {
            const struct delivery_row *row = &tables->deliveries[i];
            if (row->action != (int64_t)action || row->state > MEMORY_RUNNING ||
                (crashed && row->takeovers == 0))
                continue;
            engine_add_number(numbers, row->action);
            break;
        }
}

/* ---- what a turn writes ---- */

static int64_t disk_bytes(size_t bytes)
{
    return (int64_t)bytes;
}

static void write_finished(struct memory_journal *journal, struct journal_turn *turn)
{
    static const enum memory_state after[] = {[OUTCOME_DONE] = MEMORY_DONE,
                                              [OUTCOME_FAILED] = MEMORY_DEAD,
                                              [OUTCOME_TIMEOUT] = MEMORY_DEAD,
                                              [OUTCOME_INTERRUPTED] = MEMORY_PENDING,
                                              [OUTCOME_CANCELLED] = MEMORY_DEAD};
    for (struct journal_finish *finish = turn->finish; finish; finish = finish->next) {
        struct delivery_row *row = memory_delivery(&journal->store->now, finish->handle);
        const struct outcome *outcome = finish->outcome;
        int64_t bytes = disk_bytes(outcome->output.length + outcome->error_output.length);
        bool fits = bytes == 0 || turn->room >= bytes - turn->output_room;
        turn->outputs_dropped |= !fits;
        turn->room -= fits ? bytes : 0;
        finish->applied = row && row->state == MEMORY_RUNNING &&
                          row->runner_id == journal->runner_id && row->attempt == finish->attempt;
        if (!finish->applied)
            continue;
        row->state = finish->wait_ms > 0 ? MEMORY_PENDING : after[outcome->kind];
        row->due_ms = finish->wait_ms > 0 ? turn->due_ms + finish->wait_ms : 0;
        row->wait_ms = finish->wait_ms;
        row->failures += outcome->kind == OUTCOME_FAILED || outcome->kind == OUTCOME_TIMEOUT;
        row->answer = (struct journal_answer){
            .exit_status = outcome->exit_status,
            .output = keep(journal->store, fits ? outcome->output : bytes_of(NULL, 0)),
            .output_total = outcome->output_total};
        row->reason = keep(journal->store, bytes_of_text(outcome->reason));
        row->error_output = keep(journal->store, fits ? outcome->error_output : bytes_of(NULL, 0));
        row->ended_ms = finish->ended_ms;
        row->takeovers += outcome->torn;
        memory_give_way(row);
        if (finish->stopped_early && ++row->stops >= STOPS_MAX) {
            row->given_up = true;
            die(journal, turn, row, "given up: stops of the server came soon after its start");
        }
        finish->state = (enum delivery_state)row->state;
        route_table_finish(&journal->store->now.routes, turn, finish);
    }
}

static bool take_room(struct journal_turn *turn, size_t bytes)
{
    bool fits = turn->room >= disk_bytes(bytes);
    turn->room -= fits ? disk_bytes(bytes) : 0;
    turn->events_refused |= !fits;
    return fits;
}

/* The newest that has the key. */
static struct event_row *find_first(struct tables *tables, const struct journal_admit *admit,
                                    int64_t now_ms)
{
    struct event_row *found = NULL;
    for (size_t i = 0; i < tables->event_count; i++) {
        struct event_row *row = &tables->events[i];
        if (!row->gone && admit->event->dedupe_key.length > 0 &&
            bytes_equal(row->event.dedupe_key, admit->event->dedupe_key) &&
            bytes_equal(row->event.route, admit->event->route) &&
            row->event.received_ms + admit->window_ms > now_ms)
            found = row;
    }
    return found;
}

static struct journal_known know(const struct tables *tables, const struct event_row *event)
{
    struct journal_known known = {.reruns = event->reruns,
                                  .quarantined = event->quarantined,
                                  .has_body = event->has_body,
                                  .bytes = (uint32_t)event->event.body.length};
    for (size_t i = event->first; i < event->first + event->count; i++) {
        const struct delivery_row *row = &tables->deliveries[i];
        known.done += row->state == MEMORY_DONE || row->state == MEMORY_SUPERSEDED;
        known.open += row->state <= MEMORY_RUNNING;
        if (row->state == MEMORY_DEAD)
            known.dead[known.dead_count++] =
                (struct journal_dead){row->handle, row->action, row->given_up, row->key};
    }
    return known;
}

static void find_answer(struct memory_journal *journal, struct journal_turn *turn,
                        struct journal_admit *admit, const struct event_row *first)
{
    const struct tables *tables = &journal->store->now;
    for (size_t i = first->first; i < first->first + first->count; i++) {
        const struct delivery_row *row = &tables->deliveries[i];
        struct journal_answer answer = row->answer;
        if (row->action != admit->answering)
            continue;
        if (admit->result == ADMIT_RERUN && row->state == MEMORY_PENDING)
            admit->answer_handle = row->handle;
        if (row->state <= MEMORY_RUNNING || row->attempt == 0 || row->given_up)
            continue;
        if (answer.output_total > admit->answer_most)
            answer.output = bytes_of(NULL, 0);
        admit->answer = engine_add_answer(turn, &answer);
    }
}

static bool take_copy(struct memory_journal *journal, struct journal_turn *turn,
                      struct journal_admit *admit, struct event_row *first)
{
    struct tables *tables = &journal->store->now;
    struct journal_known known = know(tables, first);
    enum rerun what = rerun_decide(&journal->base, &known, admit);
    bool same = bytes_equal(first->event.type, admit->event->type) &&
                bytes_equal(first->event.body, admit->event->body);
    snprintf(admit->id, sizeof admit->id, "%.*s", (int)first->event.id.length,
             (const char *)first->event.id.data);
    if (what == RERUN_NEW_EVENT || (what == RERUN_DEAD_IF_SAME && !same))
        return false;
    admit->result = what == RERUN_NOTHING ? ADMIT_DUPLICATE
                    : admit->queue_full   ? ADMIT_QUEUE_FULL
                                          : ADMIT_NO_ROOM;
    if (what == RERUN_NOTHING)
        find_answer(journal, turn, admit, first);
    if (admit->result != ADMIT_NO_ROOM || !take_room(turn, 0))
        return true;
    for (size_t i = 0; i < known.dead_count; i++) {
        const struct journal_due due = {known.dead[i].action, known.dead[i].handle, known.bytes,
                                        known.dead[i].key};
        struct delivery_row *row = memory_delivery(tables, due.handle);
        row->state = MEMORY_PENDING;
        row->due_ms = row->fold = 0;
        engine_add_due(&turn->reruns, &due);
    }
    first->reruns++;
    first->quarantined = false;
    admit->result = ADMIT_RERUN;
    find_answer(journal, turn, admit, first);
    return true;
}

static struct event copy_event(struct memory_store *store, const struct event *event)
{
    struct event copy = *event;
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++)
        if (event_field_is_span(&event_fields[i]))
            *event_span(&copy, &event_fields[i]) =
                keep(store, event_bytes(event, &event_fields[i]));
    return copy;
}

static void add_event(struct memory_journal *journal, struct journal_turn *turn,
                      struct journal_admit *admit)
{
    struct tables *tables = &journal->store->now;
    struct event_row *row = &tables->events[tables->event_count++];
    id_create(turn->now_ms, admit->id);
    admit->event->id = bytes_of_text(admit->id);
    *row = (struct event_row){.seq = (int64_t)tables->event_count,
                              .event = copy_event(journal->store, admit->event),
                              .has_body = true,
                              .quarantined = admit->event->failures.length > 0,
                              .first = tables->delivery_count,
                              .count = admit->action_count};
    admit->result = ADMIT_ACCEPTED;
    admit->handle = row->seq * JOURNAL_ACTIONS_MAX;
    for (size_t i = 0; i < admit->action_count; i++) {
        struct delivery_row *delivery = &tables->deliveries[tables->delivery_count++];
        const struct journal_delivery given = {
            .attempt = 1, .key = memory_key(admit, i), .event = *admit->event};
        *delivery = (struct delivery_row){.handle = admit->handle + (int64_t)i,
                                          .action = admit->actions[i],
                                          .key = memory_key(admit, i)};
        if (delivery->action == admit->answering && !admit->dead_reason)
            admit->answer_handle = delivery->handle;
        if (admit->dead_reason)
            delivery->state = MEMORY_DEAD;
        else if (memory_supersede(tables, turn, admit, i))
            continue;
        else if (!turn->changed && journal_places_has(&admit->claim, i) &&
                 turn->hold(turn, delivery->action, delivery->handle, &given)) {
            delivery->state = MEMORY_RUNNING;
            delivery->attempt = 1;
            delivery->runner_id = journal->runner_id;
            journal_places_add(&admit->claimed, i);
        }
    }
}

static void admit_events(struct memory_journal *journal, struct journal_turn *turn)
{
    for (size_t i = 0; i < turn->admit_count; i++) {
        struct journal_admit *admit = &turn->admits[i];
        struct event_row *first = find_first(&journal->store->now, admit, turn->now_ms);
        admit->claimed = (struct journal_places){{0}};
        admit->result = ADMIT_NO_ROOM;
        admit->answer_handle = admit->due_ms = 0;
        admit->answer = NULL;
        if (first && take_copy(journal, turn, admit, first))
            continue;
        if (admit->queue_full)
            admit->result = ADMIT_QUEUE_FULL;
        else if (take_room(turn, admit->event->headers.length + admit->event->body.length))
            add_event(journal, turn, admit);
    }
    turn->question_fits =
        turn->question_bytes > 0 && turn->room >= disk_bytes(turn->question_bytes);
}

static void learn_keys(struct memory_journal *journal, struct journal_turn *turn)
{
    struct tables *tables = &journal->store->now;
    for (size_t i = 0; i < turn->learn_count; i++) {
        struct journal_learn *learn = &turn->learns[i];
        learn->added = true;
        for (size_t j = 0; j < tables->key_count; j++)
            learn->added &= strcmp(tables->keys[j].route, learn->route) != 0;
        if (!learn->added)
            continue;
        struct key_row *row = &tables->keys[tables->key_count++];
        snprintf(row->route, sizeof row->route, "%s", learn->route);
        snprintf(row->provider, sizeof row->provider, "%s", learn->provider);
        memcpy(row->key, learn->key.data, learn->key.length);
        row->length = learn->key.length;
    }
}

static void write_take_over(struct memory_journal *journal, struct journal_turn *turn)
{
    struct journal_take_over *take = turn->take_over;
    struct tables *tables = &journal->store->now;
    take->count = 0;
    for (size_t i = 0; i < tables->delivery_count; i++) {
        struct delivery_row *row = &tables->deliveries[i];
        const struct journal_action *action = engine_find_action(&journal->base, row->action);
        bool runs = row->state != MEMORY_RUNNING;
        for (size_t j = 0; j < take->live_count; j++)
            runs |= row->runner_id == take->live[j] && row->runner_id != journal->runner_id;
        for (size_t j = 0; j < take->our_count; j++)
            runs |= row->runner_id == journal->runner_id && row->handle == take->ours[j];
        const struct journal_due delivery = memory_due(tables, row);
        if (row->state == MEMORY_RUNNING && runs && row->runner_id != journal->runner_id)
            engine_add_due(&turn->running, &delivery);
        if (runs)
            continue;
        take->count++;
        row->state = MEMORY_PENDING;
        row->takeovers++;
        memory_give_way(row);
        if (row->state != MEMORY_PENDING || !action || !action->counts_crashes ||
            !(row->alone || action->fails_in_crash))
            continue;
        row->given_up = !action->fails_in_crash;
        die(journal, turn, row,
            row->given_up ? "given up: it ran alone" : "the runner was gone before it ended");
        if (!engine_is_teller(row->handle))
            route_table_die(&tables->routes, turn, tables->actions[row->action - 1].route);
    }
    read_actions(journal, &turn->crashed, true);
}

static void write_abandoned(struct memory_journal *journal, struct journal_turn *turn)
{
    struct journal_abandon *abandon = turn->abandon;
    struct tables *tables = &journal->store->now;
    size_t count = 0;
    for (size_t i = 0; i < abandon->action_count; i++)
        for (size_t j = 0; j < tables->delivery_count && count < abandon->limit; j++) {
            struct delivery_row *row = &tables->deliveries[j];
            if (row->state != MEMORY_PENDING || row->action != abandon->actions[i])
                continue;
            die(journal, turn, row, abandon->reason);
            count++;
        }
    abandon->more = count == abandon->limit;
}

#include "memory_tell.h"

static void write_claims(struct memory_journal *journal, struct journal_turn *turn)
{
    struct tables *tables = &journal->store->now;
    for (size_t i = 0; i < turn->want_count; i++) {
        struct journal_want *want = &turn->wants[i];
        struct delivery_row *row = memory_delivery(tables, want->handle);
        want->result = WANT_GONE;
        if (!row || row->state != MEMORY_PENDING)
            continue;
        const struct event_row *event = memory_event(tables, row->handle);
        if (!event->has_body) {
            want->result = WANT_LOST;
            die(journal, turn, row, "its event is no longer in the journal");
            continue;
        }
        struct delivery_failure failure;
        bool tells = engine_is_teller(row->handle);
        bool must_be_alone = engine_must_be_alone(&journal->base, row->action, row->takeovers);
        want->result = WANT_NOT_ALONE;
        if (must_be_alone && !want->is_alone)
            continue;
        want->result = WANT_GONE;
        if (tells && !prepare_teller(journal, turn, row, &failure))
            continue;
        const struct journal_delivery given = {.attempt = row->attempt + 1,
                                               .failures = row->failures,
                                               .key = row->key,
                                               .event = event->event,
                                               .failure = tells ? &failure : NULL};
        want->result = WANT_NO_MEMORY;
        if (!turn->hold(turn, row->action, row->handle, &given))
            continue;
        want->result = WANT_CLAIMED;
        row->state = MEMORY_RUNNING;
        row->attempt++;
        row->alone = must_be_alone;
        row->due_ms = 0;
        row->runner_id = journal->runner_id;
        if (!tells)
            continue;
        struct told_row *route =
            route_of(tables, engine_find_action(&journal->base, row->action)->route);
        route->told_ms = turn->due_ms;
    }
}

static bool is_open(const struct tables *tables, const struct event_row *event)
{
    bool open = false;
    for (size_t i = event->first; i < event->first + event->count; i++)
        open |= tables->deliveries[i].state <= MEMORY_RUNNING;
    for (size_t i = 0; i < tables->delivery_count; i++) /* those of tellers come later */
        open |= tables->deliveries[i].handle / JOURNAL_ACTIONS_MAX == event->seq &&
                tables->deliveries[i].state <= MEMORY_RUNNING;
    return open;
}

static bool is_over(const struct tables *tables, const struct event_row *event,
                    const struct journal_upkeep *upkeep, bool too_large, bool *dead)
{
    *dead = false;
    for (size_t i = event->first; i < event->first + event->count; i++)
        *dead |= tables->deliveries[i].state == MEMORY_DEAD;
    if (is_open(tables, event))
        return false;
    return *dead ? event->event.received_ms < upkeep->dead_before_ms
                 : too_large || event->event.received_ms < upkeep->done_before_ms;
}

static int64_t used_bytes(const struct tables *tables)
{
    int64_t used = 0;
    for (size_t i = 0; i < tables->event_count; i++)
        used += tables->events[i].has_body ? (int64_t)tables->events[i].event.body.length : 0;
    return used;
}

static void prune_event(struct tables *tables, struct event_row *event,
                        struct journal_upkeep *upkeep)
{
    bool too_large = upkeep->for_size && upkeep->over > 0;
    bool dead, over = is_over(tables, event, upkeep, too_large, &dead);
    bool keyed =
        event->event.dedupe_key.length > 0 && event->event.received_ms >= upkeep->dedupe_before_ms;
    bool body_goes = event->has_body && event->event.received_ms < upkeep->body_before_ms;
    if (!over && body_goes && !is_open(tables, event)) {
        upkeep->events++;
        event->has_body = false;
    }
    if (!over)
        return;
    bool key_goes = keyed && !event->has_body && upkeep->drops_keys;
    upkeep->events += event->has_body || !keyed || key_goes;
    upkeep->keys += key_goes;
    event->has_body = false;
    event->gone = !keyed || key_goes;
    if (event->gone || !dead)
        event->count = 0;
}

static void write_upkeep(struct memory_journal *journal, struct journal_turn *turn)
{
    struct journal_upkeep *upkeep = turn->upkeep;
    struct tables *tables = &journal->store->now;
    if (upkeep->put_horizon_ms)
        tables->horizon_ms = upkeep->put_horizon_ms;
    if (!upkeep->prunes)
        return;
    int64_t used = used_bytes(tables);
    upkeep->over = used > upkeep->keep_size ? used - upkeep->keep_size : 0;
    upkeep->events = upkeep->bodies = upkeep->keys = 0;
    upkeep->ended = true;
    upkeep->can_shrink = false;
    for (size_t i = 0; i + 1 < tables->event_count; i++) {
        struct event_row *event = &tables->events[i];
        if (event->gone || event->seq <= upkeep->position ||
            (upkeep->for_size && upkeep->over == 0))
            continue;
        if (event->event.received_ms >= upkeep->until_ms)
            break;
        prune_event(tables, event, upkeep);
        upkeep->position = event->seq;
        upkeep->reached_ms = event->event.received_ms;
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

static void end(struct journal_turn *turn, enum journal_end how, const char *state)
{
    engine_forget(turn);
    turn->end = how;
    turn->refusal =
        (struct journal_refusal){.state = state, .retry_ns = 10 * NS_PER_MS, .retry_after_s = 1};
    error_set(&turn->refusal.reason, "the store is %s", state);
}

static void read_turn(struct memory_journal *journal, struct journal_turn *turn)
{
    turn->changed = !turn->upkeep && !turn->proves && journal->version != journal->store->version;
    if (turn->changed)
        journal->version = journal->store->version;
    read_due(journal, turn);
    read_looks(journal, turn);
    if (turn->reads_open)
        read_actions(journal, &turn->open, false);
    if (turn->reads_routes)
        route_table_read(&journal->store->now.routes, turn);
    if (turn->tally)
        read_tally(journal, turn->tally);
    if (turn->upkeep && turn->upkeep->reads_horizon) {
        const struct tables *tables = &journal->store->now;
        size_t count = tables->event_count;
        turn->upkeep->horizon_ms = tables->horizon_ms;
        turn->upkeep->newest_ms = count ? tables->events[count - 1].event.received_ms : 0;
    }
}

static void read_keys(struct memory_journal *journal, struct journal_turn *turn)
{
    const struct tables *tables = &journal->store->now;
    for (size_t i = 0; i < tables->key_count && turn->reads_keys; i++)
        engine_add_key(turn, bytes_of_text(tables->keys[i].route),
                       bytes_of_text(tables->keys[i].provider),
                       bytes_of(tables->keys[i].key, tables->keys[i].length));
}

static void read_heard(struct memory_journal *journal, struct journal_turn *turn)
{
    const struct told_row *row = journal->store->now.told;
    for (; row->name[0] && turn->reads_heard; row++) {
        const struct journal_heard heard = {.event_ms = row->event_ms,
                                            .told_silence = row->told_silence,
                                            .told_refusal = row->told_refusal};
        if (row->event_ms != 0)
            engine_add_heard(turn, bytes_of_text(row->name), &heard);
    }
}

static void read_tracks(struct memory_journal *journal, struct journal_turn *turn)
{
    const struct tables *tables = &journal->store->now;
    for (size_t i = 0; i < turn->track_count; i++) {
        struct journal_track *track = &turn->tracks[i];
        const struct event_row *event = tables->events;
        const struct event_row *end = event + tables->event_count;
        track->count = 0;
        while (event < end && (event->gone || !bytes_equal_text(event->event.id, track->id) ||
                               !bytes_equal_text(event->event.route, track->route)))
            event++;
        if (event == end)
            continue;
        track->received_ms = event->event.received_ms;
        track->handle = event->seq * JOURNAL_ACTIONS_MAX;
        for (size_t j = event->first; j < event->first + event->count; j++) {
            const struct delivery_row *row = &tables->deliveries[j];
            const struct journal_progress progress = {.state = (enum delivery_state)row->state,
                                                      .attempt = row->attempt};
            engine_add_progress(turn, track, bytes_of_text(tables->actions[row->action - 1].name),
                                &progress);
        }
    }
}

static void write_turn(struct memory_journal *journal, struct journal_turn *turn)
{
    struct memory_store *store = journal->store;
    write_finished(journal, turn);
    admit_events(journal, turn);
    learn_keys(journal, turn);
    write_notices(journal, turn);
    if (turn->upkeep)
        write_upkeep(journal, turn);
    write_due(journal, turn);
    if (turn->take_over)
        write_take_over(journal, turn);
    if (turn->abandon)
        write_abandoned(journal, turn);
    write_claims(journal, turn);
    write_pauses(journal, turn);
    engine_tell_failures(&journal->base, turn, tell, journal);
    journal->version += journal->version == store->version; /* else it is behind still */
    store->version++;
}

static void carry_out(struct memory_journal *journal, struct journal_turn *turn)
{
    struct memory_store *store = journal->store;
    engine_begin(turn);
    if (journal->refused && !turn->proves) {
        end(turn, JOURNAL_REFUSED, "full");
    } else if (!writes(turn)) {
        read_turn(journal, turn);
        read_keys(journal, turn);
        read_heard(journal, turn);
        read_tracks(journal, turn);
    } else if (store->locked) {
        end(turn, JOURNAL_NOT_NOW, "busy");
    } else {
        store->before = store->now;
        read_turn(journal, turn);
        write_turn(journal, turn);
        read_keys(journal, turn);
        read_heard(journal, turn);
        read_tracks(journal, turn);
        journal->refused = store->broken;
        if (store->broken) {
            store->now = store->before;
            end(turn, JOURNAL_REFUSED, "full");
        }
    }
    turn->completed(turn);
}

static void turn_is_due(struct loop_timer *timer)
{
    struct memory_journal *journal = timer->owner;
    struct journal_turn *turn = journal->waiting[0];
    memmove(journal->waiting, journal->waiting + 1,
            --journal->waiting_count * sizeof *journal->waiting);
    if (journal->waiting_count > 0)
        loop_timer_set(journal->loop, timer, clock_monotonic_ns());
    carry_out(journal, turn);
}

static void submit(struct journal *base, struct journal_turn *turn)
{
    struct memory_journal *journal = (struct memory_journal *)base;
    if (!journal->store->later) {
        carry_out(journal, turn);
        return;
    }
    journal->waiting[journal->waiting_count++] = turn;
    loop_timer_set(journal->loop, &journal->timer, clock_monotonic_ns() + NS_PER_MS / 10);
}

/* ---- beginning and end ---- */

static int64_t number_of(struct tables *tables, const struct journal_action *action)
{
    size_t i = 0;
    while (i < tables->action_count && (strcmp(tables->actions[i].route, action->route) != 0 ||
                                        strcmp(tables->actions[i].name, action->name) != 0))
        i++;
    if (i == tables->action_count) {
        struct action_row *row = &tables->actions[tables->action_count++];
        snprintf(row->route, sizeof row->route, "%s", action->route);
        snprintf(row->name, sizeof row->name, "%s", action->name);
    }
    return (int64_t)i + 1;
}

static struct journal *open_memory(const struct journal_setup *setup, struct error *err)
{
    struct memory_journal *journal = calloc(1, sizeof *journal);
    struct tables *tables = &current->now;
    (void)err;
    journal->base.engine = &memory_engine;
    journal->base.is_new = tables->action_count == 0;
    journal->store = current;
    journal->loop = setup->loop;
    journal->runner_id = setup->runner_id;
    journal->version = current->version;
    loop_timer_init(&journal->timer, turn_is_due, journal);
    for (size_t i = 0; i < setup->action_count; i++)
        setup->actions[i].number = number_of(tables, &setup->actions[i]);
    engine_know_actions(&journal->base, setup);
    journal->base.orphans = calloc(tables->action_count + 1, sizeof *journal->base.orphans);
    for (int64_t number = 1; number <= (int64_t)tables->action_count; number++)
        if (!engine_find_action(&journal->base, number))
            journal->base.orphans[journal->base.orphan_count++] = number;
    return &journal->base;
}

static void close_memory(struct journal *base)
{
    struct memory_journal *journal = (struct memory_journal *)base;
    if (journal->loop)
        loop_timer_remove(journal->loop, &journal->timer);
    engine_finish(base);
    free(journal);
}

static void tend(struct journal *journal)
{
    (void)journal;
}

static bool space(struct journal *journal, int64_t *bytes)
{
    (void)journal;
    *bytes = INT64_MAX / 4;
    return true;
}

const struct journal_engine memory_engine = {.name = "memory",
                                             .open = open_memory,
                                             .close = close_memory,
                                             .submit = submit,
                                             .tend = tend,
                                             .space = space};
