/* Private keys for `tenterhook send` and `init`: makes them, prints them in the forms that
 * receivers want, and signs. A key is its unencrypted PKCS#8 PEM. */
#ifndef TENTERHOOK_BASE_PRIVATE_KEY_H
#define TENTERHOOK_BASE_PRIVATE_KEY_H

#include "base/buffer.h"
#include "base/public_key.h"

/* Each appends to `out`. */
bool private_key_create(enum public_key_kind kind, struct buffer *out, struct error *err);
bool private_key_public_pem(struct bytes pem, struct buffer *out, struct error *err);
/* DER of the SubjectPublicKeyInfo; of an Ed25519 key its last 32 bytes are the raw key. */
bool private_key_public_der(struct bytes pem, struct buffer *out, struct error *err);
/* A self-signed certificate, good for ten years, in PEM. */
bool private_key_certificate(struct bytes pem, struct buffer *out, struct error *err);
/* The same for a server with these hosts, names or addresses; NULL-terminated. */
bool private_key_server_certificate(struct bytes pem, const char *const *hosts, struct buffer *out,
                                    struct error *err);

/* Signs `message` as the scheme wants it; Ed25519 keys ignore scheme and hash. ECDSA gives DER. */
bool private_key_sign(struct bytes pem, enum public_scheme scheme, enum hash_kind hash,
                      struct bytes message, struct buffer *out, struct error *err);

/* An ECDSA signature in DER as r and s one behind the other, `size` bytes each. */
bool ecdsa_signature_to_raw(struct bytes der, size_t size, struct buffer *out);

#endif
