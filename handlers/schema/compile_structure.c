/* The keywords that look into objects and arrays. Those that are answered by one walk over the
 * members (properties, required, patternProperties, additionalProperties, propertyNames) become one
 * step, and so do those over the items. */
#include "handlers/schema/compile_structure.h"

#include "handlers/schema/compile_values.h"
#include "handlers/schema/part.h"
#include "handlers/schema/value.h"

#include <stdlib.h>

/* ---- objects ---- */

static bool is_object(struct unit *unit, enum keyword keyword)
{
    return value_type(unit->words[keyword]) == TYPE_OBJECT ||
           unit_fail(unit, keyword, "must be an object");
}

/* Fills in name, length and hash. */
static bool init_property(struct unit *unit, struct property *property, const char *name)
{
    property->name = unit_text(unit, name);
    if (!property->name)
        return false;
    property->length = (uint32_t)strlen(name);
    property->hash = name_hash(name, property->length);
    return true;
}

static struct property *find_property(struct property *properties, const struct object_plan *plan,
                                      uint16_t *slots, const char *name)
{
    size_t length = strlen(name);
    uint32_t slot = name_hash(name, length) & plan->mask;
    for (; slots[slot]; slot = (slot + 1) & plan->mask) {
        struct property *property = &properties[slots[slot] - 1];
        if (property->length == length && memcmp(property->name, name, length) == 0)
            return property;
    }
    return NULL;
}

static bool add_property(struct unit *unit, struct object_plan *plan, struct property *properties,
                         uint16_t *slots, const char *name)
{
    if (!init_property(unit, &properties[plan->count], name))
        return false;
    uint32_t slot = properties[plan->count].hash & plan->mask;
    while (slots[slot])
        slot = (slot + 1) & plan->mask;
    slots[slot] = (uint16_t)++plan->count;
    return true;
}

static bool add_properties(struct unit *unit, struct object_plan *plan, struct property *properties,
                           uint16_t *slots)
{
    if (!unit_has(unit, KEYWORD_PROPERTIES))
        return true;
    struct member m = member_first(unit->words[KEYWORD_PROPERTIES]);
    for (; m.entry; member_next(&m)) {
        struct property *property = &properties[plan->count];
        if (!add_property(unit, plan, properties, slots, member_name(&m)))
            return false;
        property->node = unit_child(unit, KEYWORD_PROPERTIES, member_value(&m));
        if (!property->node)
            return false;
    }
    return true;
}

static bool add_required(struct unit *unit, struct object_plan *plan, struct property *properties,
                         uint16_t *slots)
{
    struct json_object *list = unit->words[KEYWORD_REQUIRED];
    if (!unit_has(unit, KEYWORD_REQUIRED))
        return true;
    for (size_t i = 0; i < value_item_count(list); i++) {
        const char *name =
            unit_word(unit, KEYWORD_REQUIRED, value_item(list, i), "must be a list of names");
        if (!name)
            return false;
        struct property *property = find_property(properties, plan, slots, name);
        if (!property) {
            property = &properties[plan->count];
            if (!add_property(unit, plan, properties, slots, name))
                return false;
        }
        plan->required += !property->required;
        property->required = true;
    }
    return true;
}

/* properties and required: one table. */
static bool compile_names(struct unit *unit, struct object_plan *plan)
{
    bool has_properties = unit_has(unit, KEYWORD_PROPERTIES);
    bool has_required = unit_has(unit, KEYWORD_REQUIRED);
    if (has_properties && !is_object(unit, KEYWORD_PROPERTIES))
        return false;
    if (has_required && value_type(unit->words[KEYWORD_REQUIRED]) != TYPE_ARRAY)
        return unit_fail(unit, KEYWORD_REQUIRED, "must be a list of names");
    size_t most = has_properties ? value_member_count(unit->words[KEYWORD_PROPERTIES]) : 0;
    most += has_required ? value_item_count(unit->words[KEYWORD_REQUIRED]) : 0;
    if (most > UINT16_MAX - 1)
        return unit_fail(unit, KEYWORD_PROPERTIES, "more than 65,534 names");
    uint32_t size = 4;
    while (size < most * 2)
        size *= 2;
    plan->mask = size - 1;
    struct property *properties = unit_alloc(unit, most, sizeof *properties);
    uint16_t *slots = unit_alloc(unit, size, sizeof *slots);
    plan->properties = properties;
    plan->slots = slots;
    return properties && slots && add_properties(unit, plan, properties, slots) &&
           add_required(unit, plan, properties, slots);
}

static bool compile_pattern_properties(struct unit *unit, struct object_plan *plan)
{
    if (!unit_has(unit, KEYWORD_PATTERN_PROPERTIES))
        return true;
    if (!is_object(unit, KEYWORD_PATTERN_PROPERTIES))
        return false;
    struct json_object *map = unit->words[KEYWORD_PATTERN_PROPERTIES];
    struct pattern_property *items = unit_alloc(unit, value_member_count(map), sizeof *items);
    if (!items)
        return false;
    plan->patterns = items;
    bool good = true;
    for (struct member m = member_first(map); m.entry; member_next(&m)) {
        struct pattern_property *item = &items[plan->pattern_count++];
        item->pattern = compile_pattern_text(unit, KEYWORD_PATTERN_PROPERTIES,
                                             bytes_of_text(member_name(&m)), member_name(&m));
        item->node = unit_child(unit, KEYWORD_PATTERN_PROPERTIES, member_value(&m));
        good &= item->pattern && item->node;
    }
    return good;
}

static bool child_of(struct unit *unit, enum keyword keyword, const struct schema_node **node)
{
    if (!unit_has(unit, keyword))
        return true;
    *node = unit_child(unit, keyword, unit->words[keyword]);
    return *node != NULL;
}

#define OBJECT_WALK_KEYWORDS                                                                       \
    (KEYWORD_BIT(KEYWORD_PATTERN_PROPERTIES) | KEYWORD_BIT(KEYWORD_ADDITIONAL_PROPERTIES) |        \
     KEYWORD_BIT(KEYWORD_PROPERTY_NAMES))
#define OBJECT_KEYWORDS                                                                            \
    (OBJECT_WALK_KEYWORDS | KEYWORD_BIT(KEYWORD_PROPERTIES) | KEYWORD_BIT(KEYWORD_REQUIRED) |      \
     KEYWORD_BIT(KEYWORD_MIN_PROPERTIES) | KEYWORD_BIT(KEYWORD_MAX_PROPERTIES))

bool compile_object(struct unit *unit)
{
    if (!(unit->present & OBJECT_KEYWORDS))
        return true;
    struct object_plan *plan = unit_alloc(unit, 1, sizeof *plan);
    if (!plan)
        return false;
    plan->maximum = UINT32_MAX;
    plan->walks = unit->present & OBJECT_WALK_KEYWORDS;
    plan->applies = unit_has(unit, KEYWORD_PROPERTIES);
    unit_step(unit, OPERATION_OBJECT, TYPE_OBJECT, KEYWORD_PROPERTIES, 0, plan);
    return unit_count(unit, KEYWORD_MIN_PROPERTIES, &plan->minimum) &&
           unit_count(unit, KEYWORD_MAX_PROPERTIES, &plan->maximum) && compile_names(unit, plan) &&
           compile_pattern_properties(unit, plan) &&
           child_of(unit, KEYWORD_ADDITIONAL_PROPERTIES, &plan->additional) &&
           child_of(unit, KEYWORD_PROPERTY_NAMES, &plan->names);
}

/* ---- arrays ---- */

/* prefixItems and items, or before 2020-12 items and additionalItems. */
static bool compile_items(struct unit *unit, struct array_plan *plan)
{
    enum keyword prefix = KEYWORD_PREFIX_ITEMS, rest = KEYWORD_ITEMS;
    if (unit->dialect->items_is_list && unit_has(unit, KEYWORD_ITEMS) &&
        value_type(unit->words[KEYWORD_ITEMS]) == TYPE_ARRAY) {
        prefix = KEYWORD_ITEMS;
        rest = KEYWORD_ADDITIONAL_ITEMS;
    }
    plan->prefix_keyword = (uint8_t)prefix;
    plan->rest_keyword = (uint8_t)rest;
    if (unit_has(unit, prefix)) {
        plan->prefix = unit_children(unit, prefix, &plan->prefix_count);
        if (!plan->prefix)
            return false;
    }
    return child_of(unit, rest, &plan->rest);
}

static bool compile_contains(struct unit *unit)
{
    if (!unit_has(unit, KEYWORD_CONTAINS))
        return true;
    struct contains_plan *plan = unit_alloc(unit, 1, sizeof *plan);
    if (!plan)
        return false;
    plan->minimum = 1;
    plan->maximum = UINT32_MAX;
    plan->marks = unit->dialect->contains_evaluates;
    unit_step(unit, OPERATION_CONTAINS, TYPE_ARRAY, KEYWORD_CONTAINS, 0, plan);
    return unit_count(unit, KEYWORD_MIN_CONTAINS, &plan->minimum) &&
           unit_count(unit, KEYWORD_MAX_CONTAINS, &plan->maximum) &&
           child_of(unit, KEYWORD_CONTAINS, &plan->node);
}

#define ARRAY_KEYWORDS                                                                             \
    (KEYWORD_BIT(KEYWORD_ITEMS) | KEYWORD_BIT(KEYWORD_PREFIX_ITEMS) |                              \
     KEYWORD_BIT(KEYWORD_MIN_ITEMS) | KEYWORD_BIT(KEYWORD_MAX_ITEMS))

static bool compile_array_plan(struct unit *unit)
{
    if (!(unit->present & ARRAY_KEYWORDS))
        return true;
    struct array_plan *plan = unit_alloc(unit, 1, sizeof *plan);
    if (!plan)
        return false;
    plan->maximum = UINT32_MAX;
    unit_step(unit, OPERATION_ARRAY, TYPE_ARRAY, KEYWORD_ITEMS, 0, plan);
    return unit_count(unit, KEYWORD_MIN_ITEMS, &plan->minimum) &&
           unit_count(unit, KEYWORD_MAX_ITEMS, &plan->maximum) && compile_items(unit, plan);
}

bool compile_array(struct unit *unit)
{
    struct json_object *unique = unit->words[KEYWORD_UNIQUE_ITEMS];
    if (!compile_array_plan(unit) || !compile_contains(unit))
        return false;
    if (unit_has(unit, KEYWORD_UNIQUE_ITEMS) && value_type(unique) != TYPE_BOOLEAN)
        return unit_fail(unit, KEYWORD_UNIQUE_ITEMS, "must be true or false");
    if (unit_has(unit, KEYWORD_UNIQUE_ITEMS) && value_boolean(unique))
        unit_step(unit, OPERATION_UNIQUE_ITEMS, TYPE_ARRAY, KEYWORD_UNIQUE_ITEMS, 0, NULL);
    return true;
}

/* ---- dependencies ---- */

static bool read_names(struct unit *unit, enum keyword keyword, struct json_object *list,
                       struct dependent *item)
{
    const char **names = unit_alloc(unit, value_item_count(list), sizeof *names);
    if (!names)
        return false;
    item->names = names;
    for (size_t i = 0; i < value_item_count(list); i++) {
        const char *name =
            unit_word(unit, keyword, value_item(list, i), "must hold lists of names");
        names[i] = name ? unit_text(unit, name) : NULL;
        if (!names[i])
            return false;
        item->name_count++;
    }
    return true;
}

static bool read_dependent(struct unit *unit, enum keyword keyword, const struct member *member,
                           struct dependent *item)
{
    struct json_object *value = member_value(member);
    item->name = unit_text(unit, member_name(member));
    if (!item->name)
        return false;
    if (value_type(value) == TYPE_ARRAY && keyword != KEYWORD_DEPENDENT_SCHEMAS)
        return read_names(unit, keyword, value, item);
    item->node = unit_child(unit, keyword, value);
    return item->node != NULL;
}

static bool compile_dependent(struct unit *unit, enum keyword keyword)
{
    if (!unit_has(unit, keyword))
        return true;
    if (!is_object(unit, keyword))
        return false;
    struct json_object *map = unit->words[keyword];
    struct dependents *list = unit_alloc(unit, 1, sizeof *list);
    struct dependent *items = unit_alloc(unit, value_member_count(map), sizeof *items);
    if (!list || !items)
        return false;
    list->items = items;
    for (struct member m = member_first(map); m.entry; member_next(&m))
        if (!read_dependent(unit, keyword, &m, &items[list->count++]))
            return false;
    unit_step(unit, OPERATION_DEPENDENT, TYPE_OBJECT, keyword, 0, list);
    return true;
}

bool compile_dependents(struct unit *unit)
{
    return compile_dependent(unit, KEYWORD_DEPENDENT_REQUIRED) &&
           compile_dependent(unit, KEYWORD_DEPENDENT_SCHEMAS) &&
           compile_dependent(unit, KEYWORD_DEPENDENCIES);
}
