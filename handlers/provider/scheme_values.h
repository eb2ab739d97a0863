/* The rules for the values that a scheme names. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SCHEME_VALUES_H
#define TENTERHOOK_HANDLERS_PROVIDER_SCHEME_VALUES_H

#include "handlers/provider/scheme.h"

/* Whether each value that the scheme names is one that it can have, after a problem; fills in what
 * follows from them. */
bool scheme_check_values(struct load *load, const struct node *node, struct scheme *scheme);

#endif
