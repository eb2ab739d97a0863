/* Signatures over a digest of the text that the scheme describes: one digest for each key and form
 * of the URL, fed as the body comes. For the kinds that differ in what is done with it. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_DIGEST_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_DIGEST_H

#include "handlers/provider/signature_state.h"

struct digest_method {
    /* Shared keys: makes the stream of one key, whose digest is the signature. */
    bool (*open)(struct signature_stream *stream, const struct scheme *scheme, struct bytes key);
    /* Public keys: whether the signature over the digest is that key's; `open` is then NULL. */
    bool (*verify)(const struct scheme *scheme, struct bytes key, struct bytes digest,
                   struct bytes signature);
};

/* The two halves of a kind. */
struct verdict digest_head(struct signature_state *state, const struct digest_method *method);
struct verdict digest_body(struct signature_state *state, const struct digest_method *method);

/* A piece of the body; nothing where the digests do not wait for one. */
void digest_feed(struct signature_state *state, struct bytes piece);

#endif
