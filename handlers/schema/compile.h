/* From a document to a program. */
#ifndef TENTERHOOK_SCHEMA_COMPILE_H
#define TENTERHOOK_SCHEMA_COMPILE_H

#include "handlers/schema/library.h"

/* Loads the document into the library and compiles it; NULL with the faults, which replace those of
 * the run before. */
struct schema *compile_schema(struct schema_library *library, const char *uri,
                              struct json_object *value);

#endif
