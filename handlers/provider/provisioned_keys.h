/* Keys that senders have delivered in their challenge. The journal keeps them; this table, in
 * memory that all processes share, is where listeners look. The runner alone writes it, after the
 * commit that made a key durable, so a key that one listener received is every listener's at once.
 */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_PROVISIONED_KEYS_H
#define TENTERHOOK_HANDLERS_PROVIDER_PROVISIONED_KEYS_H

#include "base/bytes.h"

struct provisioned_keys; /* lives in zeroed memory given by the caller */

/* A key shorter than this protects nothing; routes with a provisioned key. */
enum { PROVISIONED_KEY_MIN = 16, PROVISIONED_KEY_MAX = 256, PROVISIONED_KEYS_MAX = 256 };

size_t provisioned_keys_size(void);

/* Adds or replaces; false if the table is full, the key empty, or one of the texts too long. */
bool provisioned_keys_put(struct provisioned_keys *table, const char *route, const char *provider,
                          struct bytes key);
/* Forgets every key for which `keep` is false. */
void provisioned_keys_sweep(struct provisioned_keys *table,
                            bool (*keep)(void *context, const char *route, const char *provider),
                            void *context);

/* The key of that route, if it is of that provider; false if there is none. */
bool provisioned_keys_get(struct provisioned_keys *table, const char *route, const char *provider,
                          uint8_t key[PROVISIONED_KEY_MAX], size_t *length);

#endif
