/* The other side: a message signed as a sender would sign it, for `tenterhook send`. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGN_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGN_H

#include "handlers/provider/signature.h"

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

/* ---- between sign.c, sign_body.c and sign_code.c ---- */

/* Puts a signature where the scheme looks for it. */
bool sign_attach(struct signing *signing, struct value_source *source, struct bytes mark,
                 struct error *err);

/* The kinds that are code. */
bool sign_contentful(struct signing *signing, struct value_source *source, struct error *err);
bool sign_http_message(struct signing *signing, struct value_source *source, struct error *err);
bool sign_sns(struct signing *signing, struct value_source *source, struct error *err);

/* Makes the body of the values that have their place there. */
bool sign_build_body(struct signing *signing, struct error *err);
bool sign_add_header(struct signing *signing, const char *name, struct bytes value);

#endif
