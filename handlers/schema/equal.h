/* Equality of JSON values as JSON Schema has it: 1 equals 1.0, the order of members is nothing. */
#ifndef TENTERHOOK_SCHEMA_EQUAL_H
#define TENTERHOOK_SCHEMA_EQUAL_H

#include "base/siphash.h"

struct json_object;

/* Both add to `*cost` what they looked at, in steps of an evaluation. Values nested deeper than
 * EQUAL_DEPTH_MAX are not compared: the cost is then EQUAL_COST_TOO_DEEP at least. */
enum { EQUAL_DEPTH_MAX = 512 };

#define EQUAL_COST_TOO_DEEP (SIZE_MAX / 4)

bool value_equal(struct json_object *a, struct json_object *b, size_t *cost);

/* Equal values have equal hashes. Without the key nobody can choose values that collide. */
uint64_t value_hash(const struct siphash_key *key, struct json_object *value, size_t *cost);

#endif
