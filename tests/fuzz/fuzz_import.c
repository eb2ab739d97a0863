/* A hooks file of any bytes behind one byte of options. Whatever it holds, the route file is one
 * that our own strict parser reads, with the keys of an import and no others, and no route of it
 * stands open without saying so. Messages can be printed. */
#include "config/tree.h"
#include "server/import/import.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

enum { TREE_MEMORY = 256 << 20 };

static bool is_one_of(const char *key, const char *const *keys)
{
    for (; *keys; keys++)
        if (strcmp(key, *keys) == 0)
            return true;
    return false;
}

static void check_keys(const struct node *mapping, const char *const *keys)
{
    assert(mapping->kind == NODE_MAPPING);
    for (const struct node *child = mapping->first; child; child = child->next)
        assert(is_one_of(child->key->text, keys));
}

static void check_route(const struct node *route)
{
    static const char *const keys[] = {"name",    "path",    "methods",  "provider",   "secret",
                                       "auth",    "allow",   "content",  "json_field", "when",
                                       "respond", "actions", "mismatch", NULL};
    static const char *const action_keys[] = {"name", "command",   "env",     "stdin",
                                              "cwd",  "body_file", "timeout", NULL};
    check_keys(route, keys);
    assert(tree_find(route, "auth") || tree_find(route, "provider"));
    assert(!tree_find(route, "provider") == !tree_find(route, "secret"));
    assert(tree_find(route, "path")->text[0] == '/');
    const struct node *actions = tree_find(route, "actions");
    assert(actions && actions->count == 1);
    check_keys(actions->first, action_keys);
    assert(tree_find(actions->first, "command")->count > 0);
}

static void check_output(struct bytes text)
{
    static const char *const keys[] = {"version", "server", "journal", "providers", "routes", NULL};
    struct problem_list problems;
    struct arena arena;
    problem_list_init(&problems);
    arena_init(&arena, TREE_MEMORY);
    const struct source *source = problem_list_add_source(&problems, "out.yaml", "/", text);
    const struct node *root = source ? tree_parse(source, &arena, &problems) : NULL;
    assert(root && problems.errors == 0);
    check_keys(root, keys);
    const struct node *routes = tree_find(root, "routes");
    for (const struct node *route = routes->first; route; route = route->next)
        check_route(route);
    arena_finish(&arena);
    problem_list_finish(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct import import;
    if (size == 0 || !import_begin(&import))
        return 0;
    import.exact = data[0] & 1;
    import.flags.is_template = data[0] & 2;
    import_add(&import, "hooks.json", bytes_of(data + 1, size - 1));
    bool whole = import_end(&import);
    assert(whole);
    check_output(buffer_bytes(&import.out));
    for (size_t i = 0; i < import.report.lines.length; i++)
        assert(import.report.lines.data[i] == '\n' || import.report.lines.data[i] >= 0x20);
    import_finish(&import);
    return 0;
}
