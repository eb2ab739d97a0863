/* The text that is signed, for a digest of it and for a person. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGNED_TEXT_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGNED_TEXT_H

#include "handlers/provider/signature_state.h"

/* Why a value of the text could not be had; or go on. */
struct verdict signed_text_outcome(enum signed_outcome outcome);

/* Of kinds whose text the scheme describes: with the URL that matched, the secret as a word. */
bool signed_text_identity(struct signature_state *state, struct hash_stream *hash);
bool signed_text_explain(struct signature_state *state, struct buffer *out);

/* Of kinds that build the text themselves, in state->message. */
bool signed_message_identity(struct signature_state *state, struct hash_stream *hash);
bool signed_message_explain(struct signature_state *state, struct buffer *out);

#endif
