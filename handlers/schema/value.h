/* The one door between the engine and the tree that holds JSON values: today json-c's. Nothing else
 * in handlers/schema/ calls json-c, so another tree may take its place behind these functions.
 * Values are borrowed unless a function says otherwise; JSON null is the NULL pointer. */
#ifndef TENTERHOOK_SCHEMA_VALUE_H
#define TENTERHOOK_SCHEMA_VALUE_H

#include "base/bytes.h"

#include <json-c/arraylist.h>
#include <json-c/json_object.h>
#include <json-c/linkhash.h>

/* One bit each, so that a schema's `type` is a mask. Numbers are told apart by how they are
 * written: draft-04 takes 1 for an integer and 1.0 not, later drafts take both. */
enum value_type {
    TYPE_NULL = 1 << 0,
    TYPE_BOOLEAN = 1 << 1,
    TYPE_OBJECT = 1 << 2,
    TYPE_ARRAY = 1 << 3,
    TYPE_STRING = 1 << 4,
    TYPE_INTEGER = 1 << 5,  /* 1 */
    TYPE_WHOLE = 1 << 6,    /* 1.0, 1e3 */
    TYPE_FRACTION = 1 << 7, /* 1.5; value_type says this for every number with a point or exponent,
                             * number_type looks closer */
    TYPE_NUMBER = TYPE_INTEGER | TYPE_WHOLE | TYPE_FRACTION,
    TYPE_ANY = 255,
};

/* json-c saturates integers beyond 64 bits without a word. Whoever parses for this engine puts this
 * behind them, which makes json-c take them for decimals, whose text it keeps. */
#define JSON_BIG_SUFFIX "e+00"
enum { JSON_BIG_DIGITS = 19 }; /* shorter ones are never marked */

static inline unsigned value_type(const struct json_object *value)
{
    static const uint8_t types[] = {
        [json_type_null] = TYPE_NULL,       [json_type_boolean] = TYPE_BOOLEAN,
        [json_type_double] = TYPE_FRACTION, [json_type_int] = TYPE_INTEGER,
        [json_type_object] = TYPE_OBJECT,   [json_type_array] = TYPE_ARRAY,
        [json_type_string] = TYPE_STRING,
    };
    return types[json_object_get_type(value)];
}

static inline bool value_boolean(const struct json_object *value)
{
    return json_object_get_boolean(value);
}

static inline struct bytes value_string(struct json_object *value)
{
    return bytes_of(json_object_get_string(value), (size_t)json_object_get_string_len(value));
}

/* A string as text; NULL if U+0000 in it would end it too early. */
static inline const char *value_c_string(struct json_object *value)
{
    struct bytes text = value_string(value);
    return memchr(text.data, 0, text.length) ? NULL : (const char *)text.data;
}

/* ---- arrays ---- */

static inline size_t value_item_count(const struct json_object *array)
{
    return json_object_array_length(array);
}

static inline struct json_object *value_item(const struct json_object *array, size_t index)
{
    return json_object_array_get_idx(array, index);
}

/* ---- objects ---- */

static inline size_t value_member_count(const struct json_object *object)
{
    return (size_t)json_object_object_length(object);
}

/* Members in the order in which they were written:
 *     for (struct member m = member_first(object); m.entry; member_next(&m)) */
struct member {
    const struct lh_entry *entry;
    size_t index;
};

static inline struct member member_first(const struct json_object *object)
{
    return (struct member){.entry = lh_table_head(json_object_get_object(object))};
}

static inline void member_next(struct member *member)
{
    member->entry = lh_entry_next(member->entry);
    member->index++;
}

/* Asks for the next member's name and value early: they are anywhere in memory. */
static inline void member_prefetch(const struct member *member)
{
    const struct lh_entry *next = lh_entry_next(member->entry);
    if (next) {
        __builtin_prefetch(lh_entry_k(next));
        __builtin_prefetch(lh_entry_v(next));
    }
}

static inline const char *member_name(const struct member *member)
{
    return lh_entry_k(member->entry);
}

static inline struct json_object *member_value(const struct member *member)
{
    return (struct json_object *)lh_entry_v(member->entry);
}

/* Whether `object` has a member of that name; `*value` (may be NULL) is set if so. */
static inline bool value_find(const struct json_object *object, const char *name,
                              struct json_object **value)
{
    return json_object_object_get_ex(object, name, value);
}

/* ---- numbers ---- */

static inline bool value_is_double(const struct json_object *value)
{
    return json_object_is_type(value, json_type_double);
}

/* The text of a number with a point or exponent as it was written; NULL if nobody wrote it. */
static inline const char *value_double_text(struct json_object *value)
{
    return json_object_get_userdata(value);
}

static inline double value_double(const struct json_object *value)
{
    return json_object_get_double(value);
}

/* An integer as sign and magnitude, so that int64 and uint64 are one range. */
static inline uint64_t value_magnitude(const struct json_object *value, bool *negative)
{
    int64_t number = json_object_get_int64(value);
    *negative = number < 0;
    if (number == INT64_MAX)
        return json_object_get_uint64(value);
    return number < 0 ? -(uint64_t)number : (uint64_t)number;
}

/* ---- text ---- */

/* From text that is known to be JSON without big integers; the caller's. NULL without memory. */
struct json_object *value_parse(const char *text);

/* ---- ownership ---- */

static inline struct json_object *value_keep(struct json_object *value)
{
    return json_object_get(value);
}

/* A value of its own, equal to `value`; NULL without memory. */
static inline struct json_object *value_copy(struct json_object *value)
{
    struct json_object *copy = NULL;
    return json_object_deep_copy(value, &copy, NULL) == 0 ? copy : NULL;
}

/* An object or an array without parts; NULL without memory. */
static inline struct json_object *value_new_object(void)
{
    return json_object_new_object();
}

static inline struct json_object *value_new_array(size_t room)
{
    return json_object_new_array_ext((int)room);
}

/* The part is taken over, also if there is no memory: false. */
static inline bool value_add_member(struct json_object *object, const char *name,
                                    struct json_object *part)
{
    bool good = json_object_object_add(object, name, part) == 0;
    if (!good)
        json_object_put(part);
    return good;
}

static inline bool value_add_item(struct json_object *array, struct json_object *part)
{
    bool good = json_object_array_add(array, part) == 0;
    if (!good)
        json_object_put(part);
    return good;
}

static inline void value_release(struct json_object *value)
{
    json_object_put(value);
}

#endif
