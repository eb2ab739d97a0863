/* Takes signatures out of the values that hold them. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_EXTRACT_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_EXTRACT_H

#include "handlers/provider/signature_state.h"

/* Fills in state->found and the entries beside the signature, of the values that stand in the head
 * or in the body. */
struct verdict signature_extract(struct signature_state *state, enum signature_moment moment);

/* Undoes an encoding (enum signature_encoding), into the arena. False: it is not well formed, or
 * empty. */
bool signature_decode(struct bytes text, int encoding, struct arena *arena, struct bytes *out);

#endif
