/* Each entry has a count that is odd while it is being written: a reader that saw it change, or
 * odd, reads again. During a reload two runners may write; the odd count is their lock. A writer
 * that is killed in the middle leaves its entry odd: it is then as good as empty, and the next
 * runner, which writes all keys anew at its start, takes another. */
#include "handlers/provider/provisioned_keys.h"

#include "base/secret.h"

#include <stdatomic.h>

enum { NAME_SIZE = 128, READ_TRIES = 1000 };

struct provisioned_entry {
    _Atomic uint32_t count; /* of changes */
    uint32_t length;        /* of the key; 0: not in use */
    char route[NAME_SIZE], provider[NAME_SIZE];
    uint8_t key[PROVISIONED_KEY_MAX];
};

struct provisioned_keys {
    struct provisioned_entry entries[PROVISIONED_KEYS_MAX];
};

size_t provisioned_keys_size(void)
{
    return sizeof(struct provisioned_keys);
}

static bool entry_lock(struct provisioned_entry *entry)
{
    uint32_t count = atomic_load_explicit(&entry->count, memory_order_relaxed);
    return count % 2 == 0 && atomic_compare_exchange_strong(&entry->count, &count, count + 1);
}

static void entry_unlock(struct provisioned_entry *entry)
{
    atomic_fetch_add(&entry->count, 1);
}

static bool entry_is(const struct provisioned_entry *entry, const char *route, const char *provider)
{
    return entry->length && strncmp(entry->route, route, NAME_SIZE) == 0 &&
           strncmp(entry->provider, provider, NAME_SIZE) == 0;
}

/* The one of that name, else a free one, else NULL. */
static struct provisioned_entry *find_place(struct provisioned_keys *table, const char *route,
                                            const char *provider)
{
    struct provisioned_entry *place = NULL;
    for (size_t i = 0; i < PROVISIONED_KEYS_MAX; i++) {
        struct provisioned_entry *entry = &table->entries[i];
        if (atomic_load(&entry->count) % 2)
            continue;
        if (entry_is(entry, route, provider))
            return entry;
        if (!place && entry->length == 0)
            place = entry;
    }
    return place;
}

bool provisioned_keys_put(struct provisioned_keys *table, const char *route, const char *provider,
                          struct bytes key)
{
    if (strlen(route) >= NAME_SIZE || strlen(provider) >= NAME_SIZE || key.length == 0 ||
        key.length > PROVISIONED_KEY_MAX)
        return false;
    struct provisioned_entry *entry = find_place(table, route, provider);
    if (!entry || !entry_lock(entry))
        return false;
    strcpy(entry->route, route);
    strcpy(entry->provider, provider);
    memcpy(entry->key, key.data, key.length);
    entry->length = (uint32_t)key.length;
    entry_unlock(entry);
    return true;
}

void provisioned_keys_sweep(struct provisioned_keys *table,
                            bool (*keep)(void *context, const char *route, const char *provider),
                            void *context)
{
    for (size_t i = 0; i < PROVISIONED_KEYS_MAX; i++) {
        struct provisioned_entry *entry = &table->entries[i];
        if (!entry->length || keep(context, entry->route, entry->provider) || !entry_lock(entry))
            continue;
        entry->length = 0;
        secret_wipe(entry->key, sizeof entry->key);
        entry_unlock(entry);
    }
}

/* 1: copied; 0: not this one; -1: it changed meanwhile. */
static int entry_read(struct provisioned_entry *entry, const char *route, const char *provider,
                      uint8_t key[PROVISIONED_KEY_MAX], size_t *length)
{
    uint32_t before = atomic_load_explicit(&entry->count, memory_order_acquire);
    bool found = before % 2 == 0 && entry_is(entry, route, provider);
    if (found) {
        *length = entry->length <= PROVISIONED_KEY_MAX ? entry->length : 0;
        memcpy(key, entry->key, *length);
    }
    atomic_thread_fence(memory_order_acquire);
    if (atomic_load_explicit(&entry->count, memory_order_relaxed) != before)
        return -1;
    return found ? 1 : 0;
}

bool provisioned_keys_get(struct provisioned_keys *table, const char *route, const char *provider,
                          uint8_t key[PROVISIONED_KEY_MAX], size_t *length)
{
    for (size_t i = 0; i < PROVISIONED_KEYS_MAX; i++) {
        int got = -1;
        for (int tries = 0; got < 0 && tries < READ_TRIES; tries++)
            got = entry_read(&table->entries[i], route, provider, key, length);
        if (got > 0)
            return true;
    }
    return false;
}
