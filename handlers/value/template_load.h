/* Templates as they stand in the route file. */
#ifndef TENTERHOOK_HANDLERS_VALUE_TEMPLATE_LOAD_H
#define TENTERHOOK_HANDLERS_VALUE_TEMPLATE_LOAD_H

#include "config/load.h"
#include "handlers/value/template.h"

/* Reads a string with values in it, or {literal: TEXT}, whose braces mean nothing. `subject` is
 * what messages call it: `an argument of "command"`. `by_action`: it is an action's, so that
 * action.name is known. A mistake is reported at its place in the string. */
bool template_load(struct load *load, const struct node *node, const char *subject, bool by_action,
                   struct template *template);

#endif
