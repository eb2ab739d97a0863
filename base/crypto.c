/* Hides GnuTLS behind a handful of functions. GnuTLS accepts an empty HMAC key and calls two empty
 * digests equal; both are refused here, once, so that no caller has to remember. */
#include "base/crypto.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>

static const struct {
    const char *name;
    gnutls_digest_algorithm_t digest;
    gnutls_mac_algorithm_t mac;
    size_t size;
} hashes[HASH_KINDS] = {
    [HASH_SHA1] = {"sha1", GNUTLS_DIG_SHA1, GNUTLS_MAC_SHA1, 20},
    [HASH_SHA256] = {"sha256", GNUTLS_DIG_SHA256, GNUTLS_MAC_SHA256, 32},
    [HASH_SHA384] = {"sha384", GNUTLS_DIG_SHA384, GNUTLS_MAC_SHA384, 48},
    [HASH_SHA512] = {"sha512", GNUTLS_DIG_SHA512, GNUTLS_MAC_SHA512, 64},
    [HASH_MD5] = {"md5", GNUTLS_DIG_MD5, GNUTLS_MAC_MD5, 16},
};

size_t hash_size(enum hash_kind kind)
{
    return hashes[kind].size;
}

bool hash_kind_find(const char *name, enum hash_kind *kind)
{
    for (int i = 0; i < HASH_KINDS; i++) {
        if (strcmp(hashes[i].name, name) == 0) {
            *kind = (enum hash_kind)i;
            return true;
        }
    }
    return false;
}

bool hash_compute(enum hash_kind kind, struct bytes data, uint8_t *out)
{
    return gnutls_hash_fast(hashes[kind].digest, data.data, data.length, out) == 0;
}

bool hmac_compute(enum hash_kind kind, struct bytes key, struct bytes data, uint8_t *out)
{
    return key.length > 0 && gnutls_hmac_fast(hashes[kind].mac, key.data, key.length, data.data,
                                              data.length, out) == 0;
}

/* The library's context under a name of ours, so that gnutls stays in this file. */
struct hmac_stream *hmac_create(enum hash_kind kind, struct bytes key)
{
    gnutls_hmac_hd_t handle;
    if (key.length == 0 || gnutls_hmac_init(&handle, hashes[kind].mac, key.data, key.length) != 0)
        return NULL;
    return (struct hmac_stream *)handle;
}

bool hmac_feed(struct hmac_stream *stream, struct bytes data)
{
    return gnutls_hmac((gnutls_hmac_hd_t)stream, data.data, data.length) == 0;
}

void hmac_destroy(struct hmac_stream *stream, uint8_t *out)
{
    if (stream)
        gnutls_hmac_deinit((gnutls_hmac_hd_t)stream, out);
}

struct hash_stream *hash_create(enum hash_kind kind)
{
    gnutls_hash_hd_t handle;
    return gnutls_hash_init(&handle, hashes[kind].digest) == 0 ? (struct hash_stream *)handle
                                                               : NULL;
}

bool hash_feed(struct hash_stream *stream, struct bytes data)
{
    return gnutls_hash((gnutls_hash_hd_t)stream, data.data, data.length) == 0;
}

void hash_destroy(struct hash_stream *stream, uint8_t *out)
{
    if (stream)
        gnutls_hash_deinit((gnutls_hash_hd_t)stream, out);
}

bool digest_equal(struct bytes a, struct bytes b)
{
    return a.length > 0 && a.length == b.length && gnutls_memcmp(a.data, b.data, a.length) == 0;
}

void random_bytes(void *out, size_t length)
{
    if (gnutls_rnd(GNUTLS_RND_RANDOM, out, length) != 0)
        abort();
}
