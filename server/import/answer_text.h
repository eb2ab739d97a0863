/* Methods, and what callers are answered: `methods:`, `mismatch:`, `respond:`. */
#ifndef TENTERHOOK_SERVER_IMPORT_ANSWER_TEXT_H
#define TENTERHOOK_SERVER_IMPORT_ANSWER_TEXT_H

#include "server/import/route_draft.h"

bool draft_write_methods(struct route_draft *draft, struct buffer *out);
bool draft_write_answers(struct route_draft *draft, struct buffer *out);

#endif
