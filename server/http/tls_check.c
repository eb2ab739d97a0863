/* What `check` and every start say of a certificate: what cannot be used is an error, what works
 * but will not for long, or not with every sender, is a finding. */
#include "server/http/tls_check.h"

#include "base/bytes.h"
#include "server/http/tls_pair.h"

#include <stdio.h>
#include <time.h>

enum { DAY_S = 24 * 60 * 60, NAME_MAX_SHOWN = 128 };

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
    return life_s <= 10 * DAY_S && left_s > life_s / 3 && !tls_is_self_issued(certificate);
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
    if (pair->count > 1 || tls_is_self_issued(leaf) || system_knows_issuer(leaf))
        return;
    if (gnutls_x509_crt_get_issuer_dn(leaf, issuer, &size) != 0)
        memcpy(issuer, "?", 2);
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
        if (tls_is_self_issued(pair->certificates[i])) /* a root: clients have their own */
            continue;
        if (gnutls_x509_crt_get_dn(pair->certificates[i], subject, &size) != 0)
            memcpy(subject, "?", 2);
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
