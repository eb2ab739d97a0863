/* The check of schemas by the meta-schema of their dialect. */
#ifndef TENTERHOOK_SCHEMA_META_H
#define TENTERHOOK_SCHEMA_META_H

#include "handlers/schema/library.h"

/* Whether `root`, and what is in it of other dialects since the resource number `first`, are valid
 * schemas, each of its dialect; else false with faults. */
bool meta_check(struct schema_library *library, const struct subschema *root, unsigned first);

/* Frees what the checks of the library have kept. */
void meta_finish(struct schema_library *library);

#endif
