/* Each question looks at every row. */
#include "journal_memory_keys.h"

#include <stdio.h>
#include <string.h>

/* ---- looks ---- */

static bool is_of(const struct delivery_row *row, const struct journal_key_look *look)
{
    for (size_t i = 0; i < look->action_count; i++)
        if (look->actions[i] == row->action)
            return look->scope == KEYS_ANY || row->key == look->key;
    return false;
}

/* Rows stand in the order of their handles. */
static bool find_head(struct tables *tables, const struct journal_key_look *look, int64_t due_ms,
                      struct journal_head *head)
{
    *head = (struct journal_head){0};
    for (size_t i = 0; i < tables->delivery_count; i++) {
        const struct delivery_row *row = &tables->deliveries[i];
        if (row->state != MEMORY_PENDING || !is_of(row, look) || row->handle <= look->after ||
            (look->only_due && row->due_ms > due_ms))
            continue;
        head->more = head->handle != 0;
        if (head->more)
            break;
        const struct journal_due due = memory_due(tables, row);
        *head = (struct journal_head){.key = look->key,
                                      .action = row->action,
                                      .handle = row->handle,
                                      .due_ms = row->due_ms,
                                      .bytes = due.bytes};
    }
    return head->handle != 0;
}

static bool next_key(const struct tables *tables, const struct journal_key_look *look,
                     int64_t after, int64_t *key)
{
    *key = INT64_MAX;
    for (size_t i = 0; i < tables->delivery_count; i++) {
        const struct delivery_row *row = &tables->deliveries[i];
        struct journal_key_look any = *look;
        any.scope = KEYS_ANY;
        if (row->state <= MEMORY_RUNNING && is_of(row, &any) && row->key > after && row->key < *key)
            *key = row->key;
    }
    return *key < INT64_MAX;
}

void memory_look_at_keys(struct tables *tables, struct journal_key_look *look, int64_t due_ms)
{
    struct journal_key_look one = *look;
    look->count = 0;
    look->reached = 0;
    look->goes_on = false;
    if (look->scope != KEYS_AFTER) {
        one.key = look->scope == KEYS_ONE ? look->key : 0;
        one.after = look->scope == KEYS_NONE ? look->after : 0;
        look->count = find_head(tables, &one, due_ms, &look->heads[0]);
        look->goes_on = look->scope == KEYS_NONE && look->count > 0;
        look->reached = look->goes_on ? look->heads[0].handle - 1 : INT64_MAX;
        return;
    }
    one.scope = KEYS_ONE;
    look->reached = look->key;
    look->goes_on = true;
    while (look->count < look->room && look->goes_on) {
        look->goes_on = next_key(tables, look, look->reached, &one.key);
        if (look->goes_on)
            look->count += find_head(tables, &one, due_ms, &look->heads[look->count]);
        look->reached = look->goes_on ? one.key : look->reached;
    }
}

void memory_watch(struct tables *tables, struct journal_watch *watch)
{
    const struct delivery_row *row = memory_delivery(tables, watch->handle);
    watch->is_over = !row || row->state != MEMORY_RUNNING;
    watch->state = row ? (enum delivery_state)row->state : DELIVERY_DEAD;
    watch->by[0] = '\0';
    if (row)
        memcpy(watch->by, row->superseded_by, sizeof watch->by);
}

/* ---- what a newer event supersedes ---- */

static void mark(struct tables *tables, struct delivery_row *row, struct journal_turn *turn,
                 const struct journal_admit *admit)
{
    const struct journal_due due = memory_due(tables, row);
    const struct journal_superseded one = {.action = row->action,
                                           .handle = row->handle,
                                           .bytes = due.bytes,
                                           .key = row->key,
                                           .is_running = row->state == MEMORY_RUNNING,
                                           .by = admit->id};
    if (!row->superseded_by[0])
        memcpy(row->superseded_by, admit->id, sizeof row->superseded_by);
    memory_give_way(row);
    engine_add_superseded(&turn->superseded, &one);
}

void memory_give_way(struct delivery_row *row)
{
    if (row->state == MEMORY_PENDING && row->superseded_by[0])
        row->state = MEMORY_SUPERSEDED;
}

bool memory_supersede(struct tables *tables, struct journal_turn *turn, struct journal_admit *admit,
                      size_t place)
{
    struct delivery_row *own = &tables->deliveries[tables->delivery_count - 1];
    const struct journal_fold *fold = &admit->fold;
    own->since_ms = admit->event->received_ms;
    for (size_t i = 0; i + 1 < tables->delivery_count; i++) {
        struct delivery_row *row = &tables->deliveries[i];
        bool cancels = journal_places_has(&admit->cancels, place) && row->state <= MEMORY_RUNNING &&
                       (!own->key || row->key == own->key);
        bool folds = fold->key && row->fold == fold->key && row->state == MEMORY_PENDING &&
                     row->attempt == 0;
        if (row->action != own->action || (!cancels && !folds))
            continue;
        if (folds && row->since_ms < own->since_ms)
            own->since_ms = row->since_ms;
        mark(tables, row, turn, admit);
    }
    if (!fold->key)
        return false;
    own->fold = fold->key;
    own->wait_ms = engine_burst_wait_ms(turn, fold, own->since_ms);
    own->due_ms = turn->due_ms + own->wait_ms;
    if (!admit->due_ms || own->due_ms < admit->due_ms)
        admit->due_ms = own->due_ms;
    return true;
}
