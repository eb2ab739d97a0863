/* Schemas are looked for only where a keyword's row says that its value holds some: an $id inside
 * an enum is a value, not a schema. What a JSON pointer reaches elsewhere (the value of an unknown
 * keyword) is walked when a reference leads there. Every schema found has a record, found again by
 * the address of its value. Recursion is bounded by the depth of the parsed document. */
#include "handlers/schema/load.h"

#include "handlers/schema/uri.h"
#include "handlers/schema/value.h"

#include <stdarg.h>
#include <stdio.h>

/* The guard lets 256 levels of JSON through, which are fewer schemas. */
enum { LIBRARY_BYTES = 256 * 1024 * 1024, DIALECT_DEPTH = 8, WALK_DEPTH = 300 };

/* Where the walk is. */
struct place {
    struct document *document;
    struct resource *resource;
    const struct record *parent;
    const char *path;
    const struct dialect *dialect;
};

bool load_init(struct schema_library *library, const struct schema_options *options)
{
    *library = (struct schema_library){.options = *options};
    arena_init(&library->arena, LIBRARY_BYTES);
    map_init(&library->documents);
    map_init(&library->resources);
    map_init(&library->anchors);
    map_init(&library->records);
    map_init(&library->meta_programs);
    return true;
}

void load_finish(struct schema_library *library)
{
    for (struct document *d = library->first_document; d; d = d->next)
        value_release(d->value);
    map_finish(&library->documents);
    map_finish(&library->resources);
    map_finish(&library->anchors);
    map_finish(&library->records);
    map_finish(&library->meta_programs);
    arena_finish(&library->arena);
}

/* ---- places ---- */

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

bool record_location(const struct record *record, struct buffer *out)
{
    return buffer_append_text(out, record->resource->uri) && buffer_append_text(out, "#") &&
           put_pointer(record, record->resource->root, out);
}

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

/* ---- what the walk finds ---- */

struct record *load_record(const struct schema_library *library, struct json_object *value)
{
    return map_find(&library->records, bytes_of(&value, sizeof value));
}

static struct record *add_record(struct schema_library *library, struct json_object *value,
                                 const struct place *at)
{
    struct record *record = arena_alloc(&library->arena, sizeof *record);
    if (!record)
        return NULL;
    *record = (struct record){
        .value = value, .resource = at->resource, .parent = at->parent, .path = at->path};
    bool good = map_add(&library->records, bytes_of(&record->value, sizeof value), record);
    return good ? record : NULL;
}

static bool add_resource_uri(struct schema_library *library, const char *uri,
                             struct resource *resource)
{
    struct bytes key = bytes_of_text(uri);
    return map_find(&library->resources, key) || map_add(&library->resources, key, resource);
}

static struct resource *add_resource(struct schema_library *library, const char *uri,
                                     const struct place *at)
{
    struct resource *resource = arena_alloc(&library->arena, sizeof *resource);
    if (!resource || !add_resource_uri(library, uri, resource))
        return NULL;
    *resource = (struct resource){.uri = uri,
                                  .index = library->resource_count++,
                                  .dialect = at->dialect,
                                  .document = at->document,
                                  .next = library->first_resource};
    library->first_resource = resource;
    return resource;
}

static struct bytes anchor_key(struct schema_library *library, const struct resource *resource,
                               const char *name)
{
    return bytes_of_text(arena_format(&library->arena, "%u#%s", resource->index, name));
}

static bool add_anchor(struct schema_library *library, struct record *record, const char *name)
{
    struct bytes key = anchor_key(library, record->resource, name);
    return key.data &&
           (map_find(&library->anchors, key) || map_add(&library->anchors, key, record));
}

static bool add_dynamic_anchor(struct schema_library *library, struct record *record,
                               const char *name)
{
    struct dynamic_anchor *anchor = arena_alloc(&library->arena, sizeof *anchor);
    if (!anchor)
        return false;
    *anchor = (struct dynamic_anchor){name, record, record->resource->dynamic};
    record->resource->dynamic = anchor;
    return add_anchor(library, record, name);
}

/* ---- dialects ---- */

/* Adds up a $vocabulary. 0 with the fault if one is needed that nobody here knows. */
static unsigned read_vocabulary(struct schema_library *library, const struct record *at,
                                enum schema_draft draft, struct json_object *vocabulary)
{
    unsigned all = VOCABULARY_CORE;
    for (struct member m = member_first(vocabulary); m.entry; member_next(&m)) {
        unsigned known = vocabulary_find(draft, member_name(&m));
        if (!known && value_type(member_value(&m)) == VALUE_BOOLEAN &&
            value_boolean(member_value(&m))) {
            fault_add(library, at, "$schema", "the meta-schema requires the vocabulary %s",
                      member_name(&m));
            return 0;
        }
        all |= known;
    }
    return all;
}

static const struct dialect *custom_dialect(struct schema_library *library, const struct record *at,
                                            const char *uri, const struct record *meta)
{
    struct dialect *dialect = arena_alloc(&library->arena, sizeof *dialect);
    struct json_object *vocabulary;
    if (!dialect) {
        fault_memory(library);
        return NULL;
    }
    *dialect = *meta->resource->dialect;
    dialect->uri = uri;
    if (dialect->draft < SCHEMA_DRAFT_2019_09 || value_type(meta->value) != VALUE_OBJECT ||
        !value_find(meta->value, "$vocabulary", &vocabulary) ||
        value_type(vocabulary) != VALUE_OBJECT)
        return dialect;
    dialect->vocabularies = read_vocabulary(library, at, dialect->draft, vocabulary);
    return dialect->vocabularies ? dialect : NULL;
}

const struct dialect *load_dialect(struct schema_library *library, const struct record *at,
                                   const char *uri)
{
    char *plain = arena_copy_text(&library->arena, uri);
    if (!plain) {
        fault_memory(library);
        return NULL;
    }
    char *fragment = uri_split_fragment(plain);
    const struct dialect *published = fragment && *fragment ? NULL : dialect_find(plain);
    if (published)
        return published;
    const struct dialect *dialect = NULL;
    if (library->dialect_depth >= DIALECT_DEPTH) { /* a meta-schema may name another one */
        fault_add(library, at, "$schema", "meta-schemas that name each other without end");
        return NULL;
    }
    library->dialect_depth++;
    const struct record *meta = load_find(library, at, plain, "$schema");
    if (meta)
        dialect = custom_dialect(library, at, plain, meta);
    library->dialect_depth--;
    return dialect;
}

/* ---- the walk ---- */

static bool walk(struct schema_library *library, struct json_object *value, struct place at);

static const char *string_member(struct json_object *object, const char *name)
{
    struct json_object *member;
    if (!value_find(object, name, &member) || value_type(member) != VALUE_STRING)
        return NULL;
    return (const char *)value_string(member).data;
}

/* The $id that counts: before 2019-09 a $ref hides everything beside it. */
static const char *own_id(const struct dialect *dialect, struct json_object *schema)
{
    if (dialect->draft <= SCHEMA_DRAFT_7 && value_find(schema, "$ref", NULL))
        return NULL;
    return string_member(schema, dialect->draft == SCHEMA_DRAFT_4 ? "id" : "$id");
}

/* $schema counts at the root of a resource only. */
static bool choose_dialect(struct schema_library *library, struct record *record, struct place *at)
{
    const char *uri = string_member(record->value, "$schema");
    bool root =
        !at->parent || string_member(record->value, "$id") || string_member(record->value, "id");
    if (!uri || !root)
        return true;
    const struct dialect *dialect = load_dialect(library, record, uri);
    if (!dialect)
        return false;
    at->document->mixed |= at->parent && dialect != at->dialect;
    at->dialect = dialect;
    return true;
}

static bool enter_resource(struct schema_library *library, struct record *record, const char *uri,
                           struct place *at)
{
    if (!at->parent) { /* the document's own resource gets its proper name */
        at->resource->uri = uri;
        at->resource->dialect = at->dialect;
        return add_resource_uri(library, uri, at->resource);
    }
    at->resource = add_resource(library, uri, at);
    if (!at->resource)
        return false;
    at->resource->root = record;
    record->resource = at->resource;
    return true;
}

static bool take_id(struct schema_library *library, struct record *record, struct place *at)
{
    const char *id = own_id(at->dialect, record->value);
    if (!id)
        return true;
    char *uri = uri_resolve(&library->arena, at->resource->uri, id);
    if (!uri)
        return fault_memory(library);
    char *fragment = uri_split_fragment(uri);
    if (*id != '#' && *id && !enter_resource(library, record, uri, at))
        return fault_memory(library);
    bool anchor = fragment && *fragment && *fragment != '/' && at->dialect->draft <= SCHEMA_DRAFT_7;
    return !anchor || add_anchor(library, record, fragment) || fault_memory(library);
}

static bool take_anchors(struct schema_library *library, struct record *record,
                         const struct dialect *dialect)
{
    struct json_object *recursive;
    if (dialect->draft < SCHEMA_DRAFT_2019_09)
        return true;
    const char *anchor = string_member(record->value, "$anchor");
    if (anchor && !add_anchor(library, record, anchor))
        return fault_memory(library);
    if (dialect->draft == SCHEMA_DRAFT_2019_09) {
        if (record == record->resource->root &&
            value_find(record->value, "$recursiveAnchor", &recursive) &&
            value_type(recursive) == VALUE_BOOLEAN && value_boolean(recursive))
            record->resource->recursive_anchor = true;
        return true;
    }
    const char *dynamic = string_member(record->value, "$dynamicAnchor");
    return !dynamic || add_dynamic_anchor(library, record, dynamic) || fault_memory(library);
}

/* The same where nothing has to be escaped, which is nearly always. */
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

static bool walk_child(struct schema_library *library, struct json_object *value, struct place at,
                       const char *keyword, const char *token)
{
    unsigned type = value_type(value);
    if (type != VALUE_OBJECT && type != VALUE_BOOLEAN)
        return true; /* not a schema: the meta-schema says so, or it is a list of names */
    at.path = join_path(library, keyword, token);
    return at.path ? walk(library, value, at) : fault_memory(library);
}

static bool walk_list(struct schema_library *library, struct json_object *list,
                      const struct place *at, const char *keyword)
{
    char index[24];
    for (size_t i = 0; i < value_item_count(list); i++) {
        snprintf(index, sizeof index, "%zu", i);
        if (!walk_child(library, value_item(list, i), *at, keyword, index))
            return false;
    }
    return true;
}

static bool walk_map(struct schema_library *library, struct json_object *map,
                     const struct place *at, const char *keyword)
{
    for (struct member m = member_first(map); m.entry; member_next(&m))
        if (!walk_child(library, member_value(&m), *at, keyword, member_name(&m)))
            return false;
    return true;
}

static bool walk_keyword(struct schema_library *library, const struct keyword_row *row,
                         struct json_object *value, const struct place *at)
{
    unsigned type = value_type(value);
    bool map = row->shape == SHAPE_MAP || row->shape == SHAPE_DEPENDENCIES;
    if (row->shape == SHAPE_NONE)
        return true;
    if (map)
        return type != VALUE_OBJECT || walk_map(library, value, at, row->name);
    if (type == VALUE_ARRAY)
        return row->shape == SHAPE_SCHEMA || walk_list(library, value, at, row->name);
    return row->shape == SHAPE_LIST || walk_child(library, value, *at, row->name, NULL);
}

static bool walk_members(struct schema_library *library, struct json_object *schema,
                         const struct place *at)
{
    for (struct member m = member_first(schema); m.entry; member_next(&m)) {
        enum keyword keyword = keyword_find(at->dialect, member_name(&m));
        if (!walk_keyword(library, &keyword_rows[keyword], member_value(&m), at))
            return false;
    }
    return true;
}

static bool walk(struct schema_library *library, struct json_object *value, struct place at)
{
    if (load_record(library, value))
        return true;
    struct record *record = add_record(library, value, &at);
    if (!record)
        return fault_memory(library);
    if (!at.parent)
        at.document->root = at.resource->root = record;
    if (value_type(value) != VALUE_OBJECT)
        return true;
    if (library->walk_depth == WALK_DEPTH)
        return fault_add(library, record, NULL, "schemas nested too deeply");
    if (!choose_dialect(library, record, &at))
        return false;
    if (!at.parent)
        at.resource->dialect = at.dialect;
    if (!take_id(library, record, &at) || !take_anchors(library, record, at.dialect))
        return false;
    at.parent = record;
    library->walk_depth++; /* goes on into the meta-schemas that are loaded on the way */
    bool good = walk_members(library, value, &at);
    library->walk_depth--;
    return good;
}

static bool is_schema(struct json_object *value)
{
    return value_type(value) & (VALUE_OBJECT | VALUE_BOOLEAN);
}

static struct document *add_document(struct schema_library *library, const char *uri,
                                     struct json_object *value)
{
    struct document *document = arena_alloc(&library->arena, sizeof *document);
    if (!document)
        return NULL;
    document->uri = uri;
    /* records are found by address: a resolver may give one value for two URIs */
    document->value = load_record(library, value) ? value_copy(value) : value_keep(value);
    if (!document->value)
        return NULL;
    document->next = library->first_document;
    library->first_document = document;
    return map_add(&library->documents, bytes_of_text(uri), document) ? document : NULL;
}

struct document *load_document(struct schema_library *library, const char *uri,
                               struct json_object *value, const struct dialect *inherited)
{
    char *name = arena_copy_text(&library->arena, uri);
    if (!name) {
        fault_memory(library);
        return NULL;
    }
    uri_split_fragment(name);
    if (!is_schema(value)) {
        fault_add_document(library, name, "a schema must be an object or a boolean");
        return NULL;
    }
    struct document *document = add_document(library, name, value);
    struct place at = {.document = document, .dialect = inherited, .path = ""};
    at.resource = document ? add_resource(library, name, &at) : NULL;
    if (!at.resource) {
        fault_memory(library);
        return NULL;
    }
    if (!walk(library, document->value, at))
        return NULL;
    if (!library->trusted && !meta_check(library, document, at.resource->dialect))
        return NULL;
    return document;
}

/* ---- references ---- */

static struct resource *fetch_resource(struct schema_library *library, const struct record *from,
                                       const char *uri, const char *keyword)
{
    struct error why = {"there is nothing to resolve it"};
    struct json_object *published = meta_document(uri), *value = published;
    bool trusted = library->trusted;
    if (!value && library->options.resolve)
        value = library->options.resolve(library->options.context, uri, &why);
    if (!value) {
        fault_add(library, from, keyword, "no schema is known as \"%s\": %s", uri, why.text);
        return NULL;
    }
    library->trusted |= published != NULL;
    bool good = load_document(library, uri, value, from->resource->dialect);
    library->trusted = trusted;
    value_release(value);
    return good ? map_find(&library->resources, bytes_of_text(uri)) : NULL;
}

/* One step of a JSON pointer: the value under the token, or NULL. */
static struct json_object *pointer_step(struct json_object *value, const char *token)
{
    struct json_object *next = NULL;
    unsigned type = value_type(value);
    uint64_t index;
    if (type == VALUE_OBJECT)
        return value_find(value, token, &next) ? next : NULL;
    bool good = type == VALUE_ARRAY && bytes_to_uint64(bytes_of_text(token), &index) &&
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

/* The schema at the end of `pointer` (which is taken apart), seen from `*nearest`; `*nearest`
 * becomes the last schema on the way. */
static struct json_object *pointer_follow(struct schema_library *library, struct record **nearest,
                                          char *pointer, struct buffer *path)
{
    struct json_object *value = (*nearest)->value;
    for (char *token = pointer; value && token;) {
        char *end = strchr(++token, '/');
        if (end)
            *end = '\0';
        pointer_unescape(token);
        value = pointer_step(value, token);
        pointer_append(path, token);
        struct record *record = value ? load_record(library, value) : NULL;
        if (record) {
            *nearest = record;
            path->length = 0;
        }
        token = end;
    }
    return value;
}

static struct record *find_by_pointer(struct schema_library *library, struct resource *resource,
                                      char *pointer)
{
    struct record *nearest = resource->root;
    struct buffer path;
    buffer_init(&path, 64 * 1024);
    struct json_object *value = pointer_follow(library, &nearest, pointer, &path);
    struct record *found = NULL;
    if (value && value == nearest->value) {
        found = nearest;
    } else if (value && is_schema(value)) {
        struct place at = {.document = resource->document,
                           .resource = nearest->resource,
                           .parent = nearest,
                           .path = arena_copy_bytes(&library->arena, buffer_bytes(&path)),
                           .dialect = nearest->resource->dialect};
        found = at.path && walk(library, value, at) ? load_record(library, value) : NULL;
    }
    buffer_finish(&path);
    return found;
}

struct record *load_find(struct schema_library *library, const struct record *from,
                         const char *reference, const char *keyword)
{
    char *uri = uri_resolve(&library->arena, from->resource->uri, reference);
    if (!uri) {
        fault_memory(library);
        return NULL;
    }
    char *fragment = uri_split_fragment(uri);
    struct resource *resource = map_find(&library->resources, bytes_of_text(uri));
    if (!resource)
        resource = fetch_resource(library, from, uri, keyword);
    if (!resource)
        return NULL;
    if (!fragment || !*fragment)
        return resource->root;
    if (!uri_unescape(fragment)) {
        fault_add(library, from, keyword, "the fragment of \"%s\" is not well formed", reference);
        return NULL;
    }
    size_t faults = library->faults.count;
    struct record *found =
        *fragment == '/' ? find_by_pointer(library, resource, fragment)
                         : map_find(&library->anchors, anchor_key(library, resource, fragment));
    if (!found && library->faults.count == faults)
        fault_add(library, from, keyword, "\"%s\" leads to no schema", reference);
    return found;
}
