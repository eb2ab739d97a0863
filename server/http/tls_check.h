/* Whether a certificate and its key can be used, and what a person should look at. */
#ifndef TENTERHOOK_SERVER_HTTP_TLS_CHECK_H
#define TENTERHOOK_SERVER_HTTP_TLS_CHECK_H

#include "base/error.h"

#include <stddef.h>

enum { TLS_FINDINGS_MAX = 8 };

/* What works but should be looked at, a sentence each. */
struct tls_findings {
    struct error items[TLS_FINDINGS_MAX];
    size_t count;
};

/* Whether the PEM texts are a certificate (with its chain) and the private key that belongs to it;
 * without a `key_pem` (NULL) the certificate alone. False with `err`. `findings` gets what should
 * be looked at: time that is over or almost, an intermediate that is missing, RSA. */
bool tls_check_pair(const char *certificate_pem, const char *key_pem, struct error *err,
                    struct tls_findings *findings);

/* Whether clients that ask for `host` (a name or an address) take the certificate of the key; of
 * the file's first one without a key (NULL). */
bool tls_certificate_fits(const char *certificate_pem, const char *key_pem, const char *host);

#endif
