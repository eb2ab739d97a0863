/* Anonymous shared memory, inherited by fork. Counters are kept a slot a listener and added up when
 * asked: 256 loads are cheaper than a shared cache line that every request writes. */
#include "server/shared.h"

#include "base/error.h"
#include "server/database.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LIMIT_SLOTS = 65536 };

struct shared *shared_create(struct error *err)
{
    size_t learned = (sizeof(struct shared) + 63) & ~(size_t)63;
    size_t offset = (learned + learned_table_size() + 63) & ~(size_t)63;
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
    shared->learned_offset = learned;
    shared->limit_offset = offset;
    limit_table_init((char *)shared + offset, LIMIT_SLOTS);
    return shared;
}

void shared_tell_pages(struct shared *shared, unsigned pages)
{
    const uint64_t one = 1;
    atomic_store_explicit(&shared->journal_pages, pages, memory_order_relaxed);
    if (pages >= CHECKPOINT_PAGES && shared->journal_grown > 0 && !database_checkpoints_apart())
        (void)!write(shared->journal_grown, &one, sizeof one);
}

struct limit_table *shared_limits(struct shared *shared)
{
    return (struct limit_table *)((char *)shared + shared->limit_offset);
}

struct learned_table *shared_learned(struct shared *shared)
{
    return (struct learned_table *)((char *)shared + shared->learned_offset);
}

static uint64_t shared_body_total(struct shared *shared)
{
    uint64_t total = 0;
    for (int i = 0; i < SHARED_SLOTS; i++)
        total += atomic_load_explicit(&shared->slots[i].body_bytes, memory_order_relaxed);
    return total;
}

bool shared_take_body(struct shared *shared, unsigned slot, uint64_t bytes, uint64_t limit)
{
    /* taken first and given back if it was too much: two listeners that race may both be refused,
     * but never both be let in */
    atomic_fetch_add(&shared->slots[slot].body_bytes, bytes);
    if (shared_body_total(shared) <= limit)
        return true;
    shared_give_body(shared, slot, bytes);
    return false;
}

void shared_give_body(struct shared *shared, unsigned slot, uint64_t bytes)
{
    atomic_fetch_sub(&shared->slots[slot].body_bytes, bytes);
}

void shared_clear_slot(struct shared *shared, unsigned slot)
{
    atomic_store(&shared->slots[slot].body_bytes, 0);
    atomic_store(&shared->slots[slot].connections, 0);
}
