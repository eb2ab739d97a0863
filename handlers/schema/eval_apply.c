/* Schemas applied to the same value: references and combinators. What a branch has evaluated counts
 * only if the branch passes, so where anybody asks, each branch has marks of its own. */
#include "handlers/schema/eval_apply.h"

#include "handlers/schema/closest_branch.h"
#include "handlers/schema/prefilter.h"

/* ---- references ---- */

static bool follow(struct schema_evaluator *ev, struct frame *frame, const struct step *step,
                   const struct jump *jump)
{
    struct frame child = frame_same(frame, jump->node, step->keyword, INDEX_NONE, frame->marks);
    child.location = jump->location;
    return eval_node(ev, &child);
}

bool eval_ref(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    return follow(ev, frame, step, step->data);
}

static const struct jump *find_anchor(const struct schema *schema, uint32_t resource,
                                      const char *name, size_t *looked_at)
{
    ++*looked_at;
    if (resource >= schema->anchor_count)
        return NULL;
    const struct anchor_list *list = &schema->anchors[resource];
    *looked_at += list->count;
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i].name == name)
            return &list->items[i].jump;
    return NULL;
}

/* The outermost resource in scope that has the anchor decides. */
bool eval_dynamic_ref(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    const struct dynamic_jump *dynamic = step->data;
    const struct jump *target = &dynamic->initial;
    size_t looked_at = 0;
    for (const struct scope *scope = frame->scope; scope; scope = scope->up) {
        const struct jump *found =
            find_anchor(ev->schema, scope->resource, dynamic->name, &looked_at);
        target = found ? found : target;
    }
    if (!eval_spend(ev, looked_at / 4))
        return false;
    return follow(ev, frame, step, target);
}

/* ---- branches ---- */

/* Applies a branch with marks of its own, which are merged into the frame's if it passes. */
static bool try_branch(struct schema_evaluator *ev, struct frame *frame,
                       const struct schema_node *node, enum keyword keyword, uint32_t index)
{
    struct marks own;
    size_t used = ev->scratch_used;
    if (frame->marks && !marks_init(ev, &own, frame))
        return false;
    struct frame child = frame_same(frame, node, keyword, index, frame->marks ? &own : NULL);
    bool good = eval_node(ev, &child);
    if (good && frame->marks)
        marks_merge(frame->marks, &own);
    ev->scratch_used = used;
    return good;
}

bool eval_all_of(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    const struct branches *branches = step->data;
    bool good = true;
    for (uint32_t i = 0; i < branches->count; i++) {
        struct frame child = frame_same(frame, branches->nodes[i], KEYWORD_ALL_OF, i, frame->marks);
        good &= eval_node(ev, &child);
        if (!good && eval_stops(ev))
            return false;
    }
    return good;
}

/* How many branches pass, at most `enough`; silently. `first` and `last` are the first and the last
 * that do. */
static uint32_t count_passing(struct schema_evaluator *ev, struct frame *frame,
                              const struct step *step, uint32_t enough, uint32_t *first,
                              uint32_t *last)
{
    const struct branches *branches = step->data;
    struct collector *collector = ev->collector;
    struct prefilter_result filtered;
    uint32_t passing = 0;
    ev->collector = NULL;
    bool prefilter = branches->prefilter && frame->type == TYPE_OBJECT;
    if (prefilter && eval_spend(ev, value_member_count(frame->value) / 4))
        prefilter_run(branches->prefilter, frame->value, &filtered);
    for (uint32_t i = 0; i < branches->count && passing < enough && !ev->abandoned; i++) {
        if ((prefilter && !prefilter_passes(&filtered, i)) ||
            !try_branch(ev, frame, branches->nodes[i], step->keyword, i))
            continue;
        if (passing++ == 0)
            *first = i;
        *last = i;
    }
    ev->collector = collector;
    return passing;
}

bool eval_any_of(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    uint32_t first, last;
    uint32_t enough = frame->marks ? UINT32_MAX : 1;
    if (count_passing(ev, frame, step, enough, &first, &last))
        return true;
    return ev->collector && !ev->abandoned && closest_branch_report(ev, frame, step);
}

bool eval_one_of(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    uint32_t first = 0, last = 0;
    uint32_t passing = count_passing(ev, frame, step, 2, &first, &last);
    if (passing == 1)
        return true;
    if (passing > 1)
        return EVAL_FAIL(ev, frame, KEYWORD_ONE_OF,
                         "must match exactly one schema, it matches numbers %u and %u", first,
                         last);
    return ev->collector && !ev->abandoned && closest_branch_report(ev, frame, step);
}

/* ---- not, if ---- */

bool eval_not(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    struct collector *collector = ev->collector;
    ev->collector = NULL;
    struct frame child = frame_same(frame, step->data, KEYWORD_NOT, INDEX_NONE, NULL);
    bool passes = eval_node(ev, &child);
    ev->collector = collector;
    if (ev->abandoned)
        return false;
    return !passes || EVAL_FAIL(ev, frame, KEYWORD_NOT, "must not match the schema of \"not\"");
}

bool eval_if(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    const struct condition *condition = step->data;
    struct collector *collector = ev->collector;
    ev->collector = NULL;
    bool passes = try_branch(ev, frame, condition->test, KEYWORD_IF, INDEX_NONE);
    ev->collector = collector;
    if (ev->abandoned)
        return false;
    const struct schema_node *next = passes ? condition->then : condition->otherwise;
    if (!next)
        return true;
    struct frame child =
        frame_same(frame, next, passes ? KEYWORD_THEN : KEYWORD_ELSE, INDEX_NONE, frame->marks);
    return eval_node(ev, &child);
}
