/* Checks signatures with a public key. A key is stored as the DER of its SubjectPublicKeyInfo. RSA
 * below 2048 bits, curves other than P-256, P-384, P-521 and Ed25519, and Ed25519 keys of small
 * order are refused when the configuration is loaded. */
#ifndef TENTERHOOK_BASE_PUBLIC_KEY_H
#define TENTERHOOK_BASE_PUBLIC_KEY_H

#include "base/crypto.h"

enum public_key_kind { PUBLIC_KEY_ED25519, PUBLIC_KEY_ECDSA, PUBLIC_KEY_RSA };
enum public_scheme { PUBLIC_RSA_PKCS1, PUBLIC_RSA_PSS, PUBLIC_ECDSA };

enum { PUBLIC_KEY_DER_MAX = 2048 };

/* Each reads one form of a key into `der`, which has room for PUBLIC_KEY_DER_MAX. */
bool public_key_from_pem(struct bytes pem, uint8_t *der, size_t *length, struct error *err);
bool public_key_from_der(struct bytes spki, uint8_t *der, size_t *length, struct error *err);
bool public_key_from_certificate(struct bytes pem, uint8_t *der, size_t *length, struct error *err);
/* Until when a certificate is valid, in Unix milliseconds; INT64_MAX: it has no end. False where it
 * cannot be read. */
bool public_key_certificate_end(struct bytes pem, int64_t *unix_ms);
/* The 32 bytes of RFC 8032. */
bool public_key_from_ed25519(struct bytes raw, uint8_t *der, size_t *length, struct error *err);

/* Its numbers, big-endian: the point of a P-256 key, modulus and exponent of an RSA key. */
bool public_key_from_p256(struct bytes x, struct bytes y, uint8_t *der, size_t *length,
                          struct error *err);
bool public_key_from_rsa(struct bytes modulus, struct bytes exponent, uint8_t *der, size_t *length,
                         struct error *err);

/* Which kind of key this is; false if it is not a supported one. */
bool public_key_kind(struct bytes der, enum public_key_kind *kind);

/* Whether `signature` is this key's over a message with that digest. ECDSA signatures are DER. */
bool public_key_verify_hash(struct bytes der, enum public_scheme scheme, enum hash_kind hash,
                            struct bytes digest, struct bytes signature);
/* PureEdDSA, over the message itself. */
bool public_key_verify_ed25519(struct bytes der, struct bytes message, struct bytes signature);

/* r and s one behind the other, as JWS has them, made into DER; `*length` is the room, then the
 * length. */
bool ecdsa_signature_to_der(struct bytes raw, uint8_t *der, size_t *length);

#endif
