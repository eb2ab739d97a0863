/* Nothing here recurses over schemas: a schema inside another gets its node at once, empty, and
 * waits in a list until its turn to be filled in, so neither nesting nor chains of references cost
 * stack. Schemas that hold no other (most are {"type": "string"} and the like) are filled in at
 * once, and equal ones share a node: that halves the program of a large schema. */
#include "handlers/schema/compile.h"

#include "handlers/schema/pattern.h"
#include "handlers/schema/value.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROGRAM_BYTES = 256 * 1024 * 1024 };

static const struct node node_always = {
    .types = VALUE_ANY, .simple = true, .resource = RESOURCE_NONE};
static const struct step step_never[] = {{.operation = OPERATION_NEVER, .types = VALUE_ANY}};
static const struct node node_never = {.types = VALUE_ANY,
                                       .step_types = VALUE_ANY,
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
    bool string = value_type(value) == VALUE_STRING;
    const char *text = string ? value_text(value) : NULL;
    if (!text)
        unit_fail(unit, keyword, "%s", string ? "must not hold U+0000" : must);
    return text;
}

bool unit_fail(struct unit *unit, enum keyword keyword, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault_add_list(unit->compiler->library, unit->record, keyword_rows[keyword].name, format, args);
    va_end(args);
    return false;
}

void unit_step(struct unit *unit, enum operation operation, unsigned types, enum keyword keyword,
               uint32_t number, const void *data)
{
    if (unit->step_count < UNIT_STEPS) /* more than there are keywords that make one */
        unit->steps[unit->step_count++] = (struct step){.operation = (uint8_t)operation,
                                                        .types = (uint8_t)types,
                                                        .keyword = (uint8_t)keyword,
                                                        .number = number,
                                                        .data = data};
}

const struct node *unit_child(struct unit *unit, enum keyword keyword, struct json_object *value)
{
    struct record *record = value ? walk_find(unit->compiler->library, value) : NULL;
    if (record)
        return unit_record(unit, record);
    unit_fail(unit, keyword, "a schema must be an object or a boolean");
    return NULL;
}

bool unit_count(struct unit *unit, enum keyword keyword, uint32_t *number)
{
    struct json_object *value = unit->words[keyword];
    if (!unit_has(unit, keyword))
        return true;
    struct number read;
    double limit = value_type(value) & VALUE_NUMBER ? value_double(value) : -1;
    if (limit >= 0)
        number_read(value, &read);
    if (!(limit >= 0) || number_type(&read) == VALUE_FRACTION)
        return unit_fail(unit, keyword, "must be a whole number, at least 0");
    *number = limit > UINT32_MAX ? UINT32_MAX : (uint32_t)limit;
    return true;
}

bool unit_jump(struct unit *unit, struct record *record, struct jump *jump)
{
    if (record->program == unit->compiler->library->program_count && record->jump) {
        *jump = *record->jump;
        return true;
    }
    struct buffer location;
    buffer_init(&location, 64 * 1024);
    record_location(record, &location);
    struct jump *fresh = unit_alloc(unit, 1, sizeof *fresh);
    if (fresh) {
        fresh->location = arena_copy_bytes(&unit->compiler->schema->arena, buffer_bytes(&location));
        fresh->node = unit_record(unit, record);
        record->jump = fresh;
    }
    buffer_finish(&location);
    if (!fresh || !fresh->node)
        return false;
    *jump = *fresh;
    return fresh->location || fault_memory(unit->compiler->library);
}

/* ---- from a schema to a node ---- */

#define LEAF_KEYWORDS                                                                              \
    (KEYWORD_BIT(KEYWORD_TYPE) | KEYWORD_BIT(KEYWORD_FORMAT) | KEYWORD_BIT(KEYWORD_PATTERN) |      \
     KEYWORD_BIT(KEYWORD_MIN_LENGTH) | KEYWORD_BIT(KEYWORD_MAX_LENGTH))

static void unit_init(struct unit *unit, struct compiler *compiler, struct record *record)
{
    unit->compiler = compiler;
    unit->record = record;
    unit->dialect = record->resource->dialect;
    unit->present = 0;
    unit->types = VALUE_ANY;
    unit->owns_marks = false;
    unit->step_count = 0;
    memset(unit->words, 0, sizeof unit->words);
    for (struct member m = member_first(record->value); m.entry; member_next(&m)) {
        enum keyword keyword =
            keyword_find(&compiler->library->keywords, unit->dialect, member_name(&m));
        unit->present |= KEYWORD_BIT(keyword);
        unit->words[keyword] = member_value(&m);
    }
    unit->present &= ~KEYWORD_BIT(KEYWORD_NONE);
    if (unit->dialect->ref_hides_siblings && unit_has(unit, KEYWORD_REF))
        unit->present = KEYWORD_BIT(KEYWORD_REF);
}

static bool unit_compile(struct unit *unit)
{
    static bool (*const groups[])(struct unit *) = {
        compile_type,       compile_values,      compile_numbers, compile_strings,
        compile_array,      compile_object,      compile_refs,    compile_combinators,
        compile_dependents, compile_unevaluated,
    };
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (!groups[i](unit))
            return false;
    return true;
}

static bool unit_write(struct unit *unit, struct node *node)
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
    *node = (struct node){.types = (uint8_t)unit->types,
                          .step_types = step_types,
                          .owns_marks = unit->owns_marks,
                          .simple = simple,
                          .step_count = (uint16_t)unit->step_count,
                          .resource = RESOURCE_NONE,
                          .steps = steps};
    return true;
}

/* The shared node of a schema that holds no other. */
static const struct node *leaf_node(struct unit *unit)
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
    struct node *node = map_find(leaves, bytes_of(&room, size));
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

static const struct node *compiler_node(struct compiler *compiler, struct record *record)
{
    if (value_type(record->value) == VALUE_BOOLEAN)
        return value_boolean(record->value) ? &node_always : &node_never;
    struct unit unit;
    unit_init(&unit, compiler, record);
    if (!(unit.present & ~LEAF_KEYWORDS))
        return unit_compile(&unit) ? leaf_node(&unit) : NULL;
    struct node *node = unit_alloc(&unit, 1, sizeof *node);
    record->pending = compiler->pending;
    compiler->pending = record;
    return node;
}

static const struct node *compiler_record(struct compiler *compiler, struct record *record)
{
    unsigned program = compiler->library->program_count;
    if (record->program == program && record->node)
        return record->node;
    record->program = program;
    record->jump = NULL;
    record->node = compiler_node(compiler, record);
    return record->node;
}

const struct node *unit_record(struct unit *unit, struct record *record)
{
    return compiler_record(unit->compiler, record);
}

/* A resource's root opens a scope of dynamic anchors and has a location of its own. */
static bool mark_resource(struct unit *unit, struct node *node)
{
    const struct resource *resource = unit->record->resource;
    node->resource = resource->index;
    if (unit->record != resource->root)
        return true;
    struct buffer location;
    buffer_init(&location, 64 * 1024);
    record_location(unit->record, &location);
    node->location = arena_copy_bytes(&unit->compiler->schema->arena, buffer_bytes(&location));
    buffer_finish(&location);
    return node->location || fault_memory(unit->compiler->library);
}

static bool note_unit(struct compiler *compiler, struct record *record)
{
    struct unit_list *item = arena_alloc(&compiler->library->arena, sizeof *item);
    if (!item)
        return fault_memory(compiler->library);
    *item = (struct unit_list){record, compiler->units};
    compiler->units = item;
    return true;
}

static bool compiler_drain(struct compiler *compiler)
{
    while (compiler->pending) {
        struct record *record = compiler->pending;
        struct unit unit;
        compiler->pending = record->pending;
        unit_init(&unit, compiler, record);
        struct node *node = (struct node *)record->node;
        if (!unit_compile(&unit) || !unit_write(&unit, node) || !mark_resource(&unit, node) ||
            !note_unit(compiler, record))
            return false;
    }
    return true;
}

/* ---- dynamic anchors ---- */

/* Adds the jump to a dynamic anchor, compiling the schema there. */
static bool add_anchor(struct unit *unit, struct anchor_list *list, struct anchor_jump *items,
                       const char *name, struct record *record)
{
    struct anchor_jump *item = &items[list->count];
    item->name = unit_text(unit, name);
    if (!item->name || !unit_jump(unit, record, &item->jump))
        return false;
    list->count++;
    return true;
}

/* All of a resource's; $recursiveAnchor has the name "". */
static bool fill_anchors(struct compiler *compiler, const struct resource *resource,
                         struct anchor_list *list)
{
    struct unit unit = {.compiler = compiler, .record = resource->root};
    uint32_t count = resource->recursive_anchor;
    for (const struct dynamic_anchor *a = resource->dynamic; a; a = a->next)
        count++;
    struct anchor_jump *items = count ? unit_alloc(&unit, count, sizeof *items) : NULL;
    if (count && !items)
        return false;
    *list = (struct anchor_list){.items = items};
    if (resource->recursive_anchor && !add_anchor(&unit, list, items, "", resource->root))
        return false;
    for (const struct dynamic_anchor *a = resource->dynamic; a; a = a->next)
        if (!add_anchor(&unit, list, items, a->name, a->record))
            return false;
    return true;
}

/* Where anything is dynamic, every dynamic anchor may be led to. Compiling them may bring further
 * resources: until nothing is new. */
static bool compiler_anchors(struct compiler *compiler)
{
    struct schema_library *library = compiler->library;
    struct schema *schema = compiler->schema;
    while (schema->dynamic && schema->anchor_count != library->resource_count) {
        uint32_t known = schema->anchor_count, count = library->resource_count;
        struct anchor_list *lists = arena_alloc_array(&schema->arena, count, sizeof *lists);
        if (!lists)
            return fault_memory(library);
        if (known)
            memcpy(lists, schema->anchors, known * sizeof *lists);
        for (const struct resource *r = library->first_resource; r && r->index >= known;
             r = r->next)
            if (r->root && !fill_anchors(compiler, r, &lists[r->index]))
                return false;
        schema->anchors = lists;
        schema->anchor_count = count;
        if (!compiler_drain(compiler))
            return false;
    }
    return true;
}

/* ---- programs ---- */

static bool compiler_run(struct compiler *compiler, struct document *document)
{
    struct unit unit = {.compiler = compiler, .record = document->root};
    compiler->library->program_count++;
    return unit_jump(&unit, document->root, &compiler->schema->root) && compiler_drain(compiler) &&
           compiler_anchors(compiler) && compile_check_loops(compiler) && compile_sieves(compiler);
}

struct schema *compile_document(struct schema_library *library, struct document *document)
{
    struct compiler compiler = {.library = library};
    compiler.schema = calloc(1, sizeof *compiler.schema);
    if (!compiler.schema) {
        fault_memory(library);
        return NULL;
    }
    arena_init(&compiler.schema->arena, PROGRAM_BYTES);
    map_init(&compiler.texts);
    map_init(&compiler.leaves);
    map_init(&compiler.patterns);
    bool good = compiler_run(&compiler, document);
    map_finish(&compiler.texts);
    map_finish(&compiler.leaves);
    map_finish(&compiler.patterns);
    if (good)
        return compiler.schema;
    schema_destroy(compiler.schema);
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
