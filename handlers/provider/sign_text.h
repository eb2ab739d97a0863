/* Signing of the kinds whose text the scheme describes. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGN_TEXT_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGN_TEXT_H

#include "handlers/provider/signing.h"

/* Renders the text, has it signed by `compute`, which appends the signature to `mark`, and attaches
 * that. */
bool sign_text(struct signing *signing, struct signed_source *source,
               bool (*compute)(struct signing *signing, struct bytes text, struct buffer *mark,
                               struct error *err),
               struct error *err);

/* Puts a signature where the scheme looks for it. */
bool sign_attach(struct signing *signing, struct signed_source *source, struct bytes mark,
                 struct error *err);

#endif
