/* The first reason counts: those that come later often follow from it. */
#include "server/import/route_draft.h"

bool draft_fail(struct route_draft *draft, const char *reason)
{
    if (!draft->failure)
        draft->failure = reason;
    return false;
}
