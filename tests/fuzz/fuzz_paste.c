/* Text of any bytes as a copied delivery. What is taken is within its limits and can be walked
 * through; a payload that is JSON stays JSON in every layout, with the same tokens. */
#include "server/capture/json_layout.h"
#include "server/capture/paste.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

enum { MEMORY = 16 << 20 };

static void check_blank_free(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++)
        assert(text.data[i] > ' ' && text.data[i] != ':' && text.data[i] < 0x7F);
}

static void lay_out(struct bytes json, const struct json_layout *layout, struct buffer *out)
{
    buffer_init(out, MEMORY);
    if (json_layout_append(out, json, layout))
        assert(paste_is_json(buffer_bytes(out)));
    else
        out->length = 0; /* deep and indented: too large */
}

/* Laid out and made compact again, it is what is compact at once; escapes stay as they are then. */
static void check_layouts(struct bytes json)
{
    struct buffer compact, laid, again;
    lay_out(json, &json_layouts[0], &compact);
    for (size_t i = 0; i < JSON_LAYOUTS; i++) {
        lay_out(json, &json_layouts[i], &laid);
        if (laid.length && !json_layouts[i].escapes) {
            lay_out(buffer_bytes(&laid), &json_layouts[0], &again);
            assert(bytes_equal(buffer_bytes(&again), buffer_bytes(&compact)));
            buffer_finish(&again);
        }
        buffer_finish(&laid);
    }
    buffer_finish(&compact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct paste paste;
    struct error err;
    arena_init(&arena, MEMORY);
    if (paste_read(bytes_of(data, size), &arena, &paste, &err)) {
        assert(paste.url.length > 0 && paste.header_count <= PASTE_HEADERS_MAX);
        assert(paste.payload.length <= size);
        for (size_t i = 0; i < paste.header_count; i++) {
            assert(paste.headers[i].name.length > 0 && paste.headers[i].value.length > 0);
            check_blank_free(paste.headers[i].name);
            assert(!memchr(paste.headers[i].value.data, '\n', paste.headers[i].value.length));
        }
        if (paste_is_json(paste.payload))
            check_layouts(paste.payload);
    }
    arena_finish(&arena);
    return 0;
}
