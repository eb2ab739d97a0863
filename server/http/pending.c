/* An array of slots with a free list through it. The upper half of a tag counts how often its slot
 * was used, the lower half is the slot. */
#include "server/http/pending.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 64 };
#define NO_SLOT UINT32_MAX

void pending_init(struct pending_requests *table, uint32_t limit)
{
    *table = (struct pending_requests){.limit = limit, .first_free = NO_SLOT};
}

void pending_finish(struct pending_requests *table)
{
    free(table->slots);
    pending_init(table, table->limit);
}

static bool table_grow(struct pending_requests *table)
{
    uint32_t capacity = table->capacity ? table->capacity * 2 : FIRST_CAPACITY;
    if (capacity > table->limit)
        capacity = table->limit;
    if (capacity == table->capacity)
        return false;
    struct pending_slot *slots = realloc(table->slots, capacity * sizeof *slots);
    if (!slots)
        return false;
    for (uint32_t i = table->capacity; i < capacity; i++) {
        slots[i] = (struct pending_slot){.next_free = table->first_free};
        table->first_free = i;
    }
    table->slots = slots;
    table->capacity = capacity;
    return true;
}

bool pending_add(struct pending_requests *table, void *owner, uint64_t *tag)
{
    if (table->first_free == NO_SLOT && !table_grow(table))
        return false;
    uint32_t index = table->first_free;
    struct pending_slot *slot = &table->slots[index];
    table->first_free = slot->next_free;
    table->used++;
    assert(owner && !slot->owner && table->used <= table->capacity);
    slot->owner = owner;
    if (++slot->round == 0) /* 0 is not a tag */
        slot->round = 1;
    *tag = (uint64_t)slot->round << 32 | index;
    return true;
}

static struct pending_slot *table_slot(const struct pending_requests *table, uint64_t tag)
{
    uint32_t index = (uint32_t)tag;
    if (index >= table->capacity)
        return NULL;
    struct pending_slot *slot = &table->slots[index];
    return slot->owner && slot->round == tag >> 32 ? slot : NULL;
}

void *pending_find(const struct pending_requests *table, uint64_t tag)
{
    struct pending_slot *slot = table_slot(table, tag);
    return slot ? slot->owner : NULL;
}

void *pending_take(struct pending_requests *table, uint64_t tag)
{
    struct pending_slot *slot = table_slot(table, tag);
    if (!slot)
        return NULL;
    void *owner = slot->owner;
    assert(table->used > 0);
    slot->owner = NULL;
    slot->next_free = table->first_free;
    table->first_free = (uint32_t)(slot - table->slots);
    table->used--;
    return owner;
}

void *pending_any(const struct pending_requests *table)
{
    for (uint32_t i = 0; table->used > 0 && i < table->capacity; i++)
        if (table->slots[i].owner)
            return table->slots[i].owner;
    return NULL;
}
