/* How a key is written in its place of the route file. */
#ifndef TENTERHOOK_CONFIG_EXAMPLE_H
#define TENTERHOOK_CONFIG_EXAMPLE_H

#include "config/registry.h"

#include <stdio.h>

/* YAML from the top level down to the key, each line behind `indent` blanks, with the kind of
 * action that it stands beside (as in struct key_group). Values are the rows' examples and
 * defaults, or what is likely; "…" is a text that only the user knows. */
void example_print(const struct registry *registry, const char *path, const char *beside,
                   const struct row *row, unsigned indent, FILE *out);

#endif
