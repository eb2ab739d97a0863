/* Nothing here recurses over schemas: a schema inside another gets its node at once, empty, and
 * waits in a list until its turn to be filled in, so neither nesting nor chains of references cost
 * stack. Schemas that hold no other (most are {"type": "string"} and the like) are filled in at
 * once, and equal ones share a node: that halves the program of a large schema. */
#include "handlers/schema/compile.h"

#include "handlers/schema/pattern.h"
#include "handlers/schema/value.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

enum { PROGRAM_BYTES = 256 * 1024 * 1024, LOCATION_MAX = 64 * 1024 };

static const struct schema_node *subschema_node(struct compiler *compiler,
                                                const struct subschema *subschema);

static const struct schema_node node_always = {
    .types = TYPE_ANY, .simple = true, .resource = RESOURCE_NONE};
static const struct step step_never[] = {{.operation = OPERATION_NEVER, .types = TYPE_ANY}};
static const struct schema_node node_never = {.types = TYPE_ANY,
                                              .step_types = TYPE_ANY,
                                              .step_count = 1,
                                              .resource = RESOURCE_NONE,
                                              .steps = step_never};

/* ---- a unit's tools ---- */

void *unit_alloc(struct unit *unit, size_t count, size_t size)
{
    void *memory = arena_alloc_array(&unit->compiler->schema->arena, count ? count : 1, size);
    if (!memory)
        fault_memory(unit->compiler->library);
    return memory;
}

const char *unit_text(struct unit *unit, const char *text)
{
    struct map *texts = &unit->compiler->texts;
    char *copy = map_find(texts, bytes_of_text(text));
    if (copy)
        return copy;
    copy = arena_copy_text(&unit->compiler->schema->arena, text);
    if (copy && map_add(texts, bytes_of_text(copy), copy))
        return copy;
    fault_memory(unit->compiler->library);
    return NULL;
}

const char *unit_word(struct unit *unit, enum keyword keyword, struct json_object *value,
                      const char *must)
{
    bool string = value_type(value) == TYPE_STRING;
    const char *text = string ? value_c_string(value) : NULL;
    if (!text)
        unit_fail(unit, keyword, "%s", string ? "must not hold U+0000" : must);
    return text;
}

bool unit_fail(struct unit *unit, enum keyword keyword, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault_add_list(unit->compiler->library, unit->subschema, keyword_rows[keyword].name, format,
                   args);
    va_end(args);
    return false;
}

void unit_step(struct unit *unit, enum operation operation, unsigned types, enum keyword keyword,
               uint32_t number, const void *data)
{
    assert(unit->step_count < UNIT_STEPS); /* more than there are keywords that make one */
    unit->steps[unit->step_count++] = (struct step){.operation = (uint8_t)operation,
                                                    .types = (uint8_t)types,
                                                    .keyword = (uint8_t)keyword,
                                                    .number = number,
                                                    .data = data};
}

const struct schema_node *unit_child(struct unit *unit, enum keyword keyword,
                                     struct json_object *value)
{
    const struct subschema *subschema = value ? walk_find(unit->compiler->library, value) : NULL;
    if (subschema)
        return subschema_node(unit->compiler, subschema);
    unit_fail(unit, keyword, "a schema must be an object or a boolean");
    return &node_never;
}

bool unit_count(struct unit *unit, enum keyword keyword, uint32_t *number)
{
    struct json_object *value = unit->words[keyword];
    if (!unit_has(unit, keyword))
        return true;
    struct number read;
    double limit = value_type(value) & TYPE_NUMBER ? value_double(value) : -1;
    if (limit >= 0)
        number_read(value, &read);
    if (!(limit >= 0) || number_type(&read) == TYPE_FRACTION)
        return unit_fail(unit, keyword, "must be a whole number, at least 0");
    *number = limit > UINT32_MAX ? UINT32_MAX : (uint32_t)limit;
    return true;
}

/* ---- from a schema to a node ---- */

#define LEAF_KEYWORDS                                                                              \
    (KEYWORD_BIT(KEYWORD_TYPE) | KEYWORD_BIT(KEYWORD_FORMAT) | KEYWORD_BIT(KEYWORD_PATTERN) |      \
     KEYWORD_BIT(KEYWORD_MIN_LENGTH) | KEYWORD_BIT(KEYWORD_MAX_LENGTH))

static void unit_init(struct unit *unit, struct compiler *compiler,
                      const struct subschema *subschema)
{
    unit->compiler = compiler;
    unit->subschema = subschema;
    unit->dialect = subschema->resource->dialect;
    unit->present = 0;
    unit->types = TYPE_ANY;
    unit->owns_marks = false;
    unit->step_count = 0;
    memset(unit->words, 0, sizeof unit->words);
    for (struct member m = member_first(subschema->value); m.entry; member_next(&m)) {
        enum keyword keyword =
            keyword_find(&compiler->library->keywords, unit->dialect, member_name(&m));
        unit->present |= KEYWORD_BIT(keyword);
        unit->words[keyword] = member_value(&m);
    }
    unit->present &= ~KEYWORD_BIT(KEYWORD_NONE);
    if (unit->dialect->ref_hides_siblings && unit_has(unit, KEYWORD_REF))
        unit->present = KEYWORD_BIT(KEYWORD_REF);
}

/* Also those that nothing leads to, so that a mistake in one is found. Of further documents, what
 * is referred to is all that is looked at: a published collection can be used in part. */
static bool compile_definitions(struct unit *unit)
{
    static const enum keyword keywords[] = {KEYWORD_DEFINITIONS, KEYWORD_DEFS};
    if (unit->subschema->resource->document != unit->compiler->document)
        return true;
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        struct json_object *definitions = unit->words[keywords[i]];
        if (value_type(definitions) != TYPE_OBJECT)
            continue;
        for (struct member m = member_first(definitions); m.entry; member_next(&m)) {
            const struct subschema *subschema =
                walk_find(unit->compiler->library, member_value(&m));
            if (subschema && !subschema_node(unit->compiler, subschema))
                return false;
        }
    }
    return true;
}

static bool unit_compile(struct unit *unit)
{
    static bool (*const groups[])(struct unit *) = {
        compile_type,       compile_values,      compile_numbers,     compile_strings,
        compile_array,      compile_object,      compile_refs,        compile_combinators,
        compile_dependents, compile_unevaluated, compile_definitions,
    };
    bool good = true;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        good &= groups[i](unit);
    return good;
}

static bool unit_write(struct unit *unit, struct schema_node *node)
{
    struct step *steps = NULL;
    if (unit->step_count) {
        steps = unit_alloc(unit, unit->step_count, sizeof *steps);
        if (!steps)
            return false;
        memcpy(steps, unit->steps, unit->step_count * sizeof *steps);
    }
    uint8_t step_types = 0;
    bool simple = true;
    for (unsigned i = 0; i < unit->step_count; i++) {
        step_types |= unit->steps[i].types;
        simple &= unit->steps[i].operation <= OPERATION_FORMAT;
    }
    *node = (struct schema_node){.types = (uint8_t)unit->types,
                                 .step_types = step_types,
                                 .owns_marks = unit->owns_marks,
                                 .simple = simple,
                                 .step_count = (uint16_t)unit->step_count,
                                 .resource = RESOURCE_NONE,
                                 .steps = steps};
    return true;
}

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
        part->node = unit_compile(&unit) ? leaf_node(&unit) : &node_never;
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

static const struct schema_node *subschema_node(struct compiler *compiler,
                                                const struct subschema *subschema)
{
    const struct part *part = find_part(compiler, subschema);
    return part ? part->node : NULL;
}

static const char *write_location(struct compiler *compiler, const struct subschema *subschema)
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
    jump->location = write_location(unit->compiler, part->subschema);
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

/* A resource's root opens a scope of dynamic anchors and has a location of its own. */
static bool mark_resource(struct unit *unit, struct schema_node *node)
{
    const struct resource *resource = unit->subschema->resource;
    node->resource = resource->index;
    if (!compiler_add_scope(unit->compiler, resource))
        return false;
    if (unit->subschema != resource->root)
        return true;
    node->location = write_location(unit->compiler, unit->subschema);
    return node->location != NULL;
}

void compiler_drain(struct compiler *compiler)
{
    while (compiler->pending && !fault_list_full(&compiler->library->faults)) {
        struct part *part = compiler->pending;
        struct unit unit;
        compiler->pending = part->next;
        part->next = compiler->parts_done;
        compiler->parts_done = part;
        unit_init(&unit, compiler, part->subschema);
        if (unit_compile(&unit) && unit_write(&unit, part->own))
            mark_resource(&unit, part->own);
    }
}

/* ---- programs ---- */

/* Each fault is written down and all that can be is compiled, so that they are all found. */
static bool compiler_run(struct compiler *compiler)
{
    const struct subschema *root = compiler->document->root;
    struct unit unit = {.compiler = compiler, .subschema = root};
    const struct fault_list *faults = &compiler->library->faults;
    if (!unit_jump(&unit, root, &compiler->schema->root))
        return false;
    compiler_drain(compiler);
    return compile_anchors(compiler) && !faults->first && compile_check_loops(compiler) &&
           compile_prefilters(compiler);
}

static void compiler_init(struct compiler *compiler, struct schema_library *library)
{
    *compiler = (struct compiler){.library = library};
    arena_init(&compiler->arena, PROGRAM_BYTES);
    map_init(&compiler->parts);
    map_init(&compiler->scopes);
    map_init(&compiler->texts);
    map_init(&compiler->leaves);
    map_init(&compiler->patterns);
}

static void compiler_finish(struct compiler *compiler)
{
    map_finish(&compiler->parts);
    map_finish(&compiler->scopes);
    map_finish(&compiler->texts);
    map_finish(&compiler->leaves);
    map_finish(&compiler->patterns);
    arena_finish(&compiler->arena);
}

struct schema *compile_document(struct schema_library *library, const struct document *document)
{
    struct compiler compiler;
    struct schema *schema = calloc(1, sizeof *schema);
    if (!schema) {
        fault_memory(library);
        return NULL;
    }
    arena_init(&schema->arena, PROGRAM_BYTES);
    compiler_init(&compiler, library);
    compiler.schema = schema;
    compiler.document = document;
    bool good = compiler_run(&compiler);
    compiler_finish(&compiler);
    if (good)
        return schema;
    schema_destroy(schema);
    return NULL;
}

void schema_destroy(struct schema *schema)
{
    if (!schema)
        return;
    for (size_t i = 0; i < schema->value_count; i++)
        value_release(schema->values[i]);
    free(schema->values);
    patterns_destroy(&schema->patterns);
    arena_finish(&schema->arena);
    free(schema);
}

size_t schema_size(const struct schema *schema)
{
    return sizeof *schema + schema->arena.used + schema->value_capacity * sizeof *schema->values +
           schema->patterns.bytes;
}
