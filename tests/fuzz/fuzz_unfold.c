/* Anything as a body in each coding: what comes out is within the limits, is counted before it is
 * allocated, and a refusal leaves nothing behind. The first byte chooses the coding and the limits.
 */
#include "handlers/content/unfold.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

static const char *const codings[] = {"gzip", "deflate", "br", "zstd"};

static struct verdict take(void *owner, size_t more)
{
    *(size_t *)owner += more;
    return GO_ON;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct unfold_settings settings = {.size = data[0] & 4 ? 1 << 20 : 70000,
                                       .ratio = data[0] & 8 ? 1000 : 3};
    void *parts[ROUTE_PART_COUNT] = {[ROUTE_PART_UNFOLD] = &settings};
    struct route route = {.max_body = 1 << 20, .parts = parts};
    struct header header = {bytes_of_text("Content-Encoding"), bytes_of_text(codings[data[0] & 3])};
    struct request request = {.route = &route, .headers = &header, .header_count = 1};
    struct buffer out;
    size_t counted = 0;
    struct unfold_memory memory = {.take = take, .owner = &counted};
    assert(unfold_check(&request, false, true).reply == REPLY_NONE && request.folded);
    request.body = bytes_of(data + 1, size - 1);
    buffer_init(&out, 0);
    struct verdict verdict = unfold_body(&request, &memory, &out);
    assert(counted <= (size_t)settings.size + 1);
    assert(verdict.reply == REPLY_NONE
               ? out.length <= (size_t)settings.size && out.capacity == counted && !request.folded
               : !out.data && verdict.reason);
    buffer_finish(&out);
    return 0;
}
