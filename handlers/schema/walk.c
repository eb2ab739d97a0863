/* Schemas are looked for only where a keyword's row says that its value holds some: an $id inside
 * an enum is a value, not a schema. What a JSON pointer reaches elsewhere (the value of an unknown
 * keyword) is walked when a reference leads there. Every schema found has a subschema, found again
 * by the address of its value. A URI or an anchor that two schemas claim is a mistake: references
 * would go to whichever was read first. */
#include "handlers/schema/walk.h"

#include "handlers/schema/equal.h"
#include "handlers/schema/fault.h"
#include "handlers/schema/location.h"
#include "handlers/schema/uri.h"
#include "handlers/schema/value.h"

#include <stdio.h>

/* The guard lets 256 levels of JSON through, which are fewer schemas. */
enum { WALK_DEPTH = 300, ORIGIN_MAX = 4096 };

bool walk_is_schema(struct json_object *value)
{
    return value_type(value) & (TYPE_OBJECT | TYPE_BOOLEAN);
}

/* ---- subschemas ---- */

struct subschema *walk_find(const struct schema_library *library, struct json_object *value)
{
    return map_find(&library->subschemas, bytes_of(&value, sizeof value));
}

static struct subschema *add_subschema(struct schema_library *library, struct json_object *value,
                                       const struct location *at)
{
    struct subschema *subschema = arena_alloc(&library->arena, sizeof *subschema);
    if (!subschema)
        return NULL;
    *subschema = (struct subschema){
        .value = value, .resource = at->resource, .parent = at->parent, .path = at->path};
    bool good = map_add(&library->subschemas, bytes_of(&subschema->value, sizeof value), subschema);
    return good ? subschema : NULL;
}

/* ---- names ---- */

/* Of a schema with a name that `owner` has already. */
static bool refuse_twin(struct schema_library *library, const struct subschema *subschema,
                        const char *keyword, const char *name, const struct subschema *owner)
{
    struct buffer origin;
    buffer_init(&origin, ORIGIN_MAX);
    subschema_origin(owner, &origin);
    fault_add(library, subschema, keyword, "\"%s\" already identifies %.*s", name,
              (int)origin.length, origin.length ? (const char *)origin.data : "");
    buffer_finish(&origin);
    return false;
}

/* Copies of a schema may lie in several documents: bundles are made so. Those that do not name
 * their dialect have to be of the same. */
static bool is_copy(const struct resource *a, const struct resource *b)
{
    size_t cost = 0;
    return (a->dialect == b->dialect || value_find(a->root->value, "$schema", NULL)) &&
           value_equal(a->root->value, b->root->value, &cost);
}

static bool name_resource(struct schema_library *library, struct resource *resource,
                          const char *uri, const char *keyword)
{
    struct bytes key = bytes_of_text(uri);
    const struct resource *known = map_find(&library->resources, key);
    if (known && known != resource && !is_copy(known, resource))
        return refuse_twin(library, resource->root, keyword, uri, known->root);
    return known || map_add(&library->resources, key, resource) || fault_memory(library);
}

static struct resource *add_resource(struct schema_library *library, struct subschema *root,
                                     const char *uri, const struct location *at)
{
    struct resource *resource = arena_alloc(&library->arena, sizeof *resource);
    if (!resource)
        return NULL;
    *resource = (struct resource){.uri = uri,
                                  .index = library->resource_count++,
                                  .root = root,
                                  .dialect = at->dialect,
                                  .document = at->document,
                                  .outer = at->resource,
                                  .next = library->first_resource};
    library->first_resource = resource;
    return resource;
}

static struct bytes anchor_key(struct schema_library *library, const struct resource *resource,
                               const char *name)
{
    return bytes_of_text(arena_format(&library->arena, "%u#%s", resource->index, name));
}

struct subschema *walk_find_anchor(struct schema_library *library, const struct resource *resource,
                                   const char *name)
{
    return map_find(&library->anchors, anchor_key(library, resource, name));
}

static bool name_anchor(struct schema_library *library, struct subschema *subschema,
                        const char *name, const char *keyword)
{
    struct bytes key = anchor_key(library, subschema->resource, name);
    if (!key.data)
        return fault_memory(library);
    const struct subschema *known = map_find(&library->anchors, key);
    if (known && known != subschema)
        return refuse_twin(library, subschema, keyword, name, known);
    return known || map_add(&library->anchors, key, subschema) || fault_memory(library);
}

static bool name_dynamic_anchor(struct schema_library *library, struct subschema *subschema,
                                const char *name)
{
    struct dynamic_anchor *anchor = arena_alloc(&library->arena, sizeof *anchor);
    if (!anchor)
        return fault_memory(library);
    *anchor = (struct dynamic_anchor){name, subschema, subschema->resource->dynamic};
    subschema->resource->dynamic = anchor;
    return name_anchor(library, subschema, name, "$dynamicAnchor");
}

/* ---- a schema's own names ---- */

/* The text of a member, NULL if there is none. */
static bool read_text(struct schema_library *library, const struct subschema *subschema,
                      const char *name, const char **text)
{
    struct json_object *member;
    *text = NULL;
    if (!value_find(subschema->value, name, &member) || value_type(member) != TYPE_STRING)
        return true; /* if it is anything else, the meta-schema says so */
    *text = value_c_string(member);
    return *text || fault_add(library, subschema, name, "must not hold U+0000");
}

/* The same of a keyword, if the dialect knows it. */
static bool read_word(struct schema_library *library, const struct subschema *subschema,
                      const struct dialect *dialect, enum keyword keyword, const char **text)
{
    *text = NULL;
    return !dialect_has(dialect, keyword) ||
           read_text(library, subschema, keyword_rows[keyword].name, text);
}

/* $schema counts at the root of a resource only. */
static bool take_dialect(struct schema_library *library, struct subschema *subschema,
                         struct location *at)
{
    const char *uri;
    bool root = !at->parent || value_find(subschema->value, "$id", NULL) ||
                value_find(subschema->value, "id", NULL);
    if (!root)
        return true;
    if (!read_text(library, subschema, "$schema", &uri))
        return false;
    const struct dialect *dialect =
        uri ? library->calls.load_dialect(library, subschema, uri) : at->dialect;
    if (!dialect)
        return false;
    at->document->mixed |= dialect != at->dialect && at->parent;
    at->dialect = dialect;
    return true;
}

static bool enter_resource(struct schema_library *library, struct subschema *subschema,
                           const char *uri, const char *keyword, struct location *at)
{
    if (at->parent) {
        at->resource = add_resource(library, subschema, uri, at);
        if (!at->resource)
            return fault_memory(library);
        subschema->resource = at->resource;
    } else { /* the document's own gets its proper name */
        at->resource->uri = uri;
    }
    return name_resource(library, at->resource, uri, keyword);
}

static bool take_id(struct schema_library *library, struct subschema *subschema,
                    struct location *at)
{
    const char *id, *keyword = keyword_rows[at->dialect->id].name;
    if (at->dialect->ref_hides_siblings && value_find(subschema->value, "$ref", NULL))
        return true;
    if (!read_text(library, subschema, keyword, &id))
        return false;
    if (!id)
        return true;
    char *uri = uri_resolve(&library->arena, at->resource->uri, id);
    if (!uri)
        return fault_memory(library);
    char *fragment = uri_split_fragment(uri);
    if (*id != '#' && *id && !enter_resource(library, subschema, uri, keyword, at))
        return false;
    bool anchor = at->dialect->id_names_anchors && fragment && *fragment && *fragment != '/';
    return !anchor || name_anchor(library, subschema, fragment, keyword);
}

static bool take_anchors(struct schema_library *library, struct subschema *subschema,
                         const struct dialect *dialect)
{
    const char *anchor, *dynamic;
    struct json_object *recursive;
    if (dialect_has(dialect, KEYWORD_RECURSIVE_ANCHOR) && subschema == subschema->resource->root &&
        value_find(subschema->value, "$recursiveAnchor", &recursive))
        subschema->resource->recursive_anchor =
            value_type(recursive) == TYPE_BOOLEAN && value_boolean(recursive);
    return read_word(library, subschema, dialect, KEYWORD_ANCHOR, &anchor) &&
           (!anchor || name_anchor(library, subschema, anchor, "$anchor")) &&
           read_word(library, subschema, dialect, KEYWORD_DYNAMIC_ANCHOR, &dynamic) &&
           (!dynamic || name_dynamic_anchor(library, subschema, dynamic));
}

/* ---- the walk ---- */

/* Where nothing has to be escaped, which is nearly always. */
static char *join_plain_path(struct arena *arena, const char *keyword, const char *token)
{
    size_t first = strlen(keyword), second = strlen(token);
    char *path = arena_alloc(arena, first + second + 3);
    if (!path)
        return NULL;
    path[0] = '/';
    memcpy(path + 1, keyword, first);
    if (second) {
        path[first + 1] = '/';
        memcpy(path + first + 2, token, second);
    }
    return path;
}

/* Text for the path from a schema to one inside it; NULL without memory. */
static char *join_path(struct schema_library *library, const char *keyword, const char *token)
{
    struct buffer path;
    char *copy = NULL;
    if (!token || (*token && !token[strcspn(token, "~/")]))
        return join_plain_path(&library->arena, keyword, token ? token : "");
    buffer_init(&path, 1024 * 1024);
    if (pointer_append(&path, keyword) && pointer_append(&path, token))
        copy = arena_copy_bytes(&library->arena, buffer_bytes(&path));
    buffer_finish(&path);
    return copy;
}

/* Like all that walk parts of a schema, it goes on after a fault: false if there was any. */
static bool walk_child(struct schema_library *library, struct json_object *value,
                       struct location at, const char *keyword, const char *token)
{
    if (!walk_is_schema(value))
        return true; /* the meta-schema says so, or it is a list of names */
    at.path = join_path(library, keyword, token);
    return at.path ? walk_schema(library, value, at) : fault_memory(library);
}

static bool walk_list(struct schema_library *library, struct json_object *list,
                      const struct location *at, const char *keyword)
{
    char index[24];
    bool good = true;
    for (size_t i = 0; i < value_item_count(list); i++) {
        snprintf(index, sizeof index, "%zu", i);
        good &= walk_child(library, value_item(list, i), *at, keyword, index);
    }
    return good;
}

static bool walk_map(struct schema_library *library, struct json_object *map,
                     const struct location *at, const char *keyword)
{
    bool good = true;
    for (struct member m = member_first(map); m.entry; member_next(&m))
        good &= walk_child(library, member_value(&m), *at, keyword, member_name(&m));
    return good;
}

static bool walk_keyword(struct schema_library *library, const struct keyword_row *row,
                         struct json_object *value, const struct location *at)
{
    unsigned type = value_type(value);
    bool map = row->shape == SHAPE_MAP || row->shape == SHAPE_DEPENDENCIES;
    if (row->shape == SHAPE_NONE)
        return true;
    if (map)
        return type != TYPE_OBJECT || walk_map(library, value, at, row->name);
    if (type == TYPE_ARRAY)
        return row->shape == SHAPE_SCHEMA || walk_list(library, value, at, row->name);
    return row->shape == SHAPE_LIST || walk_child(library, value, *at, row->name, NULL);
}

static bool walk_members(struct schema_library *library, struct json_object *schema,
                         const struct location *at)
{
    bool good = true;
    for (struct member m = member_first(schema); m.entry; member_next(&m)) {
        enum keyword keyword = keyword_find(&library->keywords, at->dialect, member_name(&m));
        good &= walk_keyword(library, &keyword_rows[keyword], member_value(&m), at);
    }
    return good;
}

/* A document's root is a resource before it is looked at, since its own meta-schema may be itself.
 */
static bool begin_document(struct schema_library *library, struct subschema *subschema,
                           struct location *at)
{
    at->resource = subschema->resource = add_resource(library, subschema, at->document->uri, at);
    at->document->root = subschema;
    return at->resource ? name_resource(library, at->resource, at->document->uri, NULL)
                        : fault_memory(library);
}

static bool walk_object(struct schema_library *library, struct subschema *subschema,
                        struct location at)
{
    if (!take_dialect(library, subschema, &at))
        return false;
    if (!at.parent)
        subschema->resource->dialect = at.dialect;
    bool good = take_id(library, subschema, &at);
    good &= take_anchors(library, subschema, at.dialect);
    at.parent = subschema;
    library->walk_depth++; /* goes on into the meta-schemas that are loaded on the way */
    good &= walk_members(library, subschema->value, &at);
    library->walk_depth--;
    return good;
}

bool walk_schema(struct schema_library *library, struct json_object *value, struct location at)
{
    if (walk_find(library, value))
        return true;
    struct subschema *subschema = add_subschema(library, value, &at);
    if (!subschema)
        return fault_memory(library);
    if (!at.resource && !begin_document(library, subschema, &at))
        return false;
    if (value_type(value) != TYPE_OBJECT)
        return true;
    return library->walk_depth < WALK_DEPTH
               ? walk_object(library, subschema, at)
               : fault_add(library, subschema, NULL, "schemas nested too deeply");
}
