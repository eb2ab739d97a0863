/* Anonymous shared memory, inherited by fork. Each listener counts in a slot of its own, and the
 * slots are added up on demand: loading each slot in use is cheaper than a cache line that every
 * request writes. */
#include "server/ipc/shared.h"

#include "base/crypto.h"
#include "base/error.h"

#include <assert.h>
#include <errno.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LIMIT_SLOTS = 65536, REFUSAL_PROBES = 64 };

struct shared *shared_create(struct error *err)
{
    size_t provisioned = (sizeof(struct shared) + 63) & ~(size_t)63;
    size_t offset = (provisioned + provisioned_keys_size() + 63) & ~(size_t)63;
    size_t size = offset + limit_table_size(LIMIT_SLOTS);
    struct shared *shared =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        error_set_errno(err, errno, "cannot map %zu bytes of shared memory", size);
        return NULL;
    }
    shared->journal_grown = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (shared->journal_grown < 0) {
        munmap(shared, size);
        error_set_errno(err, errno, "cannot make an eventfd");
        return NULL;
    }
    shared->provisioned_offset = provisioned;
    shared->limit_offset = offset;
    random_bytes(&shared->seed, sizeof shared->seed);
    limit_table_init((char *)shared + offset, LIMIT_SLOTS);
    return shared;
}

void shared_tell_pages(struct shared *shared, unsigned pages, bool wake)
{
    const uint64_t one = 1;
    unsigned before = atomic_exchange(&shared->journal_pages, pages);
    /* not at each commit: while they go on, the checkpointer never reaches the end of the log */
    bool grew = pages / CHECKPOINT_PAGES > before / CHECKPOINT_PAGES;
    if (wake && grew && shared->journal_grown > 0)
        (void)!write(shared->journal_grown, &one, sizeof one);
}

struct limit_table *shared_limits(struct shared *shared)
{
    return (struct limit_table *)((char *)shared + shared->limit_offset);
}

struct provisioned_keys *shared_provisioned_keys(struct shared *shared)
{
    return (struct provisioned_keys *)((char *)shared + shared->provisioned_offset);
}

/* Slots of 8 KiB each take memory only where they are touched, so unused ones are never read. */
void shared_use_slot(struct shared *shared, unsigned slot)
{
    assert(slot < SHARED_SLOTS);
    uint32_t end = atomic_load_explicit(&shared->slots_end, memory_order_relaxed);
    while (end <= slot && !atomic_compare_exchange_weak(&shared->slots_end, &end, slot + 1))
        continue;
}

unsigned shared_client(const struct shared *shared, const struct client_address *client)
{
    struct client_key key = client_key(client);
    return (unsigned)(siphash(&shared->seed, bytes_of(&key, sizeof key)) % SHARED_CLIENTS);
}

/* Names are the operator's: two with one hash share a place, and what is refused by either counts
 * for both. */
struct shared_refusals *shared_refusals_of(struct shared *shared, const char *route)
{
    uint64_t hash = siphash(&shared->seed, bytes_of_text(route)) | 1;
    for (size_t i = 0; i < REFUSAL_PROBES; i++) {
        struct shared_refusals *place = &shared->refusals[(hash + i) % SHARED_ROUTES];
        uint64_t owner = 0;
        if (atomic_compare_exchange_strong(&place->route, &owner, hash) || owner == hash)
            return place;
    }
    return NULL;
}

static unsigned slots_end(struct shared *shared)
{
    return atomic_load_explicit(&shared->slots_end, memory_order_relaxed);
}

static uint64_t body_total(struct shared *shared)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < slots_end(shared); i++)
        total += atomic_load(&shared->slots[i].body_bytes);
    return total;
}

static uint64_t client_total(struct shared *shared, unsigned client)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < slots_end(shared); i++)
        total += atomic_load(&shared->slots[i].client_bytes[client]);
    return total;
}

enum body_room shared_body_room(struct shared *shared, unsigned client, uint64_t bytes,
                                const struct body_limits *limits)
{
    if (client != SHARED_NO_CLIENT && client_total(shared, client) + bytes > limits->client)
        return BODY_CLIENT_FULL;
    return body_total(shared) + bytes > limits->all ? BODY_FULL : BODY_ROOM;
}

enum body_room shared_take_body(struct shared *shared, unsigned slot, unsigned client,
                                uint64_t bytes, const struct body_limits *limits)
{
    assert(slot < SHARED_SLOTS && (client < SHARED_CLIENTS || client == SHARED_NO_CLIENT));
    /* taken first and given back if it was too much: two listeners that race may both be refused,
     * but never both be let in */
    atomic_fetch_add(&shared->slots[slot].body_bytes, bytes);
    if (client != SHARED_NO_CLIENT)
        atomic_fetch_add(&shared->slots[slot].client_bytes[client], bytes);
    enum body_room room = shared_body_room(shared, client, 0, limits);
    if (room != BODY_ROOM)
        shared_give_body(shared, slot, client, bytes);
    return room;
}

void shared_give_body(struct shared *shared, unsigned slot, unsigned client, uint64_t bytes)
{
    shared_give_client(shared, slot, client, bytes);
    uint64_t had = atomic_fetch_sub(&shared->slots[slot].body_bytes, bytes);
    assert(had >= bytes);
}

void shared_give_client(struct shared *shared, unsigned slot, unsigned client, uint64_t bytes)
{
    if (client == SHARED_NO_CLIENT)
        return;
    uint64_t had = atomic_fetch_sub(&shared->slots[slot].client_bytes[client], bytes);
    assert(had >= bytes);
}

bool shared_has_place_elsewhere(struct shared *shared, unsigned slot)
{
    for (unsigned i = 0; i < slots_end(shared); i++)
        if (i != slot &&
            atomic_load(&shared->slots[i].places) > atomic_load(&shared->slots[i].connections))
            return true;
    return false;
}

uint32_t shared_accepted_elsewhere(struct shared *shared, unsigned slot)
{
    uint32_t total = 0;
    for (unsigned i = 0; i < slots_end(shared); i++)
        if (i != slot)
            total += atomic_load_explicit(&shared->slots[i].accepted, memory_order_relaxed);
    return total;
}

void shared_clear_slot(struct shared *shared, unsigned slot)
{
    if (slot >= slots_end(shared))
        return;
    atomic_store(&shared->slots[slot].places, 0);
    atomic_store(&shared->slots[slot].connections, 0);
    atomic_store(&shared->slots[slot].body_bytes, 0);
    for (int i = 0; i < SHARED_CLIENTS; i++)
        atomic_store_explicit(&shared->slots[slot].client_bytes[i], 0, memory_order_relaxed);
}
