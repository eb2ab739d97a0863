/* Rules between the parts of the file. */
#ifndef TENTERHOOK_CONFIG_RULES_H
#define TENTERHOOK_CONFIG_RULES_H

#include "config/load_context.h"

/* Rules between routes and the rest, when everything is read. */
void load_check_rules(struct load *load);

#endif
