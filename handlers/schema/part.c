/* Nothing here recurses over schemas: a schema inside another gets its node at once, empty, and
 * waits in a list until its turn to be filled in, so neither nesting nor chains of references cost
 * stack. Schemas that hold no other (most are {"type": "string"} and the like) are filled in at
 * once, and equal ones share a node: that halves the program of a large schema. */
#include "handlers/schema/part.h"

#include "handlers/schema/compile_values.h"
#include "handlers/schema/fault.h"
#include "handlers/schema/location.h"
#include "handlers/schema/value.h"
#include "handlers/schema/walk.h"

enum { LOCATION_MAX = 64 * 1024 };

static const struct schema_node node_always = {
    .types = TYPE_ANY, .simple = true, .resource = RESOURCE_NONE};
static const struct step step_never[] = {{.operation = OPERATION_NEVER, .types = TYPE_ANY}};
static const struct schema_node node_never = {.types = TYPE_ANY,
                                              .step_types = TYPE_ANY,
                                              .step_count = 1,
                                              .resource = RESOURCE_NONE,
                                              .steps = step_never};

#define LEAF_KEYWORDS                                                                              \
    (KEYWORD_BIT(KEYWORD_TYPE) | KEYWORD_BIT(KEYWORD_FORMAT) | KEYWORD_BIT(KEYWORD_PATTERN) |      \
     KEYWORD_BIT(KEYWORD_MIN_LENGTH) | KEYWORD_BIT(KEYWORD_MAX_LENGTH))

/* The shared node of a schema that holds no other. */
static const struct schema_node *leaf_node(struct unit *unit)
{
    struct leaf_key {
        unsigned types, count;
        struct step steps[];
    };
    size_t size = sizeof(struct leaf_key) + unit->step_count * sizeof *unit->steps;
    union {
        struct leaf_key key;
        uint8_t bytes[sizeof(struct leaf_key) + UNIT_STEPS * sizeof(struct step)];
    } room;
    room.key.types = unit->types;
    room.key.count = unit->step_count;
    memcpy(room.key.steps, unit->steps, unit->step_count * sizeof *unit->steps);
    struct map *leaves = &unit->compiler->leaves;
    struct schema_node *node = map_find(leaves, bytes_of(&room, size));
    if (node)
        return node;
    void *key = unit_alloc(unit, 1, size);
    node = unit_alloc(unit, 1, sizeof *node);
    if (!key || !node || !unit_write(unit, node))
        return NULL;
    memcpy(key, &room, size);
    if (!map_add(leaves, bytes_of(key, size), node)) {
        fault_memory(unit->compiler->library);
        return NULL;
    }
    return node;
}

static bool compile_leaf(struct unit *unit)
{
    bool good = compile_type(unit);
    return compile_strings(unit) && good;
}

static bool compile_part(struct compiler *compiler, struct part *part)
{
    struct json_object *value = part->subschema->value;
    struct unit unit;
    if (value_type(value) == TYPE_BOOLEAN) {
        part->node = value_boolean(value) ? &node_always : &node_never;
        return true;
    }
    unit_init(&unit, compiler, part->subschema);
    if (!(unit.present & ~LEAF_KEYWORDS)) {
        part->node = compile_leaf(&unit) ? leaf_node(&unit) : &node_never;
        return part->node != NULL;
    }
    part->node = part->own = unit_alloc(&unit, 1, sizeof *part->own);
    part->next = compiler->pending;
    compiler->pending = part;
    return part->own != NULL;
}

/* The subschema's part in the program, new or known; NULL without memory. */
static struct part *find_part(struct compiler *compiler, const struct subschema *subschema)
{
    struct part *part = map_find(&compiler->parts, bytes_of(&subschema, sizeof subschema));
    if (part)
        return part->node ? part : NULL;
    part = arena_alloc(&compiler->arena, sizeof *part);
    if (part)
        part->subschema = subschema;
    if (!part || !map_add(&compiler->parts, bytes_of(&part->subschema, sizeof subschema), part)) {
        fault_memory(compiler->library);
        return NULL;
    }
    return compile_part(compiler, part) ? part : NULL;
}

const struct schema_node *part_node(struct compiler *compiler, const struct subschema *subschema)
{
    const struct part *part = find_part(compiler, subschema);
    return part ? part->node : NULL;
}

const char *part_location(struct compiler *compiler, const struct subschema *subschema)
{
    struct buffer location;
    buffer_init(&location, LOCATION_MAX);
    subschema_location(subschema, &location);
    const char *copy = arena_copy_bytes(&compiler->schema->arena, buffer_bytes(&location));
    buffer_finish(&location);
    if (!copy)
        fault_memory(compiler->library);
    return copy;
}

static bool make_jump(struct unit *unit, struct part *part)
{
    struct jump *jump = unit_alloc(unit, 1, sizeof *jump);
    if (!jump)
        return false;
    jump->node = part->node;
    jump->location = part_location(unit->compiler, part->subschema);
    part->jump = jump;
    return jump->location != NULL;
}

bool unit_jump(struct unit *unit, const struct subschema *subschema, struct jump *jump)
{
    struct part *part = find_part(unit->compiler, subschema);
    if (!part || (!part->jump && !make_jump(unit, part)))
        return false;
    *jump = *part->jump;
    return true;
}

const struct schema_node *unit_child(struct unit *unit, enum keyword keyword,
                                     struct json_object *value)
{
    const struct subschema *subschema = value ? walk_find(unit->compiler->library, value) : NULL;
    if (subschema)
        return part_node(unit->compiler, subschema);
    unit_fail(unit, keyword, "a schema must be an object or a boolean");
    return &node_never;
}

const struct schema_node *const *unit_children(struct unit *unit, enum keyword keyword,
                                               uint32_t *count)
{
    struct json_object *list = unit->words[keyword];
    if (value_type(list) != TYPE_ARRAY) {
        unit_fail(unit, keyword, "must be a list of schemas");
        return NULL;
    }
    *count = (uint32_t)value_item_count(list);
    const struct schema_node **nodes = unit_alloc(unit, *count, sizeof(struct schema_node *));
    for (uint32_t i = 0; nodes && i < *count; i++) {
        nodes[i] = unit_child(unit, keyword, value_item(list, i));
        if (!nodes[i])
            return NULL;
    }
    return nodes;
}
