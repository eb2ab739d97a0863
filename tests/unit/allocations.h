/* The allocator with a counter in front, for a test program that is linked with allocations.c: what
 * the libraries under it ask for is counted too. */
#ifndef TENTERHOOK_TESTS_ALLOCATIONS_H
#define TENTERHOOK_TESTS_ALLOCATIONS_H

#include <stdbool.h>
#include <stddef.h>

struct allocations {
    size_t count; /* calls that took memory */
    size_t bytes; /* held now, as large as the allocator made them */
    size_t peak;  /* the most that was held since allocations_reset */
};

/* False where the allocator is not ours to stand before (sanitizers, other C libraries). */
bool allocations_counted(void);

struct allocations allocations_now(void);
void allocations_reset(void);

#endif
