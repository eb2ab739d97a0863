/* A fault is reported where it is, inside of the string: a route file has long arguments. */
#include "handlers/value/reference_load.h"

#include "config/node_place.h"

static void set_place(struct load *load, const struct node *node, struct reference *reference)
{
    struct position at = load_position(load, node);
    reference->file = at.file;
    reference->line = at.line;
    reference->column = at.column;
}

/* x_github_event is how programs call it that get headers as variables. */
static void warn_of_underscore(struct load *load, const struct node *place,
                               const struct reference *reference)
{
    bool is_odd = reference->root == REFERENCE_HEADER && strchr(reference->text, '_') &&
                  !strchr(reference->text, '-');
    if (is_odd)
        load_warning(load, place, "%s: names of headers have \"-\" where others have \"_\"",
                     reference->text);
}

bool reference_load(struct load *load, const struct node *node, const char *subject,
                    struct reference *reference)
{
    struct error err;
    size_t offset;
    if (node->kind != NODE_SCALAR || tree_is_null(node))
        return load_expected(load, node, subject, "a value of the event such as payload.ref");
    struct bytes text = bytes_of(node->text, node->length);
    if (bytes_starts_with(bytes_trim(text), bytes_of_text("{{")))
        return load_problem(load, node, "%s: a value alone has no braces here, as in payload.ref",
                            subject);
    if (!reference_parse(text, load_arena(load), reference, &err, &offset)) {
        struct node place = node_place_inside(node, offset);
        return load_problem(load, &place, "%s: %s", subject, err.text);
    }
    set_place(load, node, reference);
    warn_of_underscore(load, node, reference);
    return true;
}

struct node reference_place(const struct load *load, const struct reference *reference)
{
    struct position at = {reference->file, reference->line, reference->column};
    struct node place = load_place(load, &at);
    place.end_column = at.column + (unsigned)strlen(reference->text);
    return place;
}

/* {payload.ref}, in text that is given as it is. */
static void warn_of_brace(struct load *load, const struct node *node, struct bytes literal)
{
    for (size_t i = 0; i + 1 < literal.length; i++) {
        if (literal.data[i] != '{' || !reference_begins(bytes_trim(bytes_from(literal, i + 1))))
            continue;
        load_warning(load, node, "one brace is only text: a value is written {{payload.ref}}");
        return;
    }
}

static bool load_literal(struct load *load, const struct node *node, const char *subject,
                         struct template *template)
{
    const struct node *text = tree_find(node, "literal");
    if (!text || node->count != 1 || text->kind != NODE_SCALAR)
        return load_expected(load, node, subject, "a string, or {literal: TEXT}");
    return template_literal(bytes_of(text->text, text->length), load_arena(load), template) ||
           load_no_memory(load);
}

bool template_load(struct load *load, const struct node *node, const char *subject,
                   struct template *template)
{
    struct error err;
    size_t offset;
    if (node->kind == NODE_MAPPING)
        return load_literal(load, node, subject, template);
    if (node->kind != NODE_SCALAR || tree_is_null(node))
        return load_expected(load, node, subject, "a string");
    struct bytes text = bytes_of(node->text, node->length);
    if (!template_parse(text, load_arena(load), template, &err, &offset)) {
        struct node place = node_place_inside(node, offset);
        return load_problem(load, &place, "%s: %s", subject, err.text);
    }
    for (size_t i = 0; i < template->count; i++) {
        struct template_part *part = &template->parts[i];
        struct node place = node_place_inside(node, part->offset);
        if (part->is_value) {
            set_place(load, &place, &part->reference);
            warn_of_underscore(load, &place, &part->reference);
        } else {
            warn_of_brace(load, node, part->literal);
        }
    }
    return true;
}
