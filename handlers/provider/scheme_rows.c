/* Values and templates of a scheme as they are read: a row's reader gets the text of one node. */
#include "handlers/provider/scheme_rows.h"

#include "handlers/value/reference_load.h"

const char *const scheme_encodings[] = {"hex", "base64", "base64url", NULL};

static bool read_text(struct load *load, const struct node *node, const char **text)
{
    *text = node->text;
    return node->kind == NODE_SCALAR || load_problem(load, node, "must be a string");
}

bool scheme_read_ref(struct load *load, const struct node *node, const struct row *row, void *field)
{
    const char *text;
    struct error err;
    (void)row;
    if (!read_text(load, node, &text))
        return false;
    return signed_ref_parse(text, load_arena(load), field, &err) ||
           load_problem(load, node, "%s", err.text);
}

bool scheme_read_refs(struct load *load, const struct node *node, const struct row *row,
                      void *field)
{
    struct signed_list *list = field;
    size_t count = node->kind == NODE_SEQUENCE ? node->count : 1;
    const struct node *item = node->kind == NODE_SEQUENCE ? node->first : node;
    list->items = arena_alloc_array(load_arena(load), count ? count : 1, sizeof *list->items);
    if (!list->items)
        return load_problem(load, node, "is too long");
    for (; item; item = node->kind == NODE_SEQUENCE ? item->next : NULL) {
        if (!scheme_read_ref(load, item, row, &list->items[list->count++]))
            return false;
    }
    return true;
}

bool scheme_read_template(struct load *load, const struct node *node, const struct row *row,
                          void *field)
{
    const char *text;
    struct error err;
    (void)row;
    if (!read_text(load, node, &text))
        return false;
    return signed_template_parse(text, load_arena(load), field, &err) ||
           load_problem(load, node, "%s", err.text);
}

/* Of the head nothing: it has what proves who sends. */
bool scheme_read_title(struct load *load, const struct node *node, const struct row *row,
                       void *field)
{
    struct template *title = field;
    (void)row;
    if (!template_load(load, node, "\"title\"", title))
        return false;
    for (size_t i = 0; i < title->count; i++) {
        const struct reference *reference = &title->parts[i].reference;
        if (title->parts[i].is_value && reference->root != REFERENCE_PAYLOAD &&
            reference->root != REFERENCE_FORM && reference->root != REFERENCE_EVENT_TYPE)
            return load_problem(load, node, "\"title\" has values of the body and event.type only");
    }
    return true;
}
