/* A value read by its row. */
#ifndef TENTERHOOK_CONFIG_VALUES_H
#define TENTERHOOK_CONFIG_VALUES_H

#include "config/load_context.h"

/* Reads one value by its row into `settings` + row->offset. */
bool load_row(struct load *load, const struct node *node, const struct row *row, void *settings);
/* Reads one value by a handler's kind: makes its settings, reads its value row, runs its finish. */
bool load_handler(struct load *load, const struct node *node, const struct handler_kind *kind,
                  struct handler *handler);

#endif
