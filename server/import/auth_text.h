/* Who may call: `provider:`, `auth:`, `allow:`; and what is left of the rule for `when:`. */
#ifndef TENTERHOOK_SERVER_IMPORT_AUTH_TEXT_H
#define TENTERHOOK_SERVER_IMPORT_AUTH_TEXT_H

#include "server/import/route_draft.h"

/* Divides the rule. False: no route can ask for that. */
bool draft_read_callers(struct route_draft *draft);

bool draft_write_callers(struct route_draft *draft, struct buffer *out);

/* The section `providers:` with the schemes to which routes refer; nothing without one. */
bool auth_write_schemes(const struct route_writer *writer, struct buffer *out);

#endif
