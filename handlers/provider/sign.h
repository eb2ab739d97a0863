/* The other side: a message signed as a sender would sign it, for `tenterhook send`. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGN_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGN_H

#include "base/buffer.h"
#include "handlers/provider/signature_plan.h"

enum { SIGN_HEADERS_MAX = 24, SIGN_VALUES_MAX = 32 };

/* A value that is put where a ref says: into the head, a JSON body, a form. */
struct sign_value {
    const struct value_ref *ref;
    struct bytes value;
};

struct signing {
    const struct signature_plan *plan; /* keys[0] signs, where the key is shared */
    struct bytes private_key;          /* PEM, where it is not */
    struct bytes event;                /* empty: "test" */
    bool body_given;                   /* request.body is the caller's; else it is made */
    struct request request;            /* arena, now_ms, method, route (public_url) set by caller */
    struct bytes url;                  /* as the receiver knows it; sign_message may add to it */
    /* results */
    struct header headers[SIGN_HEADERS_MAX];
    size_t header_count;
    struct buffer body; /* what was made; request.body points into it */
    struct sign_value values[SIGN_VALUES_MAX];
    size_t value_count;
};

/* Fills in headers, body and url. False where the scheme cannot be signed with what there is. */
bool sign_message(struct signing *signing, struct error *err);
void sign_finish(struct signing *signing);

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
