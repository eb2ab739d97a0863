/* The JSON guard on anything: a fault lies inside the text, a verdict does not depend on what
 * stands around the text, and what is accepted stays accepted inside of an array. */
#include "base/buffer.h"
#include "base/json_text.h"
#include "handlers/json.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_limits limits = {.depth = 20, .nodes = 5000, .number_length = 100}, wider = limits;
    struct json_fault fault = {.reason = NULL}, inner;
    struct json_summary summary, outer;
    struct buffer wrapped;
    bool good = json_check(bytes_of(data, size), &limits, &summary, &fault);
    assert(good || (fault.reason && fault.offset <= size));
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
