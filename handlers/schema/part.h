/* The schemas of a program: each has one node, which is there before it is filled in. */
#ifndef TENTERHOOK_SCHEMA_PART_H
#define TENTERHOOK_SCHEMA_PART_H

#include "handlers/schema/unit.h"

/* The node of the subschema; NULL without memory. */
const struct schema_node *part_node(struct compiler *compiler, const struct subschema *subschema);

/* Where references find it, as text in the program. NULL without memory. */
const char *part_location(struct compiler *compiler, const struct subschema *subschema);

/* The node of the schema `value` under the keyword, filled in later. NULL without memory: after any
 * other fault the author wants to see the rest of them. */
const struct schema_node *unit_child(struct unit *unit, enum keyword keyword,
                                     struct json_object *value);
/* The jump to a subschema, with its location. NULL without memory. */
bool unit_jump(struct unit *unit, const struct subschema *subschema, struct jump *jump);

/* The nodes of the list of schemas under the keyword. NULL with the fault. */
const struct schema_node *const *unit_children(struct unit *unit, enum keyword keyword,
                                               uint32_t *count);

#endif
