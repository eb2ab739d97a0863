/* Anything as a structured field, and as the input of a message signature. */
#include "handlers/provider/structured.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/preset_fixture.h"

/* Pieces lie inside the text, and each step takes something off. */
static void walk(struct bytes rest)
{
    const uint8_t *start = rest.data, *end = rest.data + rest.length;
    struct bytes key, value, inside, name, parameters, whole;
    while (rest.length) {
        size_t before = rest.length;
        if (!structured_take_member(&rest, &key, &value))
            return;
        assert(rest.length < before && key.length > 0);
        assert(value.length == 0 || (value.data >= start && value.data + value.length <= end));
        structured_bytes(value, &inside);
        if (!structured_take_list(&value, &inside))
            continue;
        structured_find_parameter(value, "created", &name);
        while (inside.length && structured_take_string(&inside, &name, &parameters, &whole))
            assert(whole.length >= name.length + 2);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct preset_fixture fixture;
    if (!fixture.plan.scheme)
        preset_fixture_init(&fixture, "rfc9421", fixture_secret);
    struct bytes text = bytes_of(data, size);
    struct header headers[] = {{bytes_of_text("signature-input"), text},
                               {bytes_of_text("signature"), bytes_of_text("s=:AAAA:, sig1=:AAAA:")},
                               {bytes_of_text("content-digest"), text},
                               {bytes_of_text("host"), bytes_of_text("example.com:443")}};
    walk(text);
    assert(!preset_fixture_run(&fixture, headers, 4, bytes_of_text("{}")));
    return 0;
}
