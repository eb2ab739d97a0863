/* What a trusted proxy adds on the right decides, whatever a stranger has sent before it: in the
 * same field or in fields of its own, quotes and backslashes left open. Lines are fields; the
 * first byte chooses the header. */
#include "server/pipeline/proxies.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINES_MAX = 16, TEXT_MAX = 8192 };

static struct prefix proxy = {.address = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1},
                              .bits = 128};
static const uint8_t sender[16] = {[10] = 0xff, [11] = 0xff, 198, 51, 100, 7};

static struct request request_of(struct arena *arena, const struct header *headers, size_t count)
{
    struct request request = {.arena = arena, .headers = headers, .header_count = count};
    memcpy(request.client.address, proxy.address, sizeof proxy.address);
    return request;
}

static void check_host(const struct request *request)
{
    struct bytes host = request_header(request, "host", NULL);
    for (size_t i = 0; i < host.length; i++)
        assert(host.data[i] > ' ' && host.data[i] != ',' && host.data[i] != '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"X-Forwarded-For", "Forwarded"};
    static const char *const added[] = {",198.51.100.7", ",for=\"198.51.100.7:1\";proto=https"};
    if (size < 1 || size > TEXT_MAX)
        return 0;
    unsigned which = data[0] % 2;
    struct server_settings server = {.trusted_proxies = {.networks = {&proxy, 1}},
                                     .forwarded =
                                         which ? FORWARDED_RFC7239 : FORWARDED_X_FORWARDED_FOR,
                                     .forwarded_host = true};
    struct header headers[LINES_MAX];
    size_t count = 0;
    struct bytes rest = bytes_from(bytes_of(data, size), 1);
    do {
        struct bytes line = bytes_split(&rest, '\n');
        headers[count++] = (struct header){bytes_of_text(names[which]), bytes_trim(line)};
    } while (rest.length > 0 && count < LINES_MAX);
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct request request = request_of(&arena, headers, count);
    if (proxies_find_client(&server, &request).reply == REPLY_NONE)
        check_host(&request);
    /* now the proxy adds to the last field */
    struct bytes last = headers[count - 1].value;
    char *text = malloc(last.length + 64);
    memcpy(text, last.data, last.length);
    memcpy(text + last.length, added[which], strlen(added[which]) + 1);
    headers[count - 1].value = bytes_of_text(text);
    headers[count - 1].value.length = last.length + strlen(added[which]);
    request = request_of(&arena, headers, count);
    assert(proxies_find_client(&server, &request).reply == REPLY_NONE);
    assert(memcmp(request.client.address, sender, sizeof sender) == 0 && !request.is_unnamed);
    free(text);
    arena_finish(&arena);
    return 0;
}
