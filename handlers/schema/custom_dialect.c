/* The dialect that a custom meta-schema defines by naming vocabularies of a published dialect. A
 * meta-schema is a document like any other, and may have a meta-schema of its own. */
#include "handlers/schema/custom_dialect.h"

#include "handlers/schema/dialect.h"
#include "handlers/schema/fault.h"
#include "handlers/schema/reference.h"
#include "handlers/schema/uri.h"
#include "handlers/schema/value.h"

enum { DIALECT_DEPTH = 8 };

/* Adds up a $vocabulary. 0 with the fault if one is needed that nobody here knows. */
static unsigned read_vocabulary(struct schema_library *library, const struct subschema *at,
                                enum schema_draft draft, struct json_object *vocabulary)
{
    unsigned all = VOCABULARY_CORE;
    for (struct member m = member_first(vocabulary); m.entry; member_next(&m)) {
        unsigned known = vocabulary_find(draft, member_name(&m));
        if (!known && value_type(member_value(&m)) == TYPE_BOOLEAN &&
            value_boolean(member_value(&m))) {
            fault_add(library, at, "$schema", "the meta-schema requires the vocabulary %s",
                      member_name(&m));
            return 0;
        }
        all |= known;
    }
    return all;
}

static const struct dialect *make_dialect(struct schema_library *library,
                                          const struct subschema *at, const char *uri,
                                          const struct subschema *meta)
{
    struct dialect *dialect = arena_alloc(&library->arena, sizeof *dialect);
    struct json_object *vocabulary;
    if (!dialect) {
        fault_memory(library);
        return NULL;
    }
    *dialect = *meta->resource->dialect;
    dialect->uri = uri;
    if (dialect->draft >= SCHEMA_DRAFT_2019_09 && value_type(meta->value) == TYPE_OBJECT &&
        value_find(meta->value, "$vocabulary", &vocabulary) &&
        value_type(vocabulary) == TYPE_OBJECT)
        dialect->vocabularies = read_vocabulary(library, at, dialect->draft, vocabulary);
    if (!dialect->vocabularies)
        return NULL;
    if (map_add(&library->dialects, bytes_of_text(uri), dialect))
        return dialect;
    fault_memory(library);
    return NULL;
}

/* A meta-schema that describes itself is known by the time that it is loaded. */
static const struct dialect *load_dialect(struct schema_library *library,
                                          const struct subschema *at, const char *uri)
{
    if (library->dialect_depth >= DIALECT_DEPTH) {
        fault_add(library, at, "$schema", "meta-schemas that refer to each other in a cycle");
        return NULL;
    }
    library->dialect_depth++;
    const struct subschema *meta = reference_find(library, at, uri, "$schema");
    library->dialect_depth--;
    const struct dialect *known = map_find(&library->dialects, bytes_of_text(uri));
    return known || !meta ? known : make_dialect(library, at, uri, meta);
}

const struct dialect *custom_dialect_load(struct schema_library *library,
                                          const struct subschema *at, const char *uri)
{
    char *plain = arena_copy_text(&library->arena, uri);
    if (!plain) {
        fault_memory(library);
        return NULL;
    }
    char *fragment = uri_split_fragment(plain);
    if (!uri_is_absolute(plain) || (fragment && *fragment)) {
        fault_add(library, at, "$schema",
                  "must be the URI of a meta-schema, absolute and without a fragment");
        return NULL;
    }
    const struct dialect *known = dialect_find(plain);
    if (!known)
        known = map_find(&library->dialects, bytes_of_text(plain));
    return known ? known : load_dialect(library, at, plain);
}
