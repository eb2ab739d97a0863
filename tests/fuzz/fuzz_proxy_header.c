/* The first bytes of a connection: what is taken for a PROXY header is all of it and no more, and
 * no part of it is taken for all. */
#include "server/http/proxy_header.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proxy_header header, part;
    const char *reason = NULL;
    enum proxy_parse parsed = proxy_header_parse(bytes_of(data, size), &header, &reason);
    assert((parsed == PROXY_BAD) == (reason != NULL));
    if (parsed != PROXY_WHOLE)
        return 0;
    assert(header.length > 0 && header.length <= size && header.length <= PROXY_HEADER_MAX);
    assert(!header.client.local);
    for (size_t cut = 0; cut < header.length; cut++) {
        uint8_t *copy = malloc(cut + 1); /* of that length, so that a read behind it shows */
        memcpy(copy, data, cut);
        assert(proxy_header_parse(bytes_of(copy, cut), &part, &reason) == PROXY_PARTIAL);
        free(copy);
    }
    return 0;
}
