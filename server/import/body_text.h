/* How a hook reads the body of a request: `content:`, `json_field:`. */
#ifndef TENTERHOOK_SERVER_IMPORT_BODY_TEXT_H
#define TENTERHOOK_SERVER_IMPORT_BODY_TEXT_H

#include "server/import/route_draft.h"

/* Finds it out of what the hook uses. False: no route reads bodies so. */
bool draft_read_body(struct route_draft *draft);

bool draft_write_content(const struct route_draft *draft, struct buffer *out);

#endif
