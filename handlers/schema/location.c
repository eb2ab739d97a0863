/* A subschema knows its way from the schema around it; pointers are spelled out when they are
 * needed.
 */
#include "handlers/schema/location.h"

#include "handlers/schema/library.h"

bool pointer_append(struct buffer *out, const char *token)
{
    bool good = buffer_append_text(out, "/");
    for (const char *at = token; good && *at;) {
        size_t plain = strcspn(at, "~/");
        good = buffer_append(out, at, plain);
        at += plain;
        if (good && *at)
            good = buffer_append_text(out, *at++ == '~' ? "~0" : "~1");
    }
    return good;
}

bool pointer_append_index(struct buffer *out, size_t index)
{
    return buffer_printf(out, "/%zu", index);
}

static bool put_pointer(const struct subschema *subschema, const struct subschema *until,
                        struct buffer *out)
{
    if (subschema == until || !subschema->parent)
        return true;
    return put_pointer(subschema->parent, until, out) && buffer_append_text(out, subschema->path);
}

bool subschema_pointer(const struct subschema *subschema, struct buffer *out)
{
    return put_pointer(subschema, NULL, out);
}

bool subschema_origin(const struct subschema *subschema, struct buffer *out)
{
    return buffer_append_text(out, subschema->resource->document->uri) &&
           buffer_append_text(out, "#") && put_pointer(subschema, NULL, out);
}

bool subschema_location(const struct subschema *subschema, struct buffer *out)
{
    return buffer_append_text(out, subschema->resource->uri) && buffer_append_text(out, "#") &&
           put_pointer(subschema, subschema->resource->root, out);
}
