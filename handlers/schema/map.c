/* Open addressing, at most half full. Schemas are configuration, so the hash needs no secret. */
#include "handlers/schema/map.h"

#include "base/siphash.h"

#include <stdlib.h>

struct map_entry {
    struct bytes key;
    uint64_t hash;
    void *value;
};

void map_init(struct map *map)
{
    *map = (struct map){0};
}

void map_finish(struct map *map)
{
    free(map->entries);
    map_init(map);
}

static uint64_t map_hash(struct bytes key)
{
    static const struct siphash_key fixed = {{1, 2}};
    return siphash(&fixed, key);
}

static struct map_entry *find_slot(const struct map *map, struct bytes key, uint64_t hash)
{
    size_t mask = map->capacity - 1, slot = hash & mask;
    while (map->entries[slot].value &&
           (map->entries[slot].hash != hash || !bytes_equal(map->entries[slot].key, key)))
        slot = (slot + 1) & mask;
    return &map->entries[slot];
}

void *map_find(const struct map *map, struct bytes key)
{
    return map->count ? find_slot(map, key, map_hash(key))->value : NULL;
}

static bool map_grow(struct map *map)
{
    struct map larger = {.capacity = map->capacity ? map->capacity * 2 : 64, .count = map->count};
    larger.entries = calloc(larger.capacity, sizeof *larger.entries);
    if (!larger.entries)
        return false;
    for (size_t i = 0; i < map->capacity; i++)
        if (map->entries[i].value)
            *find_slot(&larger, map->entries[i].key, map->entries[i].hash) = map->entries[i];
    free(map->entries);
    *map = larger;
    return true;
}

bool map_add(struct map *map, struct bytes key, void *value)
{
    if (map->count * 2 >= map->capacity && !map_grow(map))
        return false;
    uint64_t hash = map_hash(key);
    *find_slot(map, key, hash) = (struct map_entry){key, hash, value};
    map->count++;
    return true;
}
