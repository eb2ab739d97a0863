/* A document becomes a program schema by schema: each is a unit, compiled by groups of keywords,
 * which may bring further ones, until none waits. */
#include "handlers/schema/compile.h"

#include "handlers/schema/compile_anchors.h"
#include "handlers/schema/compile_apply.h"
#include "handlers/schema/compile_structure.h"
#include "handlers/schema/compile_values.h"
#include "handlers/schema/dialect.h"
#include "handlers/schema/fault.h"
#include "handlers/schema/graph.h"
#include "handlers/schema/load.h"
#include "handlers/schema/part.h"
#include "handlers/schema/value.h"
#include "handlers/schema/walk.h"

#include <stdlib.h>

enum { PROGRAM_BYTES = 256 * 1024 * 1024 };

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
            if (subschema && !part_node(unit->compiler, subschema))
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

/* A resource's root opens a scope of dynamic anchors and has a location of its own. */
static bool mark_resource(struct unit *unit, struct schema_node *node)
{
    const struct resource *resource = unit->subschema->resource;
    node->resource = resource->index;
    if (!anchors_add_scope(unit->compiler, resource))
        return false;
    if (unit->subschema != resource->root)
        return true;
    node->location = part_location(unit->compiler, unit->subschema);
    return node->location != NULL;
}

/* Fills in all nodes that wait. */
static void compiler_drain(struct compiler *compiler)
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

/* Where anything is dynamic, a reference may lead to the dynamic anchors of every resource that
 * evaluation passes through: they are compiled as if somebody referred to them. Compiling them may
 * bring further resources, until nothing is new. */
static bool compile_anchors(struct compiler *compiler)
{
    if (!compiler->schema->dynamic)
        return true;
    while (anchors_pending(compiler)) {
        if (!anchors_fill(compiler))
            return false;
        compiler_drain(compiler);
    }
    return anchors_write(compiler);
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
    return compile_anchors(compiler) && !faults->first && graph_check_loops(compiler) &&
           graph_add_prefilters(compiler);
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

static struct schema *compile_document(struct schema_library *library,
                                       const struct document *document)
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

struct schema *compile_schema(struct schema_library *library, const char *uri,
                              struct json_object *value)
{
    fault_list_clear(&library->faults);
    const struct document *document =
        load_document(library, uri, value, dialect_of_draft(library->options.draft));
    return document ? compile_document(library, document) : NULL;
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
