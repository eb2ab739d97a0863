/* For each branch, what it certainly wants of an object's members, through references, allOf and
 * the unions inside it: a set of required names (at most 64 names in all branches together, a bit
 * each), and for each name the texts that const or enum allow. One walk over the object's own
 * members then says which of the names are there and, for names with texts, which branches the
 * member's text rules out. GitHub's union of 66 events comes down to one or two branches in a
 * fraction of a microsecond. What is wanted may be any part of what there is to want, so the search
 * for it has a budget. */
#include "handlers/schema/prefilter.h"

#include "handlers/schema/value.h"

#include <stdlib.h>

enum {
    WANT_DEPTH = 16,
    WANT_NODES = 2000, /* looked at for one union */
    PREFILTER_SLOTS = PREFILTER_NAMES * 4,
    SMALL_UNION = 2,
    NAME_TEXTS = 128,
    ALL_TEXTS = 512,
};

/* The branches that allow a text for a name. */
struct prefilter_text {
    struct bytes text;
    uint64_t branches[PREFILTER_WORDS];
};

struct prefilter_name {
    const char *name;
    uint32_t length;
    uint32_t text_count; /* 0: only whether it is there matters */
    const struct prefilter_text *texts;
    uint64_t indifferent[PREFILTER_WORDS]; /* branches that want no text of it */
};

struct prefilter {
    uint32_t branch_count, mask;
    const struct prefilter_name *names;
    const uint64_t *required; /* by branch: bits of names */
    uint8_t slots[];          /* index + 1 */
};

/* ---- making one ---- */

struct maker_text {
    struct prefilter_text text;
    uint32_t next; /* of the same name, index + 1 */
};

struct prefilter_maker {
    uint32_t branch, name_count, text_count;
    unsigned budget;
    bool useful;
    struct prefilter_name names[PREFILTER_NAMES];
    uint32_t first_text[PREFILTER_NAMES]; /* index + 1 */
    uint8_t slots[PREFILTER_SLOTS];
    uint64_t required[PREFILTER_BRANCHES];
    struct maker_text texts[ALL_TEXTS];
};

enum want { WANT_NEW_NAMES = 1, WANT_TEXTS = 2 };

/* The index of the name in the slots; -1, with the free slot, if it is not there. */
static int find_name(const uint8_t *slots, uint32_t mask, const struct prefilter_name *names,
                     const char *name, size_t length, uint32_t *slot)
{
    for (*slot = name_hash(name, length) & mask; slots[*slot]; *slot = (*slot + 1) & mask) {
        const struct prefilter_name *item = &names[slots[*slot] - 1];
        if (item->length == length && memcmp(item->name, name, length) == 0)
            return slots[*slot] - 1;
    }
    return -1;
}

/* The index of the property's name, added if that is wanted and there is room; else -1. */
static int want_name(struct prefilter_maker *maker, const struct property *property, unsigned want)
{
    uint32_t slot;
    int index = find_name(maker->slots, PREFILTER_SLOTS - 1, maker->names, property->name,
                          property->length, &slot);
    if (index >= 0 || !(want & WANT_NEW_NAMES) || maker->name_count == PREFILTER_NAMES)
        return index;
    struct prefilter_name *item = &maker->names[maker->name_count];
    *item = (struct prefilter_name){.name = property->name, .length = property->length};
    memset(item->indifferent, 0xff, sizeof item->indifferent);
    maker->first_text[maker->name_count] = 0;
    maker->slots[slot] = (uint8_t)++maker->name_count;
    return (int)maker->name_count - 1;
}

/* The set of texts that a node allows a string to be, through references; NULL if it is open. */
static const struct value_set *text_set(const struct schema_node *node, unsigned depth)
{
    for (unsigned i = 0; node && i < node->step_count; i++) {
        const struct step *step = &node->steps[i];
        if (step->operation == OPERATION_CONST || step->operation == OPERATION_ENUM) {
            const struct value_set *set = step->data;
            return set->texts ? set : NULL;
        }
        if (step->operation == OPERATION_REF && depth < WANT_DEPTH)
            return text_set(((const struct jump *)step->data)->node, depth + 1);
    }
    return NULL;
}

static void add_text(struct prefilter_maker *maker, int index, struct bytes text)
{
    uint32_t at = maker->first_text[index];
    while (at && !bytes_equal(maker->texts[at - 1].text.text, text))
        at = maker->texts[at - 1].next;
    if (!at) {
        at = ++maker->text_count;
        maker->texts[at - 1] =
            (struct maker_text){.text.text = text, .next = maker->first_text[index]};
        maker->first_text[index] = at;
        maker->names[index].text_count++;
    }
    maker->texts[at - 1].text.branches[maker->branch / 64] |= UINT64_C(1) << maker->branch % 64;
}

static void want_texts(struct prefilter_maker *maker, int index, const struct value_set *set)
{
    struct prefilter_name *name = &maker->names[index];
    uint64_t bit = UINT64_C(1) << maker->branch % 64;
    /* a second set of the same branch would have to be intersected: left alone */
    if (!(name->indifferent[maker->branch / 64] & bit) || set->count == 0 ||
        set->count > NAME_TEXTS || name->text_count > NAME_TEXTS - set->count ||
        maker->text_count > ALL_TEXTS - set->count)
        return;
    for (uint32_t i = 0; i < set->count; i++)
        add_text(maker, index, value_string(set->values[i]));
    name->indifferent[maker->branch / 64] &= ~bit;
    maker->useful = true;
}

/* Returns the required names. */
static uint64_t want_object(struct prefilter_maker *maker, const struct object_plan *plan,
                            unsigned want)
{
    uint64_t required = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct property *property = &plan->properties[i];
        const struct value_set *set =
            want & WANT_TEXTS && property->node ? text_set(property->node, 0) : NULL;
        int index = property->required || set ? want_name(maker, property, want) : -1;
        if (index >= 0 && property->required)
            required |= UINT64_C(1) << index;
        if (index >= 0 && set)
            want_texts(maker, index, set);
    }
    return required;
}

static uint64_t want_node(struct prefilter_maker *maker, const struct schema_node *node,
                          unsigned want, unsigned depth);

static uint64_t want_all(struct prefilter_maker *maker, const struct branches *all, unsigned want,
                         unsigned depth)
{
    uint64_t required = 0;
    for (uint32_t i = 0; i < all->count; i++)
        required |= want_node(maker, all->nodes[i], want, depth);
    return required;
}

/* What every branch of a union inside the branch requires. */
static uint64_t want_common(struct prefilter_maker *maker, const struct branches *some,
                            unsigned want, unsigned depth)
{
    uint64_t required = UINT64_MAX;
    for (uint32_t i = 0; required && i < some->count; i++) {
        required &= want_node(maker, some->nodes[i], want & WANT_NEW_NAMES, depth);
        want = 0;
    }
    return required;
}

/* The names that an object needs to pass; all there are and more if none passes. */
static uint64_t want_node(struct prefilter_maker *maker, const struct schema_node *node,
                          unsigned want, unsigned depth)
{
    uint64_t required = node->types & TYPE_OBJECT ? 0 : UINT64_MAX;
    if (depth > WANT_DEPTH || !maker->budget)
        return required;
    maker->budget--;
    for (unsigned i = 0; i < node->step_count; i++) {
        const struct step *step = &node->steps[i];
        if (step->operation == OPERATION_OBJECT)
            required |= want_object(maker, step->data, want);
        else if (step->operation == OPERATION_REF)
            required |= want_node(maker, ((const struct jump *)step->data)->node, want, depth + 1);
        else if (step->operation == OPERATION_ALL_OF)
            required |= want_all(maker, step->data, want, depth + 1);
        else if (step->operation == OPERATION_ANY_OF || step->operation == OPERATION_ONE_OF)
            required |= want_common(maker, step->data, want, depth + 1);
    }
    return required;
}

static bool copy_texts(const struct prefilter_maker *maker, struct arena *arena, uint32_t index,
                       struct prefilter_name *name)
{
    struct prefilter_text *texts = arena_alloc_array(arena, name->text_count, sizeof *texts);
    name->texts = texts;
    for (uint32_t at = maker->first_text[index]; texts && at; at = maker->texts[at - 1].next)
        *texts++ = maker->texts[at - 1].text;
    return texts;
}

/* No larger than it has to be. */
static const struct prefilter *copy_prefilter(const struct prefilter_maker *maker,
                                              struct arena *arena, uint32_t branch_count)
{
    uint32_t size = 4, slot;
    while (size < maker->name_count * 2)
        size *= 2;
    struct prefilter *prefilter = arena_alloc(arena, sizeof *prefilter + size);
    struct prefilter_name *names = arena_alloc_array(arena, maker->name_count, sizeof *names);
    uint64_t *required = arena_alloc_array(arena, branch_count, sizeof *required);
    if (!prefilter || !names || !required)
        return NULL;
    *prefilter = (struct prefilter){
        .branch_count = branch_count, .mask = size - 1, .names = names, .required = required};
    memcpy(required, maker->required, branch_count * sizeof *required);
    for (uint32_t i = 0; i < maker->name_count; i++) {
        names[i] = maker->names[i];
        find_name(prefilter->slots, prefilter->mask, names, names[i].name, names[i].length, &slot);
        prefilter->slots[slot] = (uint8_t)(i + 1);
        if (names[i].text_count && !copy_texts(maker, arena, i, &names[i]))
            return NULL;
    }
    return prefilter;
}

const struct prefilter *prefilter_create(struct prefilter_maker *maker, struct arena *arena,
                                         const struct branches *branches)
{
    if (branches->count <= SMALL_UNION || branches->count > PREFILTER_BRANCHES)
        return NULL;
    memset(maker, 0, offsetof(struct prefilter_maker, names));
    memset(maker->slots, 0, sizeof maker->slots);
    maker->budget = WANT_NODES;
    for (; maker->branch < branches->count; maker->branch++) {
        uint64_t required =
            want_node(maker, branches->nodes[maker->branch], WANT_NEW_NAMES | WANT_TEXTS, 0);
        maker->required[maker->branch] = required;
        maker->useful |= required != 0;
    }
    return maker->useful ? copy_prefilter(maker, arena, branches->count) : NULL;
}

struct prefilter_maker *prefilter_maker_create(void)
{
    return malloc(sizeof(struct prefilter_maker));
}

void prefilter_maker_destroy(struct prefilter_maker *maker)
{
    free(maker);
}

/* ---- using it ---- */

static void prefilter_text(const struct prefilter_name *name, struct json_object *value,
                           struct prefilter_result *result)
{
    const struct prefilter_text *found = NULL;
    if (value_type(value) == TYPE_STRING) {
        struct bytes text = value_string(value);
        for (uint32_t i = 0; i < name->text_count && !found; i++)
            if (bytes_equal(name->texts[i].text, text))
                found = &name->texts[i];
    }
    for (int i = 0; i < PREFILTER_WORDS; i++)
        result->words[i] &= name->indifferent[i] | (found ? found->branches[i] : 0);
}

void prefilter_run(const struct prefilter *prefilter, struct json_object *object,
                   struct prefilter_result *result)
{
    uint64_t present = 0;
    uint32_t slot;
    memset(result, 0xff, sizeof *result);
    for (struct member m = member_first(object); m.entry; member_next(&m)) {
        const char *name = member_name(&m);
        int index = find_name(prefilter->slots, prefilter->mask, prefilter->names, name,
                              strlen(name), &slot);
        if (index < 0)
            continue;
        present |= UINT64_C(1) << index;
        if (prefilter->names[index].text_count)
            prefilter_text(&prefilter->names[index], member_value(&m), result);
    }
    for (uint32_t i = 0; i < prefilter->branch_count; i++)
        if (prefilter->required[i] & ~present)
            result->words[i / 64] &= ~(UINT64_C(1) << i % 64);
}
