/* The five published dialects and their vocabularies. */
#ifndef TENTERHOOK_SCHEMA_DIALECT_H
#define TENTERHOOK_SCHEMA_DIALECT_H

#include "handlers/schema/keyword.h"

/* One of the five published dialects; `uri` without an empty fragment. NULL if it is none. */
const struct dialect *dialect_find(const char *uri);
const struct dialect *dialect_of_draft(enum schema_draft draft);

/* The vocabularies that `uri` stands for in a draft; 0 if it is unknown. */
unsigned vocabulary_find(enum schema_draft draft, const char *uri);

#endif
