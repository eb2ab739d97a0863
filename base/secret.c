/* Each secret has pages of its own that are locked, excluded from core files and wiped. mlock may
 * be refused (RLIMIT_MEMLOCK): then a secret can reach swap, which is no reason to stop. */
#include "base/secret.h"

#include "base/crypto.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SCHEME_MAX = 64 };

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
    uint8_t *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
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

/* How long the name of an authentication scheme is that `text` begins with; 0: with none. */
static size_t scheme_length(struct bytes text)
{
    const uint8_t *space = text.length ? memchr(text.data, ' ', text.length) : NULL;
    size_t length = space ? (size_t)(space - text.data) : 0;
    return length <= SCHEME_MAX ? length : 0;
}

/* The first `folded` bytes count as small letters. */
static bool comparison_digest(struct bytes text, size_t folded, uint8_t out[HASH_MAX_SIZE])
{
    uint8_t word[SCHEME_MAX] = {0};
    struct hmac_stream *stream = hmac_create(HASH_SHA256, comparison_key());
    if (!stream)
        return false;
    for (size_t i = 0; i < folded; i++)
        word[i] = (uint8_t)(text.data[i] | (text.data[i] >= 'A' && text.data[i] <= 'Z' ? 0x20 : 0));
    bool fed =
        hmac_feed(stream, bytes_of(word, folded)) && hmac_feed(stream, bytes_from(text, folded));
    secret_wipe(word, sizeof word);
    hmac_destroy(stream, out);
    return fed;
}

static bool compare(struct bytes expected, struct bytes given, bool credentials)
{
    uint8_t a[HASH_MAX_SIZE], b[HASH_MAX_SIZE];
    size_t size = hash_size(HASH_SHA256);
    if (expected.length == 0 || given.length == 0)
        return false;
    bool computed = comparison_digest(expected, credentials ? scheme_length(expected) : 0, a) &&
                    comparison_digest(given, credentials ? scheme_length(given) : 0, b);
    return computed && digest_equal(bytes_of(a, size), bytes_of(b, size));
}

static bool list_matches(const struct secret_list *list, struct bytes given, bool credentials,
                         size_t *which)
{
    bool found = false;
    for (size_t i = 0; i < list->count; i++) {
        bool equal = compare(secret_bytes(&list->items[i]), given, credentials);
        if (equal && !found && which)
            *which = i;
        found |= equal;
    }
    return found;
}

bool secret_equal(struct bytes expected, struct bytes given)
{
    return compare(expected, given, false);
}

bool secret_list_matches(const struct secret_list *list, struct bytes given, size_t *which)
{
    return list_matches(list, given, false, which);
}

bool secret_list_matches_credentials(const struct secret_list *list, struct bytes given,
                                     size_t *which)
{
    return list_matches(list, given, true, which);
}
