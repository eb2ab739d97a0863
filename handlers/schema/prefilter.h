/* A first look at an object before the branches of an anyOf or oneOf are tried: those that cannot
 * pass are left out, because a member they require is missing or one they want to be a certain text
 * is another. It never leaves out a branch that would pass. */
#ifndef TENTERHOOK_SCHEMA_SIEVE_H
#define TENTERHOOK_SCHEMA_SIEVE_H

#include "handlers/schema/program.h"

enum { SIEVE_WORDS = 4, SIEVE_BRANCHES = SIEVE_WORDS * 64, SIEVE_NAMES = 64 };

struct sieve;

struct sieve_result {
    uint64_t words[SIEVE_WORDS];
};

void sieve_run(const struct sieve *sieve, struct json_object *object, struct sieve_result *result);

static inline bool sieve_passes(const struct sieve_result *result, uint32_t branch)
{
    return result->words[branch / 64] >> branch % 64 & 1;
}

/* Room to make sieves in, for the time of compiling. */
struct sieve_maker;

struct sieve_maker *sieve_maker_create(void);
void sieve_maker_destroy(struct sieve_maker *maker);

/* For branches of objects that a sieve can tell apart; NULL where it would not help or without
 * memory. */
const struct sieve *sieve_create(struct sieve_maker *maker, struct arena *arena,
                                 const struct branches *branches);

#endif
