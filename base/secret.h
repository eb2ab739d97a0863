/* Memory for keys and tokens: kept out of swap and core files where the system allows, wiped. */
#ifndef TENTERHOOK_BASE_SECRET_H
#define TENTERHOOK_BASE_SECRET_H

#include "base/bytes.h"

/* One value that proves who calls. `data` is NUL-terminated besides. Owned by its secret_list. */
struct secret {
    uint8_t *data;
    size_t length;
};

/* All that are valid at the moment (several while rotating), at least one once loaded. */
struct secret_list {
    struct secret *items;
    size_t count;
};

static inline struct bytes secret_bytes(const struct secret *secret)
{
    return bytes_of(secret->data, secret->length);
}

/* Appends a copy; false without memory. */
bool secret_list_add(struct secret_list *list, struct bytes value);
/* Wipes and frees all. */
void secret_list_finish(struct secret_list *list);

/* Overwrites memory in a way that is not optimised out. */
void secret_wipe(void *data, size_t length);

/* Equality in a time that depends on neither content: both sides are hashed with a key drawn at
 * start, and the digests of fixed length are compared. An empty side is never equal. */
bool secret_equal(struct bytes expected, struct bytes given);

/* Whether `given` equals any of the list; always looks at all of them. Index of the match in
 * `*which` (may be NULL). */
bool secret_list_matches(const struct secret_list *list, struct bytes given, size_t *which);

/* The same for what an Authorization header holds: the case of the scheme's name, the word before
 * the first space, does not count (RFC 9110, 11.1). */
bool secret_list_matches_credentials(const struct secret_list *list, struct bytes given,
                                     size_t *which);

#endif
