/* The JSON guard on anything: a fault lies inside the text, a verdict does not depend on what
 * stands around the text, and what is accepted stays accepted inside of an array, under wider
 * limits, and where repeated names and lone surrogates may be. What is taken can be built, read by
 * paths and unescaped, at any depth. */
#include "base/buffer.h"
#include "base/encoding.h"
#include "base/json_text.h"
#include "handlers/content/json_path.h"
#include "handlers/content/payload.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

/* All strings of an accepted text: never longer without their escapes, and UTF-8 then. */
static void unescape_strings(struct bytes text)
{
    uint8_t *out = malloc(text.length + 1);
    for (size_t i = 0; out && i < text.length;) {
        if (text.data[i] != '"') {
            i++;
            continue;
        }
        size_t length = json_string_length(bytes_from(text, i));
        struct bytes inside = bytes_of(text.data + i + 1, length - 2);
        size_t plain = json_unescape(inside, out);
        assert(plain <= inside.length && utf8_valid(bytes_of(out, plain)));
        i += length;
    }
    free(out);
}

static bool count_one(void *context, struct bytes value)
{
    ++*(size_t *)context;
    return value.length > 0;
}

/* The most that a route can let pass: the first and the last member of a name are the same one
 * unless names are repeated. */
static void check_liberal(struct bytes text, bool strictly_good, size_t nodes)
{
    static struct json_step steps[] = {{.kind = JSON_STEP_NAME, .name = {(const uint8_t *)"a", 1}},
                                       {.kind = JSON_STEP_ALL}};
    const struct json_path path = {steps, 2};
    const struct json_limits limits = {.depth = JSON_DEPTH_MAX,
                                       .nodes = 5000,
                                       .number_length = 100,
                                       .lone_surrogates = true,
                                       .repeated_names = true};
    struct json_fault fault = {.reason = NULL};
    struct json_summary summary;
    struct json_object *value;
    size_t first = 0, last = 0;
    bool good = json_check(text, &limits, &summary, &fault);
    assert(good || (!strictly_good && fault.reason && fault.offset <= text.length));
    assert(good || !fault.limit || fault.name.length == 0);
    if (!good)
        return;
    assert(!strictly_good || (summary.repeated == 0 && summary.nodes == nodes));
    json_path_each(text, &path, count_one, &first);
    json_path_each_last(text, &path, count_one, &last);
    assert(summary.repeated || first == last);
    unescape_strings(text);
    assert(payload_build(text, &summary, &value, &fault));
    payload_release(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_limits limits = {.depth = 20, .nodes = 5000, .number_length = 100}, wider = limits;
    struct json_fault fault = {.reason = NULL}, inner;
    struct json_summary summary, outer;
    struct buffer wrapped;
    bool good = json_check(bytes_of(data, size), &limits, &summary, &fault);
    assert(good || (fault.reason && fault.offset <= size));
    check_liberal(bytes_of(data, size), good, good ? summary.nodes : 0);
    buffer_init(&wrapped, size * 6 + 16);
    buffer_append_text(&wrapped, "[");
    buffer_append(&wrapped, data, size);
    buffer_append_text(&wrapped, "]");
    wider.depth++;
    wider.nodes++;
    if (good) {
        assert(json_check(buffer_bytes(&wrapped), &wider, &outer, &inner));
        assert(outer.nodes == summary.nodes + 1 && outer.members == summary.members);
    }
    buffer_consume(&wrapped, wrapped.length);
    buffer_append_text(&wrapped, "\"");
    assert(json_escape(&wrapped, bytes_of(data, size)));
    buffer_append_text(&wrapped, "\"");
    assert(json_check(buffer_bytes(&wrapped), &limits, NULL, &inner));
    buffer_finish(&wrapped);
    return 0;
}
