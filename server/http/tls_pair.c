/* What certificate files hold in practice is not what they should hold: an intermediate twice, a
 * root in the middle, the order turned around. OpenSSL sends such a file as it is, and most clients
 * find the way through it. We send the chain alone, in order, so that all of them do. */
#include "server/http/tls_pair.h"

#include "base/bytes.h"

/* ---- from the texts ---- */

static gnutls_datum_t datum_of_text(const char *text)
{
    return (gnutls_datum_t){.data = (unsigned char *)text, .size = (unsigned)strlen(text)};
}

static bool import_certificates(struct tls_pair *pair, const char *pem, struct error *err)
{
    gnutls_datum_t text = datum_of_text(pem);
    unsigned count = TLS_FILE_CERTIFICATES_MAX;
    int code = gnutls_x509_crt_list_import(pair->certificates, &count, &text, GNUTLS_X509_FMT_PEM,
                                           GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);
    if (code < 0)
        return error_set(err, "no usable certificate: %s", gnutls_strerror(code));
    pair->count = (unsigned)code;
    return true;
}

static bool import_key(struct tls_pair *pair, const char *pem, struct error *err)
{
    gnutls_datum_t text = datum_of_text(pem);
    int code = gnutls_privkey_init(&pair->key);
    if (code == 0)
        code = gnutls_privkey_import_x509_raw(pair->key, &text, GNUTLS_X509_FMT_PEM, NULL, 0);
    return code == 0 || error_set(err, "no usable private key: %s", gnutls_strerror(code));
}

/* ---- the leaf ---- */

struct key_id {
    unsigned char bytes[64];
    size_t size;
};

/* Two keys are the same if the hashes of their public halves are. */
static int id_of_key(gnutls_privkey_t key, struct key_id *id)
{
    gnutls_pubkey_t public_key;
    int code = gnutls_pubkey_init(&public_key);
    if (code < 0)
        return code;
    id->size = sizeof id->bytes;
    code = gnutls_pubkey_import_privkey(public_key, key, 0, 0);
    if (code == 0)
        code = gnutls_pubkey_get_key_id(public_key, GNUTLS_KEYID_USE_SHA256, id->bytes, &id->size);
    gnutls_pubkey_deinit(public_key);
    return code;
}

static bool has_key(gnutls_x509_crt_t certificate, const struct key_id *id)
{
    struct key_id own = {.size = sizeof own.bytes};
    return gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, own.bytes, &own.size) ==
               0 &&
           bytes_equal(bytes_of(own.bytes, own.size), bytes_of(id->bytes, id->size));
}

static void swap_certificates(struct tls_pair *pair, unsigned a, unsigned b)
{
    gnutls_x509_crt_t moved = pair->certificates[a];
    pair->certificates[a] = pair->certificates[b];
    pair->certificates[b] = moved;
}

/* The leaf is the certificate of the key, wherever it stands; without a key the first one. */
static bool put_leaf_first(struct tls_pair *pair, struct error *err)
{
    struct key_id id;
    int code = pair->key ? id_of_key(pair->key, &id) : 0;
    if (code < 0)
        return error_set(err, "the key cannot be compared: %s", gnutls_strerror(code));
    for (unsigned i = 0; i < pair->count; i++)
        if (!pair->key || has_key(pair->certificates[i], &id)) {
            swap_certificates(pair, 0, i);
            return true;
        }
    return error_set(err, "the private key does not belong to the certificate");
}

/* ---- the chain ---- */

bool tls_is_self_issued(gnutls_x509_crt_t certificate)
{
    return gnutls_x509_crt_check_issuer(certificate, certificate) == 1;
}

/* Where the issuer of the certificate at `of` stands behind it; 0: nowhere. */
static unsigned find_issuer(const struct tls_pair *pair, unsigned of)
{
    if (tls_is_self_issued(pair->certificates[of]))
        return 0;
    for (unsigned i = of + 1; i < pair->count; i++)
        if (gnutls_x509_crt_check_issuer(pair->certificates[of], pair->certificates[i]) == 1)
            return i;
    return 0;
}

static bool is_in_chain(const struct tls_pair *pair, unsigned length, gnutls_x509_crt_t certificate)
{
    for (unsigned i = 0; i < length; i++)
        if (gnutls_x509_crt_equals(pair->certificates[i], certificate))
            return true;
    return false;
}

/* The leaf stands first: its issuer behind it, and so on; the rest goes. */
static void put_chain_in_order(struct tls_pair *pair)
{
    unsigned length = 1, issuer;
    while (length < TLS_CHAIN_MAX && (issuer = find_issuer(pair, length - 1)) != 0)
        swap_certificates(pair, length++, issuer);
    for (unsigned i = length; i < pair->count; i++) {
        pair->foreign += !is_in_chain(pair, length, pair->certificates[i]);
        gnutls_x509_crt_deinit(pair->certificates[i]);
    }
    pair->count = length;
}

bool tls_pair_import(struct tls_pair *pair, const char *certificate_pem, const char *key_pem,
                     struct error *err)
{
    *pair = (struct tls_pair){.count = 0};
    if (import_certificates(pair, certificate_pem, err) &&
        (!key_pem || import_key(pair, key_pem, err)) && put_leaf_first(pair, err)) {
        put_chain_in_order(pair);
        return true;
    }
    tls_pair_finish(pair);
    return false;
}

void tls_pair_finish(struct tls_pair *pair)
{
    for (unsigned i = 0; i < pair->count; i++)
        gnutls_x509_crt_deinit(pair->certificates[i]);
    if (pair->key)
        gnutls_privkey_deinit(pair->key);
    *pair = (struct tls_pair){.count = 0};
}
