/* A key is imported anew for each check: this costs microseconds, a verification costs a hundred,
 * and nothing has to be freed with a snapshot. The pair of key and scheme is compared here, because
 * GnuTLS would take its algorithm from either. */
#include "base/public_key.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

enum { RSA_BITS_MIN = 2048 };

static gnutls_datum_t datum_of(struct bytes bytes)
{
    return (gnutls_datum_t){.data = (unsigned char *)bytes.data, .size = (unsigned)bytes.length};
}

/* The y of every point of order 1, 2, 4 or 8, little-endian, those past the prime included; each
 * stands for two encodings, with the sign of x in the last bit. With such a key a signature that is
 * of no message in particular passes for many messages. The table is computed from the curve of RFC
 * 8032, as the y of all multiples of L * P for points P: 14 encodings, as many as C2SP's test
 * vectors (CCTV, ed25519) count, and what libsodium's ge25519_has_small_order refuses. */
static const uint8_t small_order[][32] = {
    {0x00},
    {0x01},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

static bool ed25519_check(gnutls_pubkey_t key, struct error *err)
{
    gnutls_datum_t x;
    bool small = false;
    int code = gnutls_pubkey_export_ecc_raw2(key, NULL, &x, NULL, 0);
    if (code < 0)
        return error_set(err, "%s", gnutls_strerror(code));
    for (size_t i = 0; i < sizeof small_order / sizeof small_order[0] && x.size == 32; i++)
        small |=
            memcmp(x.data, small_order[i], 31) == 0 && (x.data[31] & 0x7f) == small_order[i][31];
    gnutls_free(x.data);
    return !small ||
           error_set(err, "is an Ed25519 key of small order: its signatures can be forged");
}

/* Says what is wrong with a key, if anything. */
static bool key_check(gnutls_pubkey_t key, struct error *err)
{
    unsigned bits = 0;
    gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
    switch (gnutls_pubkey_get_pk_algorithm(key, &bits)) {
    case GNUTLS_PK_RSA:
        return bits >= RSA_BITS_MIN ||
               error_set(err, "an RSA key of %u bits is too short: %d at least", bits,
                         RSA_BITS_MIN);
    case GNUTLS_PK_ECDSA:
        gnutls_pubkey_export_ecc_raw2(key, &curve, NULL, NULL, 0);
        return curve == GNUTLS_ECC_CURVE_SECP256R1 || curve == GNUTLS_ECC_CURVE_SECP384R1 ||
               curve == GNUTLS_ECC_CURVE_SECP521R1 ||
               error_set(err, "a curve that is not P-256, P-384 or P-521");
    case GNUTLS_PK_EDDSA_ED25519:
        return ed25519_check(key, err);
    default:
        return error_set(err, "neither an RSA, an ECDSA nor an Ed25519 key");
    }
}

static bool key_export(gnutls_pubkey_t key, uint8_t *der, size_t *length, struct error *err)
{
    size_t size = PUBLIC_KEY_DER_MAX;
    if (!key_check(key, err))
        return false;
    int code = gnutls_pubkey_export(key, GNUTLS_X509_FMT_DER, der, &size);
    if (code < 0)
        return error_set(err, "%s", gnutls_strerror(code));
    *length = size;
    return true;
}

static bool key_import(struct bytes text, gnutls_x509_crt_fmt_t format, uint8_t *der,
                       size_t *length, struct error *err)
{
    gnutls_pubkey_t key;
    gnutls_datum_t data = datum_of(text);
    if (gnutls_pubkey_init(&key) < 0)
        return error_set(err, "out of memory");
    int code = gnutls_pubkey_import(key, &data, format);
    bool done =
        code < 0 ? error_set(err, "%s", gnutls_strerror(code)) : key_export(key, der, length, err);
    gnutls_pubkey_deinit(key);
    return done;
}

bool public_key_from_pem(struct bytes pem, uint8_t *der, size_t *length, struct error *err)
{
    return key_import(pem, GNUTLS_X509_FMT_PEM, der, length, err);
}

bool public_key_from_der(struct bytes spki, uint8_t *der, size_t *length, struct error *err)
{
    return key_import(spki, GNUTLS_X509_FMT_DER, der, length, err);
}

static bool key_of_certificate(gnutls_x509_crt_t certificate, uint8_t *der, size_t *length,
                               struct error *err)
{
    gnutls_pubkey_t key;
    if (gnutls_pubkey_init(&key) < 0)
        return error_set(err, "out of memory");
    int code = gnutls_pubkey_import_x509(key, certificate, 0);
    bool done =
        code < 0 ? error_set(err, "%s", gnutls_strerror(code)) : key_export(key, der, length, err);
    gnutls_pubkey_deinit(key);
    return done;
}

bool public_key_from_certificate(struct bytes pem, uint8_t *der, size_t *length, struct error *err)
{
    gnutls_x509_crt_t certificate;
    gnutls_datum_t data = datum_of(pem);
    if (gnutls_x509_crt_init(&certificate) < 0)
        return error_set(err, "out of memory");
    int code = gnutls_x509_crt_import(certificate, &data, GNUTLS_X509_FMT_PEM);
    bool done = code < 0 ? error_set(err, "%s", gnutls_strerror(code))
                         : key_of_certificate(certificate, der, length, err);
    gnutls_x509_crt_deinit(certificate);
    return done;
}

bool public_key_certificate_end(struct bytes pem, int64_t *unix_ms)
{
    gnutls_x509_crt_t certificate;
    gnutls_datum_t data = datum_of(pem);
    if (gnutls_x509_crt_init(&certificate) < 0)
        return false;
    bool done = gnutls_x509_crt_import(certificate, &data, GNUTLS_X509_FMT_PEM) >= 0;
    time_t end = done ? gnutls_x509_crt_get_expiration_time(certificate) : (time_t)-1;
    gnutls_x509_crt_deinit(certificate);
    if (end == (time_t)-1)
        return false;
    *unix_ms =
        end == (time_t)GNUTLS_X509_NO_WELL_DEFINED_EXPIRATION ? INT64_MAX : (int64_t)end * 1000;
    return true;
}

/* A key that `import` has filled with numbers. */
static bool key_finish(gnutls_pubkey_t key, int code, uint8_t *der, size_t *length,
                       struct error *err)
{
    bool done =
        code < 0 ? error_set(err, "%s", gnutls_strerror(code)) : key_export(key, der, length, err);
    gnutls_pubkey_deinit(key);
    return done;
}

bool public_key_from_ed25519(struct bytes raw, uint8_t *der, size_t *length, struct error *err)
{
    gnutls_pubkey_t key;
    gnutls_datum_t x = datum_of(raw);
    if (raw.length != 32)
        return error_set(err, "an Ed25519 key has 32 bytes, not %zu", raw.length);
    if (gnutls_pubkey_init(&key) < 0)
        return error_set(err, "out of memory");
    int code = gnutls_pubkey_import_ecc_raw(key, GNUTLS_ECC_CURVE_ED25519, &x, NULL);
    return key_finish(key, code, der, length, err);
}

bool public_key_from_p256(struct bytes x, struct bytes y, uint8_t *der, size_t *length,
                          struct error *err)
{
    gnutls_pubkey_t key;
    gnutls_datum_t numbers[] = {datum_of(x), datum_of(y)};
    if (x.length != 32 || y.length != 32)
        return error_set(err, "a P-256 key has two numbers of 32 bytes");
    if (gnutls_pubkey_init(&key) < 0)
        return error_set(err, "out of memory");
    int code =
        gnutls_pubkey_import_ecc_raw(key, GNUTLS_ECC_CURVE_SECP256R1, &numbers[0], &numbers[1]);
    return key_finish(key, code, der, length, err);
}

bool public_key_from_rsa(struct bytes modulus, struct bytes exponent, uint8_t *der, size_t *length,
                         struct error *err)
{
    gnutls_pubkey_t key;
    gnutls_datum_t numbers[] = {datum_of(modulus), datum_of(exponent)};
    if (gnutls_pubkey_init(&key) < 0)
        return error_set(err, "out of memory");
    int code = gnutls_pubkey_import_rsa_raw(key, &numbers[0], &numbers[1]);
    return key_finish(key, code, der, length, err);
}

static gnutls_pubkey_t key_load(struct bytes der, int *algorithm)
{
    gnutls_pubkey_t key;
    gnutls_datum_t data = datum_of(der);
    if (gnutls_pubkey_init(&key) < 0)
        return NULL;
    if (gnutls_pubkey_import(key, &data, GNUTLS_X509_FMT_DER) < 0) {
        gnutls_pubkey_deinit(key);
        return NULL;
    }
    *algorithm = gnutls_pubkey_get_pk_algorithm(key, NULL);
    return key;
}

bool public_key_kind(struct bytes der, enum public_key_kind *kind)
{
    int algorithm;
    gnutls_pubkey_t key = key_load(der, &algorithm);
    if (!key)
        return false;
    gnutls_pubkey_deinit(key);
    *kind = algorithm == GNUTLS_PK_RSA     ? PUBLIC_KEY_RSA
            : algorithm == GNUTLS_PK_ECDSA ? PUBLIC_KEY_ECDSA
                                           : PUBLIC_KEY_ED25519;
    return true;
}

static const struct {
    int key;
    gnutls_sign_algorithm_t sign[HASH_KINDS];
} schemes[] = {
    [PUBLIC_RSA_PKCS1] = {GNUTLS_PK_RSA,
                          {GNUTLS_SIGN_RSA_SHA1, GNUTLS_SIGN_RSA_SHA256, GNUTLS_SIGN_RSA_SHA384,
                           GNUTLS_SIGN_RSA_SHA512}},
    [PUBLIC_RSA_PSS] = {GNUTLS_PK_RSA,
                        {GNUTLS_SIGN_UNKNOWN, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256,
                         GNUTLS_SIGN_RSA_PSS_RSAE_SHA384, GNUTLS_SIGN_RSA_PSS_RSAE_SHA512}},
    [PUBLIC_ECDSA] = {GNUTLS_PK_ECDSA,
                      {GNUTLS_SIGN_UNKNOWN, GNUTLS_SIGN_ECDSA_SHA256, GNUTLS_SIGN_ECDSA_SHA384,
                       GNUTLS_SIGN_ECDSA_SHA512}},
};

/* Whether an ECDSA signature is written as DER wants it: GnuTLS reads lengths of any length. */
static bool ecdsa_is_canonical(gnutls_datum_t mark)
{
    gnutls_datum_t r, s, again;
    if (gnutls_decode_rs_value(&mark, &r, &s) < 0)
        return false;
    bool good = gnutls_encode_rs_value(&again, &r, &s) >= 0;
    gnutls_free(r.data);
    gnutls_free(s.data);
    if (!good)
        return false;
    good = again.size == mark.size && memcmp(again.data, mark.data, mark.size) == 0;
    gnutls_free(again.data);
    return good;
}

bool public_key_verify_hash(struct bytes der, enum public_scheme scheme, enum hash_kind hash,
                            struct bytes digest, struct bytes signature)
{
    int algorithm;
    gnutls_sign_algorithm_t sign = schemes[scheme].sign[hash];
    gnutls_pubkey_t key = key_load(der, &algorithm);
    if (!key)
        return false;
    gnutls_datum_t sum = datum_of(digest), mark = datum_of(signature);
    /* SHA-1 is let through by the library only with the flag; who may ask is settled at load. */
    unsigned flags = hash == HASH_SHA1 ? GNUTLS_VERIFY_ALLOW_BROKEN : 0;
    bool good = algorithm == schemes[scheme].key && sign != GNUTLS_SIGN_UNKNOWN &&
                signature.length > 0 && (scheme != PUBLIC_ECDSA || ecdsa_is_canonical(mark)) &&
                gnutls_pubkey_verify_hash2(key, sign, flags, &sum, &mark) >= 0;
    gnutls_pubkey_deinit(key);
    return good;
}

bool public_key_verify_ed25519(struct bytes der, struct bytes message, struct bytes signature)
{
    int algorithm;
    gnutls_pubkey_t key = key_load(der, &algorithm);
    if (!key)
        return false;
    gnutls_datum_t data = datum_of(message), mark = datum_of(signature);
    bool good = algorithm == GNUTLS_PK_EDDSA_ED25519 && signature.length == 64 &&
                gnutls_pubkey_verify_data2(key, GNUTLS_SIGN_EDDSA_ED25519, 0, &data, &mark) >= 0;
    gnutls_pubkey_deinit(key);
    return good;
}

bool ecdsa_signature_to_der(struct bytes raw, uint8_t *der, size_t *length)
{
    if (raw.length == 0 || raw.length % 2)
        return false;
    gnutls_datum_t r = datum_of(bytes_of(raw.data, raw.length / 2));
    gnutls_datum_t s = datum_of(bytes_from(raw, raw.length / 2)), out;
    if (gnutls_encode_rs_value(&out, &r, &s) < 0)
        return false;
    bool fits = out.size <= *length;
    if (fits) {
        memcpy(der, out.data, out.size);
        *length = out.size;
    }
    gnutls_free(out.data);
    return fits;
}
