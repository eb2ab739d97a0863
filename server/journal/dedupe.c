/* Open addressing with linear probing; a removal moves back what stands behind it, so there are no
 * tombstones. A slot is 16 bytes: the hash, the event's number in 40 bits and the end of the window
 * in 24 bits of 256 s each (until the year 2106). That end is rounded up and only tells what may be
 * thrown out; whether a key still counts is decided on the event's own row.
 *
 * The hash is keyed: nobody outside can make keys that fall on each other. */
#include "server/journal/dedupe.h"

#include "base/crypto.h"

#include <assert.h>
#include <stdlib.h>

enum { DEDUPE_FIRST = 1024, UNTIL_UNIT_MS = 256 * 1000, UNTIL_MAX = (1 << 24) - 1 };

struct dedupe_slot {
    uint64_t hash;
    uint64_t seq : 40; /* 0: the slot is free */
    uint64_t until : 24;
};

void dedupe_init(struct dedupe *set)
{
    *set = (struct dedupe){NULL};
    random_bytes(&set->key, sizeof set->key);
}

void dedupe_clear(struct dedupe *set)
{
    free(set->slots);
    set->slots = NULL;
    set->count = set->capacity = 0;
}

void dedupe_finish(struct dedupe *set)
{
    dedupe_clear(set);
}

uint64_t dedupe_hash(const struct dedupe *set, struct bytes route, struct bytes key)
{
    /* two hashes, so that no route and key can be read as another route and key */
    struct siphash_key inner = set->key;
    inner.words[0] ^= siphash(&set->key, route);
    return siphash(&inner, key);
}

static uint64_t until_units(int64_t ms)
{
    if (ms <= 0)
        return 0;
    uint64_t units = (uint64_t)ms / UNTIL_UNIT_MS + 1;
    return units > UNTIL_MAX ? UNTIL_MAX : units;
}

static void put_slot(struct dedupe *set, const struct dedupe_slot *slot)
{
    size_t mask = set->capacity - 1, at = slot->hash & mask;
    while (set->slots[at].seq != 0)
        at = (at + 1) & mask;
    set->slots[at] = *slot;
    set->count++;
}

/* Into a new table of that size, without what is over. */
static bool rebuild(struct dedupe *set, size_t capacity, uint64_t now)
{
    struct dedupe bigger = *set;
    bigger.slots = calloc(capacity, sizeof *bigger.slots);
    if (!bigger.slots)
        return false;
    bigger.capacity = capacity;
    bigger.count = 0;
    for (size_t i = 0; i < set->capacity; i++)
        if (set->slots[i].seq != 0 && set->slots[i].until > now)
            put_slot(&bigger, &set->slots[i]);
    free(set->slots);
    *set = bigger;
    return true;
}

/* Keeps a quarter of the slots free; grows only if what still counts would fill half of them. */
static bool make_room(struct dedupe *set, int64_t now_ms)
{
    uint64_t now = now_ms <= 0 ? 0 : (uint64_t)now_ms / UNTIL_UNIT_MS;
    if (set->count < set->capacity / 4 * 3)
        return true;
    size_t living = 0;
    for (size_t i = 0; i < set->capacity; i++)
        living += set->slots[i].seq != 0 && set->slots[i].until > now;
    size_t capacity = DEDUPE_FIRST;
    while (capacity / 2 <= living)
        capacity *= 2;
    return rebuild(set, capacity, now);
}

bool dedupe_add(struct dedupe *set, uint64_t hash, int64_t seq, int64_t until_ms, int64_t now_ms)
{
    assert(seq > 0 && seq < INT64_C(1) << 40);
    struct dedupe_slot slot = {.hash = hash, .seq = (uint64_t)seq, .until = until_units(until_ms)};
    if (!make_room(set, now_ms))
        return false;
    put_slot(set, &slot);
    return true;
}

/* Moves back what a free slot at `hole` would hide from its search. */
static void close_hole(struct dedupe *set, size_t hole)
{
    size_t mask = set->capacity - 1;
    for (size_t at = (hole + 1) & mask; set->slots[at].seq != 0; at = (at + 1) & mask) {
        size_t home = set->slots[at].hash & mask;
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        set->slots[hole] = set->slots[at];
        hole = at;
    }
    set->slots[hole] = (struct dedupe_slot){.seq = 0};
}

void dedupe_remove(struct dedupe *set, uint64_t hash, int64_t seq)
{
    size_t mask = set->capacity - 1;
    if (set->capacity == 0)
        return;
    for (size_t at = hash & mask; set->slots[at].seq != 0; at = (at + 1) & mask) {
        if (set->slots[at].hash != hash || set->slots[at].seq != (uint64_t)seq)
            continue;
        close_hole(set, at);
        set->count--;
        return;
    }
}

bool dedupe_next(const struct dedupe *set, uint64_t hash, size_t *at, int64_t *seq)
{
    size_t mask = set->capacity - 1;
    for (; set->capacity != 0; (*at)++) {
        const struct dedupe_slot *slot = &set->slots[(hash + *at) & mask];
        if (slot->seq == 0)
            return false;
        if (slot->hash != hash)
            continue;
        *seq = (int64_t)slot->seq;
        (*at)++;
        return true;
    }
    return false;
}
