/* What `verify` says about the actions of a route: which of them an event has and why not the
 * others, and what each would be given. */
#ifndef TENTERHOOK_SERVER_CLI_VERIFY_ACTIONS_H
#define TENTERHOOK_SERVER_CLI_VERIFY_ACTIONS_H

#include "server/pipeline/pipeline.h"

/* After a walk; nothing where it did not come as far as the choice of actions. */
void verify_print_actions(struct exchange *exchange);
/* The same as a member of a JSON object: `,"actions":[…]`. */
void verify_append_actions(struct exchange *exchange, struct buffer *out);

/* Whether the walk came as far as that stage, and whether that one, of pipeline_stage_names, let it
 * go on. */
bool verify_has_reached(const struct exchange *exchange, const char *stage);
bool verify_is_past(const struct exchange *exchange, size_t stage);
/* Whether the event has the action at that place, after the stage `choose`. */
bool verify_is_chosen(const struct exchange *exchange, size_t place);
/* Why it does not have it: "its conditions", with the one that said no in `arena` where there is
 * memory for it. */
const char *verify_why_left_out(struct exchange *exchange, size_t place, struct arena *arena);

#endif
