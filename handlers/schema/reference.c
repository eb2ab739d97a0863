/* What a reference leads to: a resource by its URI, and inside of it a schema by a JSON pointer or
 * an anchor. */
#include "handlers/schema/reference.h"

#include "handlers/schema/fault.h"
#include "handlers/schema/load.h"
#include "handlers/schema/location.h"
#include "handlers/schema/uri.h"
#include "handlers/schema/value.h"
#include "handlers/schema/walk.h"

enum { PATH_MAX_BYTES = 64 * 1024 };

/* One step of a JSON pointer: the value under the token, or NULL. */
static struct json_object *pointer_step(struct json_object *value, const char *token)
{
    struct json_object *next = NULL;
    unsigned type = value_type(value);
    uint64_t index;
    if (type == TYPE_OBJECT)
        return value_find(value, token, &next) ? next : NULL;
    bool good = type == TYPE_ARRAY && bytes_to_uint64(bytes_of_text(token), &index) &&
                (token[0] != '0' || !token[1]) && index < value_item_count(value);
    return good ? value_item(value, index) : NULL;
}

static void pointer_unescape(char *token)
{
    char *out = token;
    for (const char *at = token; *at; at++) {
        bool escape = *at == '~' && (at[1] == '0' || at[1] == '1');
        *out++ = !escape ? *at : at[1] == '0' ? '~' : '/';
        at += escape;
    }
    *out = '\0';
}

/* The value at the end of `pointer` (which is taken apart), seen from `*nearest`; `*nearest`
 * becomes the last schema on the way, and `path` leads on from there. */
static struct json_object *pointer_follow(struct schema_library *library,
                                          struct subschema **nearest, char *pointer,
                                          struct buffer *path)
{
    struct json_object *value = (*nearest)->value;
    for (char *token = pointer; value && token;) {
        char *end = strchr(++token, '/');
        if (end)
            *end = '\0';
        pointer_unescape(token);
        value = pointer_step(value, token);
        pointer_append(path, token);
        struct subschema *subschema = value ? walk_find(library, value) : NULL;
        if (subschema) {
            *nearest = subschema;
            path->length = 0;
        }
        token = end;
    }
    return value;
}

/* A value that no keyword says to be a schema, but a reference does: it is checked as one. */
static struct subschema *adopt(struct schema_library *library, const struct subschema *nearest,
                               struct bytes path, struct json_object *value)
{
    struct location at = {.document = nearest->resource->document,
                          .resource = nearest->resource,
                          .parent = nearest,
                          .path = arena_copy_bytes(&library->arena, path),
                          .dialect = nearest->resource->dialect};
    unsigned first = library->resource_count;
    if (!at.path) {
        fault_memory(library);
        return NULL;
    }
    if (!walk_schema(library, value, at))
        return NULL;
    struct subschema *subschema = walk_find(library, value);
    const struct schema_fault *before = library->faults.last;
    if (library->trusted || library->calls.check(library, subschema, first))
        return subschema;
    subschema->fault = fault_after(&library->faults, before);
    return NULL;
}

static struct subschema *find_by_pointer(struct schema_library *library, struct resource *resource,
                                         char *pointer)
{
    struct subschema *nearest = resource->root, *found = NULL;
    struct buffer path;
    buffer_init(&path, PATH_MAX_BYTES);
    struct json_object *value = pointer_follow(library, &nearest, pointer, &path);
    if (value && value == nearest->value)
        found = nearest;
    else if (value && walk_is_schema(value))
        found = adopt(library, nearest, buffer_bytes(&path), value);
    buffer_finish(&path);
    return found;
}

static struct subschema *find_in(struct schema_library *library, struct resource *resource,
                                 char *fragment)
{
    if (!fragment || !*fragment)
        return resource->root;
    return *fragment == '/' ? find_by_pointer(library, resource, fragment)
                            : walk_find_anchor(library, resource, fragment);
}

/* NULL after repeating the fault of a schema that was adopted before, in vain. */
static struct subschema *unless_bad(struct schema_library *library, struct subschema *found)
{
    for (const struct subschema *subschema = found; subschema; subschema = subschema->parent)
        if (subschema->fault) {
            fault_repeat(library, subschema->fault);
            return NULL;
        }
    return found;
}

struct subschema *reference_find(struct schema_library *library, const struct subschema *from,
                                 const char *reference, const char *keyword)
{
    char *uri = uri_resolve(&library->arena, from->resource->uri, reference);
    if (!uri) {
        fault_memory(library);
        return NULL;
    }
    char *fragment = uri_split_fragment(uri);
    if (fragment && !uri_unescape(fragment)) {
        fault_add(library, from, keyword, "the fragment of \"%s\" is not well formed", reference);
        return NULL;
    }
    struct resource *resource = load_resource(library, from, uri, keyword);
    if (!resource)
        return NULL;
    size_t faults = library->faults.count;
    struct subschema *found = find_in(library, resource, fragment);
    if (!found && library->faults.count == faults)
        fault_add(library, from, keyword, "\"%s\" leads to no schema", reference);
    return unless_bad(library, found);
}
