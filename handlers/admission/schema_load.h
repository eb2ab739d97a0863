/* Schemas that a route file names or holds, compiled while it is loaded. */
#ifndef TENTERHOOK_HANDLERS_ADMISSION_SCHEMA_LOAD_H
#define TENTERHOOK_HANDLERS_ADMISSION_SCHEMA_LOAD_H

#include "config/load.h"
#include "handlers/admission/schema_files.h"

/* The key `schemas` at the top of the file. */
extern const struct row_section schema_load_top_section;

/* The schema of the file that `node` names, or that is written there; it lives as long as the
 * snapshot. NULL after a problem. Not where load_is_offline. */
const struct schema *schema_load(struct load *load, const struct node *node,
                                 struct schema_manner manner);

#endif
