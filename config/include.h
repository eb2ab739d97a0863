/* The files of a configuration, as trees. */
#ifndef TENTERHOOK_CONFIG_INCLUDE_H
#define TENTERHOOK_CONFIG_INCLUDE_H

#include "config/load_context.h"

enum { LOAD_FILES_MAX = 1000 };

/* The tree of a text, added to the roots; NULL after a problem. */
const struct node *load_parse_text(struct load *load, const char *name, const char *directory,
                                   struct bytes text);
const struct node *load_parse_main(struct load *load, const char *file);
/* Parses the files that `include:` names. */
void load_includes(struct load *load, const struct node *include);

#endif
