/* Documents are loaded once, when they are compiled or first referred to. One with a mistake stays
 * in the library as a bad one, so that it is neither read again nor taken for good. */
#include "handlers/schema/load.h"

#include "handlers/schema/fault.h"
#include "handlers/schema/published.h"
#include "handlers/schema/uri.h"
#include "handlers/schema/value.h"
#include "handlers/schema/walk.h"

/* ---- documents ---- */

static struct document *add_document(struct schema_library *library, const char *uri,
                                     struct json_object *value)
{
    struct document *document = arena_alloc(&library->arena, sizeof *document);
    if (!document)
        return NULL;
    document->uri = uri;
    /* subschemas are found by address: a resolver may give one value for two URIs */
    document->value = walk_find(library, value) ? value_copy(value) : value_keep(value);
    if (!document->value)
        return NULL;
    document->next = library->first_document;
    library->first_document = document;
    return map_add(&library->documents, bytes_of_text(uri), document) ? document : NULL;
}

static bool check_document(struct schema_library *library, struct document *document,
                           const struct dialect *inherited)
{
    struct location at = {.document = document, .dialect = inherited, .path = ""};
    unsigned first = library->resource_count;
    return walk_schema(library, document->value, at) &&
           (library->trusted || library->calls.check(library, document->root, first));
}

/* NULL after repeating the fault of a bad one. */
static struct document *unless_bad(struct schema_library *library, struct document *document)
{
    if (document->state != DOCUMENT_BAD)
        return document;
    if (document->fault)
        fault_repeat(library, document->fault);
    else
        fault_add_document(library, document->uri, "has mistakes that were reported before");
    return NULL;
}

static struct document *new_document(struct schema_library *library, const char *uri,
                                     struct json_object *value, const struct dialect *inherited)
{
    struct document *document = add_document(library, uri, value);
    if (!document) {
        fault_memory(library);
        return NULL;
    }
    const struct schema_fault *before = library->faults.last;
    bool good = check_document(library, document, inherited);
    document->state = good ? DOCUMENT_GOOD : DOCUMENT_BAD;
    document->fault = good ? NULL : fault_after(&library->faults, before);
    return good ? document : NULL;
}

struct document *load_document(struct schema_library *library, const char *uri,
                               struct json_object *value, const struct dialect *inherited)
{
    char *name = arena_copy_text(&library->arena, uri);
    if (!name) {
        fault_memory(library);
        return NULL;
    }
    uri_split_fragment(name);
    struct document *known = map_find(&library->documents, bytes_of_text(name));
    if (known)
        return unless_bad(library, known);
    if (walk_is_schema(value))
        return new_document(library, name, value, inherited);
    fault_add_document(library, name, "a schema must be an object or a boolean");
    return NULL;
}

/* ---- what references ask for ---- */

static bool fetch(struct schema_library *library, const struct subschema *from, const char *uri,
                  const char *keyword)
{
    struct error why = {"no resolver is set"};
    struct json_object *published = published_document(uri), *value = published;
    bool trusted = library->trusted;
    if (!value && library->options.resolve)
        value = library->options.resolve(library->options.context, uri, &why);
    if (!value)
        return fault_add(library, from, keyword, "no schema is known as \"%s\": %s", uri, why.text);
    library->trusted |= published != NULL;
    bool good = load_document(library, uri, value, from->resource->dialect);
    library->trusted = trusted;
    value_release(value);
    return good;
}

struct resource *load_resource(struct schema_library *library, const struct subschema *from,
                               const char *uri, const char *keyword)
{
    struct bytes key = bytes_of_text(uri);
    if (strcmp(uri, from->resource->uri) == 0)
        return from->resource;
    struct document *document = map_find(&library->documents, key);
    if (document && !unless_bad(library, document))
        return NULL;
    struct resource *resource = map_find(&library->resources, key);
    if (!resource && fetch(library, from, uri, keyword))
        resource = map_find(&library->resources, key);
    return resource && unless_bad(library, resource->document) ? resource : NULL;
}
