/* What the sender of an accepted event gets, if the route says it: the key `respond`. */
#ifndef TENTERHOOK_SERVER_PIPELINE_RESPOND_H
#define TENTERHOOK_SERVER_PIPELINE_RESPOND_H

#include "handlers/request.h"
#include "handlers/verdict.h"

/* An answer as the route file words it, in the place of 202 and the event's id. */
struct respond_wording {
    int64_t status;   /* 0: as it would be otherwise */
    const char *type; /* NULL: as it would be otherwise */
    const char *body; /* NULL: as it would be otherwise; "": none */
    struct text_map header_texts;
    struct verdict_header *headers; /* as many */
};

/* What exit status of the command means which status of HTTP. */
struct respond_status {
    int exit_status;
    unsigned status;
};

struct respond_settings {
    /* Of every answer; with `output`, the type and the headers of an answer from output only. */
    struct respond_wording wording;
    const char *output; /* the action whose output is the answer; NULL: none */
    size_t action;      /* its place among the actions of the route */
    int64_t deadline_ms, size;
    struct respond_wording late; /* if there is no output to answer with */
    struct respond_status *statuses;
    size_t status_count;
    unsigned other_status; /* of an exit status that is not listed, and where there is none */
};

extern const struct route_part respond_route_part;

static inline const struct respond_settings *respond_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_RESPOND];
}

/* The verdict of an event that is accepted, ignored or a duplicate, as the route says it. */
struct verdict respond_as_route_says(const struct route *route, struct verdict verdict);

/* The verdict of an event that is accepted or a duplicate, answered with the output of a command,
 * which outlives it. `exit_status` -1: it has none. */
struct verdict respond_with_output(const struct route *route, struct verdict verdict,
                                   int exit_status, struct bytes output);

#endif
