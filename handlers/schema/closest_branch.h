/* Why all branches of an anyOf or oneOf failed. */
#ifndef TENTERHOOK_SCHEMA_CLOSEST_BRANCH_H
#define TENTERHOOK_SCHEMA_CLOSEST_BRANCH_H

#include "handlers/schema/eval.h"

/* After all branches failed, for an evaluation with a collector: reports so, and why the one that
 * came closest did. Returns false. */
bool closest_branch_report(struct schema_evaluator *ev, struct frame *frame,
                           const struct step *step);

#endif
