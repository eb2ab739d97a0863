/* Places as text: JSON pointers (RFC 6901) and URIs with one behind them. */
#ifndef TENTERHOOK_SCHEMA_PLACE_H
#define TENTERHOOK_SCHEMA_PLACE_H

#include "base/buffer.h"

struct subschema;

/* Appends `token` to a JSON pointer, escaped, with a slash before it. */
bool pointer_append(struct buffer *out, const char *token);
bool pointer_append_index(struct buffer *out, size_t index);

/* Appends the schema's pointer in its document. */
bool subschema_pointer(const struct subschema *subschema, struct buffer *out);
/* Where it was read: "file:///a.json#/properties/x". */
bool subschema_origin(const struct subschema *subschema, struct buffer *out);
/* Where references find it, by the $id around it: "https://e/a#/properties/x". */
bool subschema_location(const struct subschema *subschema, struct buffer *out);

#endif
