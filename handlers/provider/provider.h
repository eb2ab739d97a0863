/* `provider:` of a route, as loaded: a scheme by its name, what stands beside the name, and the
 * keys. For the authenticator and for the commands that look at presets (providers, send, verify).
 */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_PROVIDER_H
#define TENTERHOOK_HANDLERS_PROVIDER_PROVIDER_H

#include "config/load.h"
#include "handlers/provider/signature_plan.h"

struct authenticator;

struct provider_settings {
    struct secret_list secrets; /* first: filled from `secret:` by the loader */
    const struct scheme *scheme;
    struct text_map parameters;
    struct signature_plan plan;
};

extern const struct authenticator provider_authenticator;

/* Warnings about what the scheme leaves open. */
void provider_warn(struct load *load, const struct node *node, const struct route *route,
                   const void *settings);

/* The top-level `providers:`; for the registry's top_parts. */
extern const struct row_section provider_own_section;

/* A preset as a scheme, in `arena`. NULL after problems. */
struct preset;
const struct scheme *provider_preset(const struct preset *preset, const struct registry *registry,
                                     struct arena *arena, struct problem_list *problems);

#endif
