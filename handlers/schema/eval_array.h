/* Operations of the keywords that look at the items of an array. */
#ifndef TENTERHOOK_SCHEMA_EVAL_ARRAY_H
#define TENTERHOOK_SCHEMA_EVAL_ARRAY_H

#include "handlers/schema/eval.h"

eval_operation eval_array, eval_unique_items, eval_contains, eval_unevaluated_items;

#endif
