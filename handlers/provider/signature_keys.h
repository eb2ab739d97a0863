/* From `secret:` to keys. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_KEYS_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_KEYS_H

#include "handlers/provider/signature_plan.h"

/* Decodes the secrets and adds them to plan->keys: one makes several keys, or two that are tried.
 * False, with a sentence that says why. */
bool signature_keys_add(struct signature_plan *plan, const struct secret_list *secrets,
                        struct error *err);

#endif
