/* How an answer that is sent as it comes ends: what its trailer and its last lines say. */
#ifndef TENTERHOOK_SERVER_PIPELINE_RESPOND_STREAM_H
#define TENTERHOOK_SERVER_PIPELINE_RESPOND_STREAM_H

#include "server/ipc/frame.h"
#include "server/pipeline/respond.h"

#define RESPOND_TRAILER "Tenterhook-Exit-Status"

struct respond_end {
    enum frame_output_end end;
    int exit_status;    /* OUTPUT_EXITED */
    const char *reason; /* from OUTPUT_LATE on */
};

/* "0" to "255", or a word. In the arena; NULL without memory. */
const char *respond_trailer(struct arena *arena, const struct respond_end *end);

/* What stands behind the output, which ends within a line or not; empty: nothing. `id` of the
 * event. In the arena; without memory nothing. */
struct bytes respond_last_lines(const struct route *route, const struct respond_made *made,
                                struct arena *arena, const char *id, const struct respond_end *end,
                                bool is_inside_line);

/* A heartbeat of the route's type, which is harmless where a line begins. */
struct bytes respond_heartbeat(const struct route *route);

#endif
