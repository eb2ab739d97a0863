/* Values as JSON text. */
#ifndef TENTERHOOK_SCHEMA_VALUE_WRITE_H
#define TENTERHOOK_SCHEMA_VALUE_WRITE_H

#include "base/buffer.h"

struct json_object;

/* Appends the value as JSON, numbers as they were written. False when the buffer is full: then
 * what fits is there, cut between characters. Recurses as deeply as there is room to write it. */
bool value_write(struct buffer *out, struct json_object *value);

#endif
