/* An array of slots with a free list through it. The upper half of a tag counts how often its slot
 * was used, the lower half is the slot. */
#include "server/http/pending.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 64 };
#define NO_SLOT UINT32_MAX

void tag_table_init(struct tag_table *table, uint32_t limit)
{
    *table = (struct tag_table){.limit = limit, .first_free = NO_SLOT};
}

void tag_table_finish(struct tag_table *table)
{
    free(table->slots);
    tag_table_init(table, table->limit);
}

static bool table_grow(struct tag_table *table)
{
    uint32_t capacity = table->capacity ? table->capacity * 2 : FIRST_CAPACITY;
    if (capacity > table->limit)
        capacity = table->limit;
    if (capacity == table->capacity)
        return false;
    struct tag_slot *slots = realloc(table->slots, capacity * sizeof *slots);
    if (!slots)
        return false;
    for (uint32_t i = table->capacity; i < capacity; i++) {
        slots[i] = (struct tag_slot){.next_free = table->first_free};
        table->first_free = i;
    }
    table->slots = slots;
    table->capacity = capacity;
    return true;
}

bool tag_table_add(struct tag_table *table, void *owner, uint64_t *tag)
{
    if (table->first_free == NO_SLOT && !table_grow(table))
        return false;
    uint32_t index = table->first_free;
    struct tag_slot *slot = &table->slots[index];
    table->first_free = slot->next_free;
    table->used++;
    slot->owner = owner;
    if (++slot->round == 0) /* tag 0 is nobody's */
        slot->round = 1;
    *tag = (uint64_t)slot->round << 32 | index;
    return true;
}

static struct tag_slot *table_slot(const struct tag_table *table, uint64_t tag)
{
    uint32_t index = (uint32_t)tag;
    if (index >= table->capacity)
        return NULL;
    struct tag_slot *slot = &table->slots[index];
    return slot->owner && slot->round == tag >> 32 ? slot : NULL;
}

void *tag_table_find(const struct tag_table *table, uint64_t tag)
{
    struct tag_slot *slot = table_slot(table, tag);
    return slot ? slot->owner : NULL;
}

void *tag_table_take(struct tag_table *table, uint64_t tag)
{
    struct tag_slot *slot = table_slot(table, tag);
    if (!slot)
        return NULL;
    void *owner = slot->owner;
    slot->owner = NULL;
    slot->next_free = table->first_free;
    table->first_free = (uint32_t)(slot - table->slots);
    table->used--;
    return owner;
}

void *tag_table_any(const struct tag_table *table)
{
    for (uint32_t i = 0; table->used > 0 && i < table->capacity; i++)
        if (table->slots[i].owner)
            return table->slots[i].owner;
    return NULL;
}
