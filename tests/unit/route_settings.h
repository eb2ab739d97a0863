/* What handlers bring to a route, for routes that are made by hand: all of it, zeroed. */
#ifndef TENTERHOOK_TESTS_ROUTE_SETTINGS_H
#define TENTERHOOK_TESTS_ROUTE_SETTINGS_H

#include "handlers/admission/address.h"
#include "handlers/admission/coalesce.h"
#include "handlers/admission/concurrency.h"
#include "handlers/admission/dedupe.h"
#include "handlers/admission/event_names.h"
#include "handlers/admission/events.h"
#include "handlers/admission/limit.h"
#include "handlers/admission/validate.h"
#include "handlers/admission/when.h"
#include "handlers/auth/title.h"
#include "handlers/content/content.h"
#include "handlers/content/unfold.h"
#include "server/pipeline/mismatch.h"
#include "server/pipeline/notice.h"
#include "server/pipeline/respond.h"
#include "server/pipeline/track.h"
#include "server/runner/flow.h"

#define ROUTE_SETTINGS_MEMBER(NAME, name, type, header) type name;
struct route_settings {
    ROUTE_PARTS(ROUTE_SETTINGS_MEMBER)
    void *parts[ROUTE_PART_COUNT];
};

/* For route.parts. The settings have to stay in their place. */
#define ROUTE_SETTINGS_ENTRY(NAME, name, ...) [ROUTE_PART_##NAME] = &settings->name,
static inline void **route_settings_clear(struct route_settings *settings)
{
    *settings = (struct route_settings){.parts = {ROUTE_PARTS(ROUTE_SETTINGS_ENTRY)}};
    return settings->parts;
}

#endif
