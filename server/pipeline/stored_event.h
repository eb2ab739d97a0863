/* An event of the journal as the pipeline takes it: what a change of the route file would make of
 * it. What was not stored is not known, such as most of the credentials; nothing asks for them. */
#ifndef TENTERHOOK_SERVER_PIPELINE_STORED_EVENT_H
#define TENTERHOOK_SERVER_PIPELINE_STORED_EVENT_H

#include "server/pipeline/exchange.h"

/* After exchange_init: fills the request in with what is stored. The event outlives the exchange.
 * False: the arena is full. */
bool stored_event_begin(struct exchange *exchange, const struct event *event);

/* Of the stage `decode`, once the body is read: the values of the event, and its names. */
struct verdict stored_event_decode(struct exchange *exchange);

#endif
