/* The dynamic anchors that evaluation may pass through. */
#ifndef TENTERHOOK_SCHEMA_COMPILE_ANCHORS_H
#define TENTERHOOK_SCHEMA_COMPILE_ANCHORS_H

#include "handlers/schema/unit.h"

/* The anchors of the resource are to be compiled, too. */
bool anchors_add_scope(struct compiler *compiler, const struct resource *resource);
/* Whether a resource waits. */
bool anchors_pending(const struct compiler *compiler);
/* Compiles the anchors of one that waits; that may bring further parts. */
bool anchors_fill(struct compiler *compiler);
/* Once nothing waits: the lists of all resources in the program. */
bool anchors_write(struct compiler *compiler);

#endif
