/* The other side: a message signed as a sender would sign it, for `tenterhook send`. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGN_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGN_H

#include "handlers/provider/signing.h"

/* Fills in headers, body and url. False where the scheme cannot be signed with what there is. */
bool sign_message(struct signing *signing, struct error *err);
void sign_finish(struct signing *signing);
/* Whether a message says when it was signed. */
bool sign_has_time(const struct scheme *scheme);

/* ---- keys ---- */

/* Whether messages are signed with a private key; `given` says whether there is one, for a scheme
 * that leaves it open. */
bool sign_needs_private_key(const struct signature_plan *plan, bool given);
/* Whether they are signed with a key at all. */
bool sign_needs_key(const struct scheme *scheme);
/* Makes a private key for the scheme, in PEM. */
bool sign_create_key(const struct signature_plan *plan, struct buffer *pem, struct error *err);
/* Its public half as the route's `secret` takes it. */
bool sign_public_half(const struct scheme *scheme, struct bytes pem, struct buffer *out,
                      struct error *err);

#endif
