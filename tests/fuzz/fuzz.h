/* What every fuzz target defines, under the name that libFuzzer wants. */
#ifndef TENTERHOOK_TESTS_FUZZ_H
#define TENTERHOOK_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
