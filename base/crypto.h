/* The functions of GnuTLS outside of TLS: digests, message authentication, randomness. The
 * other doors to GnuTLS are base/private_key.c, base/public_key.c and server/http/tls.c. */
#ifndef TENTERHOOK_BASE_CRYPTO_H
#define TENTERHOOK_BASE_CRYPTO_H

#include "base/bytes.h"
#include "base/error.h"

enum hash_kind { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512, HASH_MD5, HASH_KINDS };
enum { HASH_MAX_SIZE = 64 };

/* Bytes of a digest. */
size_t hash_size(enum hash_kind kind);
/* "sha256" and the like; false if there is no such hash. */
bool hash_kind_find(const char *name, enum hash_kind *kind);

/* One-shot; `out` has room for hash_size(kind). False only if the library fails. */
bool hash_compute(enum hash_kind kind, struct bytes data, uint8_t *out);
/* HMAC (RFC 2104). An empty key is refused. */
bool hmac_compute(enum hash_kind kind, struct bytes key, struct bytes data, uint8_t *out);

/* Streaming, for bodies as they arrive. A context is freed by the finish call, whatever happens. */
struct hmac_stream;
struct hmac_stream *hmac_create(enum hash_kind kind, struct bytes key);
bool hmac_feed(struct hmac_stream *stream, struct bytes data);
/* The digest so far into `out` (NULL: thrown away), and the stream is destroyed. */
void hmac_destroy(struct hmac_stream *stream, uint8_t *out);

/* A plain digest, streaming; as hmac_stream. */
struct hash_stream;
struct hash_stream *hash_create(enum hash_kind kind);
bool hash_feed(struct hash_stream *stream, struct bytes data);
void hash_destroy(struct hash_stream *stream, uint8_t *out);

/* Equal in time independent of where they differ. Lengths are public; length 0 is never equal. */
bool digest_equal(struct bytes a, struct bytes b);

/* Unpredictable bytes. Aborts if the system has none. */
void random_bytes(void *out, size_t length);

#endif
