/* What handlers bring to a route, for routes that are made by hand: all of it, zeroed. */
#ifndef TENTERHOOK_TESTS_ROUTE_SETTINGS_H
#define TENTERHOOK_TESTS_ROUTE_SETTINGS_H

#include "handlers/admission/address.h"
#include "handlers/admission/dedupe.h"
#include "handlers/admission/event_names.h"
#include "handlers/admission/events.h"
#include "handlers/admission/limit.h"
#include "handlers/admission/validate.h"
#include "handlers/content/content.h"
#include "server/pipeline/respond.h"

struct route_settings {
    struct address_settings address;
    struct limit_settings limit;
    struct dedupe_settings dedupe;
    struct content_settings content;
    struct events_settings events;
    struct respond_settings respond;
    struct event_names event_names;
    struct validate_settings validate;
    void *parts[ROUTE_PARTS];
};

/* For route.parts. The settings have to stay in their place. */
static inline void **route_settings_clear(struct route_settings *settings)
{
    *settings = (struct route_settings){
        .parts = {[ROUTE_PART_ADDRESS] = &settings->address,
                  [ROUTE_PART_LIMIT] = &settings->limit,
                  [ROUTE_PART_DEDUPE] = &settings->dedupe,
                  [ROUTE_PART_CONTENT] = &settings->content,
                  [ROUTE_PART_EVENTS] = &settings->events,
                  [ROUTE_PART_RESPOND] = &settings->respond,
                  [ROUTE_PART_EVENT_NAMES] = &settings->event_names,
                  [ROUTE_PART_VALIDATE] = &settings->validate},
    };
    return settings->parts;
}

#endif
