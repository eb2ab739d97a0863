/* One evaluation: the walk over nodes, and what the operations of the steps need of it. */
#ifndef TENTERHOOK_SCHEMA_EVAL_H
#define TENTERHOOK_SCHEMA_EVAL_H

#include "base/siphash.h"
#include "handlers/schema/collector.h"
#include "handlers/schema/equal.h"
#include "handlers/schema/eval_frame.h"
#include "handlers/schema/pattern.h"
#include "handlers/schema/program.h"
#include "handlers/schema/value.h"

typedef bool eval_operation(struct schema_evaluator *ev, struct frame *frame,
                            const struct step *step);

struct schema_evaluator {
    eval_operation *const *operations; /* by enum operation */
    struct schema_limits limits;
    struct matcher *matcher;
    struct siphash_key key;
    uint8_t *scratch;
    /* of the run: */
    const struct schema *schema;
    size_t steps, scratch_used;
    const char *stack; /* where it was at the start */
    unsigned depth;
    const char *abandoned;       /* why; NULL: not */
    struct collector *collector; /* NULL: only the verdict is wanted */
};

/* Applies the schema to the value. A collector is told why it fails; NULL: only the verdict is
 * wanted. */
enum schema_verdict eval_run(struct schema_evaluator *ev, const struct schema *schema,
                             struct json_object *value, struct collector *collector);

/* Applies frame->node to the value. False: it fails (or evaluation is abandoned). */
bool eval_node(struct schema_evaluator *ev, struct frame *frame);

/* Applies a simple node where nobody wants reasons: without most of a frame, which is for reports
 * and for schemas inside. Most schemas are {"type": "string"} and the like. */
bool eval_simple(struct schema_evaluator *ev, const struct schema_node *node,
                 struct json_object *value);

static inline bool eval_is_simple(const struct schema_evaluator *ev, const struct schema_node *node)
{
    return node->simple && !ev->collector;
}

/* Gives up; returns false. `why` is a constant. */
bool eval_abandon(struct schema_evaluator *ev, const char *why);

/* Counts steps, about 15 ns each, for what is done besides applying schemas: looking at many names,
 * long texts, large values. False (abandoned) past the limit. */
static inline bool eval_spend(struct schema_evaluator *ev, size_t steps)
{
    ev->steps += steps;
    return ev->steps <= ev->limits.steps ||
           eval_abandon(ev, steps >= EQUAL_COST_TOO_DEEP
                                ? "the value is nested too deeply to be compared"
                                : "the schema takes too many steps on this value");
}

static inline bool eval_stops(const struct schema_evaluator *ev)
{
    return !ev->collector || ev->abandoned || collector_full(ev->collector);
}

/* A sentence costs more than finding the fault: it is made only for those who read it. */
static inline bool eval_wants_words(struct schema_evaluator *ev, const struct frame *frame,
                                    enum keyword keyword)
{
    return ev->collector && !collector_weighs(ev->collector, frame, keyword);
}

/* Always false. */
#define EVAL_FAIL(ev, frame, keyword, ...)                                                         \
    (eval_wants_words((ev), (frame), (keyword))                                                    \
         ? collector_report((ev)->collector, (frame), (keyword), __VA_ARGS__)                      \
         : false)

/* ---- marks ---- */

/* None marked. False (abandoned) without scratch. */
bool marks_init(struct schema_evaluator *ev, struct marks *marks, const struct frame *frame);

static inline void marks_set(struct marks *marks, size_t index)
{
    marks->words[index / 64] |= UINT64_C(1) << index % 64;
}

static inline bool marks_get(const struct marks *marks, size_t index)
{
    return marks->words[index / 64] >> index % 64 & 1;
}

void marks_set_all(struct marks *marks);
void marks_merge(struct marks *into, const struct marks *from);

/* `size` bytes until scratch_used is put back; NULL (abandoned) if there are none. */
void *scratch_alloc(struct schema_evaluator *ev, size_t size);

#endif
