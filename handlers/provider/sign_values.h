/* Values put where a scheme looks for them, for sign.c and the kinds. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGN_VALUES_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGN_VALUES_H

#include "handlers/provider/signing.h"

/* All false without memory, or without room in `signing`. */

bool sign_add_header(struct signing *signing, const char *name, struct bytes value);
/* Puts a value where `ref` says, unless there is one. */
bool sign_place(struct signing *signing, const struct signed_ref *ref, struct bytes value);
/* Id, time, event, and what is required or signed besides; the first two into `source` too. */
bool sign_place_values(struct signing *signing, struct signed_source *source);
/* Appends `data` as an enum signature_encoding has it. */
bool sign_encode(struct buffer *out, int encoding, struct bytes data, struct arena *arena);

#endif
