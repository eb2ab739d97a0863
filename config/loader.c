/* A run of the loader: the main file, the files that it includes, the top level, the routes, the
 * rules between them. Nothing stops at the first mistake; what depends on a part that could not be
 * read is left out. The snapshot's memory is one arena; trees live in a scratch arena and are
 * wiped, because secrets may have stood in the text. */
#include "config/file.h"
#include "config/load_private.h"
#include "config/rows.h"

#include <stdlib.h>

enum {
    SNAPSHOT_MAX = 256 << 20,
    SCRATCH_MAX = 512 << 20,
    ROUTES_MAX = 10000,
    SECRET_NAMES_MAX = 64
};

/* ---- for readers ---- */

bool load_problem(struct load *load, const struct node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    problem_add(load->problems, PROBLEM_ERROR, node->source, node->line, node->column,
                node->end_column, format, args);
    va_end(args);
    return false;
}

void load_warning(struct load *load, const struct node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    problem_add(load->problems, PROBLEM_WARNING, node->source, node->line, node->column,
                node->end_column, format, args);
    va_end(args);
}

bool load_no_memory(struct load *load)
{
    problem_add_plain(load->problems, "no memory for the configuration");
    return false;
}

void load_mask(struct load *load, const struct node *node)
{
    problem_list_mask(load->problems, node->source, node->line, node->column, node->end_line);
}

struct arena *load_arena(struct load *load)
{
    return load->arena;
}

const struct registry *load_registry(struct load *load)
{
    return load->registry;
}

struct settings *load_settings(struct load *load)
{
    return load->settings;
}

struct problem_list *load_problems(struct load *load)
{
    return load->problems;
}

bool load_is_offline(const struct load *load)
{
    return load->offline;
}

bool load_is_secretless(const struct load *load)
{
    return load->secretless;
}

static bool own(struct load *load, struct owned **list, void (*destroy)(void *), void *object)
{
    struct owned *owned = arena_alloc(load->arena, sizeof *owned);
    if (!owned) {
        destroy(object);
        return load_no_memory(load);
    }
    *owned = (struct owned){destroy, object, *list};
    *list = owned;
    return true;
}

bool load_own(struct load *load, void (*destroy)(void *object), void *object)
{
    return own(load, &load->settings->owned, destroy, object);
}

bool load_own_for_run(struct load *load, void (*destroy)(void *object), void *object)
{
    return own(load, &load->borrowed, destroy, object);
}

static void destroy_owned(struct owned *list)
{
    for (; list; list = list->next)
        list->destroy(list->object);
}

void settings_problem(struct problem_list *problems, enum problem_kind kind,
                      const struct position *at, const char *format, ...)
{
    va_list args;
    const struct source *source = problems->sources;
    while (source && at->file && strcmp(source->name, at->file) != 0)
        source = source->next;
    va_start(args, format);
    problem_add(problems, kind, at->file ? source : NULL, at->line, at->column, 0, format, args);
    va_end(args);
}

struct position load_position(struct load *load, const struct node *node)
{
    const char *file = arena_copy_text(load->arena, node->source->name);
    return (struct position){file ? file : "", node->line, node->column};
}

const char *load_path(struct load *load, const struct node *node, const char *path)
{
    if (path[0] == '/')
        return arena_copy_text(load->arena, path);
    while (strncmp(path, "./", 2) == 0 && path[2] != '/')
        path += 2;
    return arena_format(load->arena, "%s/%s", node->source->directory, path);
}

bool load_file(struct load *load, const struct node *node, const char *path, size_t limit,
               struct bytes *content)
{
    struct buffer buffer;
    struct error err;
    *content = (struct bytes){0};
    if (load->offline)
        return true;
    const char *full = load_path(load, node, path);
    if (!full)
        return load_no_memory(load);
    enum file_result result = file_read(full, path, limit, FILE_SHARED, &buffer, NULL, &err);
    char *copy = result == FILE_READ ? arena_copy_bytes(load->arena, buffer_bytes(&buffer)) : NULL;
    size_t length = buffer.length;
    buffer_finish(&buffer);
    if (result != FILE_READ)
        return load_problem(load, node, "%s", err.text);
    if (!copy)
        return load_no_memory(load);
    *content = bytes_of(copy, length);
    return true;
}

bool load_handler(struct load *load, const struct node *node, const struct handler_kind *kind,
                  struct handler *handler)
{
    *handler = (struct handler){kind, arena_alloc(load->arena, kind->settings_size + 1)};
    if (!handler->settings)
        return load_no_memory(load);
    return load_row(load, node, kind->value, handler->settings) &&
           (!kind->finish || kind->finish(load, node, handler->settings));
}

/* ---- secret names, for files that do not parse ---- */

static void collect_secret_names(const struct row_section *section, const char **names,
                                 size_t *count, unsigned depth);

static void collect_secret_row(const struct row *row, const char **names, size_t *count,
                               unsigned depth)
{
    if (row_holds_secret(row) && *count < SECRET_NAMES_MAX - 1)
        names[(*count)++] = row->name;
    if (row->section && depth < 8)
        collect_secret_names(row->section, names, count, depth + 1);
}

static void collect_secret_names(const struct row_section *section, const char **names,
                                 size_t *count, unsigned depth)
{
    for (size_t i = 0; i < section->row_count; i++)
        collect_secret_row(&section->rows[i], names, count, depth);
}

static void set_secret_names(struct load *load)
{
    struct problem_list *problems = load->problems;
    const struct registry *registry = load->registry;
    size_t count = 0;
    const char **names = arena_alloc_array(&problems->arena, SECRET_NAMES_MAX, sizeof *names);
    problems->lines_hidden |= !names;
    problems->secret_names = names;
    if (!names)
        return;
    collect_secret_names(&top_section, names, &count, 0);
    collect_secret_names(&route_section, names, &count, 0);
    for (size_t i = 0; registry->authenticators[i]; i++)
        collect_secret_row(registry->authenticators[i]->value, names, &count, 0);
    for (size_t i = 0; registry->top_parts && registry->top_parts[i]; i++)
        collect_secret_names(registry->top_parts[i], names, &count, 0);
    for (size_t i = 0; registry->route_parts && registry->route_parts[i]; i++)
        collect_secret_names(registry->route_parts[i]->keys, names, &count, 0);
}

/* ---- the top level ---- */

struct top_load {
    struct top_draft draft;
    struct load_mapping mapping; /* top_section and the registry's parts, into draft and blocks */
};

/* In the arena, because what is in it may be recorded (secrets) and has to stay in its place. */
static struct top_load *start_top(struct load *load)
{
    struct top_load *top = arena_alloc(load->arena, sizeof *top);
    if (!top) {
        load_no_memory(load);
        return NULL;
    }
    top->mapping.name = "the file";
    load_mapping_add(&top->mapping, &top_section, &top->draft);
    load->settings->parts = load_mapping_add_parts(load, &top->mapping, load->registry->top_parts);
    return load->settings->parts ? top : NULL;
}

static void load_included_top(struct load *load, struct top_load *top, const struct node *root)
{
    struct load_mapping mapping = top->mapping;
    mapping.name = "an included file";
    mapping.partial = true;
    mapping.needed_flag = ROW_IN_INCLUDES;
    mapping.elsewhere = "can only stand in the main file";
    load_mapping_read(load, root, &mapping);
}

static void load_routes(struct load *load, const struct node *routes, const struct node *defaults)
{
    struct settings *settings = load->settings;
    if (routes->kind != NODE_SEQUENCE) {
        load_expected(load, routes, "\"routes\"", "a list of routes (\"- name: …\")");
        return;
    }
    for (const struct node *node = routes->first; node; node = node->next) {
        struct route *route = &settings->routes[settings->route_count];
        if (!load_route(load, node, defaults, route))
            continue;
        route->index = settings->route_count++;
    }
}

static size_t count_routes(const struct load *load)
{
    size_t count = 0;
    for (size_t i = 0; i < load->root_count; i++) {
        const struct node *routes = tree_find(load->roots[i], "routes");
        count += routes ? routes->count : 0;
    }
    return count;
}

/* The routes of all files, main file first. */
static void load_all_routes(struct load *load, const struct node *defaults)
{
    struct settings *settings = load->settings;
    size_t count = count_routes(load);
    if (count == 0 && load->problems->errors == 0) /* after an error they may be what is missing */
        load_warning(load, load->roots[0], "there are no routes: every request is answered 404");
    if (count > ROUTES_MAX) {
        load_problem(load, load->roots[0], "%zu routes; at most %d are allowed", count, ROUTES_MAX);
        return;
    }
    settings->routes = arena_alloc_array(load->arena, count + 1, sizeof *settings->routes);
    if (!settings->routes) {
        load_no_memory(load);
        return;
    }
    for (size_t i = 0; i < load->root_count; i++) {
        const struct node *routes = tree_find(load->roots[i], "routes");
        if (routes)
            load_routes(load, routes, defaults);
    }
}

static const struct node *usable_defaults(struct load *load, const struct node *defaults)
{
    if (!defaults)
        return NULL;
    if (defaults->kind != NODE_MAPPING) {
        load_expected(load, defaults, "\"defaults\"", "a mapping of route keys");
        return NULL;
    }
    load_check_defaults(load, defaults);
    return defaults;
}

static void load_tree(struct load *load, const struct node *root)
{
    struct settings *settings = load->settings;
    struct top_load *top = start_top(load);
    if (!top)
        return;
    load_mapping_read(load, root, &top->mapping);
    const struct node *include = tree_find(root, "include");
    if (include && top->draft.include.count)
        load_includes(load, include);
    for (size_t i = 1; i < load->root_count; i++)
        load_included_top(load, top, load->roots[i]);
    settings->server = top->draft.server;
    settings->journal = top->draft.journal;
    settings->log = top->draft.log;
    load_all_routes(load, usable_defaults(load, top->draft.defaults));
    load_check_rules(load);
}

/* ---- a run ---- */

static bool load_init(struct load *load, const char *file, const struct registry *registry,
                      struct problem_list *problems)
{
    *load = (struct load){.registry = registry, .problems = problems};
    load->settings = calloc(1, sizeof *load->settings);
    load->roots = calloc(LOAD_FILES_MAX, sizeof *load->roots);
    arena_init(&load->scratch, SCRATCH_MAX);
    if (!load->settings || !load->roots)
        return load_no_memory(load);
    load->arena = &load->settings->arena;
    arena_init(load->arena, SNAPSHOT_MAX);
    load->settings->registry = registry;
    load->settings->file = arena_copy_text(load->arena, file);
    set_secret_names(load);
    return load->settings->file || load_no_memory(load);
}

static void wipe_tree(const struct node *node)
{
    if (node->kind == NODE_SCALAR)
        secret_wipe((char *)node->text, node->length);
    for (const struct node *child = node->first; child; child = child->next)
        wipe_tree(child);
}

static struct settings *load_finish(struct load *load)
{
    struct settings *settings = load->settings;
    destroy_owned(load->borrowed);
    for (size_t i = 0; i < load->root_count; i++)
        wipe_tree(load->roots[i]);
    arena_finish(&load->scratch);
    free(load->roots);
    if (load->problems->errors == 0)
        return settings;
    settings_destroy(settings);
    return NULL;
}

static struct settings *load_main(const char *file, const struct registry *registry,
                                  struct problem_list *problems, bool offline, bool secretless)
{
    struct load load;
    if (load_init(&load, file, registry, problems)) {
        load.offline = offline;
        load.secretless = secretless;
        const struct node *root = load_parse_main(&load, file);
        if (root)
            load_tree(&load, root);
    }
    return load_finish(&load);
}

struct settings *settings_load(const char *file, const struct registry *registry,
                               struct problem_list *problems)
{
    return load_main(file, registry, problems, false, false);
}

struct settings *settings_load_alone(const char *file, const struct registry *registry,
                                     struct problem_list *problems)
{
    return load_main(file, registry, problems, true, true);
}

struct settings *settings_load_secretless(const char *file, const struct registry *registry,
                                          struct problem_list *problems)
{
    return load_main(file, registry, problems, false, true);
}

struct settings *settings_load_text(const char *name, struct bytes text,
                                    const struct registry *registry, struct problem_list *problems)
{
    struct load load;
    if (load_init(&load, name, registry, problems)) {
        load.offline = load.secretless = true;
        const struct node *root = load_parse_text(&load, name, "/", text);
        if (root)
            load_tree(&load, root);
    }
    return load_finish(&load);
}

bool section_load_text(const char *name, struct bytes text, const struct row_section *section,
                       const struct registry *registry, struct arena *arena,
                       struct problem_list *problems, void *settings)
{
    const struct node *root = NULL;
    struct load load = {.arena = arena,
                        .registry = registry,
                        .problems = problems,
                        .roots = &root,
                        .offline = true,
                        .secretless = true};
    size_t errors = problems->errors;
    arena_init(&load.scratch, SCRATCH_MAX);
    root = load_parse_text(&load, name, "/", text);
    if (root)
        load_section(&load, root, section, settings);
    arena_finish(&load.scratch);
    return root && problems->errors == errors;
}

void settings_forget_secrets(struct settings *settings)
{
    for (size_t i = 0; i < settings->secret_count; i++)
        secret_list_finish(settings->secrets[i]);
}

void settings_destroy(struct settings *settings)
{
    if (!settings)
        return;
    settings_forget_secrets(settings);
    destroy_owned(settings->owned);
    free(settings->secrets);
    arena_finish(&settings->arena);
    free(settings);
}

static void *find_part(const struct row_section *const *sections, void **parts,
                       const struct row_section *section)
{
    for (size_t i = 0; sections && sections[i]; i++)
        if (sections[i] == section)
            return parts[i];
    return NULL;
}

void *settings_top_part(const struct settings *settings, const struct row_section *section)
{
    return find_part(settings->registry->top_parts, settings->parts, section);
}

void *action_part(const struct settings *settings, const struct action_settings *action,
                  const struct row_section *section)
{
    return find_part(settings->registry->action_parts, action->parts, section);
}
