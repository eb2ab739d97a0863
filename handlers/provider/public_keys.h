/* Public keys in the forms that people have them in: PEM (several blocks one behind the other, keys
 * or certificates), DER in base64, JSON Web Keys (RFC 7517) and sets of them. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_PUBLIC_KEYS_H
#define TENTERHOOK_HANDLERS_PROVIDER_PUBLIC_KEYS_H

#include "base/error.h"
#include "base/public_key.h"

enum { KEY_ID_SIZE = 64 };

struct public_key {
    uint8_t der[PUBLIC_KEY_DER_MAX];
    size_t length;
    char id[KEY_ID_SIZE]; /* a JSON Web Key's `kid`; empty: it has no name */
    int64_t ends_ms;      /* when it says itself that it ends, Unix time; 0: it does not */
    bool is_certificate;
};

/* Calls `found` with each key of the text, in order. False, with why, if the text is not all keys,
 * or if `found` said no. */
bool public_keys_each(struct bytes text, bool certificates_only,
                      bool (*found)(void *context, const struct public_key *key, struct error *err),
                      void *context, struct error *err);

/* Whether a text begins as PEM or JSON does, and so can be no shared secret of anybody's making. */
bool public_keys_begin(struct bytes text);

/* What public key a text that should be a shared secret is or holds, as words for a person; NULL:
 * none. */
const char *public_keys_inside(struct bytes text);

#endif
