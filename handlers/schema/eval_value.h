/* Operations of the keywords that look at one value alone. */
#ifndef TENTERHOOK_SCHEMA_EVAL_VALUE_H
#define TENTERHOOK_SCHEMA_EVAL_VALUE_H

#include "handlers/schema/eval.h"

eval_operation eval_never, eval_const, eval_enum, eval_bound, eval_multiple_of, eval_length,
    eval_pattern, eval_format;

#endif
