/* What `verify` says about the conditions of a route: each with the value it sees and its verdict.
 */
#ifndef TENTERHOOK_SERVER_CLI_VERIFY_WHEN_H
#define TENTERHOOK_SERVER_CLI_VERIFY_WHEN_H

#include "server/pipeline/pipeline.h"

/* After the walk of the exchange; nothing where it did not come as far as an event, or where the
 * route has no conditions. */
void verify_print_conditions(struct exchange *exchange);
/* The same as a member of a JSON object: `,"conditions":[…]`. */
void verify_append_conditions(struct exchange *exchange, struct buffer *out);

#endif
