/* The files of one run of the loader belong to the top level's key `schemas`, which binds URIs to
 * some of them; whoever compiles a schema first makes them. */
#include "handlers/admission/schema_load.h"

/* The top level's block. */
struct schema_bindings {
    struct schema_files *files;
};

static const char *shown_path(void *context, const char *path)
{
    return load_shown_path(context, path);
}

static void note_contents(void *context, const char *path, struct bytes contents)
{
    load_note_contents(context, path, contents);
}

static void destroy_files(void *files)
{
    schema_files_destroy(files);
}

static void forget_files(void *files)
{
    schema_files_forget(files);
}

/* The files of this run, made at their first use. NULL after a problem. */
static struct schema_files *files_of(struct load *load, struct schema_bindings *bindings,
                                     const struct node *node)
{
    struct schema_files_options options = {.problems = load_problems(load),
                                           .shown = shown_path,
                                           .was_read = note_contents,
                                           .context = load};
    if (bindings->files)
        return bindings->files;
    struct schema_files *files = schema_files_create(&options);
    if (!files) {
        load_problem(load, node, "no memory for the schemas");
        return NULL;
    }
    if (load_own(load, destroy_files, files) && load_own_for_run(load, forget_files, files))
        bindings->files = files;
    return bindings->files;
}

static bool bind_one(struct load *load, struct schema_bindings *bindings, const struct node *value)
{
    struct error err = {""};
    const char *uri = value->key->text;
    if (!strchr(uri, ':') || strchr(uri, '#'))
        return load_problem(load, value->key,
                            "\"%s\" is not an absolute URI without a fragment, such as "
                            "https://example.org/push.json",
                            uri);
    if (value->kind != NODE_SCALAR || tree_is_null(value))
        return load_problem(load, value, "the schema of \"%s\" must be a file", uri);
    if (load_is_offline(load))
        return true;
    struct schema_files *files = files_of(load, bindings, value);
    const char *path = files ? load_path(load, value, value->text) : NULL;
    if (!path)
        return files && load_problem(load, value, "no memory for the schemas");
    size_t errors = load_problems(load)->errors;
    if (schema_files_bind(files, uri, path, &err))
        return true;
    return load_problems(load)->errors != errors ? false
                                                 : load_problem(load, value, "%s", err.text);
}

static bool read_bindings(struct load *load, const struct node *node, const struct row *row,
                          void *field)
{
    bool ok = true;
    if (node->kind != NODE_MAPPING)
        return load_mismatch(load, node, row, "a map of URIs to files");
    for (const struct node *value = node->first; value; value = value->next)
        ok = bind_one(load, field, value) && ok;
    return ok;
}

static bool is_word(const struct node *node, const char *word)
{
    return node->kind == NODE_SCALAR && !node->quoted && strcmp(node->text, word) == 0;
}

const struct schema *schema_load(struct load *load, const struct node *node,
                                 struct schema_manner manner)
{
    struct settings *all = load_settings(load);
    struct schema_files *files =
        files_of(load, settings_top_part(all, &schema_load_top_section), node);
    bool written = node->kind == NODE_MAPPING || is_word(node, "true") || is_word(node, "false");
    const char *path = written || !files ? NULL : load_path(load, node, node->text);
    struct error err = {""};
    const struct schema *schema = NULL;
    if (files && written)
        schema = schema_files_compile_node(files, node, manner, &err);
    else if (path)
        schema = schema_files_compile(files, path, manner, &err);
    if (!schema && err.text[0])
        load_problem(load, node, "%s", err.text);
    return schema;
}

static const struct row top_rows[] = {
    {.name = "schemas",
     .example = "{\"https://example.com/order\": order.schema.json}",
     .type = ROW_CUSTOM,
     .offset = 0,
     .flags = ROW_IN_INCLUDES,
     .read = read_bindings,
     .syntax = "a map of URIs to files",
     .json_schema = "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"string\"}}",
     .sentence = "Files for the URIs to which schemas refer; no URI is ever fetched."},
};
const struct row_section schema_load_top_section = {.name = "schemas",
                                                    .sentence = "Files for the URIs of schemas.",
                                                    .rows = top_rows,
                                                    .row_count = ROW_COUNT(top_rows),
                                                    .size = sizeof(struct schema_bindings)};
