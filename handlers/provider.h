/* `provider:` of a route, as loaded: a scheme by its name, what stands beside the name, and the keys.
 * For the authenticator and for the commands that look at presets (providers, send, verify). */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_H
#define TENTERHOOK_HANDLERS_PROVIDER_H

#include "config/load.h"
#include "handlers/signature.h"

struct provider_settings {
    struct secret_list secrets; /* first: filled from `secret:` by the loader */
    const struct scheme *scheme;
    struct text_map parameters;
    struct signature_plan plan;
};

/* The scheme of that name: the user's own (`own`: the top-level `providers:` mapping, or NULL), else
 * the preset. NULL after a problem at `node`. */
const struct scheme *provider_scheme(struct load *load, const struct node *node, const char *name);

#endif
