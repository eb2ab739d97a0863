/* What `verify` says about a list of conditions: each with the value it sees and its verdict. */
#ifndef TENTERHOOK_SERVER_CLI_VERIFY_CONDITIONS_H
#define TENTERHOOK_SERVER_CLI_VERIFY_CONDITIONS_H

#include "handlers/admission/condition.h"

/* A line each, `indent` blanks in front of it. */
void verify_print_conditions(const struct condition *condition, struct value_context *values,
                             int indent);
/* The same as a member of a JSON object: `,"conditions":[…]`. */
void verify_append_conditions(const struct condition *condition, struct value_context *values,
                              struct buffer *out);

#endif
