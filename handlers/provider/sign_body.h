/* The body of a message that is signed. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGN_BODY_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGN_BODY_H

#include "handlers/provider/signing.h"

/* Makes the body of the values that have their place there. */
bool sign_build_body(struct signing *signing, struct error *err);

#endif
