/* Counts what a route refuses of requests that carry its kind of credentials, until one is right:
 * a secret that was changed on one side only shows like that. */
#ifndef TENTERHOOK_SERVER_PIPELINE_WITNESS_H
#define TENTERHOOK_SERVER_PIPELINE_WITNESS_H

#include "server/pipeline/exchange.h"

/* After a step of authentication. Nothing for a route about which nobody wants to hear. */
void witness_count(const struct exchange *exchange, const struct verdict *verdict);

#endif
