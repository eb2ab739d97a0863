/* The operations that look at one value alone. */
#include "handlers/schema/eval_value.h"

#include "handlers/schema/equal.h"
#include "handlers/schema/format.h"
#include "handlers/schema/value_write.h"

#include <stdio.h>

bool eval_never(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    (void)step;
    return EVAL_FAIL(ev, frame, KEYWORD_NONE, "is not allowed here");
}

/* ---- const, enum ---- */

static bool set_has_text(const struct value_set *set, struct bytes text)
{
    uint32_t slot = name_hash((const char *)text.data, text.length) & set->mask;
    for (; set->slots[slot]; slot = (slot + 1) & set->mask)
        if (bytes_equal(value_string(set->values[set->slots[slot] - 1]), text))
            return true;
    return false;
}

/* The value is in the list or, where a member's name stands for it, that text is. */
static bool is_same(struct json_object *value, const struct frame *frame, size_t *cost)
{
    if (!frame->name_text)
        return value_equal(value, frame->value, cost);
    ++*cost;
    return value_type(value) == TYPE_STRING && bytes_equal(value_string(value), frame_text(frame));
}

static bool set_has_hash(const struct value_set *set, const struct frame *frame, size_t *cost)
{
    uint32_t slot = (uint32_t)value_hash(&value_set_key, frame->value, cost) & set->mask;
    for (; set->slots[slot]; slot = (slot + 1) & set->mask)
        if (is_same(set->values[set->slots[slot] - 1], frame, cost))
            return true;
    return false;
}

static bool set_has(const struct value_set *set, const struct frame *frame, size_t *cost)
{
    if (set->slots && set->texts) {
        struct bytes text = frame->type == TYPE_STRING ? frame_text(frame) : bytes_of(NULL, 0);
        *cost += text.length / 64;
        return frame->type == TYPE_STRING && set_has_text(set, text);
    }
    if (set->slots && !frame->name_text)
        return set_has_hash(set, frame, cost);
    for (uint32_t i = 0; i < set->count; i++)
        if (is_same(set->values[i], frame, cost))
            return true;
    return false;
}

enum { SHOWN_BYTES = 240 };

/* "must be PHRASE 1, 2, 3", the values cut where they get long. Always false. */
static bool report_values(struct schema_evaluator *ev, const struct frame *frame,
                          enum keyword keyword, const char *phrase,
                          struct json_object *const *values, uint32_t count)
{
    struct buffer list;
    bool whole = true;
    if (!eval_wants_words(ev, frame, keyword))
        return false;
    buffer_init(&list, SHOWN_BYTES);
    for (uint32_t i = 0; whole && i < count; i++)
        whole = (i == 0 || buffer_append_text(&list, ", ")) && value_write(&list, values[i]);
    collector_report(ev->collector, frame, keyword, "must be %s%.*s%s", phrase, (int)list.length,
                     list.length ? (const char *)list.data : "", whole ? "" : "\u2026");
    buffer_finish(&list);
    return false;
}

bool eval_const(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    const struct value_set *set = step->data;
    size_t cost = 0;
    bool found = set_has(set, frame, &cost);
    return eval_spend(ev, cost) &&
           (found || report_values(ev, frame, KEYWORD_CONST, "", set->values, 1));
}

static bool report_enum(struct schema_evaluator *ev, const struct frame *frame,
                        const struct value_set *set)
{
    char phrase[40] = "";
    if (set->count > 1)
        snprintf(phrase, sizeof phrase, "one of %u values: ", set->count);
    return report_values(ev, frame, KEYWORD_ENUM, phrase, set->values, set->count);
}

bool eval_enum(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    const struct value_set *set = step->data;
    size_t cost = 0;
    bool found = set_has(set, frame, &cost);
    return eval_spend(ev, cost) && (found || (ev->collector && report_enum(ev, frame, set)));
}

/* ---- numbers ---- */

static const struct bound_row {
    const char *phrase;
    int least, most; /* of number_compare */
} bound_rows[KEYWORD_COUNT] = {
    [KEYWORD_MINIMUM] = {"at least ", 0, 1},
    [KEYWORD_EXCLUSIVE_MINIMUM] = {"greater than ", 1, 1},
    [KEYWORD_MAXIMUM] = {"at most ", -1, 0},
    [KEYWORD_EXCLUSIVE_MAXIMUM] = {"less than ", -1, -1},
};

bool eval_bound(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    const struct bound *bound = step->data;
    const struct bound_row *row = &bound_rows[step->keyword];
    struct number number;
    number_read(frame->value, &number);
    if (!eval_spend(ev, number.length / NUMBER_BYTES_A_STEP))
        return false;
    int order = number_compare(&number, &bound->number);
    return (order >= row->least && order <= row->most) ||
           report_values(ev, frame, step->keyword, row->phrase, &bound->value, 1);
}

bool eval_multiple_of(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    const struct divisor *divisor = step->data;
    struct number number;
    number_read(frame->value, &number);
    size_t cost = number.length / NUMBER_BYTES_A_STEP;
    bool whole = number_is_multiple(&number, divisor, &cost);
    if (!eval_spend(ev, cost))
        return false;
    return whole ||
           report_values(ev, frame, KEYWORD_MULTIPLE_OF, "a multiple of ", &divisor->value, 1);
}

/* ---- strings ---- */

/* Code points: the bytes that do not continue one, which are 10xxxxxx; eight at a time. */
static size_t count_characters(struct bytes text)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    size_t count = text.length, i = 0;
    for (; i + 8 <= text.length; i += 8) {
        uint64_t word;
        memcpy(&word, text.data + i, sizeof word);
        count -= (word >> 7 & ~(word >> 6) & each) * each >> 56;
    }
    for (; i < text.length; i++)
        count -= (text.data[i] & 0xc0) == 0x80;
    return count;
}

bool eval_length(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    struct bytes text = frame_text(frame);
    bool minimum = step->keyword == KEYWORD_MIN_LENGTH;
    /* a character is 1 to 4 bytes: most strings need no counting */
    if (minimum ? text.length / 4 >= step->number : text.length <= step->number)
        return true;
    if (!eval_spend(ev, text.length / 64))
        return false;
    size_t count = minimum && text.length < step->number ? text.length : count_characters(text);
    if (minimum ? count >= step->number : count <= step->number)
        return true;
    return EVAL_FAIL(ev, frame, step->keyword, "must be at %s %u characters long, it has %zu",
                     minimum ? "least" : "most", step->number, count_characters(text));
}

bool eval_pattern(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    const struct pattern *pattern = step->data;
    switch (pattern_match(pattern, ev->matcher, frame_text(frame))) {
    case MATCH_YES:
        return true;
    case MATCH_NO:
        return EVAL_FAIL(ev, frame, KEYWORD_PATTERN, "must match the pattern %.200s",
                         pattern_source(pattern));
    default:
        return eval_abandon(ev, "a pattern takes too long on this value");
    }
}

bool eval_format(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    const struct format_row *row = step->data;
    struct bytes text = frame_text(frame);
    if (!eval_spend(ev, format_cost(row, text)))
        return false;
    return row->check(text) || EVAL_FAIL(ev, frame, KEYWORD_FORMAT, "must be %s", row->noun);
}
