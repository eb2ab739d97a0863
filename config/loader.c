/* A run of the loader: the main file, the files that it includes, the top level, the routes, the
 * rules between them. Nothing stops at the first mistake; what depends on a part that could not be
 * read is left out. The snapshot's memory is one arena; trees live in a scratch arena and are
 * wiped, because secrets may have stood in the text. */
#include "config/loader.h"

#include "config/include.h"
#include "config/key_places.h"
#include "config/load_prints.h"
#include "config/load_private.h"
#include "config/route.h"
#include "config/rows.h"
#include "config/rules.h"
#include "config/scalar.h"
#include "config/section.h"

#include <stdlib.h>

enum {
    SNAPSHOT_MAX = 256 << 20,
    SCRATCH_MAX = 512 << 20,
    ROUTES_MAX = 10000,
    SECRET_NAMES_MAX = 64,
    PLAIN_NAMES_MAX = 256
};

/* ---- secret names, for files that do not parse ---- */

/* Both NULL-terminated. A plain name that does not fit costs only that less is shown. */
struct key_names {
    const char **secret, **plain;
    size_t secret_count, plain_count;
};

static void collect_names(const struct row_section *section, struct key_names *names,
                          unsigned depth);

static void collect_row(const struct row *row, struct key_names *names, unsigned depth)
{
    if (row_holds_secret(row) && names->secret_count < SECRET_NAMES_MAX - 1)
        names->secret[names->secret_count++] = row->name;
    else if (!row_holds_secret(row) && names->plain_count < PLAIN_NAMES_MAX - 1)
        names->plain[names->plain_count++] = row->name;
    if (row->section && depth < 8)
        collect_names(row->section, names, depth + 1);
}

static void collect_names(const struct row_section *section, struct key_names *names,
                          unsigned depth)
{
    for (size_t i = 0; i < section->row_count; i++)
        collect_row(&section->rows[i], names, depth);
}

static void set_secret_names(struct load *load)
{
    struct problem_list *problems = load->problems;
    const struct registry *registry = load->registry;
    struct key_names names = {
        .secret = arena_alloc_array(&problems->arena, SECRET_NAMES_MAX, sizeof *names.secret),
        .plain = arena_alloc_array(&problems->arena, PLAIN_NAMES_MAX, sizeof *names.plain)};
    problems->lines_hidden |= !names.secret || !names.plain;
    problems->secret_names = names.secret;
    problems->plain_names = names.plain;
    problems->reference_roots = registry->reference_roots;
    if (problems->lines_hidden)
        return;
    collect_names(&top_section, &names, 0);
    collect_names(&route_section, &names, 0);
    for (size_t i = 0; registry->authenticators[i]; i++)
        collect_row(registry->authenticators[i]->value, &names, 0);
    for (size_t i = 0; registry->top_parts && registry->top_parts[i]; i++)
        collect_names(registry->top_parts[i], &names, 0);
    for (size_t i = 0; registry->route_parts && registry->route_parts[i]; i++)
        collect_names(registry->route_parts[i]->keys, &names, 0);
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
    mapping.elsewhere = "is allowed only in the main file";
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
    const struct node *defaults = usable_defaults(load, top->draft.defaults);
    load_all_routes(load, defaults);
    load_check_rules(load);
    if (!load->offline && load->problems->errors == 0 && !load_prints(load, defaults))
        load_no_memory(load);
}

/* ---- a run ---- */

static bool load_init(struct load *load, const char *file, const struct registry *registry,
                      struct problem_list *problems)
{
    *load = (struct load){.registry = registry, .problems = problems, .find_places = key_places};
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
    owned_destroy(load->borrowed);
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

char *settings_find_journal(const char *file, const struct registry *registry,
                            struct problem_list *problems)
{
    struct load load;
    char *path = NULL;
    if (load_init(&load, file, registry, problems)) {
        load.offline = load.secretless = true;
        const struct node *root = load_parse_main(&load, file);
        if (root)
            load_tree(&load, root);
        if (load.settings->journal.path)
            path = strdup(load.settings->journal.path);
    }
    settings_destroy(load_finish(&load));
    return path;
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

struct settings *settings_load_value(const char *name, struct bytes text,
                                     const struct registry *registry, struct problem_list *problems,
                                     bool (*read)(struct load *load, const struct node *node,
                                                  void *context),
                                     void *context)
{
    struct load load;
    if (load_init(&load, name, registry, problems)) {
        load.offline = load.secretless = true;
        const struct source *source = problem_list_add_source(problems, name, "/", text);
        const struct node *root = source ? tree_parse(source, &load.scratch, problems) : NULL;
        if (!source)
            load_no_memory(&load);
        else if (root)
            read(&load, root, context);
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
