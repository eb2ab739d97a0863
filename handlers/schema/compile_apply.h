/* The keywords that apply other schemas to the same value. */
#ifndef TENTERHOOK_SCHEMA_COMPILE_APPLY_H
#define TENTERHOOK_SCHEMA_COMPILE_APPLY_H

#include "handlers/schema/unit.h"

/* Each adds its steps; false with a fault. */
bool compile_refs(struct unit *unit);
bool compile_combinators(struct unit *unit);
bool compile_unevaluated(struct unit *unit);

#endif
