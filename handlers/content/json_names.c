/* The names of all open objects lie on one stack. A small object is searched by comparing tags, one
 * word a name, which costs less than hashing. From SMALL_OBJECT names on, an object's names go into
 * one hash table, shared by all levels, keyed by a hash whose seed is drawn at start: a sender
 * cannot make them collide. Since the last object opened is the first closed, taking its names out
 * again in reverse order leaves exactly the table that was there before, so linear probing needs no
 * tombstones. The stack cannot hold more names than the limit on nodes. */
#include "handlers/content/json_names.h"

#include "base/crypto.h"
#include "base/json_text.h"
#include "base/siphash.h"

#include <stdlib.h>

enum { SMALL_OBJECT = 12, FIRST_SLOTS = 256 };

void json_names_init(struct json_names *names, struct bytes text)
{
    names->text = text;
    buffer_init(&names->decoded, text.length);
    names->items = names->first;
    names->count = 0;
    names->capacity = JSON_NAMES_FIRST;
    names->slots = NULL;
    names->slot_count = names->slots_used = 0;
}

void json_names_finish(struct json_names *names)
{
    if (names->items != names->first)
        free(names->items);
    free(names->slots);
    buffer_finish(&names->decoded);
}

/* ---- names with escapes ---- */

static enum json_name_result unescape(struct json_names *names, struct bytes name,
                                      struct json_name *item)
{
    item->unescaped = true;
    item->offset = (uint32_t)names->decoded.length;
    /* never longer than what is written; as the limit is the text's length, it always fits */
    if (!buffer_reserve(&names->decoded, name.length))
        return NAME_NO_MEMORY;
    uint8_t *out = names->decoded.data + names->decoded.length;
    item->length = (uint32_t)json_unescape(name, out);
    if (memchr(out, 0, item->length))
        return NAME_HOLDS_NUL;
    names->decoded.length += item->length;
    return NAME_NEW;
}

/* ---- the table ---- */

static struct bytes name_text(const struct json_names *names, const struct json_name *item)
{
    const uint8_t *from = item->unescaped ? names->decoded.data : names->text.data;
    return bytes_of(from ? from + item->offset : NULL, item->length);
}

static bool name_equal(const struct json_names *names, const struct json_name *a,
                       const struct json_name *b)
{
    return a->tag == b->tag && bytes_equal(name_text(names, a), name_text(names, b));
}

static uint64_t name_tag(struct bytes name)
{
    uint64_t tag = 0;
    if (name.length >= 8)
        memcpy(&tag, name.data, 8);
    else
        for (size_t i = 0; i < name.length; i++)
            tag |= (uint64_t)name.data[i] << (8 * i);
    return tag ^ (uint64_t)name.length << 48;
}

/* `object_first` keeps equal names of different objects apart. */
static uint32_t name_hash(struct bytes name, uint32_t object_first)
{
    static struct siphash_key seed;
    static bool drawn;
    if (!drawn) {
        random_bytes(&seed, sizeof seed);
        drawn = true;
    }
    struct siphash_key key = {{seed.words[0] ^ object_first, seed.words[1]}};
    return (uint32_t)siphash(&key, name);
}

static void slot_fill(struct json_names *names, size_t index)
{
    size_t mask = names->slot_count - 1, slot = names->items[index].hash & mask;
    while (names->slots[slot])
        slot = (slot + 1) & mask;
    names->slots[slot] = (uint32_t)index + 1;
    names->items[index].hashed = true;
    names->slots_used++;
}

static void slot_clear(struct json_names *names, size_t index)
{
    size_t mask = names->slot_count - 1, slot = names->items[index].hash & mask;
    while (names->slots[slot] != index + 1)
        slot = (slot + 1) & mask;
    names->slots[slot] = 0;
    names->slots_used--;
}

/* At most half full. Names go in again in the order of the stack, so that closing still undoes. */
static bool slots_grow(struct json_names *names, size_t wanted)
{
    size_t count = names->slot_count ? names->slot_count : FIRST_SLOTS;
    while (count < wanted * 2)
        count *= 2;
    if (count == names->slot_count)
        return true;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (!slots)
        return false;
    free(names->slots);
    names->slots = slots;
    names->slot_count = count;
    names->slots_used = 0;
    for (size_t i = 0; i < names->count; i++)
        if (names->items[i].hashed)
            slot_fill(names, i);
    return true;
}

static bool object_hash_names(struct json_names *names, struct json_object *object)
{
    if (!slots_grow(names, names->slots_used + names->count - object->first + 1))
        return false;
    for (size_t i = object->first; i < names->count; i++) {
        names->items[i].hash = name_hash(name_text(names, &names->items[i]), object->first);
        slot_fill(names, i);
    }
    object->hashed = true;
    return true;
}

static bool find_hashed(const struct json_names *names, const struct json_object *object,
                        const struct json_name *item)
{
    size_t mask = names->slot_count - 1;
    for (size_t slot = item->hash & mask; names->slots[slot]; slot = (slot + 1) & mask) {
        size_t index = names->slots[slot] - 1;
        const struct json_name *other = &names->items[index];
        if (other->hash == item->hash && index >= object->first && name_equal(names, other, item))
            return true;
    }
    return false;
}

static bool find_small(const struct json_names *names, const struct json_object *object,
                       const struct json_name *item)
{
    for (size_t i = object->first; i < names->count; i++)
        if (name_equal(names, &names->items[i], item))
            return true;
    return false;
}

/* ---- what the guard calls ---- */

static bool stack_grow(struct json_names *names)
{
    if (names->count < names->capacity)
        return true;
    size_t capacity = names->capacity * 2;
    bool own = names->items != names->first;
    struct json_name *items = realloc(own ? names->items : NULL, capacity * sizeof *items);
    if (!items)
        return false;
    if (!own)
        memcpy(items, names->first, sizeof names->first);
    names->items = items;
    names->capacity = capacity;
    return true;
}

void json_names_open(struct json_names *names, struct json_object *object)
{
    *object = (struct json_object){.first = (uint32_t)names->count,
                                   .decoded = (uint32_t)names->decoded.length};
}

static bool object_prepare(struct json_names *names, struct json_object *object)
{
    if (!stack_grow(names))
        return false;
    if (object->hashed)
        return slots_grow(names, names->slots_used + 1);
    return names->count - object->first < SMALL_OBJECT || object_hash_names(names, object);
}

enum json_name_result json_names_add(struct json_names *names, struct json_object *object,
                                     struct bytes name, bool has_escapes)
{
    struct json_name item = {.offset = (uint32_t)(name.data - names->text.data),
                             .length = (uint32_t)name.length};
    if (!object_prepare(names, object))
        return NAME_NO_MEMORY;
    if (has_escapes) {
        enum json_name_result result = unescape(names, name, &item);
        if (result != NAME_NEW)
            return result;
    }
    struct bytes text = name_text(names, &item);
    item.tag = name_tag(text);
    if (object->hashed)
        item.hash = name_hash(text, object->first);
    if (object->hashed ? find_hashed(names, object, &item) : find_small(names, object, &item)) {
        names->decoded.length -= item.unescaped ? item.length : 0;
        return NAME_REPEATED;
    }
    names->items[names->count++] = item;
    if (object->hashed)
        slot_fill(names, names->count - 1);
    return NAME_NEW;
}

void json_names_close(struct json_names *names, struct json_object *object)
{
    if (object->hashed)
        for (size_t i = names->count; i-- > object->first;)
            slot_clear(names, i);
    names->count = object->first;
    names->decoded.length = object->decoded;
}
