/* The fault of a template is shown where it stands in the file; a reference keeps that place for
 * the rules that need the whole route. */
#include "handlers/value/template_load.h"

#include "config/node_place.h"

static bool load_literal(struct load *load, const struct node *node, const char *subject,
                         struct template *template)
{
    const struct node *text = tree_find(node, "literal");
    for (const struct node *value = node->first; value; value = value->next)
        if (value != text)
            return load_problem(load, value->key, "%s as a mapping has the key \"literal\" only",
                                subject);
    if (!text || text->kind != NODE_SCALAR || tree_is_null(text))
        return load_expected(load, text ? text : node, subject, "a string, or {literal: TEXT}");
    const char *copy = arena_copy_text(load_arena(load), text->text);
    return (copy && template_literal(bytes_of_text(copy), load_arena(load), template)) ||
           load_no_memory(load);
}

static bool place_reference(void *context, const struct reference *reference)
{
    const struct position *at = context;
    struct reference *own = (struct reference *)reference; /* of the template that is being made */
    own->file = at->file;
    own->line = at->line;
    own->column = at->column;
    return true;
}

static bool refuse_action_name(void *context, const struct reference *reference)
{
    (void)context;
    return reference->root != REFERENCE_ACTION_NAME;
}

bool template_load(struct load *load, const struct node *node, const char *subject, bool by_action,
                   struct template *template)
{
    struct error err;
    size_t offset = 0;
    if (node->kind == NODE_MAPPING)
        return load_literal(load, node, subject, template);
    if (node->kind != NODE_SCALAR || tree_is_null(node))
        return load_expected(load, node, subject, "a string");
    const char *text = arena_copy_text(load_arena(load), node->text);
    if (!text)
        return load_no_memory(load);
    if (!template_parse(bytes_of_text(text), load_arena(load), template, &err, &offset)) {
        struct node place = node_place_inside(node, offset);
        return load_problem(load, &place, "%s: %s", subject, err.text);
    }
    struct position at = load_position(load, node);
    struct reference_visitor place = {place_reference, &at};
    struct reference_visitor known = {refuse_action_name, NULL};
    template_visit(template, &place);
    return by_action || template_visit(template, &known) ||
           load_problem(load, node, "%s: action.name is known to actions only", subject);
}
