/* A scheme made ready for one route: what stands beside the provider's name, and the keys. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_PLAN_H
#define TENTERHOOK_HANDLERS_PROVIDER_SIGNATURE_PLAN_H

#include "handlers/provider/public_keys.h"
#include "handlers/provider/scheme.h"

enum { SIGNATURE_KEYS_MAX = 16, SIGNATURE_KEY_MAX = 8192 /* bytes */ };

struct signature_plan {
    const struct scheme *scheme;
    const struct text_map *parameters;
    struct secret_list keys; /* decoded; public keys as DER. Wiped by its owner */
    struct signature_key {
        char id[KEY_ID_SIZE]; /* its `kid`, or empty */
        int64_t ends_ms;      /* from when on it counts no more, Unix time; 0: always */
        bool is_certificate;
        size_t secret; /* the number of the secret that it was made of, from 0 */
    } key_infos[SIGNATURE_KEYS_MAX];
    size_t secret_count;
};

#endif
