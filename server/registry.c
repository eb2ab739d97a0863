/* What a route may be made of: the only place that knows both config/ and handlers/. */
#include "config/registry.h"

#include "handlers/action/action.h"
#include "handlers/admission/event_names.h"
#include "handlers/admission/validate.h"
#include "handlers/auth/authenticator.h"
#include "handlers/auth/event_check.h"
#include "handlers/provider/provider.h"
#include "server/cli/verb.h"

#define AUTHENTICATOR_ENTRY(name) &name##_authenticator.kind,
static const struct handler_kind *const authenticators[] = {AUTHENTICATORS(AUTHENTICATOR_ENTRY)
                                                                NULL};

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
