/* What the sender of an event gets that the route does not want: the key `mismatch`. */
#ifndef TENTERHOOK_SERVER_PIPELINE_MISMATCH_H
#define TENTERHOOK_SERVER_PIPELINE_MISMATCH_H

#include "handlers/request.h"
#include "server/pipeline/answer_template.h"

struct mismatch_settings {
    struct answer_template answer; /* without values; status 0: the route does not say it */
};

extern const struct route_part mismatch_route_part;

static inline const struct mismatch_settings *mismatch_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_MISMATCH];
}

#endif
