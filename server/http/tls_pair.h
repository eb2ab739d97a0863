/* A certificate with its chain and its private key, parsed. For tls*.c only: here GnuTLS shows. */
#ifndef TENTERHOOK_SERVER_HTTP_TLS_PAIR_H
#define TENTERHOOK_SERVER_HTTP_TLS_PAIR_H

#include "base/error.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

enum { TLS_CHAIN_MAX = 16, TLS_FILE_CERTIFICATES_MAX = 64 };

struct tls_pair {
    /* the leaf, then each one's issuer, as far as the file has them; a file holds more than a chain
     * may have only until tls_pair_import has put it in order */
    gnutls_x509_crt_t certificates[TLS_FILE_CERTIFICATES_MAX];
    unsigned count;
    unsigned foreign; /* how many of the file are no part of the chain: they have been left out */
    gnutls_privkey_t key; /* NULL: none was given */
};

/* Reads both PEM texts (`key_pem` may be NULL) and sees that they belong together. The file's order
 * does not matter, nor what it holds twice: the chain is found by issuers. False with `err`; else
 * the caller calls tls_pair_finish. */
bool tls_pair_import(struct tls_pair *pair, const char *certificate_pem, const char *key_pem,
                     struct error *err);
void tls_pair_finish(struct tls_pair *pair);

/* Whether it names itself as its issuer, as roots do. */
bool tls_is_self_issued(gnutls_x509_crt_t certificate);

#endif
