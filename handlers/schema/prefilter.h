/* A first look at an object before the branches of an anyOf or oneOf are tried: those that cannot
 * pass are left out, because a member they require is missing or one they want to be a certain text
 * is another. It never leaves out a branch that would pass. */
#ifndef TENTERHOOK_SCHEMA_SIEVE_H
#define TENTERHOOK_SCHEMA_SIEVE_H

#include "handlers/schema/program.h"

enum { PREFILTER_WORDS = 4, PREFILTER_BRANCHES = PREFILTER_WORDS * 64, PREFILTER_NAMES = 64 };

struct prefilter;

struct prefilter_result {
    uint64_t words[PREFILTER_WORDS];
};

void prefilter_run(const struct prefilter *prefilter, struct json_object *object,
                   struct prefilter_result *result);

static inline bool prefilter_passes(const struct prefilter_result *result, uint32_t branch)
{
    return result->words[branch / 64] >> branch % 64 & 1;
}

/* Room to make prefilters in, for the time of compiling. */
struct prefilter_maker;

struct prefilter_maker *prefilter_maker_create(void);
void prefilter_maker_destroy(struct prefilter_maker *maker);

/* For branches of objects that a prefilter can tell apart; NULL where it would not help or without
 * memory. */
const struct prefilter *prefilter_create(struct prefilter_maker *maker, struct arena *arena,
                                         const struct branches *branches);

#endif
