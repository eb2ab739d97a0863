/* The evaluator is a walk over nodes: the type first, then the steps that look at this type, until
 * one fails. Its stack is the C stack, bounded by a limit on depth and one on bytes; its memory a
 * piece of scratch that was taken when the evaluator was made. With a collector it goes on after
 * failures and notes them: the same code says yes or no and why. Every limit that is passed
 * abandons the evaluation, which the caller has to treat as a refusal. The operations of the steps
 * are handed in by the evaluator: they apply nodes themselves. */
#include "handlers/schema/eval.h"

bool eval_abandon(struct schema_evaluator *ev, const char *why)
{
    if (!ev->abandoned)
        ev->abandoned = why;
    return false;
}

/* ---- scratch and marks ---- */

void *scratch_alloc(struct schema_evaluator *ev, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    if (size > ev->limits.scratch - ev->scratch_used) {
        eval_abandon(ev, "the value is too large for the memory of one evaluation");
        return NULL;
    }
    void *memory = ev->scratch + ev->scratch_used;
    ev->scratch_used += size;
    return memory;
}

static size_t part_count(const struct frame *frame)
{
    return frame->type == TYPE_OBJECT  ? value_member_count(frame->value)
           : frame->type == TYPE_ARRAY ? value_item_count(frame->value)
                                       : 0;
}

bool marks_init(struct schema_evaluator *ev, struct marks *marks, const struct frame *frame)
{
    marks->count = part_count(frame);
    size_t size = (marks->count + 63) / 64 * sizeof *marks->words;
    marks->words = scratch_alloc(ev, size);
    if (!marks->words || !eval_spend(ev, size / 256))
        return false;
    memset(marks->words, 0, size);
    return true;
}

void marks_set_all(struct marks *marks)
{
    memset(marks->words, 0xff, (marks->count + 63) / 64 * sizeof *marks->words);
}

void marks_merge(struct marks *into, const struct marks *from)
{
    for (size_t i = 0; i < (into->count + 63) / 64; i++)
        into->words[i] |= from->words[i];
}

/* ---- nodes ---- */

static bool is_unevaluated(const struct step *step)
{
    return step->operation == OPERATION_UNEVALUATED_ITEMS ||
           step->operation == OPERATION_UNEVALUATED_PROPERTIES;
}

static bool run_steps(struct schema_evaluator *ev, struct frame *frame)
{
    const struct step *step = frame->node->steps, *end = step + frame->node->step_count;
    bool good = true;
    for (; step < end; step++) {
        if (!(step->types & frame->type))
            continue;
        if (!good && is_unevaluated(step))
            continue; /* what failed has evaluated nothing: this would only repeat it */
        if (ev->operations[step->operation](ev, frame, step))
            continue;
        good = false;
        if (eval_stops(ev))
            break;
    }
    return good;
}

/* With marks of its own, which go on to whoever asked above if all is well. */
static bool run_marked(struct schema_evaluator *ev, struct frame *frame)
{
    struct marks own, *outer = frame->marks;
    size_t used = ev->scratch_used;
    if (!marks_init(ev, &own, frame))
        return false;
    frame->marks = &own;
    bool good = run_steps(ev, frame);
    if (good && outer)
        marks_merge(outer, &own);
    ev->scratch_used = used;
    return good;
}

static bool too_deep(const struct schema_evaluator *ev)
{
    const char *here = __builtin_frame_address(0);
    size_t used = (size_t)(here < ev->stack ? ev->stack - here : here - ev->stack);
    return ev->depth >= ev->limits.depth || used > ev->limits.stack;
}

static bool enter_node(struct schema_evaluator *ev, struct frame *frame)
{
    const struct schema_node *node = frame->node;
    struct scope scope = {.up = frame->scope, .resource = node->resource};
    if (ev->schema->dynamic && node->resource != RESOURCE_NONE &&
        !(scope.up && scope.up->resource == scope.resource))
        frame->scope = &scope;
    if (too_deep(ev))
        return eval_abandon(ev, "schemas are applied within each other too deeply");
    ev->depth++;
    bool good = node->owns_marks ? run_marked(ev, frame) : run_steps(ev, frame);
    ev->depth--;
    return good && !ev->abandoned;
}

static const char *type_phrase(unsigned types)
{
    static const struct {
        unsigned types;
        const char *phrase;
    } rows[] = {
        {TYPE_NULL, "null"},        {TYPE_BOOLEAN, "a boolean"},
        {TYPE_OBJECT, "an object"}, {TYPE_ARRAY, "an array"},
        {TYPE_STRING, "a string"},  {TYPE_INTEGER | TYPE_WHOLE, "an integer"},
        {TYPE_NUMBER, "a number"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if ((types & rows[i].types) && !(types & ~rows[i].types))
            return rows[i].phrase;
    return NULL;
}

/* "a string, null or an integer" into `text`. */
static void type_list(unsigned types, char *text, size_t size)
{
    static const uint8_t order[] = {TYPE_OBJECT, TYPE_ARRAY,   TYPE_STRING,
                                    TYPE_NUMBER, TYPE_BOOLEAN, TYPE_NULL};
    struct buffer list;
    unsigned left = types;
    buffer_init(&list, size - 1);
    for (size_t i = 0; i < sizeof order && left; i++) {
        unsigned now = left & order[i];
        left &= ~(unsigned)order[i];
        if (now)
            buffer_printf(&list, "%s%s",
                          !list.length ? ""
                          : left       ? ", "
                                       : " or ",
                          type_phrase(now));
    }
    memcpy(text, list.data, list.length);
    text[list.length] = '\0';
    buffer_finish(&list);
}

/* Not inlined: its text would be on the stack at every depth. */
__attribute__((noinline)) static bool report_type(struct schema_evaluator *ev,
                                                  const struct frame *frame)
{
    char wanted[128];
    if (!eval_wants_words(ev, frame, KEYWORD_TYPE))
        return false;
    type_list(frame->node->types, wanted, sizeof wanted);
    /* 1.0 and 1e2, where a node takes integers and not these: only draft 4 has such */
    bool whole = frame->type == TYPE_WHOLE && (frame->node->types & TYPE_INTEGER);
    return collector_report(
        ev->collector, frame, KEYWORD_TYPE, "must be %s, it is %s", wanted,
        whole ? "written with a fraction or an exponent, which is not an integer in draft 4"
              : type_phrase(frame->type));
}

/* Not inlined, as above. */
__attribute__((noinline)) static unsigned exact_type(struct schema_evaluator *ev,
                                                     struct json_object *value)
{
    struct number number;
    number_read(value, &number);
    eval_spend(ev, number.length / NUMBER_BYTES_A_STEP);
    return number_type(&number);
}

/* What the node has to know of the value's type: most numbers need no closer look. */
static inline unsigned type_for(struct schema_evaluator *ev, const struct schema_node *node,
                                struct json_object *value)
{
    unsigned type = value_type(value);
    bool closer = type == TYPE_FRACTION && (node->types & TYPE_NUMBER) != TYPE_NUMBER;
    return closer ? exact_type(ev, value) : type;
}

bool eval_simple(struct schema_evaluator *ev, const struct schema_node *node,
                 struct json_object *value)
{
    unsigned type = type_for(ev, node, value);
    if (!eval_spend(ev, 1) || !(node->types & type))
        return false;
    if (!(node->step_types & type))
        return true;
    struct frame frame; /* the steps look at these members only */
    frame.value = value;
    frame.name_text = NULL;
    frame.type = (uint8_t)type;
    const struct step *step = node->steps, *end = step + node->step_count;
    for (; step < end; step++)
        if ((step->types & type) && !ev->operations[step->operation](ev, &frame, step))
            return false;
    return true;
}

bool eval_node(struct schema_evaluator *ev, struct frame *frame)
{
    const struct schema_node *node = frame->node;
    unsigned type = frame->name_text ? TYPE_STRING : type_for(ev, node, frame->value);
    frame->type = (uint8_t)type;
    if (!eval_spend(ev, 1))
        return false;
    if (!(node->types & type))
        return ev->collector && report_type(ev, frame);
    return !(node->step_types & type) || enter_node(ev, frame);
}

enum schema_verdict eval_run(struct schema_evaluator *ev, const struct schema *schema,
                             struct json_object *value, struct collector *collector)
{
    ev->collector = collector;
    ev->schema = schema;
    ev->steps = ev->scratch_used = 0;
    ev->stack = __builtin_frame_address(0);
    ev->depth = 0;
    ev->abandoned = NULL;
    matcher_reset(ev->matcher);
    struct frame frame = {.value = value,
                          .node = schema->root.node,
                          .location = schema->root.location,
                          .index = INDEX_NONE};
    bool good = eval_node(ev, &frame);
    ev->collector = NULL;
    return ev->abandoned ? SCHEMA_ABANDONED : good ? SCHEMA_VALID : SCHEMA_INVALID;
}
