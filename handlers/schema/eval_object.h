/* Operations of the keywords that look at the members of an object. */
#ifndef TENTERHOOK_SCHEMA_EVAL_OBJECT_H
#define TENTERHOOK_SCHEMA_EVAL_OBJECT_H

#include "handlers/schema/eval.h"

eval_operation eval_object, eval_dependent, eval_unevaluated_properties;

#endif
