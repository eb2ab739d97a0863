/* What the rows say, printed: one key, the reference page, the manual page, the JSON Schema of the
 * route file. */
#ifndef TENTERHOOK_CONFIG_DESCRIBE_H
#define TENTERHOOK_CONFIG_DESCRIBE_H

#include "config/registry.h"

#include <stdio.h>

/* `key` is dotted ("server.listen", "routes.actions.timeout") or its last part or parts. Sentences
 * are in lines of `width` places. False, with a "did you mean" on `err` (NULL: without), if there
 * is none. */
bool describe_key(const struct registry *registry, const char *key, unsigned width, FILE *out,
                  FILE *err);
/* docs/reference.md: a table for each group of keys. */
void describe_reference(const struct registry *registry, FILE *out);
/* tenterhook.yaml(5) in mdoc; `date` is "2026-11-30". */
void describe_manual(const struct registry *registry, const char *date, FILE *out);
/* JSON Schema (draft 2020-12) of the route file, for editors. */
void describe_json_schema(const struct registry *registry, FILE *out);

#endif
