/* What the rows say, printed: one key, the reference page, the JSON Schema of the route file, the
 * full example. */
#ifndef TENTERHOOK_CONFIG_DESCRIBE_H
#define TENTERHOOK_CONFIG_DESCRIBE_H

#include "config/registry.h"

#include <stdio.h>

/* `key` is dotted ("server.listen", "routes.actions.timeout") or the last part alone. False, with a
 * "did you mean" on `err`, if there is none. */
bool describe_key(const struct registry *registry, const char *key, FILE *out, FILE *err);
void describe_reference(const struct registry *registry, FILE *out); /* docs/reference.md */
void describe_json_schema(const struct registry *registry, FILE *out);
void describe_example(const struct registry *registry, FILE *out); /* every key with its default */

#endif
