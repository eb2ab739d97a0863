/* XML in each encoding, which the first byte names: what is taken is JSON by the guard, of no more
 * values than were counted and in proportion to the text, and the same each time. */
#include "handlers/content/json.h"
#include "handlers/content/xml.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

enum { DEPTH = 20, VALUES = 500, A_BYTE = 8, ROOM = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const charsets[] = {"", "utf-8", "utf-16", "iso-8859-1", "us-ascii"};
    const struct xml_limits limits = {.depth = DEPTH, .values = VALUES};
    /* an object for the document, and a list for each name that comes more than once */
    const struct json_limits guard = {.depth = 2 * DEPTH + 1, .nodes = 3 * VALUES + 3};
    struct json_fault of_json;
    struct xml_fault fault;
    struct buffer json, again;
    if (size == 0)
        return 0;
    const char *encoding = xml_encoding(bytes_of_text(charsets[data[0] % 5]));
    struct bytes text = bytes_of(data + 1, size - 1);
    buffer_init(&json, ROOM);
    buffer_init(&again, ROOM);
    bool made = xml_to_json(text, encoding, &limits, &json, &fault);
    if (made)
        assert(json.length <= A_BYTE * text.length &&
               json_check(buffer_bytes(&json), &guard, NULL, &of_json));
    else
        assert(fault.reason && fault.offset <= text.length);
    assert(xml_to_json(text, encoding, &limits, &again, &fault) == made);
    assert(!made || bytes_equal(buffer_bytes(&json), buffer_bytes(&again)));
    buffer_finish(&json);
    buffer_finish(&again);
    return 0;
}
