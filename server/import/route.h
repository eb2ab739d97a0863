/* Writes the route of a hook: all that the hook says, or, where a part of it cannot be said, a
 * comment with the reason. Never a route that lets more callers in than the hook does. */
#ifndef TENTERHOOK_SERVER_IMPORT_ROUTE_H
#define TENTERHOOK_SERVER_IMPORT_ROUTE_H

#include "server/import/route_draft.h"

/* Appends it to `out`. False after reporting why the hook is left out; then the comment is there.
 * Room for another name is the caller's business. */
bool route_write(struct route_writer *writer, const struct old_hook *hook, struct buffer *out);

#endif
