/* The keywords that look at one value alone. */
#ifndef TENTERHOOK_SCHEMA_COMPILE_VALUES_H
#define TENTERHOOK_SCHEMA_COMPILE_VALUES_H

#include "handlers/schema/unit.h"

/* Each adds its steps; false with a fault. */
bool compile_type(struct unit *unit);
bool compile_values(struct unit *unit);
bool compile_numbers(struct unit *unit);
bool compile_strings(struct unit *unit);

/* The compiled pattern, each source once. `token` names it inside the keyword, or NULL. */
const struct pattern *compile_pattern_text(struct unit *unit, enum keyword keyword,
                                           struct bytes source, const char *token);

#endif
