/* The kinds and keys that a route may have: the only file that knows both config/ and handlers/. */
#include "config/registry.h"

#include "handlers/action/action.h"
#include "handlers/action/retry.h"
#include "handlers/action/selection.h"
#include "handlers/admission/address.h"
#include "handlers/admission/coalesce.h"
#include "handlers/admission/concurrency.h"
#include "handlers/admission/dedupe.h"
#include "handlers/admission/event_names.h"
#include "handlers/admission/events.h"
#include "handlers/admission/limit.h"
#include "handlers/admission/schema_load.h"
#include "handlers/admission/validate.h"
#include "handlers/admission/when.h"
#include "handlers/auth/authenticator.h"
#include "handlers/auth/event_check.h"
#include "handlers/auth/title.h"
#include "handlers/content/content.h"
#include "handlers/content/unfold.h"
#include "handlers/provider/provider.h"
#include "handlers/value/reference.h"
#include "server/cli/verbs.h"
#include "server/pipeline/mismatch.h"
#include "server/pipeline/notice.h"
#include "server/pipeline/respond.h"
#include "server/pipeline/track.h"
#include "server/runner/flow.h"

#define AUTHENTICATOR_ENTRY(name) &name##_authenticator.kind,
static const struct handler_kind *const authenticators[] = {AUTHENTICATORS(AUTHENTICATOR_ENTRY)
                                                                NULL};

#define ACTION_ENTRY(name) &name##_action.kind,
static const struct handler_kind *const actions[] = {ACTION_KINDS(ACTION_ENTRY) NULL};

static const struct row_section *const top_parts[] = {&provider_own_section,
                                                      &schema_load_top_section, NULL};

#define ROUTE_PART_ENTRY(NAME, name, ...) [ROUTE_PART_##NAME] = &name##_route_part,
static const struct route_part *const route_parts[ROUTE_PART_COUNT + 1] = {
    ROUTE_PARTS(ROUTE_PART_ENTRY)};

static const struct row_section *const action_parts[] = {
    &selection_keys, &retry_keys, &concurrency_action_keys, &flow_action_keys, NULL};

#define ROOT_ENTRY(NAME, text, ...) text,
static const char *const reference_roots[] = {REFERENCE_ROOTS(ROOT_ENTRY) NULL};

/* Rules between keys of different features. */
static bool check_route(struct load *load, const struct node *node, const struct node *defaults,
                        const struct route *route)
{
    bool events = event_check_route(load, node, defaults, route);
    return selection_check_route(load, node, defaults, route) && events;
}

const struct registry program_registry = {.authenticators = authenticators,
                                          .actions = actions,
                                          .provider = &provider_authenticator.kind,
                                          .top_parts = top_parts,
                                          .route_parts = route_parts,
                                          .action_parts = action_parts,
                                          .reference_roots = reference_roots,
                                          .check_route = check_route};
