/* The kinds and keys that a route may have: the only file that knows both config/ and handlers/. */
#include "config/registry.h"

#include "handlers/action/action.h"
#include "handlers/admission/event_names.h"
#include "handlers/admission/validate.h"
#include "handlers/auth/authenticator.h"
#include "handlers/auth/event_check.h"
#include "handlers/provider/provider.h"
#include "server/cli/verb.h"

static const struct handler_kind *const authenticators[] = {
    &token_authenticator.kind, &basic_authenticator.kind, &hmac_authenticator.kind,
    &none_authenticator.kind, NULL};

static const struct handler_kind *const actions[] = {&command_action.kind, &shell_action.kind,
                                                     &pipe_action.kind, NULL};

static const struct row_section *const top_parts[] = {&provider_own_section, &validate_top_section,
                                                      NULL};
static const struct row_section *const route_parts[] = {&event_names_route_section,
                                                        &validate_route_section, NULL};

const struct registry program_registry = {.authenticators = authenticators,
                                          .actions = actions,
                                          .provider = &provider_authenticator.kind,
                                          .top_parts = top_parts,
                                          .route_parts = route_parts,
                                          .check_route = event_check_route};
