/* The engine knows documents by URI and faults by JSON pointer; people know files, lines and
 * columns. This file stands between: a file has the URI file:///its/path, a mapping inside of a
 * route file that file's URI with its place as query (so that references relative to the file work
 * from there too), and a pointer is walked back through the YAML tree or the JSON text.
 *
 * A library of the engine is made for each manner of asking, since the draft and the formats are
 * the library's. */
#include "handlers/admission/schema_files.h"

#include "base/encoding.h"
#include "config/file.h"
#include "config/tree.h"
#include "handlers/content/payload.h"
#include "handlers/content/yaml_json.h"
#include "handlers/schema/value.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILES_ARENA = 64 << 20, TOKEN_MAX = 512 };

static const struct json_limits file_limits = {
    .depth = 200, .nodes = 1000000, .number_length = 64 * 1024};

/* A file, or a mapping in one. */
struct schema_text {
    const char *path; /* its URI for a mapping */
    const struct source *source;
    const struct node *node; /* its root; NULL: JSON */
    struct json_object *value;
    struct schema_text *next;
};

/* What the engine asked for by this URI. */
struct schema_document {
    const char *uri;
    const struct schema_text *text;
    struct schema_document *next;
};

struct schema_binding {
    const char *uri, *path;
    struct schema_binding *next;
};

struct compiled {
    const char *uri;
    struct schema_manner manner;
    struct schema *schema;
    struct compiled *next;
};

/* A library and what its resolver needs. */
struct asking {
    struct schema_files *files;
    struct schema_manner manner;
    struct schema_library *library;
    struct asking *next;
};

struct schema_files {
    struct schema_files_options options;
    struct arena arena;
    struct schema_text *texts;
    struct schema_document *documents;
    struct schema_binding *bindings;
    struct compiled *compiled;
    struct asking *askings;
};

/* ---- URIs ---- */

static bool is_path_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("/-._~", c));
}

static const char *uri_of_path(struct schema_files *files, const char *path)
{
    static const char scheme[] = "file://", digits[] = "0123456789ABCDEF";
    char *uri = arena_alloc(&files->arena, 3 * strlen(path) + sizeof scheme);
    if (!uri)
        return NULL;
    memcpy(uri, scheme, sizeof scheme - 1);
    char *out = uri + sizeof scheme - 1;
    for (; *path; path++) {
        uint8_t byte = (uint8_t)*path;
        if (is_path_byte(byte)) {
            *out++ = *path;
            continue;
        }
        *out++ = '%';
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 15];
    }
    *out = '\0';
    return uri;
}

/* The path of a file: URI without a host; NULL for any other. */
static const char *path_of_uri(struct schema_files *files, const char *uri)
{
    static const char scheme[] = "file:///";
    size_t length = strlen(uri), written;
    if (strncmp(uri, scheme, sizeof scheme - 1) != 0 || strchr(uri, '?'))
        return NULL;
    char *path = arena_alloc(&files->arena, length + 1);
    struct bytes encoded = bytes_from(bytes_of(uri, length), sizeof scheme - 2);
    if (!path || !percent_decode(encoded, (uint8_t *)path, length, &written) ||
        memchr(path, 0, written))
        return NULL;
    path[written] = '\0';
    return path;
}

/* ---- reading ---- */

static bool is_yaml(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static void report_fault(struct schema_files *files, const struct source *source,
                         const struct json_fault *fault)
{
    unsigned line, column;
    source_place(source, fault->offset, &line, &column);
    problem_add_at(files->options.problems, source, line, column, 0, "not JSON: %s", fault->reason);
}

static bool read_json(struct schema_files *files, struct schema_text *text)
{
    struct json_fault fault;
    if (payload_parse(text->source->text, &file_limits, &text->value, &fault))
        return true;
    report_fault(files, text->source, &fault);
    return false;
}

/* The tree's positions are kept; the engine gets the value. */
static bool read_node(struct schema_files *files, struct schema_text *text)
{
    struct buffer json;
    struct json_fault fault = {0};
    buffer_init(&json, 2 * SCHEMA_FILE_MAX);
    bool good = yaml_json_append(&json, text->node, files->options.problems);
    if (good && !payload_parse(buffer_bytes(&json), &file_limits, &text->value, &fault)) {
        problem_add_at(files->options.problems, text->source, text->node->line, text->node->column,
                       text->node->end_column, "this cannot be a schema: %s", fault.reason);
        good = false;
    }
    buffer_finish(&json);
    return good;
}

/* A file without a word in it is a mistake, although YAML takes it for an empty mapping, and that
 * would be a schema that everything conforms to. */
static bool read_yaml(struct schema_files *files, struct schema_text *text)
{
    struct problem_list *problems = files->options.problems;
    size_t errors = problems->errors;
    text->node = tree_parse(text->source, &files->arena, problems);
    if (!text->node || problems->errors != errors)
        return false;
    if (text->node->kind == NODE_MAPPING && !text->node->first &&
        !memchr(text->source->text.data, '{', text->source->text.length))
        problem_add_at(problems, text->source, 1, 1, 0,
                       "the schema is empty; {} accepts everything");
    return problems->errors == errors && read_node(files, text);
}

static const struct source *read_source(struct schema_files *files, const char *path,
                                        struct error *err)
{
    struct buffer content;
    const char *shown = files->options.shown(files->options.context, path);
    const struct source *source = NULL;
    if (file_read(path, shown, SCHEMA_FILE_MAX, FILE_SHARED, &content, NULL, err) == FILE_READ) {
        if (files->options.was_read)
            files->options.was_read(files->options.context, path, buffer_bytes(&content));
        source =
            problem_list_add_source(files->options.problems, shown, "/", buffer_bytes(&content));
        if (!source)
            error_set(err, "no memory for %s", shown);
    }
    buffer_finish(&content);
    return source;
}

static struct schema_text *add_text(struct schema_files *files, const char *path,
                                    const struct source *source, const struct node *node)
{
    struct schema_text *text = arena_alloc(&files->arena, sizeof *text);
    const char *copy = arena_copy_text(&files->arena, path);
    if (!text || !copy)
        return NULL;
    *text = (struct schema_text){copy, source, node, NULL, files->texts};
    files->texts = text;
    return text;
}

static const struct schema_text *find_text(const struct schema_files *files, const char *path)
{
    const struct schema_text *text = files->texts;
    while (text && strcmp(text->path, path) != 0)
        text = text->next;
    return text;
}

/* NULL with `err`; where the mistake has a place it is reported there too. */
static const struct schema_text *read_text(struct schema_files *files, const char *path,
                                           struct error *err)
{
    const struct schema_text *known = find_text(files, path);
    if (known)
        return known->value ? known : NULL;
    const struct source *source = read_source(files, path, err);
    struct schema_text *text = source ? add_text(files, path, source, NULL) : NULL;
    if (!text)
        return NULL;
    bool good = is_yaml(path) ? read_yaml(files, text) : read_json(files, text);
    if (good && !text->value) /* JSON null: the engine would take it for nothing */
        problem_add_at(files->options.problems, source, 1, 1, 0,
                       "a schema must be an object or a boolean, not null");
    return text->value ? text : NULL;
}

/* ---- what the engine asks for ---- */

static bool add_document(struct schema_files *files, const char *uri,
                         const struct schema_text *text)
{
    struct schema_document *document = arena_alloc(&files->arena, sizeof *document);
    const char *copy = arena_copy_text(&files->arena, uri);
    if (!document || !copy)
        return false;
    *document = (struct schema_document){copy, text, files->documents};
    files->documents = document;
    return true;
}

static const char *bound_path(const struct schema_files *files, const char *uri)
{
    const struct schema_binding *binding = files->bindings;
    while (binding && strcmp(binding->uri, uri) != 0)
        binding = binding->next;
    return binding ? binding->path : NULL;
}

static struct json_object *resolve(void *context, const char *uri, struct error *err)
{
    struct schema_files *files = ((struct asking *)context)->files;
    const char *bound = bound_path(files, uri), *path = bound ? bound : path_of_uri(files, uri);
    if (!path) {
        error_set(err, "schemas are not fetched; bind it to a file: schemas: {\"%s\": FILE}", uri);
        return NULL;
    }
    error_set(err, "%s cannot be used", files->options.shown(files->options.context, path));
    const struct schema_text *text = read_text(files, path, err);
    return text && add_document(files, uri, text) ? value_keep(text->value) : NULL;
}

static bool same_manner(struct schema_manner a, struct schema_manner b)
{
    return a.draft == b.draft && a.assert_formats == b.assert_formats;
}

static struct asking *add_asking(struct schema_files *files, struct schema_manner manner)
{
    struct asking *asking = calloc(1, sizeof *asking);
    if (!asking)
        return NULL;
    *asking = (struct asking){.files = files, .manner = manner, .next = files->askings};
    asking->library = schema_library_create(&(struct schema_options){
        .draft = manner.draft,
        .assert_formats = manner.assert_formats,
        .resolve = resolve,
        .context = asking,
    });
    if (!asking->library) {
        free(asking);
        return NULL;
    }
    files->askings = asking;
    return asking;
}

static struct asking *find_asking(struct schema_files *files, struct schema_manner manner)
{
    struct asking *asking = files->askings;
    while (asking && !same_manner(asking->manner, manner))
        asking = asking->next;
    return asking ? asking : add_asking(files, manner);
}

static void drop_askings(struct schema_files *files)
{
    while (files->askings) {
        struct asking *asking = files->askings;
        files->askings = asking->next;
        schema_library_destroy(asking->library);
        free(asking);
    }
}

/* ---- from pointers to places ---- */

static const struct node *child_at(const struct node *node, const char *token)
{
    uint64_t index;
    if (node->kind == NODE_MAPPING)
        return tree_find(node, token);
    if (node->kind != NODE_SEQUENCE || !bytes_to_uint64(bytes_of_text(token), &index))
        return NULL;
    const struct node *child = node->first;
    while (child && index--)
        child = child->next;
    return child;
}

/* The node under `pointer`, or the innermost one on the way. */
static const struct node *locate_node(const struct node *node, const char *pointer)
{
    char token[TOKEN_MAX];
    while ((pointer = payload_pointer_token(pointer, token, sizeof token))) {
        const struct node *child = child_at(node, token);
        if (!child)
            break;
        node = child;
    }
    return node;
}

static void report(struct schema_files *files, const struct schema_text *text, const char *pointer,
                   const char *sentence)
{
    struct problem_list *problems = files->options.problems;
    unsigned line, column;
    if (text->node) {
        const struct node *node = locate_node(text->node, pointer);
        problem_add_at(problems, node->source, node->line, node->column, node->end_column, "%s",
                       sentence);
        return;
    }
    source_place(text->source, payload_locate(text->source->text, pointer), &line, &column);
    problem_add_at(problems, text->source, line, column, 0, "%s", sentence);
}

/* Texts that were asked for last come first. */
static const struct schema_text *find_document(const struct schema_files *files, const char *uri)
{
    const struct schema_document *document = files->documents;
    while (document && strcmp(document->uri, uri) != 0)
        document = document->next;
    return document ? document->text : NULL;
}

/* ---- compiling ---- */

static const struct schema *find_compiled(const struct schema_files *files, const char *uri,
                                          struct schema_manner manner)
{
    const struct compiled *known = files->compiled;
    while (known && (strcmp(known->uri, uri) != 0 || !same_manner(known->manner, manner)))
        known = known->next;
    return known ? known->schema : NULL;
}

static const struct schema *keep_compiled(struct schema_files *files, const char *uri,
                                          struct schema_manner manner, struct schema *schema)
{
    struct compiled *made = calloc(1, sizeof *made);
    char *copy = made ? strdup(uri) : NULL;
    if (!copy) {
        free(made);
        schema_destroy(schema);
        return NULL;
    }
    *made = (struct compiled){copy, manner, schema, files->compiled};
    files->compiled = made;
    return schema;
}

static void report_faults(struct schema_files *files, const struct schema_fault *fault,
                          struct error *err)
{
    for (; fault; fault = fault->next) {
        const struct schema_text *text = find_document(files, fault->document);
        if (text)
            report(files, text, fault->pointer, fault->sentence);
        else
            error_set(err, "%s", fault->sentence);
    }
}

static const struct schema *compile(struct schema_files *files, const char *uri,
                                    const struct schema_text *text, struct schema_manner manner,
                                    struct error *err)
{
    struct asking *asking = find_asking(files, manner);
    if (!asking || !add_document(files, uri, text)) {
        error_set(err, "no memory for the schema");
        return NULL;
    }
    struct schema *schema = schema_compile(asking->library, uri, text->value);
    if (schema)
        return keep_compiled(files, uri, manner, schema);
    report_faults(files, schema_faults(asking->library), err);
    return NULL;
}

const struct schema *schema_files_compile(struct schema_files *files, const char *path,
                                          struct schema_manner manner, struct error *err)
{
    const char *uri = uri_of_path(files, path);
    err->text[0] = '\0';
    if (!uri) {
        error_set(err, "no memory for the schema");
        return NULL;
    }
    const struct schema *known = find_compiled(files, uri, manner);
    const struct schema_text *text = known ? NULL : read_text(files, path, err);
    return text ? compile(files, uri, text, manner, err) : known;
}

const struct schema *schema_files_compile_node(struct schema_files *files, const struct node *node,
                                               struct schema_manner manner, struct error *err)
{
    const struct source *source = node->source;
    char place[64];
    err->text[0] = '\0';
    snprintf(place, sizeof place, "?%u:%u", node->line, node->column);
    const char *slash = strrchr(source->name, '/');
    const char *path =
        arena_format(&files->arena, "%s/%s", source->directory, slash ? slash + 1 : source->name);
    const char *file = path ? uri_of_path(files, path) : NULL;
    const char *uri = file ? arena_format(&files->arena, "%s%s", file, place) : NULL;
    if (!uri) {
        error_set(err, "no memory for the schema");
        return NULL;
    }
    const struct schema *known = find_compiled(files, uri, manner);
    if (known)
        return known;
    const struct schema_text *text = find_text(files, uri);
    if (!text) {
        struct schema_text *made = add_text(files, uri, source, node);
        text = made && read_node(files, made) ? made : NULL;
    }
    return text && text->value ? compile(files, uri, text, manner, err) : NULL;
}

/* ---- the whole ---- */

bool schema_files_bind(struct schema_files *files, const char *uri, const char *path,
                       struct error *err)
{
    const char *bound = bound_path(files, uri);
    err->text[0] = '\0';
    if (bound && strcmp(bound, path) != 0)
        return error_set(err, "\"%s\" is already bound to %s", uri,
                         files->options.shown(files->options.context, bound));
    if (bound || !read_text(files, path, err))
        return bound != NULL;
    struct schema_binding *binding = arena_alloc(&files->arena, sizeof *binding);
    const char *uri_copy = arena_copy_text(&files->arena, uri);
    const char *path_copy = arena_copy_text(&files->arena, path);
    if (!binding || !uri_copy || !path_copy)
        return error_set(err, "no memory for the schemas");
    *binding = (struct schema_binding){uri_copy, path_copy, files->bindings};
    files->bindings = binding;
    return true;
}

struct schema_files *schema_files_create(const struct schema_files_options *options)
{
    struct schema_files *files = calloc(1, sizeof *files);
    if (!files)
        return NULL;
    files->options = *options;
    arena_init(&files->arena, FILES_ARENA);
    return files;
}

void schema_files_forget(struct schema_files *files)
{
    drop_askings(files);
    for (struct schema_text *text = files->texts; text; text = text->next)
        payload_release(text->value);
    arena_finish(&files->arena);
    files->texts = NULL;
    files->documents = NULL;
    files->bindings = NULL;
}

void schema_files_destroy(struct schema_files *files)
{
    if (!files)
        return;
    schema_files_forget(files);
    while (files->compiled) {
        struct compiled *compiled = files->compiled;
        files->compiled = compiled->next;
        schema_destroy(compiled->schema);
        free((char *)compiled->uri);
        free(compiled);
    }
    free(files);
}
