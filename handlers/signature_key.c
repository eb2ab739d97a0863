/* From `secret:` to keys. What a sender shows as the secret is not always the key: it has a prefix,
 * is base64, or is a public key in one of three wrappings. */
#include "handlers/signature.h"

#include "base/encoding.h"
#include "base/public_key.h"

#include <stdlib.h>

enum { KEY_MAX = 8192 };

static bool key_public(struct bytes text, int encoding, uint8_t *out, size_t *length,
                       struct error *err)
{
    uint8_t der[KEY_MAX];
    size_t size;
    if (bytes_starts_with(text, bytes_of_text("-----BEGIN CERTIFICATE")))
        return public_key_from_certificate(text, out, length, err);
    if (encoding == KEY_CERTIFICATE)
        return error_set(err, "wants a certificate in PEM");
    if (bytes_starts_with(text, bytes_of_text("-----BEGIN")))
        return public_key_from_pem(text, out, length, err);
    if (!base64_decode(text, der, sizeof der, &size))
        return error_set(err, "is neither PEM nor base64");
    return public_key_from_der(bytes_of(der, size), out, length, err);
}

/* Undoes the writing only. */
static bool key_decode(int encoding, struct bytes text, uint8_t *out, size_t *length,
                       struct error *err)
{
    switch (encoding) {
    case KEY_HEX:
        return hex_decode(text, HEX_ANY, out, KEY_MAX, length) || error_set(err, "is not hex");
    case KEY_BASE64:
        return base64_decode(text, out, KEY_MAX, length) || error_set(err, "is not base64");
    case KEY_PUBLIC:
    case KEY_CERTIFICATE:
        return key_public(text, encoding, out, length, err);
    default:
        *length = text.length;
        return text.length <= KEY_MAX ? memcpy(out, text.data, text.length) != NULL
                                      : error_set(err, "is too long");
    }
}

static bool key_fits(const struct scheme *scheme, struct bytes der, struct error *err)
{
    enum public_key_kind kind, wanted = scheme->kind == SCHEME_ECDSA     ? PUBLIC_KEY_ECDSA
                                        : scheme->kind == SCHEME_ED25519 ? PUBLIC_KEY_ED25519
                                                                         : PUBLIC_KEY_RSA;
    if (scheme->kind == SCHEME_JWS)
        wanted = scheme->jws.algorithm == 1 ? PUBLIC_KEY_ECDSA : PUBLIC_KEY_RSA;
    return (public_key_kind(der, &kind) && kind == wanted) ||
           error_set(err, "is a key of another kind than the scheme's");
}

/* Of a message signature: PEM is a public key, all else is shared. */
static bool key_make_message(const struct signature_plan *plan, struct bytes secret, uint8_t *out,
                             size_t *length, struct error *err)
{
    const char *encoding = value_parameter(plan->parameters, "encoding");
    bool base64 = encoding && strcmp(encoding, "base64") == 0;
    bool pem = bytes_starts_with(secret, bytes_of_text("-----BEGIN"));
    return key_decode(pem ? KEY_PUBLIC : base64 ? KEY_BASE64 : KEY_TEXT, secret, out, length, err) &&
           (*length > 0 || error_set(err, "is empty"));
}

/* The key as it is used, in `out`. */
static bool key_make(const struct signature_plan *plan, struct bytes secret, uint8_t *out,
                     size_t *length, struct error *err)
{
    const struct scheme *scheme = plan->scheme;
    uint8_t raw[KEY_MAX];
    if (scheme->kind == SCHEME_MESSAGE)
        return key_make_message(plan, secret, out, length, err);
    struct bytes strip = bytes_of_text(scheme->key.strip);
    bool prefixed = strip.length && bytes_starts_with(secret, strip);
    int encoding = scheme->key.encoding;
    if (encoding == KEY_PREFIXED)
        encoding = prefixed ? KEY_BASE64 : KEY_TEXT;
    if (prefixed)
        secret = bytes_from(secret, strip.length);
    bool public = encoding == KEY_PUBLIC || encoding == KEY_CERTIFICATE;
    bool done = key_decode(encoding, secret, out, length, err);
    if (done && *length == 0)
        done = error_set(err, "is empty");
    if (done && scheme->kind == SCHEME_ED25519 && !public) {
        size_t size = *length;
        memcpy(raw, out, size);
        done = public_key_from_ed25519(bytes_of(raw, size), out, length, err);
    } else if (done && public) {
        done = key_fits(scheme, bytes_of(out, *length), err);
    }
    if (done && scheme->key.hash) {
        enum hash_kind hash = (enum hash_kind)(scheme->key.hash - 1);
        done = hash_compute(hash, bytes_of(out, *length), raw);
        *length = hash_size(hash);
        memcpy(out, raw, *length);
    }
    secret_wipe(raw, sizeof raw);
    return done;
}

bool signature_plan_keys(struct signature_plan *plan, const struct secret_list *secrets,
                         struct error *err)
{
    uint8_t key[KEY_MAX];
    bool done = secrets->count <= SIGNATURE_KEYS_MAX ||
                error_set(err, "has more than %d values", SIGNATURE_KEYS_MAX);
    for (size_t i = 0; i < secrets->count && done; i++) {
        size_t length;
        done = key_make(plan, secret_bytes(&secrets->items[i]), key, &length, err);
        if (done && !secret_list_add(&plan->keys, bytes_of(key, length)))
            done = error_set(err, "out of memory");
    }
    secret_wipe(key, sizeof key);
    return done;
}
