/* The library of documents while schemas are compiled: where each schema stands, which URI and
 * dialect it has, and what a reference leads to. */
#ifndef TENTERHOOK_SCHEMA_LOAD_H
#define TENTERHOOK_SCHEMA_LOAD_H

#include "handlers/schema/fault.h"
#include "handlers/schema/keyword.h"
#include "handlers/schema/location.h"
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
    struct schema_library *meta;
    struct map meta_programs; /* by dialect's URI */
    struct meta_program *first_meta_program;
    struct schema_evaluator *evaluator;
    struct fault_list faults; /* of the run */
};

/* Where a walk is. */
struct location {
    struct document *document;
    struct resource *resource;
    const struct subschema *parent;
    const char *path;
    const struct dialect *dialect;
};

/* ---- load.c ---- */

void load_init(struct schema_library *library, const struct schema_options *options);
void load_finish(struct schema_library *library);

/* The document of that URI, taken in with all schemas in it if it is new. `inherited` is the
 * dialect if it names none. NULL with the fault. */
struct document *load_document(struct schema_library *library, const char *uri,
                               struct json_object *value, const struct dialect *inherited);

/* What the URI (no fragment) stands for, loaded if need be for the reference in `from` under
 * `keyword`. NULL with the fault, put there. */
struct resource *load_resource(struct schema_library *library, const struct subschema *from,
                               const char *uri, const char *keyword);

/* ---- walk.c ---- */

/* Makes subschemas of the value and of all schemas in it, where they have none. */
bool walk_schema(struct schema_library *library, struct json_object *value, struct location at);

/* The subschema of a schema that has been walked, or NULL. */
struct subschema *walk_find(const struct schema_library *library, struct json_object *value);
/* The schema with that anchor, or NULL. */
struct subschema *walk_find_anchor(struct schema_library *library, const struct resource *resource,
                                   const char *name);

bool walk_is_schema(struct json_object *value);

/* ---- reference.c ---- */

/* The schema that `reference` in `from` leads to. NULL with the fault, put at the member `keyword`
 * of `from`. */
struct subschema *reference_find(struct schema_library *library, const struct subschema *from,
                                 const char *reference, const char *keyword);

/* ---- dialect.c ---- */

/* The dialect of the meta-schema `uri`, read from its $vocabulary if it is not a published one.
 * NULL with the fault, put at the $schema of `at`. */
const struct dialect *dialect_load(struct schema_library *library, const struct subschema *at,
                                   const char *uri);

/* ---- meta.c ---- */

/* The published meta-schema document of that URI (no fragment), the caller's; or NULL. */
struct json_object *meta_document(const char *uri);

/* Whether `root`, and what is in it of other dialects since the resource number `first`, are valid
 * schemas, each of its dialect; else false with faults. */
bool meta_check(struct schema_library *library, const struct subschema *root, unsigned first);
void meta_finish(struct schema_library *library);

#endif
