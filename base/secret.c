/* Each secret has pages of its own that are locked, left out of core files and wiped. mlock may be
 * refused (RLIMIT_MEMLOCK): then a secret can reach swap, which is no reason to stop. */
#include "base/secret.h"

#include "base/crypto.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t secret_mapping_size(size_t length)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (length + 1 + page - 1) / page * page;
}

bool secret_list_add(struct secret_list *list, struct bytes value)
{
    struct secret *items = realloc(list->items, (list->count + 1) * sizeof *items);
    if (!items)
        return false;
    list->items = items;
    size_t size = secret_mapping_size(value.length);
    uint8_t *data =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED)
        return false;
    (void)mlock(data, size);
    (void)madvise(data, size, MADV_DONTDUMP);
    if (value.length)
        memcpy(data, value.data, value.length);
    items[list->count++] = (struct secret){.data = data, .length = value.length};
    return true;
}

void secret_list_finish(struct secret_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        size_t size = secret_mapping_size(list->items[i].length);
        secret_wipe(list->items[i].data, size);
        munmap(list->items[i].data, size);
    }
    free(list->items);
    *list = (struct secret_list){0};
}

void secret_wipe(void *data, size_t length)
{
    if (length)
        explicit_bzero(data, length);
}

/* The key of the comparison: drawn once a process, so that a caller cannot know the digests. */
static struct bytes comparison_key(void)
{
    static uint8_t key[32];
    static bool drawn;
    if (!drawn) {
        random_bytes(key, sizeof key);
        drawn = true;
    }
    return bytes_of(key, sizeof key);
}

bool secret_equal(struct bytes expected, struct bytes given)
{
    uint8_t a[HASH_MAX_SIZE], b[HASH_MAX_SIZE];
    size_t size = hash_size(HASH_SHA256);
    if (expected.length == 0 || given.length == 0)
        return false;
    bool computed = hmac_compute(HASH_SHA256, comparison_key(), expected, a) &&
                    hmac_compute(HASH_SHA256, comparison_key(), given, b);
    return computed && digest_equal(bytes_of(a, size), bytes_of(b, size));
}

bool secret_list_matches(const struct secret_list *list, struct bytes given, size_t *which)
{
    bool found = false;
    for (size_t i = 0; i < list->count; i++) {
        bool equal = secret_equal(secret_bytes(&list->items[i]), given);
        if (equal && !found && which)
            *which = i;
        found |= equal;
    }
    return found;
}
