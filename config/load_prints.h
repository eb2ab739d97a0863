/* Makes the digests of what a route file says, while its trees are there. */
#ifndef TENTERHOOK_CONFIG_LOAD_PRINTS_H
#define TENTERHOOK_CONFIG_LOAD_PRINTS_H

#include <stdbool.h>

struct load;
struct node;

/* Of all trees of the run, into the snapshot; `defaults` may be NULL. False without memory. */
bool load_prints(struct load *load, const struct node *defaults);

#endif
