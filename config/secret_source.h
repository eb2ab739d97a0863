/* Secrets of the route file: ROW_SECRET. */
#ifndef TENTERHOOK_CONFIG_SECRET_SOURCE_H
#define TENTERHOOK_CONFIG_SECRET_SOURCE_H

#include "base/secret.h"
#include "config/load_context.h"

/* The reader of ROW_SECRET. */
bool load_secret(struct load *load, const struct node *node, const struct row *row, void *field);

/* For a provider's finish: where the route file has the secret that is `which` of `count`, or all
 * of them where that cannot be said; NULL where it has none. */
const struct node *load_secret_node(const struct load *load, size_t which, size_t count);

/* A secret list that is made by hand (decoded keys): wiped with the rest. It must stay in place. */
bool load_keep_secrets(struct load *load, struct secret_list *list);

#endif
