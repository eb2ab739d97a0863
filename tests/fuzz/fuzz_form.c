/* Anything as a form, and JSON as what a path walks through: pieces never grow, order holds. */
#include "handlers/content/form.h"
#include "handlers/content/json.h"
#include "handlers/content/json_path.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

static void walk_json(struct bytes text)
{
    static const char *const paths[] = {"", ".a", ".a.b[0]", "[*]", "[*].a", "[\"a.b\"][1]"};
    struct json_fault fault;
    if (!json_check(text, &json_limits_default, NULL, &fault))
        return;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct arena arena;
        struct json_path path;
        struct bytes value, scalar;
        arena_init(&arena, text.length + 16384);
        assert(json_path_parse(paths[i], &arena, &path, NULL));
        if (json_path_find(text, &path, &value)) {
            assert(value.data >= text.data && value.length <= text.length);
            assert(json_check(value, &json_limits_default, NULL, &fault));
            json_scalar_text(value, &arena, &scalar);
        }
        arena_finish(&arena);
    }
}

/* The object has passed the guard, and a field that is there once is found without the others. */
static void look_at_form(const struct form *form, struct bytes text)
{
    const struct json_limits limits = {.depth = 2, .nodes = SIZE_MAX, .number_length = 1};
    struct json_fault fault;
    struct bytes value;
    struct buffer out;
    size_t count;
    buffer_init(&out, 8 * text.length + 16 * FORM_FIELDS_MAX);
    assert(form_append_json(&out, form->fields, form->count));
    assert(json_check(buffer_bytes(&out), &limits, NULL, &fault));
    buffer_finish(&out);
    if (form->count == 0)
        return;
    uint8_t *room = malloc(text.length + 1);
    struct bytes name = form->fields[0].name, found = form_find(form, name, &count);
    assert(room && form_decode_field(text, name, room, &value) == (count == 1));
    assert(count != 1 || bytes_equal(value, found));
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct form form;
    struct bytes text = bytes_of(data, size);
    walk_json(text);
    if (!form_decode(text, &form))
        return 0;
    size_t total = 0, count;
    for (size_t i = 0; i < form.count; i++)
        total += form.fields[i].name.length + form.fields[i].value.length;
    assert(total <= size);
    if (form.count)
        form_find(&form, form.fields[form.count - 1].name, &count);
    assert(!form.count || count >= 1);
    look_at_form(&form, text);
    form_sort(&form);
    form_finish(&form);
    return 0;
}
