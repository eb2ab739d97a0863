/* Arguments, variables and the directory are kept as they are written, and beside that as templates
 * where one of them has a value of the event in it: most commands have none. */
#include "handlers/action/command_texts.h"

#include "config/load.h"
#include "handlers/value/reference_load.h"

/* The templates of the settings, made when the first of their three keys is read. */
static struct command_templates *own_templates(struct load *load, struct command_settings *settings)
{
    if (!settings->templates) {
        struct command_templates *made = arena_alloc(load_arena(load), sizeof *made);
        if (!made) {
            load_no_memory(load);
            return NULL;
        }
        *made = (struct command_templates){0};
        settings->templates = made;
    }
    return (struct command_templates *)settings->templates;
}

/* One text with its template; NULL after a problem. */
static const char *read_template(struct load *load, const struct node *node, const char *subject,
                                 struct template *template)
{
    const struct node *literal = node->kind == NODE_MAPPING ? tree_find(node, "literal") : NULL;
    if (!template_load(load, node, subject, template))
        return NULL;
    const char *text = arena_copy_text(load_arena(load), literal ? literal->text : node->text);
    if (!text)
        load_no_memory(load);
    return text;
}

bool command_read_arguments(struct load *load, const struct node *node, const struct row *row,
                            void *field)
{
    struct command_settings *settings = field;
    struct command_templates *templates = own_templates(load, settings);
    bool ok = true;
    if (node->kind != NODE_SEQUENCE)
        return load_mismatch(load, node, row, "a list of strings");
    struct text_list *list = &settings->command;
    char subject[64];
    snprintf(subject, sizeof subject, "an entry of \"%s\"", row->name);
    list->items = arena_alloc_array(load_arena(load), node->count + 1, sizeof *list->items);
    if (!templates || !list->items)
        return load_no_memory(load);
    templates->arguments =
        arena_alloc_array(load_arena(load), node->count + 1, sizeof *templates->arguments);
    if (!templates->arguments)
        return load_no_memory(load);
    for (const struct node *item = node->first; item; item = item->next, list->count++) {
        struct template *template = &templates->arguments[list->count];
        list->items[list->count] = read_template(load, item, subject, template);
        ok = ok && list->items[list->count];
    }
    return ok;
}

bool command_read_env(struct load *load, const struct node *node, const struct row *row,
                      void *field)
{
    struct command_settings *settings = field;
    struct command_templates *templates = own_templates(load, settings);
    struct text_map *env = &settings->env;
    struct arena *arena = load_arena(load);
    char subject[160];
    bool ok = true;
    if (node->kind != NODE_MAPPING)
        return load_mismatch(load, node, row, "a map of strings");
    env->names = arena_alloc_array(arena, node->count + 1, sizeof *env->names);
    env->values = arena_alloc_array(arena, node->count + 1, sizeof *env->values);
    if (!templates || !env->names || !env->values)
        return load_no_memory(load);
    templates->env = arena_alloc_array(arena, node->count + 1, sizeof *templates->env);
    if (!templates->env)
        return load_no_memory(load);
    for (const struct node *value = node->first; value; value = value->next, env->count++) {
        snprintf(subject, sizeof subject, "\"%.60s\" in \"%s\"", value->key->text, row->name);
        env->names[env->count] = load_text(load, value->key, row);
        env->values[env->count] = read_template(load, value, subject, &templates->env[env->count]);
        ok = ok && env->names[env->count] && env->values[env->count];
    }
    return ok;
}

/* A directory is the same with slashes behind its name. */
static void drop_last_slashes(struct template *template)
{
    struct template_part *last = &template->parts[template->count - 1];
    struct bytes *text = &last->literal;
    while (!last->is_value && text->length > 0 && text->data[text->length - 1] == '/')
        text->length--;
    if (!last->is_value && text->length == 0)
        template->count--;
}

/* The directories before the first value are fixed: the rest is looked for below them. */
bool command_read_cwd(struct load *load, const struct node *node, const struct row *row,
                      void *field)
{
    struct command_settings *settings = field;
    struct command_templates *templates = own_templates(load, settings);
    struct template whole;
    const char *text = load_text(load, node, row);
    if (!templates || !text || !template_load(load, node, "\"cwd\"", &whole))
        return false;
    if (template_is_literal(&whole)) {
        settings->cwd = load_path(load, node, text);
        return settings->cwd != NULL;
    }
    size_t fixed = strcspn(text, "{");
    while (fixed > 0 && text[fixed - 1] != '/')
        fixed--;
    if (fixed == 0)
        return load_problem(load, node,
                            "\"cwd\" must begin with a directory, such as /srv/apps/{{…}}: what a "
                            "value leads to is looked for below it");
    const char *directory = arena_format(load_arena(load), "%.*s", (int)fixed, text);
    settings->cwd = directory ? load_path(load, node, directory) : NULL;
    struct template_part *first = whole.parts;
    first->literal = bytes_from(first->literal, fixed);
    bool used_up = first->literal.length == 0;
    templates->inside = (struct template){
        .parts = first + used_up, .count = whole.count - used_up, .text = whole.text};
    drop_last_slashes(&templates->inside);
    return settings->cwd != NULL;
}

/* Most commands want no values: those have no templates. */
bool command_drop_unused_templates(struct command_settings *settings)
{
    const struct command_templates *templates = settings->templates;
    bool used = templates && templates->inside.count > 0;
    for (size_t i = 0; templates && templates->arguments && i < settings->command.count; i++)
        used |= !template_is_literal(&templates->arguments[i]);
    for (size_t i = 0; templates && i < settings->env.count; i++)
        used |= !template_is_literal(&templates->env[i]);
    if (!used)
        settings->templates = NULL;
    return used;
}

bool command_visit_references(const void *data, const struct reference_visitor *visitor)
{
    const struct command_settings *settings = data;
    const struct command_templates *templates = settings->templates;
    bool on = true;
    for (size_t i = 0; templates && on && i < settings->command.count; i++)
        on = template_visit(&templates->arguments[i], visitor);
    for (size_t i = 0; templates && on && i < settings->env.count; i++)
        on = template_visit(&templates->env[i], visitor);
    return on && (!templates || template_visit(&templates->inside, visitor));
}
