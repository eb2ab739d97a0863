/* Scalars that several readers take, and messages about values that are not what was expected. */
#ifndef TENTERHOOK_CONFIG_SCALAR_H
#define TENTERHOOK_CONFIG_SCALAR_H

#include "config/load_context.h"

/* `"key" must be EXPECTED, not …`, with what was found; for a row that holds secrets without it. */
bool load_mismatch(struct load *load, const struct node *node, const struct row *row,
                   const char *expected);
/* The same about any `subject`, where there is no row. */
bool load_expected(struct load *load, const struct node *node, const char *subject,
                   const char *expected);

/* Whether it is a key or a certificate itself. */
bool scalar_is_pem(const struct node *node);

/* A copy of a scalar in the snapshot; NULL after load_problem if it is none, or null. */
const char *load_text(struct load *load, const struct node *node, const struct row *row);
/* One address or network of a list. */
bool load_prefix(struct load *load, const struct node *node, const struct row *row,
                 struct prefix *prefix);

/* A row's reader: the name of a route or an action (names.h). */
bool load_name(struct load *load, const struct node *node, const struct row *row, void *field);

#endif
