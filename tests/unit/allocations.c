/* Takes the place of malloc and its like in the whole process, libraries included, by defining
 * them; glibc keeps its own under other names. Single-threaded, as the tests are. */
#include "tests/unit/allocations.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

static struct allocations now;

struct allocations allocations_now(void)
{
    return now;
}

void allocations_reset(void)
{
    now.count = 0;
    now.peak = now.bytes;
}

#if defined(__has_feature)
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif

#if !defined(__GLIBC__) || defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)

bool allocations_counted(void)
{
    return false;
}

#else

bool allocations_counted(void)
{
    return true;
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static void *note(void *memory)
{
    if (!memory)
        return NULL;
    now.count++;
    now.bytes += malloc_usable_size(memory);
    if (now.bytes > now.peak)
        now.peak = now.bytes;
    return memory;
}

static void forget(void *memory)
{
    if (memory)
        now.bytes -= malloc_usable_size(memory);
}

void *malloc(size_t size)
{
    return note(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return note(__libc_calloc(count, size));
}

void *realloc(void *memory, size_t size)
{
    forget(memory);
    return note(__libc_realloc(memory, size));
}

void *memalign(size_t alignment, size_t size)
{
    return note(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    *memory = memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}

void free(void *memory)
{
    forget(memory);
    __libc_free(memory);
}

#endif
