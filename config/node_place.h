/* Where a byte of a scalar stands in its file. */
#ifndef TENTERHOOK_CONFIG_NODE_PLACE_H
#define TENTERHOOK_CONFIG_NODE_PLACE_H

#include "config/tree.h"

/* A node for messages about what begins at `offset` bytes into the text of the scalar `node`, whose
 * quotes and escapes in the file are accounted for. Of a scalar over several lines: the node. */
struct node node_place_inside(const struct node *node, size_t offset);

#endif
