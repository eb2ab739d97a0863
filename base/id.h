/* Event ids: UUID version 7 (RFC 9562), so that ids sort by the time they were made. */
#ifndef TENTERHOOK_BASE_ID_H
#define TENTERHOOK_BASE_ID_H

#include "base/bytes.h"

enum { ID_TEXT_SIZE = 37 }; /* 36 characters and NUL */

/* A new id, greater than every earlier one of this process (also within one millisecond, and when
 * the wall clock steps back). */
void id_create(int64_t unix_ms, char text[ID_TEXT_SIZE]);

/* Whether it looks like an id: 8-4-4-4-12 lower-case hex. */
bool id_valid(struct bytes text);

#endif
