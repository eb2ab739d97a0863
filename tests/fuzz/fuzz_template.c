/* Any bytes as a template, and behind a line feed as a payload: a fault lies inside of the text,
 * and what is made has no NUL, keeps the limit and begins with the literal before the first value.
 * A line has no line end. */
#include "handlers/content/json.h"
#include "handlers/value/stored.h"
#include "handlers/value/template.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

enum { ARENA = 1 << 21, LIMIT = 4096 };

static void render(const struct template *template, struct bytes json)
{
    struct value_context context;
    struct json_fault fault;
    const struct reference *culprit = NULL;
    struct buffer out;
    struct stored_values stored = {.query = json, .id = bytes_of_text("an id")};
    if (json_check(json, &json_limits_default, NULL, &fault))
        stored.payload = json;
    buffer_init(&out, LIMIT + 1);
    buffer_append_text(&out, "x");
    value_context_of_stored(&context, &stored);
    enum template_outcome outcome = template_render(template, &context, LIMIT, &out, &culprit);
    struct bytes made = bytes_from(buffer_bytes(&out), 1);
    struct bytes prefix = template_fixed_prefix(template);
    assert(outcome != TEMPLATE_NO_MEMORY && out.length <= LIMIT + 1);
    assert(outcome == TEMPLATE_DONE || out.length == 1);
    if (outcome == TEMPLATE_DONE)
        assert(bytes_starts_with(made, prefix) && !memchr(out.data, 0, out.length));
    if (template_is_literal(template) && prefix.length <= LIMIT)
        assert(outcome == TEMPLATE_DONE && bytes_equal(made, prefix));
    value_context_finish(&context);
    buffer_finish(&out);
}

static void render_line(const struct template *template, struct bytes json)
{
    struct value_context context;
    struct buffer out;
    struct stored_values stored = {.query = json, .type = json};
    buffer_init(&out, LIMIT);
    value_context_of_stored(&context, &stored);
    if (template_render_line(template, &context, LIMIT, &out, NULL) == TEMPLATE_DONE && out.length)
        assert(!memchr(out.data, '\n', out.length) && !memchr(out.data, 0, out.length));
    value_context_finish(&context);
    buffer_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes json = bytes_of(data, size), text = bytes_split(&json, '\n');
    struct template template;
    struct arena arena;
    struct error err = {""};
    size_t offset = SIZE_MAX;
    if (text.length && memchr(text.data, 0, text.length)) /* no scalar of a file holds one */
        return 0;
    arena_init(&arena, ARENA);
    if (template_parse(text, &arena, &template, &err, &offset)) {
        render(&template, json);
        render_line(&template, json);
    } else {
        assert(err.text[0] && offset <= text.length);
    }
    arena_finish(&arena);
    return 0;
}
