/* Rules between the parts of the file: those that no single row can know. */
#include "base/units.h"
#include "config/load_private.h"
#include "config/route_path.h"

static struct node place_of(const struct load *load, const struct position *at)
{
    struct node node = {.kind = NODE_MAPPING, .line = at->line, .column = at->column};
    for (struct source *source = load->problems->sources; source; source = source->next)
        if (strcmp(source->name, at->file) == 0)
            node.source = source;
    return node;
}

static const char *common_method(const struct route *a, const struct route *b)
{
    for (size_t i = 0; i < a->methods.count; i++)
        for (size_t j = 0; j < b->methods.count; j++)
            if (strcmp(a->methods.items[i], b->methods.items[j]) == 0)
                return a->methods.items[i];
    return NULL;
}

/* Both stand in files, perhaps in two. */
static void report_pair(struct load *load, const struct route *first, const struct route *second,
                        const char *what)
{
    struct node node = place_of(load, &second->at);
    load_problem(load, &node, "%s as the route in %s:%u", what, first->at.file, first->at.line);
}

static bool check_names(struct load *load, const struct route *first, const struct route *second)
{
    char what[256];
    if (strcmp(first->name, second->name) != 0)
        return true;
    snprintf(what, sizeof what, "the same name, \"%s\",", second->name);
    report_pair(load, first, second, what);
    return false;
}

static bool check_paths(struct load *load, const struct route *first, const struct route *second)
{
    char what[256];
    const char *method = common_method(first, second);
    if (method && strcmp(first->path, second->path) == 0) {
        snprintf(what, sizeof what, "the same path and method, %s %.150s,", method, second->path);
        report_pair(load, first, second, what);
        return false;
    }
    if (method && route_path_conflicts(first->path, second->path)) {
        struct node node = place_of(load, &second->at);
        load_problem(load, &node,
                     "%s %s and %s of the route in %s:%u take some paths both, and neither is the "
                     "more particular one",
                     method, second->path, first->path, first->at.file, first->at.line);
        return false;
    }
    return true;
}

/* Each route against those before it, until the first that it collides with: the next ones collide
 * with that one too, or come up when it has been repaired. */
static void check_routes(struct load *load,
                         bool (*check)(struct load *, const struct route *, const struct route *))
{
    const struct settings *settings = load->settings;
    for (size_t i = 1; i < settings->route_count && load->problems->count < PROBLEMS_MAX; i++)
        for (size_t j = 0; j < i; j++)
            if (!check(load, &settings->routes[j], &settings->routes[i]))
                break;
}

static void check_memory(struct load *load)
{
    const struct settings *settings = load->settings;
    char body[32], memory[32];
    for (size_t i = 0; settings->server.body_memory && i < settings->route_count; i++) {
        const struct route *route = &settings->routes[i];
        if (route->max_body <= settings->server.body_memory)
            continue;
        struct node node = place_of(load, &route->at);
        units_format_size(route->max_body, body);
        units_format_size(settings->server.body_memory, memory);
        load_problem(load, &node, "\"max_body\" of this route, %s, is more than server.body_memory "
                                  "(%s): no such body could be taken",
                     body, memory);
    }
}

void load_check_rules(struct load *load)
{
    check_routes(load, check_names);
    check_routes(load, check_paths);
    check_memory(load);
}
