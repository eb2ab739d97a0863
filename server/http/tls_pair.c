/* Certificate files in practice differ from what they should contain: an intermediate twice, a root
 * in the middle, the order reversed. OpenSSL sends such a file as it is, and most clients cope with
 * it. We send only the chain, in order, so that all clients do. */
#include "server/http/tls_pair.h"

#include "base/bytes.h"
#include "server/http/tls.h"

#include <stdio.h>
#include <time.h>

enum { DAY_S = 24 * 60 * 60, NAME_MAX_SHOWN = 128 };

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

/* The leaf is the certificate of the key, at any place; without a key the first one. */
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

static bool is_self_issued(gnutls_x509_crt_t certificate)
{
    return gnutls_x509_crt_check_issuer(certificate, certificate) == 1;
}

/* The place after `of` of the issuer of the certificate at `of`; 0: it is not there. */
static unsigned find_issuer(const struct tls_pair *pair, unsigned of)
{
    if (is_self_issued(pair->certificates[of]))
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

/* The leaf becomes the first, its issuer the second, and so on; the rest is dropped. */
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

/* ---- what should be looked at ---- */

__attribute__((format(printf, 2, 3))) static void find(struct tls_findings *findings,
                                                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (findings->count < TLS_FINDINGS_MAX) {
        struct error *item = &findings->items[findings->count++];
        vsnprintf(item->text, sizeof item->text, format, args);
    }
    va_end(args);
}

/* A CA that gives certificates for days renews them by a program, in the last third of that time:
 * before, few days are no news. */
static bool is_short_lived(gnutls_x509_crt_t certificate, time_t left_s)
{
    time_t life_s = gnutls_x509_crt_get_expiration_time(certificate) -
                    gnutls_x509_crt_get_activation_time(certificate);
    return life_s <= 10 * DAY_S && left_s > life_s / 3 && !is_self_issued(certificate);
}

static void look_at_time(struct tls_findings *findings, gnutls_x509_crt_t certificate,
                         const char *name)
{
    static const struct {
        int days;
        const char *advice;
    } rows[] = {{1, "; renew it now"}, {7, "; renew it this week"}, {30, ""}};
    time_t now = time(NULL), until = gnutls_x509_crt_get_expiration_time(certificate);
    struct tm parts;
    char date[32] = "";
    if (gmtime_r(&until, &parts))
        strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", &parts);
    if (until <= now) {
        find(findings, "%s has expired (%s)", name, date);
        return;
    }
    if (gnutls_x509_crt_get_activation_time(certificate) > now)
        find(findings, "%s is not valid yet", name);
    if (is_short_lived(certificate, until - now))
        return;
    long days = (long)((until - now) / DAY_S);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (days <= rows[i].days) {
            char left[32] = "less than a day";
            if (days > 0)
                snprintf(left, sizeof left, "%ld day%s", days, days == 1 ? "" : "s");
            find(findings, "%s expires in %s (%s)%s", name, left, date, rows[i].advice);
            return;
        }
}

static bool system_knows_issuer(gnutls_x509_crt_t certificate)
{
    gnutls_x509_trust_list_t list;
    gnutls_x509_crt_t issuer;
    if (gnutls_x509_trust_list_init(&list, 0) < 0)
        return false;
    bool known = gnutls_x509_trust_list_add_system_trust(list, 0, 0) > 0 &&
                 gnutls_x509_trust_list_get_issuer(list, certificate, &issuer, 0) == 0;
    gnutls_x509_trust_list_deinit(list, 1);
    return known;
}

/* Browsers look for a missing intermediate themselves, programs that send webhooks do not. A
 * private CA may sign without one: then its certificate is among those that this machine trusts. */
static void look_at_chain(struct tls_findings *findings, const struct tls_pair *pair)
{
    char issuer[NAME_MAX_SHOWN];
    size_t size = sizeof issuer;
    gnutls_x509_crt_t leaf = pair->certificates[0];
    if (pair->foreign > 0)
        find(
            findings,
            "%u certificate%s in this file %s not part of the certificate's chain, and %s not sent",
            pair->foreign, pair->foreign == 1 ? "" : "s", pair->foreign == 1 ? "is" : "are",
            pair->foreign == 1 ? "is" : "are");
    if (pair->count > 1 || is_self_issued(leaf) || system_knows_issuer(leaf))
        return;
    if (gnutls_x509_crt_get_issuer_dn(leaf, issuer, &size) != 0)
        strcpy(issuer, "?");
    find(findings,
         "the certificate was issued by \"%s\", which is not in this file: clients that do not "
         "know it refuse the connection; put the intermediate certificate after the first "
         "(fullchain.pem)",
         issuer);
}

static void look_at_pair(struct tls_findings *findings, const struct tls_pair *pair)
{
    char name[NAME_MAX_SHOWN + 40], subject[NAME_MAX_SHOWN];
    look_at_time(findings, pair->certificates[0], "the certificate");
    for (unsigned i = 1; i < pair->count; i++) {
        size_t size = sizeof subject;
        if (is_self_issued(pair->certificates[i])) /* a root: clients have their own */
            continue;
        if (gnutls_x509_crt_get_dn(pair->certificates[i], subject, &size) != 0)
            strcpy(subject, "?");
        snprintf(name, sizeof name, "the intermediate certificate \"%s\"", subject);
        look_at_time(findings, pair->certificates[i], name);
    }
    look_at_chain(findings, pair);
    if (gnutls_x509_crt_get_pk_algorithm(pair->certificates[0], NULL) == GNUTLS_PK_RSA)
        find(findings,
             "an RSA key makes new connections about five times as expensive as an ECDSA one");
}

bool tls_check_pair(const char *certificate_pem, const char *key_pem, struct error *err,
                    struct tls_findings *findings)
{
    struct tls_pair pair;
    findings->count = 0;
    if (!tls_pair_import(&pair, certificate_pem, key_pem, err))
        return false;
    look_at_pair(findings, &pair);
    tls_pair_finish(&pair);
    return true;
}

bool tls_certificate_fits(const char *certificate_pem, const char *key_pem, const char *host)
{
    struct tls_pair pair;
    if (!tls_pair_import(&pair, certificate_pem, key_pem, NULL))
        return false;
    bool fits = gnutls_x509_crt_check_hostname(pair.certificates[0], host) != 0;
    tls_pair_finish(&pair);
    return fits;
}
