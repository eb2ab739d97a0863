/* The address that a sender signs: as it knows it, not as it came. In between may stand a proxy
 * that has another host and renames the front of the path. What the route leaves open in its path
 * is never taken from the configuration, or a signature for one address would do for another. */
#include "handlers/provider/signature_url.h"

#include "config/route_path.h"

/* `https://host:port/path` with another port, or none (0). */
static struct bytes url_with_port(struct arena *arena, struct bytes url, unsigned port)
{
    const uint8_t *host = memmem(url.data, url.length, "://", 3);
    if (!host)
        return url;
    host += 3;
    size_t before = (size_t)(host - url.data), length = 0;
    struct bytes rest = bytes_from(url, before);
    while (length < rest.length && rest.data[length] != '/' && rest.data[length] != '?')
        length++;
    struct bytes tail = bytes_from(rest, length), name = bytes_of(rest.data, length);
    for (size_t i = name.length; i > 0 && name.data[i - 1] != ']' && name.data[i - 1] != '@'; i--) {
        if (name.data[i - 1] == ':')
            name.length = i - 1;
    }
    const char *number = port ? arena_format(arena, ":%u", port) : "";
    const char *text =
        arena_format(arena, "%.*s%.*s%s%.*s", (int)before, url.data, (int)name.length, name.data,
                     number ? number : "", (int)tail.length, tail.data);
    return bytes_of_text(text);
}

/* What of the target is not fixed by the route: behind its fixed segments, or the query alone. */
static struct bytes open_part(const struct request *request)
{
    size_t fixed = route_path_fixed(request->route->path), at = 0;
    struct bytes target = request->target;
    for (; at < target.length && target.data[at] != '?'; at++) {
        if (target.data[at] == '/' && fixed-- == 0)
            break;
    }
    return bytes_from(target, at);
}

struct bytes signature_url(const struct request *request)
{
    const char *base = request->route ? request->route->public_url : NULL;
    const char *text;
    if (base) {
        struct bytes rest = open_part(request);
        int length = (int)strcspn(base, "?");
        if (length && base[length - 1] == '/' && rest.length && rest.data[0] == '/')
            length--;
        text = arena_format(request->arena, "%.*s%.*s", length, base, (int)rest.length, rest.data);
    } else {
        struct bytes host = request_header(request, "host", NULL);
        text = arena_format(request->arena, "%s://%.*s%.*s", request->secure ? "https" : "http",
                            (int)host.length, host.data, (int)request->target.length,
                            request->target.data);
    }
    return bytes_of_text(text);
}

/* The query's apostrophes as %27, as browsers and their like write them. */
static struct bytes url_without_apostrophes(struct arena *arena, struct bytes url)
{
    uint8_t *out = arena_alloc(arena, 3 * url.length + 1);
    size_t length = 0;
    bool query = false;
    if (!out)
        return url;
    for (size_t i = 0; i < url.length; i++) {
        query |= url.data[i] == '?';
        if (query && url.data[i] == '\'')
            length = (size_t)((uint8_t *)mempcpy(out + length, "%27", 3) - out);
        else
            out[length++] = url.data[i];
    }
    return bytes_of(out, length);
}

void signature_take_urls(struct signature_state *state)
{
    const struct scheme *scheme = state->plan->scheme;
    struct arena *arena = state->request->arena;
    state->url_count = 1;
    if (!scheme_proves_url(scheme))
        return;
    struct bytes url = signature_url(state->request);
    state->urls[0] = url;
    if (scheme->url != URL_ANY_SPELLING)
        return;
    bool secure = !bytes_starts_with(url, bytes_of_text("http:"));
    state->urls[1] = url_with_port(arena, url, 0);
    state->urls[2] = url_with_port(arena, url, secure ? 443 : 80);
    state->url_count = 3;
    if (!memchr(url.data, '\'', url.length))
        return;
    for (size_t i = 0; i < 3; i++)
        state->urls[state->url_count++] = url_without_apostrophes(arena, state->urls[i]);
}

struct url_parts url_parts_of(struct bytes url)
{
    struct url_parts parts = {0};
    const uint8_t *host = memmem(url.data, url.length, "://", 3);
    if (!host || memchr(url.data, '/', (size_t)(host - url.data)))
        return parts;
    parts.scheme = bytes_of(url.data, (size_t)(host - url.data));
    struct bytes rest = bytes_from(url, parts.scheme.length + 3);
    size_t length = 0;
    while (length < rest.length && rest.data[length] != '/' && rest.data[length] != '?')
        length++;
    parts.authority = bytes_of(rest.data, length);
    parts.query = bytes_from(rest, length);
    parts.path = bytes_split(&parts.query, '?');
    if (parts.path.length == 0)
        parts.path = bytes_of_text("/");
    return parts;
}

struct bytes url_parts_target(const struct url_parts *parts, struct arena *arena)
{
    struct bytes path = parts->path, query = parts->query;
    if (!query.data)
        return bytes_of_text(arena_copy_bytes(arena, path));
    return bytes_of_text(arena_format(arena, "%.*s?%.*s", (int)path.length, path.data,
                                      (int)query.length, query.data));
}

struct url_parts signature_url_split(const struct request *request)
{
    return url_parts_of(signature_url(request));
}
