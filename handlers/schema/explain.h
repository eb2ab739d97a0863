/* Between the evaluator and what puts its failures into words. */
#ifndef TENTERHOOK_SCHEMA_EXPLAIN_H
#define TENTERHOOK_SCHEMA_EXPLAIN_H

#include "handlers/schema/schema.h"

struct collector;

/* An evaluation that goes on after failures and hands them to the collector. eval.c */
enum schema_verdict eval_collect(struct schema_evaluator *ev, const struct schema *schema,
                                 struct json_object *value, struct collector *collector);

#endif
