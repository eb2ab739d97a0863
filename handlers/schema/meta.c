/* Every document is checked against the meta-schema of its dialect, compiled once in a library of
 * its own. What a document holds of other dialects is checked by itself: for the schemas around it,
 * it is the schema that takes everything, in a copy. */
#include "handlers/schema/meta.h"

#include "handlers/schema/compile.h"
#include "handlers/schema/fault.h"
#include "handlers/schema/published.h"
#include "handlers/schema/value.h"
#include "handlers/schema/walk.h"

#include <stdlib.h>

/* For documents of 100,000 schemas: those who write them are no strangers. */
static const struct schema_limits meta_limits = {
    .steps = 50000000,
    .depth = 3000,
    .stack = 2 * 1024 * 1024,
    .scratch = 16 * 1024 * 1024,
    .pattern_ms = 2000,
};

struct meta_program {
    struct schema *schema;
    struct meta_program *next;
};

/* What the checks of one library share. */
struct meta {
    struct schema_library *library; /* of meta-schemas */
    struct map programs;            /* by dialect's URI */
    struct meta_program *first_program;
    struct schema_evaluator *evaluator;
};

/* Made at the first check; NULL without memory. A meta-schema of one's own may come from the same
 * resolver. */
static struct meta *meta_of(struct schema_library *library)
{
    if (library->meta)
        return library->meta;
    struct schema_options options = library->options;
    options.assert_formats = false;
    options.draft = SCHEMA_DRAFT_DEFAULT;
    struct meta *meta = calloc(1, sizeof *meta);
    if (!meta)
        return NULL;
    map_init(&meta->programs);
    meta->library = library_create(&options, &library->calls);
    meta->evaluator = schema_evaluator_create(&meta_limits);
    library->meta = meta;
    if (meta->library && meta->evaluator) {
        meta->library->trusted = true;
        return meta;
    }
    meta_finish(library);
    return NULL;
}

/* `at` is the schema that names it. */
static struct schema *compile_meta(struct schema_library *library, const struct subschema *at,
                                   const char *uri)
{
    struct schema_library *meta = library->meta->library;
    struct error why = {"no resolver is set"};
    struct json_object *document = published_document(uri);
    if (!document && library->options.resolve)
        document = library->options.resolve(library->options.context, uri, &why);
    if (!document) {
        fault_add(library, at, "$schema", "no schema is known as \"%s\": %s", uri, why.text);
        return NULL;
    }
    struct schema *schema = compile_schema(meta, uri, document);
    for (const struct schema_fault *f = schema_faults(meta); !schema && f; f = f->next)
        fault_repeat(library, f);
    value_release(document);
    return schema;
}

static struct schema *meta_schema(struct schema_library *library, const struct subschema *at,
                                  const char *uri)
{
    struct meta *meta = library->meta;
    struct meta_program *program = map_find(&meta->programs, bytes_of_text(uri));
    if (program)
        return program->schema;
    struct schema *schema = compile_meta(library, at, uri);
    if (!schema)
        return NULL;
    program = arena_alloc(&library->arena, sizeof *program);
    if (!program || !map_add(&meta->programs, bytes_of_text(uri), program)) {
        schema_destroy(schema);
        fault_memory(library);
        return NULL;
    }
    program->schema = schema;
    program->next = meta->first_program;
    meta->first_program = program;
    return program->schema;
}

/* ---- several dialects in one document ---- */

/* Below this many levels of JSON there are no schemas. */
enum { MASK_DEPTH = 1024 };

struct mask {
    const struct schema_library *library;
    const struct dialect *dialect;
    bool full; /* no memory */
};

static struct json_object *mask_value(struct mask *mask, struct json_object *value, unsigned depth);

static struct json_object *mask_object(struct mask *mask, struct json_object *object,
                                       unsigned depth)
{
    struct json_object *copy = value_new_object();
    for (struct member m = member_first(object); copy && m.entry; member_next(&m))
        mask->full |=
            !value_add_member(copy, member_name(&m), mask_value(mask, member_value(&m), depth + 1));
    mask->full |= !copy;
    return copy;
}

static struct json_object *mask_array(struct mask *mask, struct json_object *array, unsigned depth)
{
    size_t count = value_item_count(array);
    struct json_object *copy = value_new_array(count);
    for (size_t i = 0; copy && i < count; i++)
        mask->full |= !value_add_item(copy, mask_value(mask, value_item(array, i), depth + 1));
    mask->full |= !copy;
    return copy;
}

/* A copy in which {} stands for the schemas of other dialects. */
static struct json_object *mask_value(struct mask *mask, struct json_object *value, unsigned depth)
{
    const struct subschema *subschema = walk_find(mask->library, value);
    unsigned type = value_type(value);
    if (subschema && subschema->resource->dialect != mask->dialect) {
        struct json_object *everything = value_new_object();
        mask->full |= !everything;
        return everything;
    }
    if (depth == MASK_DEPTH || !(type & (TYPE_OBJECT | TYPE_ARRAY)))
        return value_keep(value);
    return type == TYPE_OBJECT ? mask_object(mask, value, depth) : mask_array(mask, value, depth);
}

/* ---- checking ---- */

/* Behind the failure of an anyOf stand those of its closest branch, which say more. */
static bool is_explained(const struct schema_failure *failure, const struct schema_failure *next)
{
    size_t length = strlen(failure->schema);
    return strcmp(failure->keyword, "anyOf") == 0 && next &&
           strncmp(next->schema, failure->schema, length) == 0;
}

static bool fault_instance(struct schema_library *library, const struct subschema *root,
                           const char *instance, const char *sentence)
{
    return fault_add(library, root, *instance ? instance : NULL, "not a valid schema: %s",
                     sentence);
}

static bool refuse(struct schema_library *library, const struct subschema *root,
                   const struct schema *meta, struct json_object *value)
{
    struct schema_failures failures = {.count = 0};
    struct arena arena;
    arena_init(&arena, 256 * 1024);
    schema_explain(library->meta->evaluator, meta, value, &arena, &failures);
    for (size_t i = 0; i < failures.count; i++) {
        const struct schema_failure *failure = &failures.items[i];
        if (!is_explained(failure, i + 1 < failures.count ? failure + 1 : NULL))
            fault_instance(library, root, failure->instance, failure->sentence);
    }
    if (!failures.count)
        fault_instance(library, root, "", "too large to be checked");
    arena_finish(&arena);
    return false;
}

static bool check_value(struct schema_library *library, const struct subschema *root,
                        struct json_object *value)
{
    const struct schema *meta = meta_schema(library, root, root->resource->dialect->uri);
    if (!meta)
        return false;
    return schema_evaluate(library->meta->evaluator, meta, value) == SCHEMA_VALID ||
           refuse(library, root, meta, value);
}

static bool check_subschema(struct schema_library *library, const struct subschema *root)
{
    struct mask mask = {.library = library, .dialect = root->resource->dialect};
    if (!meta_of(library))
        return fault_memory(library);
    if (!root->resource->document->mixed)
        return check_value(library, root, root->value);
    struct json_object *masked = mask_value(&mask, root->value, 0);
    bool good = mask.full ? fault_memory(library) : check_value(library, root, masked);
    value_release(masked);
    return good;
}

bool meta_check(struct schema_library *library, const struct subschema *root, unsigned first)
{
    const struct document *document = root->resource->document;
    bool good = check_subschema(library, root);
    const struct resource *r = library->first_resource;
    for (; r && r->index >= first; r = r->next)
        if (r->document == document && r->root != root && r->outer &&
            r->dialect != r->outer->dialect)
            good &= check_subschema(library, r->root);
    return good;
}

void meta_finish(struct schema_library *library)
{
    struct meta *meta = library->meta;
    if (!meta)
        return;
    for (struct meta_program *p = meta->first_program; p; p = p->next)
        schema_destroy(p->schema);
    map_finish(&meta->programs);
    library_destroy(meta->library);
    schema_evaluator_destroy(meta->evaluator);
    free(meta);
    library->meta = NULL;
}
