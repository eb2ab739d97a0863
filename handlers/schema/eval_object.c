/* Objects. The members are walked once: each is looked up in the table of properties, which knows
 * its schema and whether it is required. Senders write their members in the same order every time,
 * and schemas mostly in that order too, so the first guess is the property after the one before. In
 * an object with far more members than the schema names, these are looked up instead. */
#include "handlers/schema/eval_object.h"

struct walk {
    struct schema_evaluator *ev;
    struct frame *frame;
    const struct object_plan *plan;
    uint32_t guess;    /* index of the property that may come next */
    uint32_t required; /* found so far */
    bool good;
};

static bool same_name(const struct property *property, const char *name, size_t length)
{
    return property->length == length && memcmp(property->name, name, length) == 0;
}

static const struct property *plan_find(const struct object_plan *plan, uint32_t *guess,
                                        const char *name)
{
    if (*guess < plan->count && strcmp(plan->properties[*guess].name, name) == 0)
        return &plan->properties[(*guess)++];
    size_t length = strlen(name);
    uint32_t slot = name_hash(name, length) & plan->mask;
    for (; plan->slots[slot]; slot = (slot + 1) & plan->mask)
        if (same_name(&plan->properties[plan->slots[slot] - 1], name, length)) {
            *guess = plan->slots[slot];
            return &plan->properties[*guess - 1];
        }
    return NULL;
}

static bool apply_value(struct walk *walk, struct json_object *value, const char *name,
                        const struct schema_node *node, enum keyword keyword, const char *token)
{
    if (eval_is_simple(walk->ev, node))
        return eval_simple(walk->ev, node, value);
    struct frame child = {.value = value,
                          .node = node,
                          .up = walk->frame,
                          .scope = walk->frame->scope,
                          .member = name,
                          .token = token,
                          .index = INDEX_NONE,
                          .keyword = (uint8_t)keyword,
                          .relation = RELATION_MEMBER};
    return eval_node(walk->ev, &child);
}

static bool apply_member(struct walk *walk, const struct member *member,
                         const struct schema_node *node, enum keyword keyword, const char *token)
{
    if (walk->frame->marks)
        marks_set(walk->frame->marks, member->index);
    return apply_value(walk, member_value(member), member_name(member), node, keyword, token);
}

/* The member's name as a string. */
static bool apply_name(struct walk *walk, const struct member *member)
{
    struct frame child = {.name_text = member_name(member),
                          .node = walk->plan->names,
                          .up = walk->frame,
                          .scope = walk->frame->scope,
                          .member = member_name(member),
                          .index = INDEX_NONE,
                          .keyword = KEYWORD_PROPERTY_NAMES,
                          .relation = RELATION_MEMBER};
    return eval_node(walk->ev, &child);
}

/* Sets `*known` if any pattern fits the name. */
static bool apply_patterns(struct walk *walk, const struct member *member, bool *known)
{
    bool good = true;
    struct bytes name = bytes_of_text(member_name(member));
    for (uint32_t i = 0; i < walk->plan->pattern_count; i++) {
        const struct pattern_property *item = &walk->plan->patterns[i];
        if (!eval_spend(walk->ev, 1))
            return false;
        enum match match = pattern_match(item->pattern, walk->ev->matcher, name);
        if (match == MATCH_ABANDONED)
            return eval_abandon(walk->ev, "a pattern takes too long on a member's name");
        if (match == MATCH_NO)
            continue;
        *known = true;
        good &= apply_member(walk, member, item->node, KEYWORD_PATTERN_PROPERTIES,
                             pattern_source(item->pattern));
        if (!good && eval_stops(walk->ev))
            return false;
    }
    return good;
}

static bool walk_member(struct walk *walk, const struct member *member)
{
    const struct object_plan *plan = walk->plan;
    const struct property *property = plan_find(plan, &walk->guess, member_name(member));
    bool good = true, known = false;
    if (property) {
        walk->required += property->required;
        known = property->node != NULL;
        if (known)
            good = apply_member(walk, member, property->node, KEYWORD_PROPERTIES, property->name);
    }
    if (plan->pattern_count && (good || !eval_stops(walk->ev)))
        good &= apply_patterns(walk, member, &known);
    if (!known && plan->additional && (good || !eval_stops(walk->ev)))
        good &= apply_member(walk, member, plan->additional, KEYWORD_ADDITIONAL_PROPERTIES, NULL);
    if (plan->names && (good || !eval_stops(walk->ev)))
        good &= apply_name(walk, member);
    return good;
}

/* Which of the required ones are missing; only to say so. */
static bool report_missing(struct walk *walk)
{
    for (uint32_t i = 0; i < walk->plan->count; i++) {
        const struct property *property = &walk->plan->properties[i];
        if (property->required && !value_find(walk->frame->value, property->name, NULL))
            EVAL_FAIL(walk->ev, walk->frame, KEYWORD_REQUIRED, "must have the member \"%.100s\"",
                      property->name);
    }
    return false;
}

/* properties and required without anything that has to see the members. */
static bool look_up_members(struct walk *walk)
{
    bool good = true, missing = false;
    for (uint32_t i = 0; i < walk->plan->count; i++) {
        const struct property *property = &walk->plan->properties[i];
        struct json_object *value;
        if (!value_find(walk->frame->value, property->name, &value))
            missing |= property->required;
        else if (property->node)
            good &= apply_value(walk, value, property->name, property->node, KEYWORD_PROPERTIES,
                                property->name);
        if ((!good || missing) && eval_stops(walk->ev))
            return false;
    }
    return missing ? report_missing(walk) : good;
}

/* Whether the members have to be seen, or are best found so. */
static bool must_walk(const struct walk *walk, size_t count)
{
    const struct object_plan *plan = walk->plan;
    return plan->walks || (plan->applies && (walk->frame->marks || count / 4 <= plan->count));
}

enum { MEMBERS_A_STEP = 4 };

static bool walk_members(struct walk *walk)
{
    bool good = true;
    if (!eval_spend(walk->ev, value_member_count(walk->frame->value) / MEMBERS_A_STEP))
        return false;
    struct member m = member_first(walk->frame->value);
    for (; m.entry; member_next(&m)) {
        member_prefetch(&m);
        if (walk_member(walk, &m))
            continue;
        good = false;
        if (eval_stops(walk->ev))
            return false;
    }
    if (walk->required < walk->plan->required)
        good = walk->ev->collector && report_missing(walk);
    return good;
}

static bool check_count(struct walk *walk, size_t count)
{
    const struct object_plan *plan = walk->plan;
    if (count < plan->minimum)
        return EVAL_FAIL(walk->ev, walk->frame, KEYWORD_MIN_PROPERTIES,
                         "must have at least %u members, it has %zu", plan->minimum, count);
    if (count > plan->maximum)
        return EVAL_FAIL(walk->ev, walk->frame, KEYWORD_MAX_PROPERTIES,
                         "must have at most %u members, it has %zu", plan->maximum, count);
    return true;
}

bool eval_object(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    struct walk walk = {.ev = ev, .frame = frame, .plan = step->data};
    size_t count = value_member_count(frame->value);
    if (count < walk.plan->required && !ev->collector)
        return false;
    bool good = check_count(&walk, count);
    if (!good && eval_stops(ev))
        return false;
    return (must_walk(&walk, count) ? walk_members(&walk) : look_up_members(&walk)) && good;
}

/* ---- dependencies ---- */

static bool check_names(struct schema_evaluator *ev, const struct frame *frame,
                        const struct step *step, const struct dependent *item)
{
    bool good = true;
    for (uint32_t i = 0; i < item->name_count; i++)
        if (!value_find(frame->value, item->names[i], NULL))
            good = EVAL_FAIL(ev, frame, step->keyword,
                             "must have the member \"%.100s\" because it has \"%.100s\"",
                             item->names[i], item->name);
    return good;
}

bool eval_dependent(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    const struct dependents *list = step->data;
    bool good = true;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct dependent *item = &list->items[i];
        if (!eval_spend(ev, 1 + item->name_count / 2))
            return false;
        if (!value_find(frame->value, item->name, NULL))
            continue;
        struct frame child = frame_same(frame, item->node, step->keyword, INDEX_NONE, frame->marks);
        child.token = item->name;
        good &= item->node ? eval_node(ev, &child) : check_names(ev, frame, step, item);
        if (!good && eval_stops(ev))
            return false;
    }
    return good;
}

/* ---- what is left ---- */

bool eval_unevaluated_properties(struct schema_evaluator *ev, struct frame *frame,
                                 const struct step *step)
{
    struct walk walk = {.ev = ev, .frame = frame};
    bool good = true;
    if (!eval_spend(ev, value_member_count(frame->value) / MEMBERS_A_STEP))
        return false;
    for (struct member m = member_first(frame->value); m.entry; member_next(&m)) {
        if (marks_get(frame->marks, m.index) ||
            apply_member(&walk, &m, step->data, KEYWORD_UNEVALUATED_PROPERTIES, NULL))
            continue;
        good = false;
        if (eval_stops(ev))
            break;
    }
    return good;
}
