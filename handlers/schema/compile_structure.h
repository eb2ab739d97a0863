/* The keywords that look into objects and arrays. */
#ifndef TENTERHOOK_SCHEMA_COMPILE_STRUCTURE_H
#define TENTERHOOK_SCHEMA_COMPILE_STRUCTURE_H

#include "handlers/schema/unit.h"

/* Each adds its steps; false with a fault. */
bool compile_array(struct unit *unit);
bool compile_object(struct unit *unit);
bool compile_dependents(struct unit *unit);

#endif
