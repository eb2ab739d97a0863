/* The published meta-schemas are in the program (meta/, embedded at build). Every document is
 * checked against its dialect's, compiled once in a library of its own. What a document holds of
 * other dialects is checked by itself: for the schemas around it, it is the schema that takes
 * everything, in a copy. */
#include "handlers/schema/compile.h"
#include "handlers/schema/meta_texts.h"
#include "handlers/schema/value.h"

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

struct json_object *meta_document(const char *uri)
{
    const struct dialect *dialect = dialect_find(uri);
    const char *name = dialect ? dialect->uri : uri;
    for (const struct meta_text *text = meta_texts; text->uri; text++)
        if (strcmp(text->uri, name) == 0)
            return value_parse(text->text);
    return NULL;
}

/* A meta-schema of one's own may come from the same resolver. */
static struct schema_library *meta_library(struct schema_library *library)
{
    if (library->meta)
        return library->meta;
    struct schema_options options = library->options;
    options.assert_formats = false;
    options.draft = SCHEMA_DRAFT_DEFAULT;
    library->meta = schema_library_create(&options);
    if (library->meta)
        library->meta->trusted = true;
    return library->meta;
}

/* `at` is the schema that names it. */
static struct schema *compile_meta(struct schema_library *library, const struct subschema *at,
                                   const char *uri)
{
    struct schema_library *meta = meta_library(library);
    struct error why = {"there is nothing to resolve it"};
    struct json_object *document = meta_document(uri);
    if (!document && meta && library->options.resolve)
        document = library->options.resolve(library->options.context, uri, &why);
    struct schema *schema = NULL;
    if (meta && document)
        schema = schema_compile(meta, uri, document);
    else if (meta)
        fault_add(library, at, "$schema", "no schema is known as \"%s\": %s", uri, why.text);
    else
        fault_memory(library);
    const struct schema_fault *fault = meta ? schema_faults(meta) : NULL;
    for (; !schema && fault; fault = fault->next)
        fault_repeat(library, fault);
    value_release(document);
    return schema;
}

static struct schema *meta_schema(struct schema_library *library, const struct subschema *at,
                                  const char *uri)
{
    struct meta_program *program = map_find(&library->meta_programs, bytes_of_text(uri));
    if (program)
        return program->schema;
    struct schema *schema = compile_meta(library, at, uri);
    if (!schema)
        return NULL;
    program = arena_alloc(&library->arena, sizeof *program);
    if (!program || !map_add(&library->meta_programs, bytes_of_text(uri), program)) {
        schema_destroy(schema);
        fault_memory(library);
        return NULL;
    }
    program->schema = schema;
    program->next = library->first_meta_program;
    library->first_meta_program = program;
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
    schema_explain(library->evaluator, meta, value, &arena, &failures);
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
    return schema_evaluate(library->evaluator, meta, value) == SCHEMA_VALID ||
           refuse(library, root, meta, value);
}

static bool check_subschema(struct schema_library *library, const struct subschema *root)
{
    struct mask mask = {.library = library, .dialect = root->resource->dialect};
    if (!library->evaluator)
        library->evaluator = schema_evaluator_create(&meta_limits);
    if (!library->evaluator)
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
    for (struct meta_program *p = library->first_meta_program; p; p = p->next)
        schema_destroy(p->schema);
    schema_library_destroy(library->meta);
    schema_evaluator_destroy(library->evaluator);
}
