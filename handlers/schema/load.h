/* The library of documents while schemas are compiled: where each schema stands, which URI and
 * dialect it has, and what a reference leads to. */
#ifndef TENTERHOOK_SCHEMA_LOAD_H
#define TENTERHOOK_SCHEMA_LOAD_H

#include "handlers/schema/fault.h"
#include "handlers/schema/keyword.h"
#include "handlers/schema/map.h"
#include "handlers/schema/schema.h"

struct node;
struct jump;
struct document;

/* A schema with a URI of its own: a document's root, or what has an $id. */
struct resource {
    const char *uri;
    unsigned index;
    struct record *root;
    const struct dialect *dialect;
    struct document *document;
    struct dynamic_anchor *dynamic;
    bool recursive_anchor;
    struct resource *next;
};

struct dynamic_anchor {
    const char *name;
    struct record *record;
    struct dynamic_anchor *next;
};

/* A schema at its place in a document. */
struct record {
    struct json_object *value; /* an object or a boolean */
    struct resource *resource;
    const struct record *parent; /* the schema around it; NULL for a document's root */
    const char *path;            /* JSON pointer from the parent: "/properties/id" */
    /* Of the program that is being compiled, see compile.c. */
    unsigned program;
    const struct node *node;
    const struct jump *jump;
    struct record *pending; /* the next to be compiled */
};

struct document {
    const char *uri;
    struct json_object *value;
    struct record *root;
    bool mixed; /* holds resources of several dialects */
    struct document *next;
};

struct schema_library {
    struct schema_options options;
    struct arena arena;
    struct map documents, resources, anchors, records;
    struct document *first_document;
    struct resource *first_resource;
    unsigned resource_count, program_count;
    unsigned walk_depth, dialect_depth; /* of what is being loaded */
    bool trusted;                       /* holds meta-schemas, which nobody checks */
    struct schema_library *meta;
    struct map meta_programs; /* by dialect's URI */
    struct meta_program *first_meta_program;
    struct schema_evaluator *evaluator;
    struct fault_list faults; /* of the run */
};

bool load_init(struct schema_library *library, const struct schema_options *options);
void load_finish(struct schema_library *library);

/* Takes a document in, with all schemas in it. `inherited` is the dialect if it names none. NULL
 * with the fault. */
struct document *load_document(struct schema_library *library, const char *uri,
                               struct json_object *value, const struct dialect *inherited);

/* The schema that `reference` in `from` leads to, loading its document if need be. NULL with the
 * fault, put at the member `keyword` of `from`. */
struct record *load_find(struct schema_library *library, const struct record *from,
                         const char *reference, const char *keyword);

/* The record of a schema that has been walked, or NULL. */
struct record *load_record(const struct schema_library *library, struct json_object *value);

/* Appends its pointer in the document; the same in its resource, behind "uri#". */
bool record_pointer(const struct record *record, struct buffer *out);
bool record_location(const struct record *record, struct buffer *out);

/* Appends `token` to a JSON pointer, escaped, with a slash before it. */
bool pointer_append(struct buffer *out, const char *token);
bool pointer_append_index(struct buffer *out, size_t index);

/* The dialect of the meta-schema `uri`, read from its $vocabulary if it is not a published one. */
const struct dialect *load_dialect(struct schema_library *library, const struct record *at,
                                   const char *uri);

/* ---- meta.c ---- */

/* The published meta-schema document of that URI (no fragment), the caller's; or NULL. */
struct json_object *meta_document(const char *uri);

/* Whether the document is a valid schema of the dialect; else false with the fault. */
bool meta_check(struct schema_library *library, struct document *document,
                const struct dialect *dialect);
void meta_finish(struct schema_library *library);

#endif
