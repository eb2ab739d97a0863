/* Arrays. uniqueItems compares a few items with each other; many are hashed, with a key drawn at
 * start, into a table in scratch memory, and compared only where the hashes are equal. */
#include "handlers/schema/eval_array.h"

#include "handlers/schema/equal.h"

static bool apply_item(struct schema_evaluator *ev, struct frame *frame, size_t item,
                       const struct schema_node *node, enum keyword keyword, uint32_t index)
{
    if (eval_is_simple(ev, node))
        return eval_simple(ev, node, value_item(frame->value, item));
    struct frame child = {.value = value_item(frame->value, item),
                          .node = node,
                          .up = frame,
                          .scope = frame->scope,
                          .item = item,
                          .index = index,
                          .keyword = (uint8_t)keyword,
                          .relation = RELATION_ITEM};
    return eval_node(ev, &child);
}

static bool check_count(struct schema_evaluator *ev, const struct frame *frame,
                        const struct array_plan *plan, size_t count)
{
    if (count < plan->minimum)
        return EVAL_FAIL(ev, frame, KEYWORD_MIN_ITEMS, "must have at least %u items, it has %zu",
                         plan->minimum, count);
    if (count > plan->maximum)
        return EVAL_FAIL(ev, frame, KEYWORD_MAX_ITEMS, "must have at most %u items, it has %zu",
                         plan->maximum, count);
    return true;
}

static void mark_items(struct frame *frame, size_t count)
{
    for (size_t i = 0; i < count; i++)
        marks_set(frame->marks, i);
}

bool eval_array(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    const struct array_plan *plan = step->data;
    size_t count = value_item_count(frame->value);
    size_t prefix = count < plan->prefix_count ? count : plan->prefix_count;
    bool good = check_count(ev, frame, plan, count);
    if (frame->marks)
        mark_items(frame, plan->rest ? count : prefix);
    for (size_t i = 0; i < (plan->rest ? count : prefix); i++) {
        if (!good && eval_stops(ev))
            return false;
        good &= i < prefix
                    ? apply_item(ev, frame, i, plan->prefix[i], plan->prefix_keyword, (uint32_t)i)
                    : apply_item(ev, frame, i, plan->rest, plan->rest_keyword, INDEX_NONE);
    }
    return good;
}

/* ---- contains ---- */

/* Items are tried without a word: what does not match is no failure. */
static size_t count_matches(struct schema_evaluator *ev, struct frame *frame,
                            const struct contains_plan *plan)
{
    struct collector *collector = ev->collector;
    size_t count = value_item_count(frame->value), matches = 0;
    bool all = plan->maximum != UINT32_MAX || (plan->marks && frame->marks);
    ev->collector = NULL;
    for (size_t i = 0; i < count && !ev->abandoned; i++) {
        if (!apply_item(ev, frame, i, plan->node, KEYWORD_CONTAINS, INDEX_NONE))
            continue;
        matches++;
        if (plan->marks && frame->marks)
            marks_set(frame->marks, i);
        if (!all && matches >= plan->minimum)
            break;
    }
    ev->collector = collector;
    return matches;
}

bool eval_contains(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    const struct contains_plan *plan = step->data;
    (void)step;
    size_t matches = count_matches(ev, frame, plan);
    if (ev->abandoned)
        return false;
    if (matches < plan->minimum)
        return EVAL_FAIL(ev, frame, plan->minimum == 1 ? KEYWORD_CONTAINS : KEYWORD_MIN_CONTAINS,
                         "must contain at least %u items that match, it has %zu", plan->minimum,
                         matches);
    if (matches > plan->maximum)
        return EVAL_FAIL(ev, frame, KEYWORD_MAX_CONTAINS,
                         "must contain at most %u items that match, it has %zu", plan->maximum,
                         matches);
    return true;
}

/* ---- uniqueItems ---- */

enum { FEW_ITEMS = 8 };

struct unique_slot {
    uint32_t hash;
    uint32_t item; /* + 1 */
};

static bool report_twins(struct schema_evaluator *ev, const struct frame *frame, size_t first,
                         size_t second)
{
    return EVAL_FAIL(ev, frame, KEYWORD_UNIQUE_ITEMS,
                     "must have no equal items, numbers %zu and %zu are", first, second);
}

static bool unique_few(struct schema_evaluator *ev, struct frame *frame, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++) {
            size_t cost = 0;
            bool equal =
                value_equal(value_item(frame->value, i), value_item(frame->value, j), &cost);
            if (!eval_spend(ev, cost))
                return false;
            if (equal)
                return report_twins(ev, frame, j, i);
        }
    return true;
}

static bool unique_add(struct schema_evaluator *ev, struct frame *frame, struct unique_slot *slots,
                       size_t mask, size_t item)
{
    struct json_object *value = value_item(frame->value, item);
    size_t cost = 0, slot;
    uint64_t hash = value_hash(&ev->key, value, &cost);
    uint32_t short_hash = (uint32_t)(hash >> 32), twin = 0;
    for (slot = hash & mask; slots[slot].item && !twin; slot = (slot + 1) & mask)
        if (slots[slot].hash == short_hash &&
            value_equal(value, value_item(frame->value, slots[slot].item - 1), &cost))
            twin = slots[slot].item;
    if (!eval_spend(ev, cost))
        return false;
    if (twin)
        return report_twins(ev, frame, twin - 1, item);
    slots[slot] = (struct unique_slot){short_hash, (uint32_t)item + 1};
    return true;
}

bool eval_unique_items(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    (void)step;
    size_t count = value_item_count(frame->value), used = ev->scratch_used, size = 32;
    if (count <= FEW_ITEMS)
        return unique_few(ev, frame, count);
    while (size * 3 < count * 4)
        size *= 2;
    struct unique_slot *slots = scratch_alloc(ev, size * sizeof *slots);
    if (!slots)
        return false;
    memset(slots, 0, size * sizeof *slots);
    bool good = true;
    for (size_t i = 0; good && i < count; i++)
        good = unique_add(ev, frame, slots, size - 1, i);
    ev->scratch_used = used;
    return good;
}

/* ---- what is left ---- */

bool eval_unevaluated_items(struct schema_evaluator *ev, struct frame *frame,
                            const struct step *step)
{
    size_t count = value_item_count(frame->value);
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        if (marks_get(frame->marks, i) ||
            apply_item(ev, frame, i, step->data, KEYWORD_UNEVALUATED_ITEMS, INDEX_NONE))
            continue;
        good = false;
        if (eval_stops(ev))
            return false;
    }
    marks_set_all(frame->marks);
    return good;
}
