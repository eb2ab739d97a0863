/* The guard has bounded the target and decoded its path, so all of this is small. A query decodes
 * parameter by parameter: a parameter that is not well encoded is nobody's mistake but its own, and
 * authentication reads it as it was sent. */
#include "handlers/content/query.h"

#include "base/encoding.h"
#include "config/route_path.h"

enum { JSON_MAX = 64 * 1024 };

static size_t count_byte(struct bytes text, uint8_t byte)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += text.data[i] == byte;
    return count;
}

/* ---- the query ---- */

bool query_take_parameter(struct bytes *query, struct bytes *parameter)
{
    while (query->length > 0) {
        *parameter = bytes_split(query, '&');
        if (parameter->length > 0)
            return true;
    }
    return false;
}

static bool decode(struct bytes text, struct arena *arena, struct bytes *decoded)
{
    uint8_t *out = arena_alloc(arena, text.length + 1);
    size_t length;
    if (!out)
        return false;
    *decoded = form_unescape(text, out, &length) ? bytes_of(out, length) : text;
    return true;
}

static bool repair(struct arena *arena, struct bytes *value)
{
    struct buffer out;
    if (utf8_valid(*value))
        return true;
    buffer_init(&out, JSON_MAX);
    char *copy = utf8_append(&out, *value) ? arena_copy_bytes(arena, buffer_bytes(&out)) : NULL;
    *value = bytes_of(copy, out.length);
    buffer_finish(&out);
    return copy;
}

bool query_fields(const struct request *request, struct field_list *fields)
{
    struct field_list list = {.count = 0};
    struct bytes rest = request->query, value;
    list.items = arena_alloc_array(request->arena, count_byte(rest, '&') + 1, sizeof *list.items);
    if (!list.items)
        return false;
    while (query_take_parameter(&rest, &value)) {
        struct bytes name = bytes_split(&value, '=');
        struct form_field *field = &list.items[list.count++];
        if (!decode(name, request->arena, &field->name) ||
            !decode(value, request->arena, &field->value) || !repair(request->arena, &field->value))
            return false;
    }
    *fields = list;
    return true;
}

/* ---- the path ---- */

/* Routing has matched the path, so it has a segment for each of the pattern's. */
bool path_fields(const struct request *request, struct field_list *fields)
{
    struct field_list list = {.count = 0};
    struct bytes pattern = bytes_of_text(request->route->path), path = request->path;
    list.items =
        arena_alloc_array(request->arena, count_byte(pattern, '{') + 1, sizeof *list.items);
    if (!list.items)
        return false;
    while (pattern.data) {
        struct bytes segment = bytes_split(&pattern, '/'), value = bytes_split(&path, '/'), name;
        if (route_path_segment_name(segment, &name))
            list.items[list.count++] = (struct form_field){name, value};
    }
    *fields = list;
    return true;
}

/* ---- lists ---- */

struct bytes field_list_find(const struct field_list *fields, struct bytes name, size_t *count)
{
    const struct form form = {.fields = fields->items, .count = fields->count};
    return form_find(&form, name, count);
}

bool field_list_json(const struct field_list *fields, struct arena *arena, struct bytes *json)
{
    struct buffer out;
    *json = bytes_of(NULL, 0);
    if (fields->count == 0)
        return true;
    buffer_init(&out, JSON_MAX);
    char *copy = form_append_json(&out, fields->items, fields->count)
                     ? arena_copy_bytes(arena, buffer_bytes(&out))
                     : NULL;
    if (copy)
        *json = bytes_of(copy, out.length);
    buffer_finish(&out);
    return copy;
}
