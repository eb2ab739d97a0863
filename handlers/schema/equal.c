/* Recursive over the values, with a limit on the depth: what is deeper is taken as different, which
 * for const and enum refuses it and for uniqueItems lets it pass. The guard's own limit on depth is
 * far below. The hash of an object adds up its members' hashes, so that their order does not show.
 */
#include "handlers/schema/equal.h"

#include "handlers/schema/number.h"
#include "handlers/schema/value.h"

static bool equal_at(struct json_object *a, struct json_object *b, unsigned depth);

static bool equal_numbers(struct json_object *a, struct json_object *b)
{
    struct number x, y;
    number_read(a, &x);
    number_read(b, &y);
    return number_compare(&x, &y) == 0;
}

static bool equal_arrays(struct json_object *a, struct json_object *b, unsigned depth)
{
    size_t count = value_item_count(a);
    if (count != value_item_count(b))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!equal_at(value_item(a, i), value_item(b, i), depth))
            return false;
    return true;
}

static bool equal_objects(struct json_object *a, struct json_object *b, unsigned depth)
{
    if (value_member_count(a) != value_member_count(b))
        return false;
    for (struct member m = member_first(a); m.entry; member_next(&m)) {
        struct json_object *other;
        if (!value_find(b, member_name(&m), &other) || !equal_at(member_value(&m), other, depth))
            return false;
    }
    return true;
}

static bool equal_at(struct json_object *a, struct json_object *b, unsigned depth)
{
    unsigned type = value_type(a), other = value_type(b);
    if (type & other & VALUE_STRING)
        return bytes_equal(value_string(a), value_string(b));
    if ((type & VALUE_NUMBER) && (other & VALUE_NUMBER))
        return equal_numbers(a, b);
    if (type != other || depth == VALUE_DEPTH_MAX)
        return false;
    if (type == VALUE_BOOLEAN)
        return value_boolean(a) == value_boolean(b);
    if (type == VALUE_ARRAY)
        return equal_arrays(a, b, depth + 1);
    return type == VALUE_NULL || equal_objects(a, b, depth + 1);
}

bool value_equal(struct json_object *a, struct json_object *b)
{
    return equal_at(a, b, 0);
}

static uint64_t mix(uint64_t hash, uint64_t more)
{
    hash ^= more;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint64_t hash_at(const struct siphash_key *key, struct json_object *value, unsigned depth)
{
    unsigned type = value_type(value);
    uint64_t hash = mix(key->words[0], type);
    if (type == VALUE_STRING)
        return siphash(key, value_string(value));
    if (type & VALUE_NUMBER) {
        struct number number;
        number_read(value, &number);
        return mix(key->words[1], number_hash(&number));
    }
    if (depth == VALUE_DEPTH_MAX || type == VALUE_NULL)
        return hash;
    if (type == VALUE_BOOLEAN)
        return hash + value_boolean(value);
    if (type == VALUE_ARRAY) {
        size_t count = value_item_count(value);
        for (size_t i = 0; i < count; i++)
            hash = mix(hash, hash_at(key, value_item(value, i), depth + 1));
        return hash;
    }
    for (struct member m = member_first(value); m.entry; member_next(&m))
        hash += mix(siphash(key, bytes_of_text(member_name(&m))),
                    hash_at(key, member_value(&m), depth + 1));
    return hash;
}

uint64_t value_hash(const struct siphash_key *key, struct json_object *value)
{
    return hash_at(key, value, 0);
}
