/* Equality of JSON values as JSON Schema has it: 1 equals 1.0, the order of members is nothing. */
#ifndef TENTERHOOK_SCHEMA_EQUAL_H
#define TENTERHOOK_SCHEMA_EQUAL_H

#include "base/siphash.h"

struct json_object;

enum { VALUE_DEPTH_MAX = 1024 }; /* deeper values are equal to nothing */

bool value_equal(struct json_object *a, struct json_object *b);

/* Equal values have equal hashes. Without the key nobody can choose values that collide. */
uint64_t value_hash(const struct siphash_key *key, struct json_object *value);

#endif
