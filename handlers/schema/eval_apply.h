/* Operations of the keywords that apply other schemas to the same value. */
#ifndef TENTERHOOK_SCHEMA_EVAL_APPLY_H
#define TENTERHOOK_SCHEMA_EVAL_APPLY_H

#include "handlers/schema/eval.h"

eval_operation eval_ref, eval_dynamic_ref, eval_all_of, eval_any_of, eval_one_of, eval_not, eval_if;

#endif
