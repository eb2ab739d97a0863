/* A hash table from byte strings to pointers, for the time of loading and compiling. Keys and
 * values are borrowed; nothing is ever taken out. */
#ifndef TENTERHOOK_SCHEMA_MAP_H
#define TENTERHOOK_SCHEMA_MAP_H

#include "base/bytes.h"

struct map_entry;

struct map {
    struct map_entry *entries;
    size_t capacity, count;
};

void map_init(struct map *map);
void map_finish(struct map *map);

void *map_find(const struct map *map, struct bytes key);

/* Adds `key`, which is not there yet; false without memory. */
bool map_add(struct map *map, struct bytes key, void *value);

#endif
