/* The operations that look at one value alone. */
#include "handlers/schema/equal.h"
#include "handlers/schema/eval.h"
#include "handlers/schema/format.h"

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

static bool set_has(const struct value_set *set, const struct frame *frame)
{
    if (set->slots)
        return frame->type == VALUE_STRING && set_has_text(set, frame_text(frame));
    for (uint32_t i = 0; i < set->count; i++) {
        struct json_object *value = set->values[i];
        bool same = frame->name_text ? value_type(value) == VALUE_STRING &&
                                           bytes_equal(value_string(value), frame_text(frame))
                                     : value_equal(value, frame->value);
        if (same)
            return true;
    }
    return false;
}

bool eval_const(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    const struct value_set *set = step->data;
    ev->steps++;
    return set_has(set, frame) || EVAL_FAIL(ev, frame, KEYWORD_CONST, "must be %.200s",
                                            json_object_to_json_string(set->values[0]));
}

static bool report_enum(struct schema_evaluator *ev, const struct frame *frame,
                        const struct value_set *set)
{
    struct buffer list;
    buffer_init(&list, 240);
    for (uint32_t i = 0; i < set->count; i++)
        if (!buffer_printf(&list, "%s%s", i ? ", " : "",
                           json_object_to_json_string(set->values[i])))
            break;
    eval_report(ev, frame, KEYWORD_ENUM, "must be one of %u values: %.*s", set->count,
                (int)list.length, list.length ? (const char *)list.data : "");
    buffer_finish(&list);
    return false;
}

bool eval_enum(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    const struct value_set *set = step->data;
    ev->steps += set->slots ? 1 : set->count / 4;
    return set_has(set, frame) || (ev->collector && report_enum(ev, frame, set));
}

/* ---- numbers ---- */

static const struct bound_row {
    const char *phrase;
    int least, most; /* of number_compare */
} bound_rows[KEYWORD_COUNT] = {
    [KEYWORD_MINIMUM] = {"at least", 0, 1},
    [KEYWORD_EXCLUSIVE_MINIMUM] = {"greater than", 1, 1},
    [KEYWORD_MAXIMUM] = {"at most", -1, 0},
    [KEYWORD_EXCLUSIVE_MAXIMUM] = {"less than", -1, -1},
};

bool eval_bound(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    const struct bound *bound = step->data;
    const struct bound_row *row = &bound_rows[step->keyword];
    struct number number;
    number_read(frame->value, &number);
    int order = number_compare(&number, &bound->number);
    return (order >= row->least && order <= row->most) ||
           EVAL_FAIL(ev, frame, step->keyword, "must be %s %.60s", row->phrase,
                     json_object_to_json_string(bound->value));
}

bool eval_multiple_of(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    const struct divisor *divisor = step->data;
    return number_is_multiple(frame->value, divisor) ||
           EVAL_FAIL(ev, frame, KEYWORD_MULTIPLE_OF, "must be a multiple of %g",
                     divisor->approximate);
}

/* ---- strings ---- */

/* Code points: the bytes that do not continue one. */
static size_t count_characters(struct bytes text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += (text.data[i] & 0xc0) != 0x80;
    return count;
}

bool eval_length(struct schema_evaluator *ev, struct frame *frame, const struct step *step)
{
    struct bytes text = frame_text(frame);
    bool minimum = step->keyword == KEYWORD_MIN_LENGTH;
    /* a character is 1 to 4 bytes: most strings need no counting */
    if (minimum ? text.length / 4 >= step->number : text.length <= step->number)
        return true;
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
    return row->check(frame_text(frame)) ||
           EVAL_FAIL(ev, frame, KEYWORD_FORMAT, "must be %s", row->noun);
}
