/* Regular expressions of the `webhook` program, which are Go's, and of conditions, which are
 * PCRE2's.
 */
#ifndef TENTERHOOK_SERVER_IMPORT_EXPRESSION_H
#define TENTERHOOK_SERVER_IMPORT_EXPRESSION_H

#include "base/arena.h"

/* Whether Go takes it for an expression, as far as that differs from PCRE2 or is a plain mistake:
 * without that `webhook` answers 500 to every request. */
bool expression_is_of_go(struct bytes text);

/* Whether a route takes it. */
bool expression_is_of_route(struct bytes text, struct arena *arena);

#endif
