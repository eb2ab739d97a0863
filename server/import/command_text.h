/* What runs: `actions:`. */
#ifndef TENTERHOOK_SERVER_IMPORT_COMMAND_TEXT_H
#define TENTERHOOK_SERVER_IMPORT_COMMAND_TEXT_H

#include "server/import/route_draft.h"

bool draft_write_command(struct route_draft *draft, struct buffer *out);

#endif
