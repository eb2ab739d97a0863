/* The keys of an event: by which its deliveries are limited, and by which it is coalesced. */
#ifndef TENTERHOOK_SERVER_PIPELINE_EVENT_KEYS_H
#define TENTERHOOK_SERVER_PIPELINE_EVENT_KEYS_H

#include "server/pipeline/exchange.h"

/* Sets exchange->keys and exchange->fold where the route or a chosen action wants them. Goes on, or
 * refuses: no memory, or the values of the event cost too much. */
struct verdict event_keys_find(struct exchange *exchange);

#endif
