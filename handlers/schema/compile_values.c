/* The keywords that look at one value alone: type, const, enum, bounds, lengths, pattern, format.
 */
#include "handlers/schema/compile_values.h"

#include "handlers/schema/equal.h"
#include "handlers/schema/fault.h"
#include "handlers/schema/format.h"
#include "handlers/schema/location.h"
#include "handlers/schema/pattern.h"
#include "handlers/schema/value.h"

#include <stdlib.h>

/* ---- type ---- */

static unsigned type_of_name(const struct unit *unit, struct json_object *name)
{
    const struct {
        const char *name;
        unsigned types;
    } rows[] = {
        {"null", TYPE_NULL},
        {"boolean", TYPE_BOOLEAN},
        {"object", TYPE_OBJECT},
        {"array", TYPE_ARRAY},
        {"string", TYPE_STRING},
        {"number", TYPE_NUMBER},
        {"integer", unit->dialect->whole_is_fraction ? TYPE_INTEGER : TYPE_INTEGER | TYPE_WHOLE},
    };
    if (value_type(name) != TYPE_STRING)
        return 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (bytes_equal_text(value_string(name), rows[i].name))
            return rows[i].types;
    return 0;
}

bool compile_type(struct unit *unit)
{
    struct json_object *value = unit->words[KEYWORD_TYPE];
    if (!unit_has(unit, KEYWORD_TYPE))
        return true;
    unit->types = 0;
    bool list = value_type(value) == TYPE_ARRAY;
    size_t count = list ? value_item_count(value) : 1;
    if (!count)
        return unit_fail(unit, KEYWORD_TYPE, "must name at least one type");
    for (size_t i = 0; i < count; i++) {
        unsigned types = type_of_name(unit, list ? value_item(value, i) : value);
        if (!types)
            return unit_fail(unit, KEYWORD_TYPE, "unknown type");
        unit->types |= types;
    }
    return true;
}

/* ---- const, enum ---- */

/* Keeps the value for the life of the program. */
static bool keep_value(struct unit *unit, struct json_object *value)
{
    struct schema *schema = unit->compiler->schema;
    if (schema->value_count == schema->value_capacity) {
        size_t capacity = schema->value_capacity ? schema->value_capacity * 2 : 16;
        struct json_object **values = realloc(schema->values, capacity * sizeof *values);
        if (!values)
            return fault_memory(unit->compiler->library);
        schema->values = values;
        schema->value_capacity = capacity;
    }
    schema->values[schema->value_count++] = value_keep(value);
    return true;
}

enum { FEW_VALUES = 8 };

static uint32_t set_hash(const struct value_set *set, uint32_t index)
{
    size_t cost = 0;
    if (!set->texts)
        return (uint32_t)value_hash(&value_set_key, set->values[index], &cost);
    struct bytes text = value_string(set->values[index]);
    return name_hash((const char *)text.data, text.length);
}

/* Slots for strings, and for many values of other kinds, at most half full. */
static bool hash_values(struct unit *unit, struct value_set *set)
{
    uint32_t size = 4;
    set->texts = true;
    for (uint32_t i = 0; set->texts && i < set->count; i++)
        set->texts = value_type(set->values[i]) == TYPE_STRING;
    if (!set->texts && set->count <= FEW_VALUES)
        return true;
    while (size < set->count * 2)
        size *= 2;
    set->slots = unit_alloc(unit, size, sizeof *set->slots);
    if (!set->slots)
        return false;
    set->mask = size - 1;
    for (uint32_t i = 0; i < set->count; i++) {
        uint32_t slot = set_hash(set, i) & set->mask;
        while (set->slots[slot])
            slot = (slot + 1) & set->mask;
        set->slots[slot] = i + 1;
    }
    return true;
}

static struct value_set *make_set(struct unit *unit, uint32_t count)
{
    struct value_set *set = unit_alloc(unit, 1, sizeof *set);
    if (!set)
        return NULL;
    set->values = unit_alloc(unit, count, sizeof(struct json_object *));
    return set->values ? set : NULL;
}

static bool compile_const(struct unit *unit)
{
    struct value_set *set = make_set(unit, 1);
    if (!set)
        return false;
    set->values[set->count++] = unit->words[KEYWORD_CONST];
    unit_step(unit, OPERATION_CONST, TYPE_ANY, KEYWORD_CONST, 0, set);
    return keep_value(unit, set->values[0]) && hash_values(unit, set);
}

static bool compile_enum(struct unit *unit)
{
    struct json_object *list = unit->words[KEYWORD_ENUM];
    if (value_type(list) != TYPE_ARRAY)
        return unit_fail(unit, KEYWORD_ENUM, "must be a list of values");
    struct value_set *set = make_set(unit, (uint32_t)value_item_count(list));
    if (!set)
        return false;
    for (size_t i = 0; i < value_item_count(list); i++) {
        set->values[set->count++] = value_item(list, i);
        if (!keep_value(unit, value_item(list, i)))
            return false;
    }
    unit_step(unit, OPERATION_ENUM, TYPE_ANY, KEYWORD_ENUM, 0, set);
    return hash_values(unit, set);
}

bool compile_values(struct unit *unit)
{
    return (!unit_has(unit, KEYWORD_CONST) || compile_const(unit)) &&
           (!unit_has(unit, KEYWORD_ENUM) || compile_enum(unit));
}

/* ---- numbers ---- */

/* `keyword` says which bound it is, `value` the limit. */
static bool add_bound(struct unit *unit, enum keyword keyword, struct json_object *value)
{
    if (!(value_type(value) & TYPE_NUMBER))
        return unit_fail(unit, keyword, "must be a number");
    struct bound *bound = unit_alloc(unit, 1, sizeof *bound);
    if (!bound)
        return false;
    bound->value = value;
    number_read(value, &bound->number);
    unit_step(unit, OPERATION_BOUND, TYPE_NUMBER, keyword, 0, bound);
    return keep_value(unit, value); /* its text */
}

/* Draft-04 says {"maximum": 3, "exclusiveMaximum": true}. */
static bool compile_bound(struct unit *unit, enum keyword inclusive, enum keyword exclusive)
{
    bool old = unit->dialect->exclusive_is_flag;
    if (old && unit_has(unit, exclusive) && value_type(unit->words[exclusive]) != TYPE_BOOLEAN)
        return unit_fail(unit, exclusive, "must be a boolean in draft-04");
    bool excluded = old && unit_has(unit, exclusive) && value_boolean(unit->words[exclusive]);
    if (unit_has(unit, inclusive) &&
        !add_bound(unit, excluded ? exclusive : inclusive, unit->words[inclusive]))
        return false;
    return old || !unit_has(unit, exclusive) || add_bound(unit, exclusive, unit->words[exclusive]);
}

static bool compile_multiple(struct unit *unit)
{
    struct json_object *value = unit->words[KEYWORD_MULTIPLE_OF];
    if (!unit_has(unit, KEYWORD_MULTIPLE_OF))
        return true;
    struct divisor *divisor = unit_alloc(unit, 1, sizeof *divisor);
    if (!divisor)
        return false;
    if (!(value_type(value) & TYPE_NUMBER))
        return unit_fail(unit, KEYWORD_MULTIPLE_OF, "must be a number");
    const char *must = divisor_init(divisor, value);
    if (must)
        return unit_fail(unit, KEYWORD_MULTIPLE_OF, "%s", must);
    unit_step(unit, OPERATION_MULTIPLE_OF, TYPE_NUMBER, KEYWORD_MULTIPLE_OF, 0, divisor);
    return keep_value(unit, value);
}

bool compile_numbers(struct unit *unit)
{
    return compile_bound(unit, KEYWORD_MINIMUM, KEYWORD_EXCLUSIVE_MINIMUM) &&
           compile_bound(unit, KEYWORD_MAXIMUM, KEYWORD_EXCLUSIVE_MAXIMUM) &&
           compile_multiple(unit);
}

/* ---- strings ---- */

static bool compile_length(struct unit *unit, enum keyword keyword)
{
    uint32_t limit = 0;
    if (!unit_has(unit, keyword))
        return true;
    if (!unit_count(unit, keyword, &limit))
        return false;
    unit_step(unit, OPERATION_LENGTH, TYPE_STRING, keyword, limit, NULL);
    return true;
}

const struct pattern *compile_pattern_text(struct unit *unit, enum keyword keyword,
                                           struct bytes source, const char *token)
{
    struct compiler *compiler = unit->compiler;
    struct error err;
    struct pattern *pattern = map_find(&compiler->patterns, source);
    if (pattern)
        return pattern;
    pattern = pattern_compile(source, &compiler->schema->patterns, &err);
    if (!pattern) {
        struct buffer at;
        buffer_init(&at, 4096);
        pointer_append(&at, keyword_rows[keyword].name);
        if (token)
            pointer_append(&at, token);
        char *pointer = arena_copy_bytes(&compiler->library->arena, buffer_bytes(&at));
        buffer_finish(&at);
        fault_add(compiler->library, unit->subschema, pointer, "%s", err.text);
        return NULL;
    }
    if (map_add(&compiler->patterns, source, pattern))
        return pattern;
    fault_memory(compiler->library);
    return NULL;
}

static bool compile_pattern(struct unit *unit)
{
    struct json_object *value = unit->words[KEYWORD_PATTERN];
    if (!unit_has(unit, KEYWORD_PATTERN))
        return true;
    if (value_type(value) != TYPE_STRING)
        return unit_fail(unit, KEYWORD_PATTERN, "must be a string");
    const struct pattern *pattern =
        compile_pattern_text(unit, KEYWORD_PATTERN, value_string(value), NULL);
    if (!pattern)
        return false;
    unit_step(unit, OPERATION_PATTERN, TYPE_STRING, KEYWORD_PATTERN, 0, pattern);
    return true;
}

static bool compile_format(struct unit *unit)
{
    struct json_object *value = unit->words[KEYWORD_FORMAT];
    bool asserted = unit->compiler->library->options.assert_formats ||
                    (unit->dialect->vocabularies & VOCABULARY_FORMAT_ASSERTION);
    if (!unit_has(unit, KEYWORD_FORMAT) || !asserted || value_type(value) != TYPE_STRING)
        return true;
    const struct format_row *row = format_find(value_string(value));
    if (row)
        unit_step(unit, OPERATION_FORMAT, TYPE_STRING, KEYWORD_FORMAT, 0, row);
    return true; /* an unknown format says nothing */
}

bool compile_strings(struct unit *unit)
{
    return compile_length(unit, KEYWORD_MIN_LENGTH) && compile_length(unit, KEYWORD_MAX_LENGTH) &&
           compile_pattern(unit) && compile_format(unit);
}
