/* A stuck key must not hide the others, however many deliveries it has. So of each key only the
 * first that waits is held, in a slot; when it has been taken, the next one of its key is asked
 * for. A slot is there as long as its key has a delivery that waits or runs. Slots whose delivery
 * may run now are ready, and stand in a list of their action in the journal's order: to the rest of
 * the queue these are all that there is.
 *
 * With one at a time (strict) the first delivery of a key counts even while it waits for its time:
 * it is not passed over, and so order holds across retries. With more, what is not due is none.
 *
 * Keys are found by going along the journal's index once, from the lowest key to the highest, some
 * in each turn; a change by others begins one more round. Until a round is over a new delivery may
 * stand behind others that are not known of, and is looked for instead of being taken at its word.
 * Whenever something about a key is in doubt, its head is forgotten and asked for again: a look at
 * one key costs two steps in an index. */
#include "server/runner/key_queue.h"

#include <assert.h>
#include <stdlib.h>

static int64_t provisional(const struct queue_pushed *pushed)
{
    return JOURNAL_HANDLE_END + (int64_t)pushed->index;
}

/* ---- slots ---- */

static int64_t key_of(const struct run_limit *limit, int64_t key)
{
    return limit->has_keys ? key : 0;
}

static struct key_slot *find(const struct run_limit *limit, int64_t key)
{
    const struct key_slot *slot = NULL;
    if (key == 0)
        return (struct key_slot *)&limit->keyless;
    if (!limit->buckets)
        return NULL;
    LIST_FOREACH(slot, &limit->buckets[(uint64_t)key % KEY_BUCKETS], in_bucket)
    if (slot->key == key)
        break;
    return (struct key_slot *)slot;
}

/* NULL without memory. */
static struct key_slot *find_or_make(struct run_limit *limit, int64_t key)
{
    struct key_slot *slot = find(limit, key);
    if (slot)
        return slot;
    if (!limit->buckets)
        limit->buckets = calloc(KEY_BUCKETS, sizeof *limit->buckets);
    slot = limit->buckets ? calloc(1, sizeof *slot) : NULL;
    if (!slot)
        return NULL;
    slot->key = key;
    slot->changed = limit->asks - 1;
    LIST_INSERT_HEAD(&limit->buckets[(uint64_t)key % KEY_BUCKETS], slot, in_bucket);
    limit->slot_count++;
    return slot;
}

static void count_ready(struct key_slot *slot, ptrdiff_t change)
{
    slot->action->count += (size_t)change;
    slot->is_ready = change > 0;
}

/* In the order of handles; what comes last is mostly the highest. */
static void make_ready(struct key_slot *slot)
{
    struct key_list *list = &slot->action->ready;
    struct key_slot *before = TAILQ_LAST(list, key_list);
    while (before && before->head > slot->head)
        before = TAILQ_PREV(before, key_list, in_ready);
    if (before)
        TAILQ_INSERT_AFTER(list, before, slot, in_ready);
    else
        TAILQ_INSERT_HEAD(list, slot, in_ready);
    count_ready(slot, 1);
}

static void make_unready(struct key_slot *slot)
{
    if (!slot->is_ready)
        return;
    TAILQ_REMOVE(&slot->action->ready, slot, in_ready);
    count_ready(slot, -1);
}

/* Puts the slot into the lists that it belongs to now, or frees it. */
static void slot_changed(struct run_limit *limit, struct key_slot *slot)
{
    bool is_ready = slot->head && !slot->waits && slot->running < limit->max;
    bool is_short = !slot->head && slot->more;
    if (is_ready && !slot->is_ready)
        make_ready(slot);
    else if (!is_ready)
        make_unready(slot);
    if (is_short && !slot->is_short)
        TAILQ_INSERT_TAIL(&limit->shorts, slot, in_short);
    else if (!is_short && slot->is_short)
        TAILQ_REMOVE(&limit->shorts, slot, in_short);
    slot->is_short = is_short;
    if (slot->head || slot->more || slot->is_asked || slot->running > 0 || slot->key == 0)
        return;
    LIST_REMOVE(slot, in_bucket);
    limit->slot_count--;
    free(slot);
}

static void set_head(struct key_slot *slot, struct action_queue *action, int64_t handle,
                     uint32_t bytes)
{
    make_unready(slot); /* it stands there under another handle */
    slot->action = action;
    slot->head = handle;
    slot->bytes = bytes;
    slot->waits = false;
}

static void forget_head(struct key_slot *slot)
{
    set_head(slot, slot->action, 0, 0);
}

/* What a look under way finds of the key is out of date. */
static void note_change(const struct run_limit *limit, struct key_slot *slot)
{
    slot->changed = limit->asks;
}

static bool is_outdated(const struct run_limit *limit, const struct key_slot *slot)
{
    return slot->changed == limit->asks;
}

static void has_more(struct key_slot *slot)
{
    slot->more = slot->more_again = true;
}

static void begin_round(struct run_limit *limit)
{
    if (!limit->has_keys)
        return;
    limit->scans_again = limit->is_scanning;
    if (!limit->is_scanning)
        limit->cursor = 0;
    limit->is_scanning = true;
}

/* ---- beginning and end ---- */

struct run_limit *run_limit_create(const struct concurrency_settings *settings, size_t most)
{
    struct run_limit *limit = calloc(1, sizeof *limit);
    if (!limit)
        return NULL;
    limit->settings = settings;
    limit->max = (unsigned)settings->max;
    limit->has_keys = settings->per.text != NULL;
    limit->is_strict = concurrency_is_strict(settings);
    limit->has_heads = limit->has_keys || limit->is_strict;
    TAILQ_INIT(&limit->shorts);
    limit->actions = calloc(most + 1, sizeof *limit->actions);
    limit->numbers = calloc(most + 1, sizeof *limit->numbers);
    if (limit->actions && limit->numbers)
        return limit;
    run_limit_destroy(limit);
    return NULL;
}

void run_limit_destroy(struct run_limit *limit)
{
    for (size_t i = 0; limit->buckets && i < KEY_BUCKETS; i++)
        while (!LIST_EMPTY(&limit->buckets[i])) {
            struct key_slot *slot = LIST_FIRST(&limit->buckets[i]);
            LIST_REMOVE(slot, in_bucket);
            free(slot);
        }
    free(limit->buckets);
    free(limit->actions);
    free(limit->numbers);
    free(limit);
}

void run_limit_add(struct run_limit *limit, struct action_queue *action)
{
    action->limit = limit;
    limit->actions[limit->action_count++] = action;
}

void run_limit_number(struct run_limit *limit)
{
    for (size_t i = 0; i < limit->action_count; i++)
        limit->numbers[i] = limit->actions[i]->number;
}

/* ---- what comes ---- */

/* Only the journal knows what is first of the key. */
static void look_later(struct run_limit *limit, int64_t key)
{
    struct key_slot *slot =
        limit->slot_count < KEYS_MAX ? find_or_make(limit, key) : find(limit, key);
    if (!slot) {
        begin_round(limit); /* which finds it when there is room */
        return;
    }
    has_more(slot);
    slot_changed(limit, slot);
}

/* A newer delivery of a limit that cancels may have a still newer one in the same turn. */
static bool is_all_known(const struct run_limit *limit, bool all_read)
{
    return all_read && !limit->is_scanning &&
           limit->settings->when_full != CONCURRENCY_CANCEL_RUNNING;
}

void keys_push(struct run_limit *limit, struct action_queue *action,
               const struct queue_pushed *pushed, bool all_read)
{
    int64_t key = key_of(limit, pushed->key);
    struct key_slot *slot = find(limit, key);
    bool known = is_all_known(limit, all_read) &&
                 (slot ? !slot->head && !slot->more && !slot->is_asked : !limit->has_hidden);
    if (known && !slot && limit->slot_count < KEYS_MAX)
        slot = find_or_make(limit, key);
    if (!known || !slot) {
        look_later(limit, key);
        return;
    }
    set_head(slot, action, provisional(pushed), pushed->bytes);
    slot_changed(limit, slot);
}

void keys_settle(struct run_limit *limit, struct action_queue *action,
                 const struct queue_pushed *pushed, int64_t handle, bool all_read)
{
    int64_t key = key_of(limit, pushed->key);
    struct key_slot *slot = find(limit, key);
    bool is_held = slot && slot->head == provisional(pushed);
    if (is_held)
        forget_head(slot);
    if (is_held && handle && is_all_known(limit, all_read))
        set_head(slot, action, handle, pushed->bytes);
    else if (handle)
        look_later(limit, key);
    if (is_held)
        slot_changed(limit, slot);
}

void keys_look_again(struct run_limit *limit, int64_t any_key)
{
    int64_t key = key_of(limit, any_key);
    struct key_slot *slot = find(limit, key);
    if (slot)
        forget_head(slot);
    if (key == 0)
        limit->keyless_after = 0;
    look_later(limit, key);
    slot = find(limit, key);
    if (slot)
        note_change(limit, slot);
}

void keys_refresh(struct run_limit *limit)
{
    begin_round(limit);
    has_more(&limit->keyless);
    slot_changed(limit, &limit->keyless);
}

static void forget_slot(struct run_limit *limit, struct key_slot *slot)
{
    forget_head(slot);
    slot->more = slot->more_again = slot->is_asked = false;
    slot_changed(limit, slot);
}

void keys_reset(struct run_limit *limit)
{
    for (size_t i = 0; limit->buckets && i < KEY_BUCKETS; i++) {
        struct key_slot *slot = LIST_FIRST(&limit->buckets[i]), *next;
        for (; slot; slot = next) {
            next = LIST_NEXT(slot, in_bucket);
            forget_slot(limit, slot);
        }
    }
    forget_slot(limit, &limit->keyless);
    limit->keyless_after = 0;
    limit->is_scanning = limit->scans_again = limit->has_hidden = false;
    limit->epoch++;
    keys_refresh(limit);
}

/* ---- looks ---- */

bool keys_are_short(const struct run_limit *limit)
{
    return !TAILQ_EMPTY(&limit->shorts) || (limit->is_scanning && limit->slot_count < KEYS_MAX);
}

static struct journal_key_look look_of(const struct run_limit *limit, struct journal_head *heads,
                                       size_t room)
{
    return (struct journal_key_look){.actions = limit->numbers,
                                     .action_count = limit->action_count,
                                     .only_due = !limit->is_strict,
                                     .heads = heads,
                                     .room = room};
}

size_t keys_ask(struct run_limit *limit, struct journal_key_look *looks, size_t room,
                struct journal_head *heads, size_t *head_room)
{
    size_t count = 0, used = 0;
    struct key_slot *slot;
    limit->asks++;
    TAILQ_FOREACH(slot, &limit->shorts, in_short) {
        if (count == room || used == *head_room)
            break;
        looks[count] = look_of(limit, &heads[used++], 1);
        looks[count].scope = slot->key ? KEYS_ONE : limit->has_keys ? KEYS_NONE : KEYS_ANY;
        looks[count].key = slot->key;
        looks[count++].after = limit->keyless_after;
        slot->is_asked = true;
        slot->more_again = false;
    }
    size_t left = *head_room - used, step = left < KEYS_STEP ? left : KEYS_STEP;
    if (limit->is_scanning && limit->slot_count < KEYS_MAX && count < room && step > 0) {
        looks[count] = look_of(limit, &heads[used], step);
        looks[count].scope = KEYS_AFTER;
        looks[count++].key = limit->cursor;
        used += step;
    }
    *head_room -= used;
    return count;
}

/* Of a slot that has none, or a later one. */
static void take_head(const struct run_limit *limit, struct key_slot *slot,
                      const struct journal_head *head, int64_t due_ms)
{
    size_t place = 0;
    bool first = !slot->head || head->handle < slot->head;
    slot->more |= head->more || (slot->head && slot->head != head->handle);
    if (!first)
        return;
    while (place + 1 < limit->action_count && limit->numbers[place] != head->action)
        place++;
    set_head(slot, limit->actions[place], head->handle, head->bytes);
    slot->waits = head->due_ms > due_ms;
}

/* What waits for its time is told of when that has come. Many such keys are better not held: they
 * would take the places of others. */
static bool is_crowded(const struct run_limit *limit)
{
    return limit->slot_count > KEYS_MAX / 2;
}

static bool is_hidden(const struct run_limit *limit, const struct journal_head *head,
                      int64_t due_ms)
{
    return head->due_ms > due_ms && is_crowded(limit) && !find(limit, head->key);
}

/* The same of a key that has a slot. */
static void hide_waiting(struct run_limit *limit, struct key_slot *slot)
{
    if (!slot->waits || slot->key == 0 || slot->more_again || slot->running > 0 ||
        !is_crowded(limit))
        return;
    forget_head(slot);
    slot->more = false;
    limit->has_hidden = true;
}

static void load_round(struct run_limit *limit, const struct journal_key_look *look, int64_t due_ms)
{
    for (size_t i = 0; i < look->count; i++) {
        const struct journal_head *head = &look->heads[i];
        if (is_hidden(limit, head, due_ms)) {
            limit->has_hidden = true;
            continue;
        }
        struct key_slot *slot = find_or_make(limit, head->key);
        if (!slot)
            return; /* it is read from there again */
        limit->cursor = head->key;
        if (slot->is_asked || is_outdated(limit, slot))
            has_more(slot); /* it has, or gets, an answer of its own */
        else
            take_head(limit, slot, head, due_ms);
        slot_changed(limit, slot);
    }
    limit->cursor = look->reached;
    if (look->goes_on)
        return;
    limit->is_scanning = limit->scans_again;
    limit->scans_again = false;
    limit->cursor = 0;
}

static void load_slot(struct run_limit *limit, const struct journal_key_look *look, int64_t due_ms)
{
    struct key_slot *slot = find(limit, look->key);
    if (!slot || !slot->is_asked)
        return;
    slot->is_asked = false;
    slot->more = slot->more_again;
    if (is_outdated(limit, slot)) {
        has_more(slot);
    } else if (look->scope == KEYS_NONE && look->goes_on) {
        limit->keyless_after = look->reached;
        has_more(slot);
    }
    if (look->count > 0 && !is_outdated(limit, slot))
        take_head(limit, slot, look->heads, due_ms);
    hide_waiting(limit, slot);
    slot_changed(limit, slot);
}

void keys_load(struct run_limit *limit, const struct journal_key_look *look, int64_t due_ms)
{
    if (look->scope == KEYS_AFTER)
        load_round(limit, look, due_ms);
    else
        load_slot(limit, look, due_ms);
}

/* ---- whose turn it is ---- */

const struct key_slot *keys_first(const struct action_queue *action)
{
    assert(!TAILQ_EMPTY(&action->ready));
    return TAILQ_FIRST(&action->ready);
}

void keys_take(struct run_limit *limit, struct action_queue *action)
{
    struct key_slot *slot = TAILQ_FIRST(&action->ready);
    slot->running++;
    forget_head(slot);
    note_change(limit, slot);
    slot_changed(limit, slot);
}

void keys_give(struct run_limit *limit, int64_t key)
{
    struct key_slot *slot = find(limit, key_of(limit, key));
    assert(slot && slot->running > 0);
    slot->running--;
    slot_changed(limit, slot);
}

bool keys_hold(struct run_limit *limit, int64_t any_key)
{
    int64_t key = key_of(limit, any_key);
    struct key_slot *slot = find(limit, key);
    if (!slot) {
        slot = find_or_make(limit, key);
        if (!slot)
            return false;
        has_more(slot);
    }
    slot->running++;
    slot_changed(limit, slot);
    return true;
}

bool keys_are_waited_for(const struct run_limit *limit, int64_t key)
{
    const struct key_slot *slot = find(limit, key_of(limit, key));
    return slot && (slot->head || slot->more);
}
