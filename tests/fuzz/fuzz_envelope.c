/* The minifier of envelopes: whatever goes in, no line end comes out but inside of what looks like
 * a string, what is JSON stays JSON of the same shape, and a second pass changes nothing. */
#include "base/json_text.h"
#include "handlers/content/json.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct json_limits limits = {.depth = 32, .nodes = 5000, .number_length = 1000};
    struct json_summary before, after;
    struct json_fault fault;
    struct buffer once, twice;
    buffer_init(&once, size);
    buffer_init(&twice, size);
    assert(json_append_compact(&once, bytes_of(data, size)));
    assert(json_append_compact(&twice, buffer_bytes(&once)));
    assert(bytes_equal(buffer_bytes(&once), buffer_bytes(&twice)));
    if (json_check(bytes_of(data, size), &limits, &before, &fault)) {
        assert(json_check(buffer_bytes(&once), &limits, &after, &fault));
        assert(before.nodes == after.nodes && before.members == after.members);
        assert(before.objects == after.objects && before.depth == after.depth);
        for (size_t i = 0; i < once.length; i++)
            assert(once.data[i] != '\n' && once.data[i] != '\r' && once.data[i] != '\t');
    }
    buffer_finish(&once);
    buffer_finish(&twice);
    return 0;
}
