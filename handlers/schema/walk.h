/* Each schema in a document gets its entry in the library. */
#ifndef TENTERHOOK_SCHEMA_WALK_H
#define TENTERHOOK_SCHEMA_WALK_H

#include "handlers/schema/library.h"

/* Where a walk is. */
struct location {
    struct document *document;
    struct resource *resource;
    const struct subschema *parent;
    const char *path;
    const struct dialect *dialect;
};

/* Makes subschemas of the value and of all schemas in it, where they have none. */
bool walk_schema(struct schema_library *library, struct json_object *value, struct location at);

/* The subschema of a schema that has been walked, or NULL. */
struct subschema *walk_find(const struct schema_library *library, struct json_object *value);
/* The schema with that anchor, or NULL. */
struct subschema *walk_find_anchor(struct schema_library *library, const struct resource *resource,
                                   const char *name);

bool walk_is_schema(struct json_object *value);

#endif
