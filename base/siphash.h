/* SipHash-1-3: a keyed hash for tables whose keys strangers choose. Not for authentication. */
#ifndef TENTERHOOK_BASE_SIPHASH_H
#define TENTERHOOK_BASE_SIPHASH_H

#include "base/bytes.h"

struct siphash_key {
    uint64_t words[2];
};

/* The hash of `data`. Without the key, colliding strings cannot be chosen. */
uint64_t siphash(const struct siphash_key *key, struct bytes data);

#endif
