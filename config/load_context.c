/* The state of a run of the loader. */
#include "config/load_context.h"

#include "config/file.h"
#include "config/load_private.h"

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

struct node load_place(const struct load *load, const struct position *at)
{
    struct node node = {.kind = NODE_MAPPING, .line = at->line, .column = at->column};
    for (struct source *source = load->problems->sources; source; source = source->next)
        if (strcmp(source->name, at->file) == 0)
            node.source = source;
    return node;
}

const char *load_shown_path(struct load *load, const char *path)
{
    const char *directory = load->root_count ? load->roots[0]->source->directory : "/";
    size_t length = strlen(directory);
    const char *main_name = load->settings->file, *slash = strrchr(main_name, '/');
    if (strncmp(path, directory, length) != 0 || path[length] != '/')
        return path;
    const char *name =
        arena_format(&load->scratch, "%.*s%s", slash ? (int)(slash + 1 - main_name) : 0, main_name,
                     path + length + 1);
    return name ? name : path;
}
