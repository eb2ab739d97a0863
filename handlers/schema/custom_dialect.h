/* Dialects of meta-schemas that are not published ones. */
#ifndef TENTERHOOK_SCHEMA_CUSTOM_DIALECT_H
#define TENTERHOOK_SCHEMA_CUSTOM_DIALECT_H

#include "handlers/schema/library.h"

/* The dialect of the meta-schema `uri`, read from its $vocabulary; one of the published dialects
 * for their URIs. NULL with the fault, put at the $schema of `at`. */
const struct dialect *custom_dialect_load(struct schema_library *library,
                                          const struct subschema *at, const char *uri);

#endif
