/* The branch of a failed anyOf or oneOf with the least weight is the one that was probably meant,
 * and its reasons are the ones to tell. Each branch is probed with a share of the steps that are
 * left. */
#include "handlers/schema/closest_branch.h"

enum { PROBES_MAX = 256 };

#define BRANCH_NONE UINT32_MAX

/* The weight of a branch, or UINT64_MAX if it is not less than `limit` or took too long. Inside of
 * another probe, what counts is how far from that one's value. */
static uint64_t probe(struct schema_evaluator *ev, struct frame *frame, const struct step *step,
                      uint32_t branch, uint64_t limit)
{
    const struct branches *branches = step->data;
    struct collector *outer = ev->collector;
    struct collector prober = {.base = outer->base ? outer->base : frame, .limit = limit};
    struct frame child = frame_same(frame, branches->nodes[branch], step->keyword, branch, NULL);
    ev->collector = &prober;
    eval_node(ev, &child);
    ev->collector = outer;
    return ev->abandoned || prober.weight >= limit ? UINT64_MAX : prober.weight;
}

/* The same with a share of the steps that are left; the other half is for what comes behind. */
static uint64_t probe_within(struct schema_evaluator *ev, struct frame *frame,
                             const struct step *step, uint32_t branch, uint32_t left,
                             uint64_t limit)
{
    size_t all = ev->limits.steps, share = (all - ev->steps) / 2 / left;
    ev->limits.steps = ev->steps + share;
    uint64_t weight = probe(ev, frame, step, branch, limit);
    if (ev->steps > ev->limits.steps)
        ev->steps = ev->limits.steps;
    ev->limits.steps = all;
    ev->abandoned = NULL;
    return weight;
}

/* BRANCH_NONE if all take too long. */
static uint32_t closest_branch(struct schema_evaluator *ev, struct frame *frame,
                               const struct step *step, uint64_t limit, uint64_t *weight)
{
    const struct branches *branches = step->data;
    uint32_t count = branches->count < PROBES_MAX ? branches->count : PROBES_MAX;
    uint32_t best = BRANCH_NONE;
    *weight = limit;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t now = probe_within(ev, frame, step, i, count - i, *weight);
        if (now == UINT64_MAX)
            continue;
        *weight = now;
        best = i;
    }
    return best;
}

bool closest_branch_report(struct schema_evaluator *ev, struct frame *frame,
                           const struct step *step)
{
    const struct branches *branches = step->data;
    struct collector *collector = ev->collector;
    if (collector_full(collector))
        return false;
    uint64_t weight, room = collector->base ? collector->limit - collector->weight : UINT64_MAX;
    uint32_t best = closest_branch(ev, frame, step, room, &weight);
    if (collector->base) { /* inside a probe: as bad as the best of them */
        collector->weight += weight;
        return false;
    }
    const char *number = step->keyword == KEYWORD_ONE_OF ? "exactly one" : "at least one";
    if (best == BRANCH_NONE)
        return collector_report(collector, frame, step->keyword, "must match %s of %u schemas",
                                number, branches->count);
    collector_report(collector, frame, step->keyword,
                     "must match %s of %u schemas; number %u is the closest", number,
                     branches->count, best);
    struct frame child = frame_same(frame, branches->nodes[best], step->keyword, best, NULL);
    eval_node(ev, &child);
    return false;
}
