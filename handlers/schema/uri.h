/* Resolution of URI references, RFC 3986 section 5.2, for $id and $ref. */
#ifndef TENTERHOOK_SCHEMA_URI_H
#define TENTERHOOK_SCHEMA_URI_H

#include "base/arena.h"

/* `reference` against `base` (absolute, or "" for none), as a new text in the arena, dot segments
 * removed, fragment included. NULL when the arena is full. */
char *uri_resolve(struct arena *arena, const char *base, const char *reference);

/* Cuts "#fragment" off `uri` and returns the fragment, or NULL if there is no "#". */
char *uri_split_fragment(char *uri);

/* Whether it has a scheme. */
bool uri_is_absolute(const char *uri);

/* Decodes %XX in place; false if one is malformed or stands for NUL. */
bool uri_unescape(char *text);

#endif
