/* Any bytes as a reference, and behind a line feed as a payload: a fault lies inside of the text, a
 * value inside of the payload, and index and scanner find the same. */
#include "handlers/content/json.h"
#include "handlers/content/json_path.h"
#include "handlers/value/stored.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

enum { ARENA = 1 << 20 };

static bool see(void *caller, struct value *value)
{
    ++*(size_t *)caller;
    assert(value->kind != VALUE_MISSING || value->text.length == 0);
    return *(size_t *)caller < 1000;
}

/* The whole index: each value lies in its container, behind the one before it. */
static void check_index(const struct payload_index *index)
{
    for (uint32_t i = 0; i < index->count; i++) {
        const struct indexed_value *value = &index->values[i];
        assert(value->start < value->end && value->end <= index->text.length);
        assert(value->next > i && value->next <= index->count);
        if (value->name != INDEX_NO_NAME)
            assert(payload_index_name(index, i).length < value->start);
    }
}

/* A path of names and numbers, as the scanner of presets knows it. */
static void compare_with_scanner(struct value_context *context, const struct reference *reference,
                                 const struct value *value)
{
    struct json_step steps[REFERENCE_STEPS_MAX];
    struct json_path path = {.steps = steps, .count = reference->step_count};
    struct bytes raw, payload = value_payload(context);
    for (size_t i = 0; i < reference->step_count; i++) {
        const struct reference_step *step = &reference->steps[i];
        if (step->kind == STEP_EACH || step->kind == STEP_FROM_END)
            return;
        steps[i] = (struct json_step){step->kind == STEP_NAME ? JSON_STEP_NAME : JSON_STEP_INDEX,
                                      step->name, step->index};
    }
    bool found = json_path_find_last(payload, &path, &raw);
    assert(found == (value->kind != VALUE_MISSING));
    if (found)
        assert(bytes_equal(raw, payload_index_text(&context->index, value->place)));
}

static void ask(struct bytes json, const struct reference *reference)
{
    struct value_context context;
    struct stored_values stored = {.payload = json, .query = json};
    struct json_limits limits = json_limits_default;
    struct json_fault fault;
    struct value value;
    size_t count = 0;
    limits.lone_surrogates = limits.repeated_names = true;
    bool is_json = json_check(json, &limits, NULL, &fault);
    value_context_of_stored(&context, &stored);
    if (value_resolve(&context, reference, &value)) {
        assert(value_each(&context, reference, see, &count) && count > 0);
        if (is_json && reference->root == REFERENCE_PAYLOAD)
            compare_with_scanner(&context, reference, &value);
    }
    if (context.index_made)
        check_index(&context.index);
    assert(!is_json || !context.index_tried || context.index_made);
    value_context_finish(&context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes json = bytes_of(data, size), text = bytes_split(&json, '\n');
    struct reference reference;
    struct arena arena;
    struct error err = {""};
    size_t offset = SIZE_MAX;
    arena_init(&arena, ARENA);
    if (reference_parse(text, &arena, &reference, &err, &offset))
        ask(json, &reference);
    else
        assert(err.text[0] && offset <= text.length);
    arena_finish(&arena);
    return 0;
}
