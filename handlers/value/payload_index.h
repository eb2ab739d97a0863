/* Where each value of a JSON text lies: built in one pass, then walked without reading the text
 * between the values. Takes 16 bytes a value. */
#ifndef TENTERHOOK_HANDLERS_VALUE_PAYLOAD_INDEX_H
#define TENTERHOOK_HANDLERS_VALUE_PAYLOAD_INDEX_H

#include "base/bytes.h"

/* One value. Its parts follow it, each with its own, up to `next`. Offsets are into the text. */
struct indexed_value {
    uint32_t name; /* of the string before a member's colon; of other values INDEX_NO_NAME */
    uint32_t start, end;
    uint32_t next; /* the number of the value behind it and all of its parts */
};

enum { INDEX_NO_NAME = INT32_MAX /* no text is that long */, INDEX_NAME_MAX = 1024 };

struct payload_index {
    struct bytes text;
    struct indexed_value *values; /* the first is the whole */
    uint32_t count;
};

/* `text` has passed json_check, is shorter than 2 GiB and outlives the index. False without memory,
 * or if the text is none that has passed; then there is nothing to finish. */
bool payload_index_build(struct payload_index *index, struct bytes text);
void payload_index_finish(struct payload_index *index);

/* Inner values of an object or an array: the number of the first, and of the one behind `number`;
 * `payload_index_end(index, parent)` is behind the last. */
static inline uint32_t payload_index_first(uint32_t parent)
{
    return parent + 1;
}

static inline uint32_t payload_index_next(const struct payload_index *index, uint32_t number)
{
    return index->values[number].next;
}

static inline uint32_t payload_index_end(const struct payload_index *index, uint32_t parent)
{
    return index->values[parent].next;
}

/* The text of a value as sent. */
static inline struct bytes payload_index_text(const struct payload_index *index, uint32_t number)
{
    const struct indexed_value *value = &index->values[number];
    return bytes_of(index->text.data + value->start, value->end - value->start);
}

/* The name of a member as sent, without its quotes. */
struct bytes payload_index_name(const struct payload_index *index, uint32_t number);

/* The member of that (unescaped) name of at most INDEX_NAME_MAX bytes; the last where it is
 * repeated. False: `object` is none, or has none. Adds to `*looks` how many were looked at. */
bool payload_index_member(const struct payload_index *index, uint32_t object, struct bytes name,
                          uint32_t *number, size_t *looks);
/* The element at `place` from the front, or from the end, where the last is 1. */
bool payload_index_element(const struct payload_index *index, uint32_t array, bool from_end,
                           uint32_t place, uint32_t *number, size_t *looks);

#endif
