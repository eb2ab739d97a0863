/* A library of documents while schemas are compiled: the documents, the resources in them, and each
 * schema where it stands. */
#ifndef TENTERHOOK_SCHEMA_LIBRARY_H
#define TENTERHOOK_SCHEMA_LIBRARY_H

#include "handlers/schema/keyword.h"
#include "handlers/schema/map.h"
#include "handlers/schema/schema.h"

struct document;

/* A schema with a URI of its own: a document's root, or what has an $id. */
struct resource {
    const char *uri;
    unsigned index;
    struct subschema *root;
    const struct dialect *dialect;
    struct document *document;
    const struct resource *outer; /* around it; NULL for a document's own */
    struct dynamic_anchor *dynamic;
    bool recursive_anchor;
    struct resource *next;
};

struct dynamic_anchor {
    const char *name;
    struct subschema *subschema;
    struct dynamic_anchor *next;
};

/* A schema at its place in a document. */
struct subschema {
    struct json_object *value; /* an object or a boolean */
    struct resource *resource;
    const struct subschema *parent;   /* the schema around it; NULL for a document's root */
    const char *path;                 /* JSON pointer from the parent: "/properties/id" */
    const struct schema_fault *fault; /* of one that only a reference takes for a schema */
};

/* A document is bad for good: what refers to it later gets its fault again. */
enum document_state { DOCUMENT_LOADING, DOCUMENT_GOOD, DOCUMENT_BAD };

struct document {
    const char *uri;
    struct json_object *value;
    struct subschema *root;
    enum document_state state;
    bool mixed;                       /* holds resources of several dialects */
    const struct schema_fault *fault; /* of a bad one, the first; may be lost: NULL */
    struct document *next;
};

/* What the loader calls in files above it: both load documents themselves, so schema.c hands them
 * in. */
struct library_calls {
    /* The dialect of the meta-schema `uri`; NULL with the fault, put at the $schema of `at`.
     * custom_dialect.c */
    const struct dialect *(*load_dialect)(struct schema_library *library,
                                          const struct subschema *at, const char *uri);
    /* Whether `root`, and what is in it of other dialects since the resource number `first`, are
     * valid schemas, each of its dialect; else false with faults. Not asked if the library is
     * `trusted`. meta.c */
    bool (*check)(struct schema_library *library, const struct subschema *root, unsigned first);
};

/* Of one run; its items live in the library's arena. */
struct fault_list {
    struct schema_fault *first, *last;
    size_t count;
    struct schema_fault memory; /* the last, where there is no room for another */
};

struct schema_library {
    struct schema_options options;
    struct arena arena;
    struct keyword_index keywords;
    struct map documents, resources, anchors, subschemas;
    struct map dialects; /* that are not published, by URI */
    struct document *first_document;
    struct resource *first_resource; /* newest first */
    unsigned resource_count;
    unsigned walk_depth, dialect_depth; /* of what is being loaded */
    bool trusted;                       /* holds meta-schemas, which nobody checks */
    struct library_calls calls;
    struct meta *meta;        /* what meta.c keeps between checks; NULL: nothing yet */
    struct fault_list faults; /* of the run */
};

/* NULL without memory. */
struct schema_library *library_create(const struct schema_options *options,
                                      const struct library_calls *calls);
void library_destroy(struct schema_library *library);

#endif
