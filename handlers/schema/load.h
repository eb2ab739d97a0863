/* Documents by their URI, and the resources that references ask for. */
#ifndef TENTERHOOK_SCHEMA_LOAD_H
#define TENTERHOOK_SCHEMA_LOAD_H

#include "handlers/schema/library.h"

/* The document of that URI, taken in with all schemas in it if it is new. `inherited` is the
 * dialect if it names none. NULL with the fault. */
struct document *load_document(struct schema_library *library, const char *uri,
                               struct json_object *value, const struct dialect *inherited);

/* What the URI (no fragment) stands for, loaded if need be for the reference in `from` under
 * `keyword`. NULL with the fault, put there. */
struct resource *load_resource(struct schema_library *library, const struct subschema *from,
                               const char *uri, const char *keyword);

#endif
