/* For each branch, what it certainly wants of an object's members, through references and allOf: a
 * set of required names (at most 64 names in all branches together, a bit each), and for each name
 * the texts that const or enum allow. One walk over the object's own members then says which of the
 * names are there and, for names with texts, which branches the member's text rules out. GitHub's
 * union of 66 events comes down to one or two branches in a fifth of a microsecond. */
#include "handlers/schema/sieve.h"

#include "handlers/schema/value.h"

enum { WANT_DEPTH = 16, SIEVE_SLOTS = SIEVE_NAMES * 4, SMALL_UNION = 2 };

/* The branches that allow a text for a name; `set` is whose text it is. */
struct sieve_text {
    struct bytes text;
    uint64_t branches[SIEVE_WORDS];
};

struct sieve_name {
    const char *name;
    uint32_t length;
    bool has_texts;
    uint64_t indifferent[SIEVE_WORDS]; /* branches that allow any text, or none but other types */
    struct sieve_text *texts;
    uint32_t text_count;
};

struct sieve {
    uint32_t branch_count, name_count;
    struct sieve_name names[SIEVE_NAMES];
    uint8_t slots[SIEVE_SLOTS]; /* index + 1 */
    uint64_t required[];        /* by branch: bits of names */
};

/* ---- making one ---- */

struct maker {
    struct arena *arena;
    struct sieve *sieve;
    uint32_t branch;
    bool useful;
};

static uint32_t slot_of(const char *name, size_t length)
{
    return name_hash(name, length) % SIEVE_SLOTS;
}

static int find_name(const struct sieve *sieve, const char *name, size_t length)
{
    uint32_t slot = slot_of(name, length);
    for (; sieve->slots[slot]; slot = (slot + 1) % SIEVE_SLOTS) {
        const struct sieve_name *item = &sieve->names[sieve->slots[slot] - 1];
        if (item->length == length && memcmp(item->name, name, length) == 0)
            return sieve->slots[slot] - 1;
    }
    return -1;
}

/* The index of the name, added if there is room; else -1. */
static int want_name(struct sieve *sieve, const char *name, size_t length)
{
    int found = find_name(sieve, name, length);
    if (found >= 0 || sieve->name_count == SIEVE_NAMES)
        return found;
    uint32_t slot = slot_of(name, length);
    while (sieve->slots[slot])
        slot = (slot + 1) % SIEVE_SLOTS;
    struct sieve_name *item = &sieve->names[sieve->name_count];
    item->name = name;
    item->length = (uint32_t)length;
    memset(item->indifferent, 0xff, sizeof item->indifferent);
    sieve->slots[slot] = (uint8_t)++sieve->name_count;
    return (int)sieve->name_count - 1;
}

/* The set of texts that a node allows a string to be, through references; NULL if it is open. */
static const struct value_set *text_set(const struct node *node, unsigned depth)
{
    for (unsigned i = 0; node && i < node->step_count; i++) {
        const struct step *step = &node->steps[i];
        if (step->operation == OPERATION_CONST || step->operation == OPERATION_ENUM) {
            const struct value_set *set = step->data;
            return set->slots ? set : NULL;
        }
        if (step->operation == OPERATION_REF && depth < WANT_DEPTH)
            return text_set(((const struct jump *)step->data)->node, depth + 1);
    }
    return NULL;
}

static bool add_text(struct maker *maker, struct sieve_name *name, struct bytes text)
{
    uint32_t i = 0;
    while (i < name->text_count && !bytes_equal(name->texts[i].text, text))
        i++;
    if (i == name->text_count) {
        struct sieve_text *texts =
            arena_alloc_array(maker->arena, name->text_count + 1, sizeof *texts);
        if (!texts)
            return false;
        if (name->text_count)
            memcpy(texts, name->texts, name->text_count * sizeof *texts);
        texts[i].text = text;
        name->texts = texts;
        name->text_count++;
    }
    name->texts[i].branches[maker->branch / 64] |= UINT64_C(1) << maker->branch % 64;
    return true;
}

enum { TEXTS_MAX = 128 };

static void want_texts(struct maker *maker, const struct property *property,
                       const struct value_set *set)
{
    int index = want_name(maker->sieve, property->name, property->length);
    if (index < 0)
        return;
    struct sieve_name *name = &maker->sieve->names[index];
    uint64_t bit = UINT64_C(1) << maker->branch % 64;
    /* a second set of the same branch would have to be intersected: left alone */
    if (!(name->indifferent[maker->branch / 64] & bit) || name->text_count + set->count > TEXTS_MAX)
        return;
    for (uint32_t i = 0; i < set->count; i++)
        if (!add_text(maker, name, value_string(set->values[i])))
            return;
    name->indifferent[maker->branch / 64] &= ~bit;
    name->has_texts = true;
    maker->useful = true;
}

static void want_object(struct maker *maker, const struct object_plan *plan)
{
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct property *property = &plan->properties[i];
        if (property->required) {
            int index = want_name(maker->sieve, property->name, property->length);
            if (index >= 0)
                maker->sieve->required[maker->branch] |= UINT64_C(1) << index;
            maker->useful |= index >= 0;
        }
        const struct value_set *set = property->node ? text_set(property->node, 0) : NULL;
        if (set)
            want_texts(maker, property, set);
    }
}

static void want_node(struct maker *maker, const struct node *node, unsigned depth)
{
    if (depth > WANT_DEPTH)
        return;
    for (unsigned i = 0; i < node->step_count; i++) {
        const struct step *step = &node->steps[i];
        if (step->operation == OPERATION_OBJECT)
            want_object(maker, step->data);
        else if (step->operation == OPERATION_REF)
            want_node(maker, ((const struct jump *)step->data)->node, depth + 1);
        else if (step->operation == OPERATION_ALL_OF) {
            const struct branches *all = step->data;
            for (uint32_t j = 0; j < all->count && j < WANT_DEPTH; j++)
                want_node(maker, all->nodes[j], depth + 1);
        }
    }
}

const struct sieve *sieve_create(struct arena *arena, const struct branches *branches)
{
    if (branches->count <= SMALL_UNION || branches->count > SIEVE_BRANCHES)
        return NULL;
    struct sieve *sieve =
        arena_alloc(arena, sizeof *sieve + branches->count * sizeof *sieve->required);
    if (!sieve)
        return NULL;
    struct maker maker = {.arena = arena, .sieve = sieve};
    sieve->branch_count = branches->count;
    for (; maker.branch < branches->count; maker.branch++)
        want_node(&maker, branches->nodes[maker.branch], 0);
    return maker.useful ? sieve : NULL;
}

/* ---- using it ---- */

static void sieve_text(const struct sieve_name *name, struct json_object *value,
                       struct sieve_result *result)
{
    const struct sieve_text *found = NULL;
    if (value_type(value) == VALUE_STRING) {
        struct bytes text = value_string(value);
        for (uint32_t i = 0; i < name->text_count && !found; i++)
            if (bytes_equal(name->texts[i].text, text))
                found = &name->texts[i];
    }
    for (int i = 0; i < SIEVE_WORDS; i++)
        result->words[i] &= name->indifferent[i] | (found ? found->branches[i] : 0);
}

void sieve_run(const struct sieve *sieve, struct json_object *object, struct sieve_result *result)
{
    uint64_t present = 0;
    memset(result, 0xff, sizeof *result);
    for (struct member m = member_first(object); m.entry; member_next(&m)) {
        const char *name = member_name(&m);
        int index = find_name(sieve, name, strlen(name));
        if (index < 0)
            continue;
        present |= UINT64_C(1) << index;
        if (sieve->names[index].has_texts)
            sieve_text(&sieve->names[index], member_value(&m), result);
    }
    for (uint32_t i = 0; i < sieve->branch_count; i++)
        if (sieve->required[i] & ~present)
            result->words[i / 64] &= ~(UINT64_C(1) << i % 64);
}
