/* A reference is taken apart into spans and put together again, as the RFC's pseudocode has it. */
#include "handlers/schema/uri.h"

#include "base/buffer.h"
#include "base/encoding.h"

#include <stdlib.h>

struct uri {
    struct bytes scheme, authority, path, query, fragment; /* data NULL: the part is missing */
};

/* Cuts `*rest` at the first of `stops`; what stands before it is returned. */
static struct bytes take_until(struct bytes *rest, const char *stops)
{
    size_t length = 0;
    while (length < rest->length && !strchr(stops, rest->data[length]))
        length++;
    struct bytes taken = bytes_of(rest->data, length);
    *rest = bytes_from(*rest, length);
    return taken;
}

static bool is_scheme(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++) {
        uint8_t c = text.data[i], letter = c | 0x20;
        bool other = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
        if (!(letter >= 'a' && letter <= 'z') && !(other && i > 0))
            return false;
    }
    return text.length > 0;
}

static bool next_is(struct bytes rest, uint8_t c)
{
    return rest.length > 0 && rest.data[0] == c;
}

static void uri_parse(const char *text, struct uri *uri)
{
    *uri = (struct uri){0};
    struct bytes rest = bytes_of_text(text), whole = rest;
    struct bytes scheme = take_until(&rest, ":/?#");
    if (next_is(rest, ':') && is_scheme(scheme)) {
        uri->scheme = scheme;
        rest = bytes_from(rest, 1);
    } else {
        rest = whole;
    }
    if (bytes_starts_with(rest, bytes_of_text("//"))) {
        rest = bytes_from(rest, 2);
        uri->authority = take_until(&rest, "/?#");
    }
    uri->path = take_until(&rest, "?#");
    if (next_is(rest, '?')) {
        rest = bytes_from(rest, 1);
        uri->query = take_until(&rest, "#");
    }
    if (next_is(rest, '#'))
        uri->fragment = bytes_from(rest, 1);
}

/* Drops the last segment of `out` (from `start` on) with the slash before it. */
static void drop_segment(struct buffer *out, size_t start)
{
    while (out->length > start && out->data[--out->length] != '/')
        ;
}

/* RFC 3986 section 5.2.4. */
static bool append_path(struct buffer *out, struct bytes path)
{
    size_t start = out->length;
    struct bytes rest = path;
    while (rest.length > 0) {
        struct bytes left = rest;
        bool slash = next_is(rest, '/');
        rest = bytes_from(rest, slash);
        struct bytes segment = take_until(&rest, "/");
        bool dot = bytes_equal_text(segment, "."), dots = bytes_equal_text(segment, "..");
        if (dots)
            drop_segment(out, start);
        if (!dot && !dots) {
            if (!buffer_append(out, left.data, slash + segment.length))
                return false;
        } else if (rest.length == 0 && slash && !buffer_append_text(out, "/")) {
            return false;
        }
    }
    /* RFC 3986 knows only absolute bases; a path alone that was relative stays so */
    if (start == 0 && !next_is(path, '/') && next_is(buffer_bytes(out), '/'))
        buffer_consume(out, 1);
    return true;
}

/* RFC 3986 section 5.2.3: the base's path up to its last slash, then the reference's. */
static bool append_merged(struct buffer *out, const struct uri *base, struct bytes path)
{
    struct buffer merged;
    size_t keep = base->path.length;
    while (keep > 0 && base->path.data[keep - 1] != '/')
        keep--;
    buffer_init(&merged, base->path.length + path.length + 1);
    bool slash = base->authority.data && base->path.length == 0;
    bool good = (!slash || buffer_append_text(&merged, "/")) &&
                buffer_append(&merged, base->path.data, keep) &&
                buffer_append_bytes(&merged, path) && append_path(out, buffer_bytes(&merged));
    buffer_finish(&merged);
    return good;
}

static bool append_part(struct buffer *out, const char *before, struct bytes part,
                        const char *behind)
{
    return !part.data || (buffer_append_text(out, before) && buffer_append_bytes(out, part) &&
                          buffer_append_text(out, behind));
}

static bool append_resolved(struct buffer *out, const struct uri *base, const struct uri *ref)
{
    const struct uri *scheme = ref->scheme.data ? ref : base;
    const struct uri *authority = ref->scheme.data || ref->authority.data ? ref : base;
    if (!append_part(out, "", scheme->scheme, ":") ||
        !append_part(out, "//", authority->authority, ""))
        return false;
    bool from_base = authority == base && scheme == base;
    struct bytes query = ref->query;
    if (from_base && ref->path.length == 0) {
        query = query.data ? query : base->query;
        if (!buffer_append_bytes(out, base->path))
            return false;
    } else if (!from_base || next_is(ref->path, '/')) {
        if (!append_path(out, ref->path))
            return false;
    } else if (!append_merged(out, base, ref->path)) {
        return false;
    }
    return append_part(out, "?", query, "") && append_part(out, "#", ref->fragment, "");
}

bool uri_is_absolute(const char *text)
{
    struct uri uri;
    uri_parse(text, &uri);
    return uri.scheme.data != NULL;
}

char *uri_resolve(struct arena *arena, const char *base_text, const char *reference)
{
    struct uri base, ref;
    struct buffer out;
    uri_parse(base_text, &base);
    uri_parse(reference, &ref);
    buffer_init(&out, strlen(base_text) + strlen(reference) + 8);
    char *result = NULL;
    if (append_resolved(&out, &base, &ref))
        result = arena_copy_bytes(arena, buffer_bytes(&out));
    buffer_finish(&out);
    return result;
}

char *uri_split_fragment(char *uri)
{
    char *hash = strchr(uri, '#');
    if (!hash)
        return NULL;
    *hash = '\0';
    return hash + 1;
}

bool uri_unescape(char *text)
{
    char *out = text;
    for (const char *at = text; *at; out++) {
        if (*at != '%') {
            *out = *at++;
            continue;
        }
        int high = hex_digit((uint8_t)at[1]), low = high < 0 ? -1 : hex_digit((uint8_t)at[2]);
        if (low < 0 || (high == 0 && low == 0))
            return false;
        *out = (char)(high << 4 | low);
        at += 3;
    }
    *out = '\0';
    return true;
}
