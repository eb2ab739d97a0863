/* A record knows its way from the schema around it; pointers are spelled out when they are needed.
 */
#include "handlers/schema/location.h"

#include "handlers/schema/load.h"

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

static bool put_pointer(const struct record *record, const struct record *until, struct buffer *out)
{
    if (record == until || !record->parent)
        return true;
    return put_pointer(record->parent, until, out) && buffer_append_text(out, record->path);
}

bool record_pointer(const struct record *record, struct buffer *out)
{
    return put_pointer(record, NULL, out);
}

bool record_place(const struct record *record, struct buffer *out)
{
    return buffer_append_text(out, record->resource->document->uri) &&
           buffer_append_text(out, "#") && put_pointer(record, NULL, out);
}

bool record_location(const struct record *record, struct buffer *out)
{
    return buffer_append_text(out, record->resource->uri) && buffer_append_text(out, "#") &&
           put_pointer(record, record->resource->root, out);
}
