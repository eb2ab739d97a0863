/* A message that lacks nothing but its signature, as it will be received: for kinds whose checking
 * half builds the signed text, and is asked for it here. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGN_PREVIEW_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGN_PREVIEW_H

#include "handlers/provider/signature_state.h"
#include "handlers/provider/signing.h"

enum { SIGN_PREVIEW_HEADERS = SIGN_HEADERS_MAX + 2 };

struct sign_preview {
    struct request request;
    struct header headers[SIGN_PREVIEW_HEADERS];
    struct signature_state state;
};

/* In the arena of signing->request. NULL after an error. */
struct sign_preview *sign_preview(struct signing *signing, struct signed_source *source,
                                  struct error *err);
void sign_preview_finish(struct sign_preview *preview);

#endif
