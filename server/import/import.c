/* Each file is read, and its hooks are written, on its own; what they share is names, ids and
 * schemes, so the head of the route file is put together at the end. */
#include "server/import/import.h"

#include "server/import/auth_text.h"
#include "server/import/route.h"
#include "server/import/yaml_text.h"

#include <stdlib.h>

enum { IMPORT_MEMORY = 256 << 20 };

struct import_parts {
    struct arena arena;
    struct route_writer writer;
    struct bytes *ids; /* of the hooks so far */
    size_t hook_count;
    struct buffer routes;
};

bool import_begin(struct import *import)
{
    *import = (struct import){.exact = false};
    flags_init(&import->flags);
    report_init(&import->report);
    buffer_init(&import->out, IMPORT_OUTPUT_MAX);
    import->parts = calloc(1, sizeof *import->parts);
    if (!import->parts)
        return false;
    struct import_parts *parts = import->parts;
    arena_init(&parts->arena, IMPORT_MEMORY);
    buffer_init(&parts->routes, IMPORT_OUTPUT_MAX);
    parts->ids = arena_alloc_array(&parts->arena, OLD_HOOKS_MAX, sizeof *parts->ids);
    parts->writer.names = arena_alloc_array(&parts->arena, OLD_HOOKS_MAX, sizeof *parts->ids);
    return parts->ids && parts->writer.names;
}

void import_finish(struct import *import)
{
    report_finish(&import->report);
    buffer_finish(&import->out);
    if (!import->parts)
        return;
    buffer_finish(&import->parts->routes);
    arena_finish(&import->parts->arena);
    free(import->parts);
    import->parts = NULL;
}

/* ---- one file ---- */

/* A tree of the text; of JSON with comments, which `webhook` refuses but its documentation shows,
 * the second time without them. */
static const struct old_node *parse(struct import *import, struct bytes text)
{
    struct arena *arena = &import->parts->arena;
    struct import_report first;
    struct bytes bare = old_text_without_comments(text, arena);
    if (bare.data == text.data)
        return old_tree_parse(text, arena, &import->report);
    report_init(&first);
    const struct old_node *root = old_tree_parse(text, arena, &first);
    report_finish(&first);
    return root ? root : old_tree_parse(bare, arena, &import->report);
}

static bool id_is_known(struct import_parts *parts, struct bytes id)
{
    for (size_t i = 0; i < parts->hook_count; i++)
        if (bytes_equal(parts->ids[i], id))
            return true;
    return false;
}

static void add_hook(struct import *import, const struct old_hook *hook)
{
    struct import_parts *parts = import->parts;
    if ((!hook->is_broken && id_is_known(parts, hook->id)) || parts->hook_count == OLD_HOOKS_MAX) {
        import->report.hook = hook->id;
        report_problem(&import->report, hook->line, hook->column,
                       parts->hook_count == OLD_HOOKS_MAX ? "one hook too many"
                                                          : "the id is repeated; left out");
        import->report.hook = bytes_of(NULL, 0);
        return;
    }
    parts->ids[parts->hook_count++] = hook->id;
    if (hook->is_broken)
        yaml_comment(&parts->routes, 2, "The hook at %s:%u is left out; see the messages.",
                     import->report.file, hook->line);
    else
        route_write(&parts->writer, hook, &parts->routes);
}

void import_add(struct import *import, const char *name, struct bytes text)
{
    struct import_parts *parts = import->parts;
    struct old_template actions = {.count = 0};
    struct old_hooks hooks = {.count = 0};
    size_t problems = import->report.count;
    import->report.file = name;
    parts->writer.arena = &parts->arena;
    parts->writer.report = &import->report;
    parts->writer.flags = &import->flags;
    parts->writer.exact = import->exact;
    if (text.length > OLD_TEXT_MAX) {
        import->unreadable = true;
        report_problem(&import->report, 0, 0, "larger than 4 MiB");
        return;
    }
    bool ok = !import->flags.is_template ||
              old_template_read(text, &parts->arena, &import->report, &actions, &text);
    const struct old_node *root = ok ? parse(import, text) : NULL;
    if (root && old_hooks_read(root, &actions, &parts->arena, &import->report, &hooks))
        for (size_t i = 0; i < hooks.count; i++)
            add_hook(import, &hooks.items[i]);
    else
        import->unreadable = true;
    if (import->unreadable && problems == import->report.count)
        report_problem(&import->report, 0, 0, "no memory");
}

/* ---- the route file ---- */

static bool write_head(struct import *import, struct buffer *out)
{
    bool ok = yaml_comment(out, 0,
                           "Written by tenterhook import%s. Secrets that stand here in full are "
                           "better kept elsewhere: {file: PATH}, {env: NAME}, {credential: NAME}.",
                           import->exact ? " --exact" : "");
    return ok &&
           yaml_comment(out, 0,
                        "For every route: a command gets PATH, HOME, TZ and LANG of the server, "
                        "and what pass_env names, not all of its environment; a body may have "
                        "1 MiB (max_body); what is accepted is on disk, and runs again if the "
                        "server dies meanwhile.") &&
           buffer_append_text(out, "version: 1\n\n");
}

bool import_end(struct import *import)
{
    struct import_parts *parts = import->parts;
    struct buffer *out = &import->out;
    bool has_routes = parts->writer.route_count > 0;
    return write_head(import, out) && flags_write_server(&import->flags, out) &&
           buffer_append_text(out, "journal: {path: journal.db} # beside this file\n\n") &&
           auth_write_schemes(&parts->writer, out) &&
           buffer_append_text(out, has_routes ? "routes:\n" : "routes: []\n") &&
           buffer_append_bytes(out, buffer_bytes(&parts->routes));
}
