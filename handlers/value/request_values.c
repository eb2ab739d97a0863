/* Looked up where they are: a head is small, and most requests are asked for one or two. */
#include "handlers/value/request_values.h"

#include "handlers/content/form.h"

/* ---- headers ---- */

size_t request_header_room(const struct request *request, struct bytes name)
{
    size_t room = 0;
    for (size_t i = 0; i < request->header_count; i++)
        if (bytes_equal_nocase(request->headers[i].name, name))
            room += request->headers[i].value.length + 2;
    return room;
}

void request_header_joined(const struct request *request, struct bytes name, uint8_t *room,
                           struct bytes *value)
{
    uint8_t *out = room;
    size_t found = 0;
    *value = bytes_of(NULL, 0);
    for (size_t i = 0; i < request->header_count; i++) {
        struct bytes one = request->headers[i].value;
        if (!bytes_equal_nocase(request->headers[i].name, name))
            continue;
        if (found++ > 0)
            out = (uint8_t *)mempcpy(out, ", ", 2);
        if (one.length)
            out = (uint8_t *)mempcpy(out, one.data, one.length);
    }
    if (found > 0)
        *value = bytes_of(room, (size_t)(out - room));
}

/* ---- the query ---- */

/* Decoded into `out`, or as it was sent where its escapes are none: as it is stored
 * (handlers/content/query.c). */
static struct bytes decoded_or_raw(struct bytes raw, uint8_t *out)
{
    size_t length;
    return form_unescape(raw, out, &length) ? bytes_of(out, length) : raw;
}

size_t request_query_decoded(const struct request *request, struct bytes name, uint8_t *room,
                             struct bytes *value)
{
    struct bytes rest = request->query;
    uint8_t *out = room;
    size_t count = 0;
    while (rest.length > 0) {
        struct bytes raw = bytes_split(&rest, '&');
        bool is_none = raw.length == 0;
        struct bytes key = bytes_split(&raw, '=');
        if (is_none || !bytes_equal(decoded_or_raw(key, out), name) || count++ > 0)
            continue;
        *value = decoded_or_raw(raw, out);
        out += raw.length;
    }
    return count;
}

/* ---- the path ---- */

static bool is_placeholder(struct bytes segment, struct bytes name)
{
    return segment.length == name.length + 2 && segment.data[0] == '{' &&
           segment.data[segment.length - 1] == '}' &&
           bytes_equal(bytes_of(segment.data + 1, name.length), name);
}

/* The routing has matched both segment by segment. */
struct bytes request_path_param(const struct request *request, struct bytes name)
{
    struct bytes pattern = bytes_of_text(request->route ? request->route->path : NULL);
    struct bytes given = request->path;
    while (pattern.data && given.data) {
        struct bytes segment = bytes_split(&given, '/');
        if (is_placeholder(bytes_split(&pattern, '/'), name))
            return segment;
    }
    return bytes_of(NULL, 0);
}
