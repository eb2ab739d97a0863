/* What counts as the same event sent again: the key `dedupe` of a route. Whether one came before is
 * the runner's to find out (server/runner/dedupe.h). */
#ifndef TENTERHOOK_HANDLERS_ADMISSION_DEDUPE_H
#define TENTERHOOK_HANDLERS_ADMISSION_DEDUPE_H

#include "handlers/request.h"
#include "handlers/value/value_context.h"
#include "handlers/verdict.h"

enum dedupe_dead { DEDUPE_DEAD_RERUN, DEDUPE_DEAD_KEEP };

struct dedupe_settings {
    bool off;
    int64_t window_ms;
    int dead;             /* enum dedupe_dead: what a copy does to an event that has failed */
    struct reference key; /* what a copy is known by; its text NULL: by the message id */
};

extern const struct route_part dedupe_route_part;

static inline const struct dedupe_settings *dedupe_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_DEDUPE];
}

/* Sets request->dedupe_key where the route has a `key`; a value that is missing, or no scalar,
 * leaves it empty: such an event is never a copy. Goes on, or REPLY_UNPROCESSABLE for one that is
 * there twice or longer than 1,024 bytes, REPLY_MEMORY_FULL. */
struct verdict dedupe_take_key(const struct dedupe_settings *settings,
                               struct value_context *context, struct request *request);

#endif
