/* Two looks at the finished program. */
#ifndef TENTERHOOK_SCHEMA_GRAPH_H
#define TENTERHOOK_SCHEMA_GRAPH_H

#include "handlers/schema/unit.h"

/* Whether no schema applies itself to the same value without end; else false with a fault. */
bool graph_check_loops(struct compiler *compiler);
/* Gives anyOf and oneOf their prefilters. */
bool graph_add_prefilters(struct compiler *compiler);

#endif
