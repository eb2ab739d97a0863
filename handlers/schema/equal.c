/* Recursive over the values, with a limit on the depth, which is twice that of the guard. The hash
 * of an object adds up its members' hashes, so that their order does not show. What each value
 * costs is counted on the way, since a sender chooses how large the values are and how much alike.
 */
#include "handlers/schema/equal.h"

#include "handlers/schema/number.h"
#include "handlers/schema/value.h"

enum { BYTES_A_STEP = 64 };

static bool equal_at(struct json_object *a, struct json_object *b, unsigned depth, size_t *cost);

/* Not inlined: its numbers would be on the stack at every depth. */
__attribute__((noinline)) static bool equal_numbers(struct json_object *a, struct json_object *b,
                                                    size_t *cost)
{
    struct number x, y;
    number_read(a, &x);
    number_read(b, &y);
    *cost += (x.length + y.length) / BYTES_A_STEP;
    return number_compare(&x, &y) == 0;
}

static bool equal_strings(struct json_object *a, struct json_object *b, size_t *cost)
{
    struct bytes x = value_string(a), y = value_string(b);
    if (x.length != y.length)
        return false;
    *cost += x.length / BYTES_A_STEP;
    return bytes_equal(x, y);
}

static bool equal_arrays(struct json_object *a, struct json_object *b, unsigned depth, size_t *cost)
{
    size_t count = value_item_count(a);
    if (count != value_item_count(b))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!equal_at(value_item(a, i), value_item(b, i), depth, cost))
            return false;
    return true;
}

static bool equal_objects(struct json_object *a, struct json_object *b, unsigned depth,
                          size_t *cost)
{
    if (value_member_count(a) != value_member_count(b))
        return false;
    for (struct member m = member_first(a); m.entry; member_next(&m)) {
        struct json_object *other;
        if (!value_find(b, member_name(&m), &other) ||
            !equal_at(member_value(&m), other, depth, cost))
            return false;
    }
    return true;
}

static bool equal_at(struct json_object *a, struct json_object *b, unsigned depth, size_t *cost)
{
    unsigned type = value_type(a), other = value_type(b);
    ++*cost;
    if (type & other & TYPE_STRING)
        return equal_strings(a, b, cost);
    if ((type & TYPE_NUMBER) && (other & TYPE_NUMBER))
        return equal_numbers(a, b, cost);
    if (type != other)
        return false;
    if (type == TYPE_BOOLEAN)
        return value_boolean(a) == value_boolean(b);
    if (type == TYPE_NULL)
        return true;
    if (depth == EQUAL_DEPTH_MAX) {
        *cost = EQUAL_COST_TOO_DEEP;
        return false;
    }
    return type == TYPE_ARRAY ? equal_arrays(a, b, depth + 1, cost)
                              : equal_objects(a, b, depth + 1, cost);
}

bool value_equal(struct json_object *a, struct json_object *b, size_t *cost)
{
    return equal_at(a, b, 0, cost);
}

/* ---- hashes ---- */

static uint64_t mix(uint64_t hash, uint64_t more)
{
    hash ^= more;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint64_t hash_text(const struct siphash_key *key, struct bytes text, size_t *cost)
{
    *cost += text.length / BYTES_A_STEP;
    return siphash(key, text);
}

__attribute__((noinline)) static uint64_t hash_number(const struct siphash_key *key,
                                                      struct json_object *value, size_t *cost)
{
    struct number number;
    number_read(value, &number);
    *cost += number.length / BYTES_A_STEP * 4;
    return mix(key->words[1], number_hash(&number, key->words[0]));
}

static uint64_t hash_at(const struct siphash_key *key, struct json_object *value, unsigned depth,
                        size_t *cost);

static uint64_t hash_members(const struct siphash_key *key, struct json_object *object,
                             unsigned depth, size_t *cost)
{
    uint64_t sum = 0;
    for (struct member m = member_first(object); m.entry; member_next(&m))
        sum += mix(hash_text(key, bytes_of_text(member_name(&m)), cost),
                   hash_at(key, member_value(&m), depth, cost));
    return sum;
}

static uint64_t hash_items(const struct siphash_key *key, struct json_object *array, unsigned depth,
                           size_t *cost)
{
    size_t count = value_item_count(array);
    uint64_t hash = count;
    for (size_t i = 0; i < count; i++)
        hash = mix(hash, hash_at(key, value_item(array, i), depth, cost));
    return hash;
}

static uint64_t hash_at(const struct siphash_key *key, struct json_object *value, unsigned depth,
                        size_t *cost)
{
    unsigned type = value_type(value);
    ++*cost;
    if (type == TYPE_STRING)
        return hash_text(key, value_string(value), cost);
    if (type & TYPE_NUMBER)
        return hash_number(key, value, cost);
    uint64_t hash = mix(key->words[0], type);
    if (type == TYPE_NULL)
        return hash;
    if (type == TYPE_BOOLEAN)
        return mix(hash, value_boolean(value));
    if (depth == EQUAL_DEPTH_MAX) {
        *cost = EQUAL_COST_TOO_DEEP;
        return hash;
    }
    return hash + (type == TYPE_ARRAY ? hash_items(key, value, depth + 1, cost)
                                      : hash_members(key, value, depth + 1, cost));
}

uint64_t value_hash(const struct siphash_key *key, struct json_object *value, size_t *cost)
{
    return hash_at(key, value, 0, cost);
}
