/* The head guard and the routing on anything: what passes keeps the promises that later stages rely
 * on. A head is its lines, "METHOD TARGET VERSION" and "Name: value". */
#include "server/pipeline/guard.h"
#include "server/pipeline/routing.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

static const char *methods[] = {"POST", "GET"};
static struct route routes[] = {
    {.index = 0, .name = "hook", .path = "/hook", .methods = {methods, 1}},
    {.index = 1, .name = "any", .path = "/a/{x}/{y}", .methods = {methods, 2}},
    {.index = 2, .name = "tail", .path = "/t/*", .methods = {methods, 1}},
    {.index = 3, .name = "same", .path = "/hook", .methods = {methods + 1, 1}},
};
static struct settings settings = {.routes = routes, .route_count = 4};

static void check_span(struct bytes span, const char *never)
{
    for (size_t i = 0; i < span.length; i++)
        assert(span.data[i] && !strchr(never, span.data[i]));
}

static void check_passed(const struct request *request, int64_t length)
{
    static const char control[] = "\x01\x02\x03\x04\x05\x06\x07\x08\n\x0b\x0c\r\x0e\x0f\x10\x11\x12"
                                  "\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f";
    size_t hosts, lengths, codings;
    request_header(request, "host", &hosts);
    request_header(request, "content-length", &lengths);
    request_header(request, "transfer-encoding", &codings);
    assert(hosts <= 1 && lengths + codings <= 1);
    assert(codings == (length == -1) && length >= -1);
    assert(request->path.length > 0 && request->path.data[0] == '/');
    check_span(request->path, control);
    check_span(request->query, control);
    for (size_t i = 0; i < request->header_count; i++) {
        check_span(request->headers[i].name, " \t:,;()<>@[]{}\"");
        check_span(request->headers[i].value, control);
        assert(bytes_trim(request->headers[i].value).length == request->headers[i].value.length);
    }
}

static void check_routed(const struct request *request)
{
    if (!strchr(request->route->path, '{') && !strchr(request->route->path, '*'))
        assert(bytes_equal_text(request->path, request->route->path));
    assert(bytes_equal_text(request->method, "POST") || bytes_equal_text(request->method, "GET"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct routing *routing;
    struct header headers[80];
    struct arena arena;
    int64_t length = 0;
    struct bytes rest = bytes_of(data, size), line = bytes_split(&rest, '\n');
    arena_init(&arena, 1 << 20);
    if (!routing)
        routing = routing_create(&settings);
    struct request request = {.arena = &arena, .headers = headers};
    request.method = bytes_split(&line, ' ');
    request.target = bytes_split(&line, ' ');
    request.version = line;
    while (rest.length > 0 && request.header_count < 80) {
        struct bytes value = bytes_split(&rest, '\n'), name = bytes_split(&value, ':');
        headers[request.header_count++] = (struct header){name, value};
    }
    struct verdict verdict = guard_check(&request, &length);
    assert(verdict.reply == REPLY_NONE || verdict_closes(&verdict));
    if (verdict.reply == REPLY_NONE) {
        check_passed(&request, length);
        if (routing_match(routing, &request).reply == REPLY_NONE)
            check_routed(&request);
    }
    arena_finish(&arena);
    return 0;
}
