/* Keys that senders have delivered in their greeting. The journal keeps them; this table, in memory
 * that all processes share, is where listeners look. The runner alone writes it, after the commit
 * that made a key durable, so a key that one listener received is every listener's at once. */
#ifndef TENTERHOOK_HANDLERS_PROVIDER_LEARNED_H
#define TENTERHOOK_HANDLERS_PROVIDER_LEARNED_H

#include "base/bytes.h"

struct learned_table; /* lives in zeroed memory given by the caller */

/* A key shorter than this protects nothing; routes with a learned key. */
enum { LEARNED_KEY_MIN = 16, LEARNED_KEY_MAX = 256, LEARNED_MAX = 256 };

size_t learned_table_size(void);

/* Adds or replaces; false if the table is full, or one of the texts is empty or too long. */
bool learned_put(struct learned_table *table, const char *route, const char *provider,
                 struct bytes key);
/* Forgets every key for which `keep` is false. */
void learned_sweep(struct learned_table *table,
                   bool (*keep)(void *context, const char *route, const char *provider),
                   void *context);

/* The key of that route, if it is of that provider; false if there is none. */
bool learned_get(struct learned_table *table, const char *route, const char *provider,
                 uint8_t key[LEARNED_KEY_MAX], size_t *length);

#endif
