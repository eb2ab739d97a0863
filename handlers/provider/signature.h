/* A plan carried out on a request. The signature and the time are looked at before the body is read
 * where they stand in the head, and the body is digested as it arrives where the scheme lets it. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_H

#include "handlers/provider/signature_state.h"

/* `*state` is in the request's arena; signature_release gives back what is not, in any case. */
struct verdict signature_head(const struct signature_plan *plan, struct request *request,
                              struct signature_state **state);
void signature_feed(struct signature_state *state, struct bytes piece);
struct verdict signature_body(struct signature_state *state);
void signature_release(struct signature_state *state);

/* What a proven message is known by when it comes again: a digest of the text that was signed.
 * False without memory, or where nothing is signed. */
bool signature_identity(struct signature_state *state, uint8_t digest[HASH_MAX_SIZE]);

/* What should have been signed, for a person: the secret is shown as a word. False where the
 * request does not say enough. */
bool signature_explain(struct signature_state *state, struct buffer *out);

#endif
