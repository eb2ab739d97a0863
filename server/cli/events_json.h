/* Events and deliveries as JSON: one object a line, with the members that docs/reference.md names.
 */
#ifndef TENTERHOOK_SERVER_CLI_EVENTS_JSON_H
#define TENTERHOOK_SERVER_CLI_EVENTS_JSON_H

#include "server/journal/reader.h"

#include <stdio.h>

/* An event without its headers, body and deliveries. */
void events_json_row(FILE *out, const struct event_view *event);

/* All of one event, in the order of these calls. */
struct events_json {
    FILE *out;
    struct journal_reader
        *reader; /* which earlier attempts are asked of; NULL: they are left out */
    size_t deliveries, attempts;
};
void events_json_event(struct events_json *json, const struct event_view *event);
/* The headers and what else is stored with the body, without the body. */
void events_json_stored(struct events_json *json, const struct event *stored);
void events_json_delivery(struct events_json *json, const struct delivery_view *delivery);
void events_json_end(struct events_json *json);

/* The last attempt of a delivery, as far as there was one. */
static inline struct attempt_view attempt_of_delivery(const struct delivery_view *delivery)
{
    return (struct attempt_view){.number = delivery->attempt,
                                 .reason = delivery->reason,
                                 .started_ms = delivery->started_ms,
                                 .ended_ms = delivery->ended_ms,
                                 .duration_ms = delivery->duration_ms,
                                 .exit_status = delivery->exit_status,
                                 .signal = delivery->signal,
                                 .output_total = delivery->output_total,
                                 .error_total = delivery->error_total,
                                 .output = delivery->output,
                                 .error_output = delivery->error_output};
}

#endif
