/* A message that is being signed, for sign.c and the kinds. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGNING_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGNING_H

#include "base/buffer.h"
#include "handlers/provider/signature_plan.h"

enum { SIGN_HEADERS_MAX = 24, SIGN_VALUES_MAX = 32 };

/* A value that is put where a ref says: into the head, a JSON body, a form. */
struct sign_value {
    const struct signed_ref *ref;
    struct bytes value;
};

struct signing {
    const struct signature_plan *plan; /* keys[0] signs, where the key is shared */
    struct bytes private_key;          /* PEM, where it is not */
    struct bytes event;                /* empty: "test" */
    struct bytes delivery;             /* the sender's id of it; empty: a new one */
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

#endif
