/* What a reference leads to. */
#ifndef TENTERHOOK_SCHEMA_REFERENCE_H
#define TENTERHOOK_SCHEMA_REFERENCE_H

#include "handlers/schema/library.h"

/* The schema that `reference` in `from` leads to. NULL with the fault, put at the member `keyword`
 * of `from`. */
struct subschema *reference_find(struct schema_library *library, const struct subschema *from,
                                 const char *reference, const char *keyword);

#endif
