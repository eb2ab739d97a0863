/* No proof at all, of senders that have none to give: what the scheme requires is checked, and
 * anybody can send it. */
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
