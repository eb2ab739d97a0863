/* No server process uses this file: only `send` signs, and `init` makes certificates. */
#include "base/private_key.h"

#include <arpa/inet.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <time.h>

enum { RSA_BITS = 2048, CERTIFICATE_DAYS = 3650 };

static bool fail(struct error *err, int code)
{
    return error_set(err, "%s", gnutls_strerror(code));
}

static bool put_datum(struct buffer *out, gnutls_datum_t *datum, struct error *err)
{
    bool done = buffer_append(out, datum->data, datum->size) || error_set(err, "out of memory");
    gnutls_free(datum->data);
    return done;
}

bool private_key_create(enum public_key_kind kind, struct buffer *out, struct error *err)
{
    static const gnutls_pk_algorithm_t algorithms[] = {[PUBLIC_KEY_ED25519] =
                                                           GNUTLS_PK_EDDSA_ED25519,
                                                       [PUBLIC_KEY_ECDSA] = GNUTLS_PK_ECDSA,
                                                       [PUBLIC_KEY_RSA] = GNUTLS_PK_RSA};
    unsigned bits = kind == PUBLIC_KEY_RSA     ? RSA_BITS
                    : kind == PUBLIC_KEY_ECDSA ? GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1)
                                               : GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED25519);
    gnutls_x509_privkey_t key;
    gnutls_datum_t pem;
    if (gnutls_x509_privkey_init(&key) < 0)
        return error_set(err, "out of memory");
    int code = gnutls_x509_privkey_generate(key, algorithms[kind], bits, 0);
    if (code >= 0)
        code = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN,
                                                 &pem);
    gnutls_x509_privkey_deinit(key);
    return code < 0 ? fail(err, code) : put_datum(out, &pem, err);
}

static gnutls_privkey_t load(struct bytes pem, struct error *err)
{
    gnutls_privkey_t key;
    gnutls_datum_t data = {.data = (unsigned char *)pem.data, .size = (unsigned)pem.length};
    if (gnutls_privkey_init(&key) < 0) {
        error_set(err, "out of memory");
        return NULL;
    }
    int code = gnutls_privkey_import_x509_raw(key, &data, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (code >= 0)
        return key;
    fail(err, code);
    gnutls_privkey_deinit(key);
    return NULL;
}

static bool export_public(struct bytes pem, gnutls_x509_crt_fmt_t format, struct buffer *out,
                          struct error *err)
{
    gnutls_privkey_t key = load(pem, err);
    gnutls_pubkey_t public;
    gnutls_datum_t data;
    if (!key)
        return false;
    int code = gnutls_pubkey_init(&public);
    if (code >= 0) {
        code = gnutls_pubkey_import_privkey(public, key, 0, 0);
        if (code >= 0)
            code = gnutls_pubkey_export2(public, format, &data);
        gnutls_pubkey_deinit(public);
    }
    gnutls_privkey_deinit(key);
    return code < 0 ? fail(err, code) : put_datum(out, &data, err);
}

bool private_key_public_pem(struct bytes pem, struct buffer *out, struct error *err)
{
    return export_public(pem, GNUTLS_X509_FMT_PEM, out, err);
}

bool private_key_public_der(struct bytes pem, struct buffer *out, struct error *err)
{
    return export_public(pem, GNUTLS_X509_FMT_DER, out, err);
}

/* A host is a name or an IPv4 or IPv6 address. */
static int certificate_add_host(gnutls_x509_crt_t certificate, const char *host)
{
    uint8_t address[16];
    unsigned size = inet_pton(AF_INET, host, address) == 1    ? 4
                    : inet_pton(AF_INET6, host, address) == 1 ? 16
                                                              : 0;
    return gnutls_x509_crt_set_subject_alt_name(
        certificate, size ? GNUTLS_SAN_IPADDRESS : GNUTLS_SAN_DNSNAME,
        size ? (const void *)address : host, size ? size : (unsigned)strlen(host),
        GNUTLS_FSAN_APPEND);
}

static int certificate_fill(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key,
                            const char *name, const char *const *hosts)
{
    time_t now = time(NULL);
    uint8_t serial[16];
    random_bytes(serial, sizeof serial);
    serial[0] &= 0x7F;
    int code = gnutls_x509_crt_set_version(certificate, 3);
    code = code < 0 ? code : gnutls_x509_crt_set_serial(certificate, serial, sizeof serial);
    code = code < 0 ? code : gnutls_x509_crt_set_activation_time(certificate, now);
    code = code < 0 ? code
                    : gnutls_x509_crt_set_expiration_time(certificate,
                                                          now + CERTIFICATE_DAYS * (time_t)86400);
    code = code < 0 ? code
                    : gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0,
                                                    name, (unsigned)strlen(name));
    for (size_t i = 0; code >= 0 && hosts && hosts[i]; i++)
        code = certificate_add_host(certificate, hosts[i]);
    code = code < 0 ? code : gnutls_x509_crt_set_key(certificate, key);
    return code < 0 ? code
                    : gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0);
}

static bool create_certificate(struct bytes pem, const char *name, const char *const *hosts,
                               struct buffer *out, struct error *err)
{
    gnutls_x509_privkey_t key = NULL;
    gnutls_x509_crt_t certificate = NULL;
    gnutls_datum_t data = {.data = (unsigned char *)pem.data, .size = (unsigned)pem.length}, text;
    int code = gnutls_x509_privkey_init(&key);
    code = code < 0 ? code : gnutls_x509_privkey_import(key, &data, GNUTLS_X509_FMT_PEM);
    code = code < 0 ? code : gnutls_x509_crt_init(&certificate);
    code = code < 0 ? code : certificate_fill(certificate, key, name, hosts);
    code = code < 0 ? code : gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &text);
    if (certificate)
        gnutls_x509_crt_deinit(certificate);
    if (key)
        gnutls_x509_privkey_deinit(key);
    return code < 0 ? fail(err, code) : put_datum(out, &text, err);
}

bool private_key_certificate(struct bytes pem, struct buffer *out, struct error *err)
{
    return create_certificate(pem, "tenterhook send", NULL, out, err);
}

bool private_key_server_certificate(struct bytes pem, const char *const *hosts, struct buffer *out,
                                    struct error *err)
{
    return create_certificate(pem, "tenterhook", hosts, out, err);
}

static gnutls_sign_algorithm_t sign_algorithm(gnutls_privkey_t key, enum public_scheme scheme,
                                              enum hash_kind hash)
{
    static const gnutls_sign_algorithm_t algorithms[][HASH_KINDS] = {
        [PUBLIC_RSA_PKCS1] = {GNUTLS_SIGN_RSA_SHA1, GNUTLS_SIGN_RSA_SHA256, GNUTLS_SIGN_RSA_SHA384,
                              GNUTLS_SIGN_RSA_SHA512},
        [PUBLIC_RSA_PSS] = {GNUTLS_SIGN_UNKNOWN, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256,
                            GNUTLS_SIGN_RSA_PSS_RSAE_SHA384, GNUTLS_SIGN_RSA_PSS_RSAE_SHA512},
        [PUBLIC_ECDSA] = {GNUTLS_SIGN_UNKNOWN, GNUTLS_SIGN_ECDSA_SHA256, GNUTLS_SIGN_ECDSA_SHA384,
                          GNUTLS_SIGN_ECDSA_SHA512}};
    return gnutls_privkey_get_pk_algorithm(key, NULL) == GNUTLS_PK_EDDSA_ED25519
               ? GNUTLS_SIGN_EDDSA_ED25519
               : algorithms[scheme][hash];
}

bool private_key_sign(struct bytes pem, enum public_scheme scheme, enum hash_kind hash,
                      struct bytes message, struct buffer *out, struct error *err)
{
    gnutls_privkey_t key = load(pem, err);
    gnutls_datum_t data = {.data = (unsigned char *)message.data, .size = (unsigned)message.length};
    gnutls_datum_t mark;
    if (!key)
        return false;
    int code = gnutls_privkey_sign_data2(key, sign_algorithm(key, scheme, hash), 0, &data, &mark);
    gnutls_privkey_deinit(key);
    return code < 0 ? fail(err, code) : put_datum(out, &mark, err);
}

/* r or s, its leading zeros dropped or added. */
static bool put_padded(struct buffer *out, const gnutls_datum_t *number, size_t size)
{
    static const uint8_t zeros[64];
    size_t skip = 0;
    while (skip < number->size && number->data[skip] == 0)
        skip++;
    size_t length = number->size - skip;
    return length <= size && size <= sizeof zeros && buffer_append(out, zeros, size - length) &&
           buffer_append(out, number->data + skip, length);
}

bool ecdsa_signature_to_raw(struct bytes der, size_t size, struct buffer *out)
{
    gnutls_datum_t data = {.data = (unsigned char *)der.data, .size = (unsigned)der.length}, r, s;
    if (gnutls_decode_rs_value(&data, &r, &s) < 0)
        return false;
    bool done = put_padded(out, &r, size) && put_padded(out, &s, size);
    gnutls_free(r.data);
    gnutls_free(s.data);
    return done;
}
