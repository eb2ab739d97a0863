/* What collects the failures of an evaluation. */
#ifndef TENTERHOOK_SCHEMA_COLLECTOR_H
#define TENTERHOOK_SCHEMA_COLLECTOR_H

#include "handlers/schema/keyword.h"
#include "handlers/schema/schema.h"

struct frame;

/* Either keeps failures, their texts in the caller's arena; or probes a branch and only weighs
 * them. */
struct collector {
    struct arena *arena;
    struct schema_failures *failures;
    const struct frame *base; /* probing from here; NULL: collecting */
    uint64_t weight, limit;   /* of a probe, which ends where it is no better than others */
};

/* No more can be learned by going on after a failure. */
bool collector_full(const struct collector *collector);

/* Weighs a failure if the collector only probes a branch; then there is nothing to report. */
bool collector_weighs(struct collector *collector, const struct frame *frame, enum keyword keyword);

/* Notes a failure of `keyword` in the frame, of a collector that keeps them. Returns false. */
bool collector_report(struct collector *collector, const struct frame *frame, enum keyword keyword,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
