/* No authentication, for senders that offer none: the conditions of the scheme are checked, and any
 * client can send such a message. */
#include "handlers/provider/signature_kind.h"

static const struct signature_warning warnings[] = {
    {.text = "does not authenticate the caller: any client can send messages", .alone = true},
    {.text = NULL},
};

const struct signature_kind none_kind = {
    .title = "none",
    .signed_part = "nothing",
    .ignores_hash = true,
    .keys = KEYS_SHARED,
    .needs_no_secret = true,
    .signs_nothing = true,
    .warnings = warnings,
};
