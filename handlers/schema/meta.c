/* The published meta-schemas are in the program (meta/, embedded at build). Every document is
 * checked against its dialect's, compiled once in a library of its own. */
#include "handlers/schema/compile.h"
#include "handlers/schema/meta_texts.h"
#include "handlers/schema/value.h"

#include <json-c/json_tokener.h>
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
            return json_tokener_parse(text->text);
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
static struct schema *compile_meta(struct schema_library *library, const struct record *at,
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
    if (meta && !schema)
        fault_add_all(library, schema_faults(meta));
    value_release(document);
    return schema;
}

static struct schema *meta_schema(struct schema_library *library, const struct record *at,
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

static bool refuse(struct schema_library *library, struct document *document,
                   const struct schema *meta)
{
    struct schema_failures failures = {.count = 0};
    struct arena arena;
    arena_init(&arena, 256 * 1024);
    schema_explain(library->evaluator, meta, document->value, &arena, &failures);
    const struct schema_failure *first = failures.count ? &failures.items[0] : NULL;
    /* behind the failure of an anyOf stand those of its closest branch, which say more */
    while (first && strcmp(first->keyword, "anyOf") == 0 &&
           first + 1 < failures.items + failures.count)
        first++;
    fault_add(library, document->root, first && *first->instance ? first->instance : NULL,
              "not a valid schema: %s", first ? first->sentence : "too large to be checked");
    arena_finish(&arena);
    return false;
}

bool meta_check(struct schema_library *library, struct document *document,
                const struct dialect *dialect)
{
    if (document->mixed)
        return true; /* each dialect's rules would be broken by the other's schemas */
    if (!library->evaluator)
        library->evaluator = schema_evaluator_create(&meta_limits);
    if (!library->evaluator)
        return fault_memory(library);
    const struct schema *meta = meta_schema(library, document->root, dialect->uri);
    if (!meta)
        return false;
    return schema_evaluate(library->evaluator, meta, document->value) == SCHEMA_VALID ||
           refuse(library, document, meta);
}

void meta_finish(struct schema_library *library)
{
    for (struct meta_program *p = library->first_meta_program; p; p = p->next)
        schema_destroy(p->schema);
    schema_library_destroy(library->meta);
    schema_evaluator_destroy(library->evaluator);
}
