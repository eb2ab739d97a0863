/* What the sender of an accepted event gets, if the route says it: the key `respond`. */
#ifndef TENTERHOOK_SERVER_PIPELINE_RESPOND_H
#define TENTERHOOK_SERVER_PIPELINE_RESPOND_H

#include "handlers/request.h"
#include "server/pipeline/answer_template.h"

/* What exit status of the command means which status of HTTP. */
struct respond_status {
    int exit_status;
    unsigned status;
};

struct respond_settings {
    /* Of every answer in the place of 202 and the event's id; with `output`, the type and the
     * headers of an answer from output only. */
    struct answer_template answer;
    const char *output; /* the action whose output is the answer; NULL: none */
    size_t action;      /* its place among the actions of the route */
    int64_t deadline_ms, size;
    struct answer_template late; /* if there is no output to answer with */
    bool has_failed;
    struct answer_template failed; /* instead of the output of a command that failed, if its exit
                                      status is not listed */
    struct respond_status *statuses;
    size_t status_count;
    unsigned other_status; /* of an exit status that is not listed, and where there is none */
    bool streams;          /* the output is sent as it comes: no statuses, no `failed` */
    bool exit_line;        /* a stream's last line says the exit status */
    int64_t heartbeat_ms;  /* of silence, after which a stream gets an empty line; 0: never */
};

extern const struct route_part respond_route_part;

static inline const struct respond_settings *respond_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_RESPOND];
}

/* The answers that one event may get, as far as they are made before it is stored. */
struct respond_made {
    struct rendered_answer answer, late, failed;
};

/* Before the event is stored: REPLY_NONE, or why it is refused. */
struct verdict respond_make(const struct route *route, struct value_context *context,
                            struct arena *arena, struct respond_made *made);
/* The verdict of an event that is accepted, ignored or a duplicate, as the route says it, by its
 * form. `id` of the event, "" where it has none. */
struct verdict respond_as_route_says(const struct route *route, const struct respond_made *made,
                                     const char *id, struct verdict verdict);

#endif
