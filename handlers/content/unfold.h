/* Undoes the content coding of a body within the limits of its route: the key `unfold`. */
#ifndef TENTERHOOK_HANDLERS_CONTENT_UNFOLD_H
#define TENTERHOOK_HANDLERS_CONTENT_UNFOLD_H

#include "handlers/request.h"
#include "handlers/verdict.h"

struct unfold_settings {
    bool off;
    int64_t size;  /* bytes that a body may unfold to */
    bool has_size; /* the route file says it */
    int64_t ratio; /* and how many times its bytes as sent these may be */
};

/* Who counts the memory of unfolded bodies. `take` is asked before `more` bytes are allocated and
 * refuses with its verdict; what it has let through is given back by its owner. NULL: nobody
 * counts. */
struct unfold_memory {
    struct verdict (*take)(void *owner, size_t more);
    void *owner;
};

extern const struct route_part unfold_route_part;

static inline const struct unfold_settings *unfold_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_UNFOLD];
}

/* The most bytes that a body of the route has behind the stage that unfolds it. */
int64_t unfold_body_max(const struct route *route);

/* The head: sets request->folded where the body is to be unfolded, or request->keeps_coding where
 * the route takes it as it is (`takes_raw`: its content is raw, and `unfold` is off). Goes on, or
 * REPLY_MEDIA_TYPE with Accept-Encoding; a request without a body is never refused. */
struct verdict unfold_check(struct request *request, bool takes_raw, bool has_body);

/* Unfolds request->body, which request->folded says to be folded, into `out`: goes on with the body
 * in `out` and request->folded NULL. REPLY_BAD_CONTENT: it is not in that coding, is cut short, has
 * more behind its end or a wrong checksum. REPLY_TOO_LARGE: it passes a limit of the route.
 * REPLY_MEMORY_FULL, or what `memory` says. `out` is empty before, and after a refusal; the caller
 * finishes it. */
struct verdict unfold_body(struct request *request, const struct unfold_memory *memory,
                           struct buffer *out);

#endif
